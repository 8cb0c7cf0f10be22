// Package console serves the web console: the files that `make console` builds
// from platform/web, embedded in the binary. It talks to nobody; the pages talk
// to the JSON API on the same port.
package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed all:dist
var built embed.FS

// policy allows the page its own scripts, styles and pictures and the API of its
// own origin, and nothing else: no inline script, no frame around it, no form
// that leaves.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// Cache rules: names under assets/ carry a hash of their content, so they never
// change; everything else is asked for again each time and answered by its tag.
const (
	forever = "public, max-age=31536000, immutable"
	asked   = "no-cache"
)

// asset is one file, ready to be sent.
type asset struct {
	body   []byte
	packed []byte // gzip; nil where that is not smaller
	kind   string
	tag    string
	cache  string
}

// site is every file of the console by its path without leading slash.
type site map[string]asset

// Handler serves the console: its files, and its one page for every other path,
// because the page itself reads the address. Paths under /api/ and /assets/ that
// do not exist are 404. It is safe for concurrent use.
func Handler() http.Handler {
	files, err := fs.Sub(built, "dist")
	if err != nil {
		panic(err) // the path is a constant and embedded: this is a build without dist
	}
	s, err := load(files)
	if err != nil {
		panic(err) // reading memory does not fail
	}
	return s
}

// load reads and packs every file once.
func load(files fs.FS) (site, error) {
	s := site{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("console: %w", err)
		}
		a := asset{body: body, kind: kindOf(name), cache: asked}
		if strings.HasPrefix(name, "assets/") {
			a.cache = forever
		}
		sum := sha256.Sum256(body)
		a.tag = `"` + hex.EncodeToString(sum[:8]) + `"`
		if packed := pack(body); len(packed) < len(body) {
			a.packed = packed
		}
		s[name] = a
		return nil
	})
	return s, err
}

// kindOf names the media type by our own table first: a machine's mime files may
// say otherwise, and a wrong type keeps a browser from running a module.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// pack compresses once at start, so that no request pays for it.
func pack(body []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := w.Write(body); err != nil {
		return nil
	}
	if err := w.Close(); err != nil {
		return nil
	}
	return out.Bytes()
}

// ServeHTTP answers GET and HEAD.
func (s site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "the console answers GET and HEAD only; the API is under /api/v1/", http.StatusMethodNotAllowed)
		return
	}
	a, ok := s.find(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", a.cache)
	h.Set("ETag", a.tag)
	h.Set("Vary", "Accept-Encoding")
	if matches(r.Header.Get("If-None-Match"), a.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := a.body
	if a.packed != nil && acceptsGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		body = a.packed
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the browser went away: nobody is left to tell
	}
}

// find maps a path to a file, or to the page for paths that the page itself reads.
func (s site) find(urlPath string) (asset, bool) {
	name := strings.TrimPrefix(path.Clean("/"+urlPath), "/")
	if a, ok := s[name]; ok {
		return a, true
	}
	if name == "api" || strings.HasPrefix(name, "api/") || strings.HasPrefix(name, "assets/") {
		return asset{}, false
	}
	a, ok := s["index.html"]
	return a, ok
}

// matches reports whether an If-None-Match header names the tag.
func matches(header, tag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == tag || candidate == "*" {
			return true
		}
	}
	return false
}

// acceptsGzip reports whether an Accept-Encoding header allows gzip (RFC 9110, 12.5.3).
func acceptsGzip(header string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		coding, weight, _ := strings.Cut(candidate, ";")
		if strings.TrimSpace(coding) != "gzip" {
			continue
		}
		_, q, _ := strings.Cut(weight, "=")
		value, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
		return err != nil || value > 0
	}
	return false
}
