package metric

import (
	"bytes"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// format is a text format of the exposition.
type format uint8

const (
	plainText   format = iota // Prometheus text format 0.0.4
	openMetrics               // OpenMetrics 1.0
)

const (
	plainType = "text/plain; version=0.0.4; charset=utf-8"
	openType  = "application/openmetrics-text; version=1.0.0; charset=utf-8"
)

// buffers keeps the memory of one scrape for the next.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// Handler serves the registry in the Prometheus text format 0.0.4, or in
// OpenMetrics 1.0 when the request's Accept header prefers it.
func (r *Registry) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "metrics are read with GET", http.StatusMethodNotAllowed)
			return
		}
		ft, contentType := plainText, plainType
		if prefersOpenMetrics(req.Header.Values("Accept")) {
			ft, contentType = openMetrics, openType
		}
		buf := buffers.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
		*buf = r.append((*buf)[:0], ft)
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Length", strconv.Itoa(len(*buf)))
		// A reader that went away is its own news; there is nobody to tell.
		_, _ = w.Write(*buf)
		buffers.Put(buf)
	})
}

// append renders all families.
func (r *Registry) append(b []byte, ft format) []byte {
	for _, f := range r.all() {
		s := f.shape()
		name := s.name
		if ft == openMetrics && s.kind == kindCounter {
			name = counterBase(name)
		}
		b = append(b, "# HELP "...)
		b = append(b, name...)
		b = append(b, ' ')
		b = appendEscaped(b, s.help, ft == openMetrics)
		b = append(b, "\n# TYPE "...)
		b = append(b, name...)
		b = append(b, ' ')
		b = append(b, s.kind...)
		b = append(b, '\n')
		b = f.appendSeries(b, ft)
	}
	if ft == openMetrics {
		b = append(b, "# EOF\n"...)
	}
	return b
}

// prefersOpenMetrics reads an Accept header (RFC 9110 §12.5.1) as far as the
// choice between the two formats needs it. On a tie OpenMetrics wins, since
// only a client that knows it names it.
func prefersOpenMetrics(accept []string) bool {
	open, plain := 0.0, 0.0
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		media, params, _ := strings.Cut(part, ";")
		q := 1.0
		for param := range strings.SplitSeq(params, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
			switch {
			case strings.EqualFold(name, "q"):
				q, _ = strconv.ParseFloat(value, 64) // what is no number wants nothing
			case strings.EqualFold(name, "version") && value == "0.0.1":
				q = 0 // a draft we do not write
			}
		}
		switch strings.ToLower(strings.TrimSpace(media)) {
		case "application/openmetrics-text":
			open = max(open, q)
		case "text/plain", "text/*":
			plain = max(plain, q)
		}
	}
	return open > 0 && open >= plain
}

// counterBase is the name of a counter's family in OpenMetrics.
func counterBase(name string) string { return strings.TrimSuffix(name, "_total") }

// appendName renders name, suffix, labels and the blank before the value.
func appendName(b []byte, name, suffix string, labels []byte) []byte {
	b = append(b, name...)
	b = append(b, suffix...)
	if len(labels) > 0 {
		b = append(b, '{')
		b = append(b, labels...)
		b = append(b, '}')
	}
	return append(b, ' ')
}

// appendLabels renders a="b",c="d" without braces.
func appendLabels(b []byte, names, values []string) []byte {
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, name...)
		b = append(b, `="`...)
		b = appendEscaped(b, strings.ToValidUTF8(values[i], "\uFFFD"), true)
		b = append(b, '"')
	}
	return b
}

// appendEscaped escapes backslash, line feed and, where asked for, the quote.
func appendEscaped(b []byte, s string, quote bool) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\\':
			b = append(b, `\\`...)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '"' && quote:
			b = append(b, `\"`...)
		default:
			b = append(b, c)
		}
	}
	return b
}

// appendFloat renders a value as both formats read it.
func appendFloat(b []byte, v float64) []byte {
	switch {
	case math.IsInf(v, 1):
		return append(b, "+Inf"...)
	case math.IsInf(v, -1):
		return append(b, "-Inf"...)
	case math.IsNaN(v):
		return append(b, "NaN"...)
	default:
		return strconv.AppendFloat(b, v, 'g', -1, 64)
	}
}

// appendCanonical renders a bucket bound the way OpenMetrics wants it: a whole
// number keeps a fraction, "1.0".
func appendCanonical(b []byte, v float64) []byte {
	from := len(b)
	b = appendFloat(b, v)
	if !bytes.ContainsAny(b[from:], ".e") {
		b = append(b, ".0"...)
	}
	return b
}
