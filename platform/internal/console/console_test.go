package console

import (
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// budget is what a first visit may weigh, all files together, gzip.
const budget = 150 << 10

func TestWeight(t *testing.T) {
	t.Parallel()
	files, err := fs.Sub(built, "dist")
	if err != nil {
		t.Fatal(err)
	}
	s, err := load(files)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for name, a := range s {
		size := len(a.body)
		if a.packed != nil {
			size = len(a.packed)
		}
		t.Logf("%7d B  %s", size, name)
		total += size
	}
	if total == 0 || total > budget {
		t.Errorf("the console weighs %d B gzip, the budget is %d B", total, budget)
	}
}

func TestHandler(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(Handler())
	t.Cleanup(srv.Close)

	page := get(t, srv.URL+"/", nil)
	script := regexp.MustCompile(`/assets/[^"]+\.js`).FindString(page.body)
	style := regexp.MustCompile(`/assets/[^"]+\.css`).FindString(page.body)
	if script == "" || style == "" {
		t.Fatalf("the page names no script or style of the build:\n%s", page.body)
	}

	tests := []struct {
		name, path string
		status     int
		kind       string
		cache      string
	}{
		{"root", "/", 200, "text/html; charset=utf-8", asked},
		{"page by name", "/index.html", 200, "text/html; charset=utf-8", asked},
		{"screen", "/slos/checkout-fast?range=1h", 200, "text/html; charset=utf-8", asked},
		{"screen of a name with a dot", "/services/shop.gateway", 200, "text/html; charset=utf-8", asked},
		{"climbing out", "/../../../etc/passwd", 200, "text/html; charset=utf-8", asked},
		{"script", script, 200, "text/javascript; charset=utf-8", forever},
		{"style", style, 200, "text/css; charset=utf-8", forever},
		{"icon", "/icon.svg", 200, "image/svg+xml", asked},
		{"licences", "/licences.txt", 200, "text/plain; charset=utf-8", asked},
		{"asset of an older build", "/assets/index-gone.js", 404, "", ""},
		{"unknown API", "/api/v2/overview", 404, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := get(t, srv.URL+test.path, nil)
			if a.status != test.status {
				t.Fatalf("status %d, want %d", a.status, test.status)
			}
			if test.status == 200 && (a.header.Get("Content-Type") != test.kind || a.header.Get("Cache-Control") != test.cache) {
				t.Errorf("Content-Type %q, Cache-Control %q, want %q, %q", a.header.Get("Content-Type"), a.header.Get("Cache-Control"), test.kind, test.cache)
			}
			if csp := a.header.Get("Content-Security-Policy"); csp != policy {
				t.Errorf("Content-Security-Policy %q", csp)
			}
		})
	}
}

func TestPageObeysItsPolicy(t *testing.T) {
	t.Parallel()
	page, err := built.ReadFile("dist/index.html")
	if err != nil {
		t.Fatal(err)
	}
	inline := regexp.MustCompile(`(?s)<script(?:\s[^>]*)?>\s*[^<\s]|<style|\son[a-z]+=|https?://`)
	if found := inline.Find(page); found != nil {
		t.Errorf("the page holds %q, which its policy forbids", found)
	}
}

func TestRevalidation(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(Handler())
	t.Cleanup(srv.Close)
	first := get(t, srv.URL+"/", nil)
	again := get(t, srv.URL+"/", http.Header{"If-None-Match": {`"other", W/` + first.header.Get("ETag")}})
	if again.status != http.StatusNotModified || again.body != "" {
		t.Errorf("status %d with %d B, want 304 without body", again.status, len(again.body))
	}
}

func TestGzip(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(Handler())
	t.Cleanup(srv.Close)
	plain := get(t, srv.URL+"/licences.txt", http.Header{"Accept-Encoding": {"identity"}})
	for header, want := range map[string]string{"gzip": "gzip", "br, gzip;q=0.5": "gzip", "gzip;q=0": "", "br": ""} {
		a := get(t, srv.URL+"/licences.txt", http.Header{"Accept-Encoding": {header}})
		if got := a.header.Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: Content-Encoding %q, want %q", header, got, want)
			continue
		}
		body := a.body
		if want == "gzip" {
			r, err := gzip.NewReader(strings.NewReader(a.body))
			if err != nil {
				t.Fatal(err)
			}
			unpacked, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			body = string(unpacked)
		}
		if body != plain.body {
			t.Errorf("Accept-Encoding %q: other bytes than without", header)
		}
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	h := Handler()
	head := httptest.NewRecorder()
	h.ServeHTTP(head, httptest.NewRequest(http.MethodHead, "/map", nil))
	if head.Code != 200 || head.Body.Len() != 0 || head.Header().Get("Content-Length") == "0" {
		t.Errorf("HEAD: status %d, %d B, Content-Length %s", head.Code, head.Body.Len(), head.Header().Get("Content-Length"))
	}
	post := httptest.NewRecorder()
	h.ServeHTTP(post, httptest.NewRequest(http.MethodPost, "/map", nil))
	if post.Code != http.StatusMethodNotAllowed || post.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: status %d, Allow %q", post.Code, post.Header().Get("Allow"))
	}
}

type answer struct {
	status int
	header http.Header
	body   string
}

// get asks without following redirects and without the client's own unpacking.
func get(t *testing.T, url string, header http.Header) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	client := http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}
