// Package server wires the whole loop into one process: it opens the stores,
// takes telemetry in, judges every second, names causes, heals, and serves
// console, API and control stream on one address. It owns every goroutine it
// starts; [Run] returns when all of them have ended.
package server
