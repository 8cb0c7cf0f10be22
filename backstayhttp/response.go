package backstayhttp

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/backstay/backstay"
)

// response is the ResponseWriter that handlers see: it remembers the status and
// adds the degradation header in the last moment before the header is sent.
// http.ResponseController reaches the original by Unwrap.
type response struct {
	http.ResponseWriter

	degraded *backstay.Degradation
	status   int // 0 until the header is sent
	hijacked bool
}

// wrap returns the response and the writer to hand on, which has Flush and Hijack
// exactly when the original has them: code that asks by type assertion gets the
// same answer as without us.
func wrap(w http.ResponseWriter, d *backstay.Degradation) (*response, http.ResponseWriter) {
	res := &response{ResponseWriter: w, degraded: d}
	_, canFlush := w.(http.Flusher)
	_, canHijack := w.(http.Hijacker)
	switch {
	case canFlush && canHijack:
		return res, both{res, flushing{res}, hijacking{res}}
	case canFlush:
		return res, flushes{res, flushing{res}}
	case canHijack:
		return res, hijacks{res, hijacking{res}}
	default:
		return res, res
	}
}

// Unwrap is for http.ResponseController.
func (r *response) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader sends the header. Informational answers may come before it.
func (r *response) WriteHeader(status int) {
	if r.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		r.status = status
		r.noteDegraded()
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write sends a piece of the body, and before the first one the header.
func (r *response) Write(b []byte) (int, error) {
	r.begin()
	return r.ResponseWriter.Write(b)
}

// ReadFrom keeps the fast path from files to sockets.
func (r *response) ReadFrom(src io.Reader) (int64, error) {
	r.begin()
	return io.Copy(r.ResponseWriter, src)
}

// begin sends the header with status 200 unless one was sent.
func (r *response) begin() {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
}

// noteDegraded writes the degradation header when there is something to say.
func (r *response) noteDegraded() {
	if names := r.degraded.Names(); len(names) > 0 {
		r.Header().Set(HeaderDegraded, strings.Join(names, ","))
	}
}

// flushing and hijacking are the optional abilities of a response.
type (
	flushing  struct{ r *response }
	hijacking struct{ r *response }
	flushes   struct {
		*response
		flushing
	}
	hijacks struct {
		*response
		hijacking
	}
	both struct {
		*response
		flushing
		hijacking
	}
)

// Flush sends what is buffered.
func (f flushing) Flush() {
	// The interface has no place for the error; FlushError has.
	_ = f.FlushError()
}

// FlushError sends what is buffered.
func (f flushing) FlushError() error {
	f.r.begin()
	return http.NewResponseController(f.r.ResponseWriter).Flush()
}

// Hijack hands the connection to the caller.
func (h hijacking) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.r.ResponseWriter).Hijack()
	if err == nil {
		h.r.hijacked = true
		if h.r.status == 0 {
			h.r.status = http.StatusSwitchingProtocols
		}
	}
	return conn, rw, err
}
