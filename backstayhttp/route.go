package backstayhttp

import (
	"net/http"
	"strings"
)

// unmatched is the route of requests that no pattern matched, so that a scanner
// does not make a series for every path it tries.
const unmatched = "unmatched"

// router is what an http.ServeMux offers to learn the route before serving.
type router interface {
	Handler(r *http.Request) (h http.Handler, pattern string)
}

// routeOf makes the function that names a request's route before it is served.
// An empty answer means that the route is not known yet.
func routeOf(next http.Handler, given func(*http.Request) string) func(*http.Request) string {
	mux, isMux := next.(router)
	return func(r *http.Request) string {
		switch {
		case given != nil:
			return given(r)
		case r.Pattern != "":
			return template(r.Pattern)
		case isMux:
			_, pattern := mux.Handler(r)
			return template(pattern)
		default:
			return ""
		}
	}
}

// template is a ServeMux pattern without its method: "GET /orders/{id}" is
// "/orders/{id}". A host stays.
func template(pattern string) string {
	if method, rest, ok := strings.Cut(pattern, " "); ok && !strings.ContainsAny(method, "/") {
		return strings.TrimLeft(rest, " \t")
	}
	return pattern
}

// methodLabel bounds the method to the known ones (OpenTelemetry HTTP
// conventions): it is the caller's text.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return method
	case "":
		return http.MethodGet // what an empty method means to a client
	default:
		return "_OTHER"
	}
}
