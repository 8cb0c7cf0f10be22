package controlplane

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/backstay/backstay/control"
)

// Bounds of what instances may send.
const (
	maxReport = 1 << 20
	maxName   = 253
	maxURL    = 2000
)

// writeTime is how long one write to a stream may take. An instance that reads
// slower is cut off; it comes back when it can.
const writeTime = 5 * time.Second

// Handler serves the control stream and takes reports.
func (p *Plane) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+control.StreamPath, p.serveStream)
	mux.HandleFunc("POST "+control.ReportPath, p.serveReport)
	origin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case origin.Check(r) != nil:
			http.Error(w, "pages of other origins have no business here", http.StatusForbidden)
		case p.cfg.Token == "" && !loopback(r.Host):
			// A page can make a browser call a loopback server under the
			// page's own name, by DNS; the name gives it away.
			http.Error(w, "call this server by a loopback name, or configure a token", http.StatusMisdirectedRequest)
		case p.cfg.Token != "" && !p.holds(r.Header.Get("Authorization")):
			http.Error(w, "the control stream asks for the server's token", http.StatusUnauthorized)
		default:
			mux.ServeHTTP(w, r)
		}
	})
}

// holds compares by hash, so that the time it takes says nothing.
func (p *Plane) holds(header string) bool {
	presented, _ := strings.CutPrefix(header, "Bearer ")
	a, b := sha256.Sum256([]byte(presented)), sha256.Sum256([]byte(p.cfg.Token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// loopback reports whether the Host header names this machine from within.
func loopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	if host = strings.ToLower(strings.Trim(host, "[]")); host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// serveStream sends snapshots to an instance until it or the plane goes.
func (p *Plane) serveStream(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	k := key{query.Get("service"), query.Get("instance")}
	version, metricsURL := query.Get("version"), query.Get("metrics")
	if err := checkNames(k, version); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !metricsAddress(metricsURL) {
		http.Error(w, "metrics is not an http or https address", http.StatusBadRequest)
		return
	}
	if !p.join(k, version, metricsURL) {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "no room for another instance", http.StatusServiceUnavailable)
		return
	}
	defer p.leave(k)

	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	heartbeat := time.NewTicker(p.cfg.Heartbeat)
	defer heartbeat.Stop()
	sent := uint64(0)
	for {
		changed := p.waker(k) // before the snapshot, so that no change is missed
		e, err := p.snapshot(k.service)
		if err != nil {
			p.cfg.Log.Error("no snapshot for "+k.service, "error", err)
			return
		}
		message := ": alive\n\n"
		if e.version != sent {
			sent = e.version
			message = fmt.Sprintf("event: %s\nid: %d\ndata: %s\n\n", control.SnapshotEvent, e.version, e.data)
		}
		if err := push(w, out, message); err != nil {
			return // gone, or too slow; it will come back
		}
		select {
		case <-changed:
		case <-heartbeat.C:
		case <-r.Context().Done():
			return
		case <-p.closed:
			return
		}
	}
}

// push writes a message through to the network within writeTime.
func push(w io.Writer, out *http.ResponseController, message string) error {
	if err := out.SetWriteDeadline(time.Now().Add(writeTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := io.WriteString(w, message); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	// HTTP/2 holds the deadline against a stream that is merely idle.
	if err := out.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// serveReport takes a report.
func (p *Plane) serveReport(w http.ResponseWriter, r *http.Request) {
	// A form of another page cannot send JSON without being asked for leave.
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		http.Error(w, "reports are application/json", http.StatusUnsupportedMediaType)
		return
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxReport))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		http.Error(w, "reports have at most 1 MiB", http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, "the report was cut off", http.StatusBadRequest)
		return
	}
	report, err := readReport(data)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !p.heed(report) {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "no room for another instance", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// readReport decodes a report. Fields that a newer SDK sends are ignored.
func readReport(data []byte) (control.Report, error) {
	var r control.Report
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&r); err != nil {
		return r, fmt.Errorf("not a report: %w", err)
	}
	return r, checkNames(key{r.Service, r.Instance}, r.Version)
}

// checkNames asks for names that can be shown and stored.
func checkNames(k key, version string) error {
	if k.service == "" || k.id == "" {
		return errors.New("service and instance are required")
	}
	for _, name := range []string{k.service, k.id, version} {
		if len(name) > maxName || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }) {
			return errors.New("service, instance and version are plain text of at most 253 bytes")
		}
	}
	return nil
}

// metricsAddress reports whether the address can be read, or is none. Whether it
// may be read is for whoever reads it to decide.
func metricsAddress(address string) bool {
	if address == "" {
		return true
	}
	u, err := url.Parse(address)
	return err == nil && len(address) <= maxURL && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}
