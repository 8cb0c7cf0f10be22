package ingest_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
)

// fuzzBody sends bytes to the handler, which must store them or say what is wrong.
func fuzzBody(t *testing.T, handler http.Handler, path string, body []byte, asJSON bool) {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/x-protobuf")
	if asJSON {
		req.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, req)
	if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}
