package topology

import (
	"net"
	"strconv"
	"strings"

	"github.com/backstay/backstay/platform/internal/tracestore"
)

// failed reports whether the span counts as an error: its status says so, or it
// carries an HTTP status of 500 and above. Both the stable and the older names of
// the OpenTelemetry semantic conventions are read.
func failed(s *tracestore.Span) bool {
	if s.Status == tracestore.StatusError {
		return true
	}
	code := first(s, "http.response.status_code", "http.status_code")
	n, err := strconv.Atoi(code)
	return err == nil && n >= 500
}

// routeOf is the route template of a server span, or its name.
func routeOf(s *tracestore.Span) string {
	if route := s.Attr("http.route"); route != "" {
		return route
	}
	return s.Name
}

// addressOf is host:port of the server that a client span called, or "".
func addressOf(s *tracestore.Span) string {
	host := first(s, "server.address", "net.peer.name", "net.sock.peer.addr", "network.peer.address")
	if host == "" {
		return ""
	}
	if strings.Contains(host, ":") && !strings.HasPrefix(host, "[") && net.ParseIP(host) == nil {
		return host // some clients put the port into the address
	}
	port := first(s, "server.port", "net.peer.port", "network.peer.port")
	if port == "" {
		return host
	}
	return net.JoinHostPort(host, port)
}

// first returns the first of the attributes that is present.
func first(s *tracestore.Span, keys ...string) string {
	for _, key := range keys {
		if v := s.Attr(key); v != "" {
			return v
		}
	}
	return ""
}

// end is when the span ended, in Unix seconds: a request counts in the second
// in which its outcome was known.
func end(s *tracestore.Span) int64 { return s.Start.Add(s.Duration).Unix() }
