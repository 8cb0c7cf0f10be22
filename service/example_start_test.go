package service_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/backstay/backstay/service"
)

// Three lines wire a process: start, wrap what it serves, wrap what it calls.
func ExampleStart() {
	ctx := context.Background()
	svc, err := service.Start(ctx, service.Config{Name: "greeter", Version: "1.0.0"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = svc.Shutdown(ctx) }()

	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "hello %s", r.PathValue("name"))
	})
	server := httptest.NewServer(svc.Handler(mux))
	defer server.Close()

	greeter := &http.Client{Transport: svc.Transport("greeter")}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/hello/mast", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := greeter.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	fmt.Println(res.StatusCode, string(body), err)
	// Output: 200 hello mast <nil>
}
