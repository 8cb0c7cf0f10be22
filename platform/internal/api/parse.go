package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// defaultPoints is how many points a chart aims at when no step is given.
const defaultPoints = 240

// arguments reads query parameters; the first mistake is kept and the rest reads as absent.
type arguments struct {
	values url.Values
	err    error
}

// readArguments refuses parameters that the route does not know, which are misspelt more often than meant.
func readArguments(r *http.Request, known ...string) *arguments {
	a := &arguments{values: r.URL.Query()}
	for name := range a.values {
		if !contains(known, name) {
			a.fail(name, "is not known here")
		}
	}
	return a
}

func contains(list []string, s string) bool {
	return slices.Contains(list, s)
}

func (a *arguments) fail(name, why string) {
	if a.err == nil {
		a.err = NewProblem(http.StatusBadRequest, fmt.Sprintf("parameter %s=%s %s", name, quote(a.values.Get(name)), why),
			"/openapi.json lists the parameters of each route")
	}
}

func (a *arguments) text(name string) string { return a.values.Get(name) }

func (a *arguments) boolean(name string) bool {
	text := a.text(name)
	if text == "" {
		return false
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		a.fail(name, "is neither true nor false")
	}
	return b
}

func (a *arguments) limit() int {
	text := a.text("limit")
	if text == "" {
		return 50
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 1000 {
		a.fail("limit", "is not a number from 1 to 1000")
		return 50
	}
	return n
}

func (a *arguments) time(name string, absent time.Time) time.Time {
	text := a.text(name)
	if text == "" {
		return absent
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t
	}
	sec, err := strconv.ParseFloat(text, 64)
	if err != nil || !(math.Abs(sec) < 1e11) {
		a.fail(name, "is neither an RFC 3339 time nor Unix seconds")
		return absent
	}
	whole, frac := math.Modf(sec)
	return time.Unix(int64(whole), int64(frac*1e9)).UTC()
}

func (a *arguments) duration(name string) time.Duration {
	text := a.text(name)
	if text == "" {
		return 0
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return d
	}
	sec, err := strconv.ParseFloat(text, 64)
	if err != nil || !(sec >= 0 && sec < 1e9) {
		a.fail(name, "is neither a Go duration like 30s nor a number of seconds")
		return 0
	}
	return time.Duration(sec * float64(time.Second))
}

// span reads from, to and step, and fits the step to the span when none is given.
func (a *arguments) span(now time.Time) Range {
	r := Range{To: a.time("to", now)}
	r.From = a.time("from", r.To.Add(-time.Hour))
	r.Step = a.duration("step")
	if !r.From.Before(r.To) {
		a.fail("from", "is not before the end")
		return r
	}
	if r.Step == 0 {
		r.Step = (r.To.Sub(r.From) / defaultPoints).Truncate(time.Second)
		r.Step = max(r.Step, time.Second)
	}
	if r.Step < time.Second {
		a.fail("step", "is shorter than one second")
	}
	if r.To.Sub(r.From)/max(r.Step, time.Second) > MaxPoints {
		a.fail("step", fmt.Sprintf("makes more than %d points", MaxPoints))
	}
	return r
}

// readJSON reads a JSON body strictly.
func readJSON[T any](r *http.Request) (T, error) {
	var v T
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return v, NewProblem(http.StatusUnsupportedMediaType, "the body is not marked as JSON", "send Content-Type: application/json")
	}
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return v, err
		}
		return v, NewProblem(http.StatusBadRequest, "the body is not the JSON this route takes: "+err.Error(), "")
	}
	if dec.More() {
		return v, NewProblem(http.StatusBadRequest, "the body holds more than one JSON value", "")
	}
	return v, nil
}

// readDocument reads a body of YAML. The name that findings give it comes from
// [FileNameHeader], for a client that sends a file.
func readDocument(r *http.Request) (Document, error) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return Document{}, err
	}
	name := r.Header.Get(FileNameHeader)
	if name == "" || len(name) > 500 {
		name = "body"
	}
	return Document{File: name, Data: data, By: "api"}, nil
}

// FileNameHeader names the file a document was read from.
const FileNameHeader = "Backstay-File-Name"
