// Package service wires a process to Backstay with one call: policies around
// what it serves and calls, metrics on an address of their own, trace context in
// and out, and the connection to the control server.
//
//	svc, err := service.Start(ctx, service.Config{Name: "order", Version: "1.4.0"})
//	…
//	payment := &http.Client{Transport: svc.Transport("payment")}
//	http.ListenAndServe(addr, svc.Handler(mux))
//
// Everything works without a server. With one, policies and leased overrides
// arrive while the process runs, and what it decides is reported; when the server
// is away the last good policies stay in force, also over a restart of the
// process, and no request notices.
package service
