package backstayhttp

import (
	"encoding/json"
	"net/http"
)

// problem is an error answer in the form of RFC 9457.
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// writeProblem answers with an error that people and programs can read.
func writeProblem(w http.ResponseWriter, status int, detail string) {
	body, err := json.Marshal(problem{Title: http.StatusText(status), Status: status, Detail: detail})
	if err != nil {
		// Strings and a number always marshal.
		panic(err)
	}
	h := w.Header()
	h.Del("Content-Length") // of an answer that the handler did not get to give
	h.Del("Content-Encoding")
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// A caller that went away is no news: the request ends here anyway.
	_, _ = w.Write(append(body, '\n'))
}
