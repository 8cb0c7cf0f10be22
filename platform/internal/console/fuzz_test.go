package console

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func FuzzRequest(f *testing.F) {
	f.Add("/", "gzip", "")
	f.Add("/assets/../index.html", "gzip;q=0, *", `"tag"`)
	f.Add("//api//v1/", "br;q=1.0, gzip;q=", "*")
	f.Add("/\x00/%2e%2e", ";;q,gzip;", "W/,")
	h := Handler()
	f.Fuzz(func(t *testing.T, path, encoding, tag string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.URL.Path = path
		r.Header.Set("Accept-Encoding", encoding)
		r.Header.Set("If-None-Match", tag)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch w.Code {
		case http.StatusOK:
			if w.Body.Len() == 0 || w.Header().Get("Content-Type") == "" {
				t.Errorf("an empty or unnamed answer for %q", path)
			}
		case http.StatusNotModified, http.StatusNotFound:
		default:
			t.Errorf("status %d for %q", w.Code, path)
		}
		if w.Header().Get("Content-Encoding") == "gzip" && !strings.Contains(encoding, "gzip") {
			t.Errorf("gzip for Accept-Encoding %q", encoding)
		}
	})
}
