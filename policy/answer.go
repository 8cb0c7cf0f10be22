package policy

import (
	"encoding/json"
	"fmt"
	"net/textproto"
	"strings"
)

// Answer is what a Fallback document answers in place of a dependency. A chain
// with such a fallback gives it as a [*Answer]; backstayhttp makes an HTTP
// response of it. It must not be changed.
type Answer struct {
	// Dependency is what should have answered.
	Dependency string
	// Status is the HTTP status, 200 to 599.
	Status int
	// Headers in canonical form; Content-Type is always among them when there
	// is a body.
	Headers map[string]string
	// Body is the text of the answer.
	Body string
}

// fallbackSpec is the spec of a Fallback.
type fallbackSpec struct {
	Target  Target            `yaml:"target"`
	Status  int               `yaml:"status"` // 0 means 200
	Headers map[string]string `yaml:"headers"`
	Body    string            `yaml:"body"`
}

func (s *fallbackSpec) target() Target { return s.Target }

func (s *fallbackSpec) check(c *checker) {
	c.dependency()
	c.count(s.Status, 200, 599, "status")
	for name, value := range s.Headers {
		if !headerName(name) {
			c.wrong("", fmt.Sprintf("%q is not a header name", name), "headers", name)
		}
		if strings.ContainsAny(value, "\r\n\x00") {
			c.wrong("keep it on one line", fmt.Sprintf("header %s has a line break in its value", name), "headers", name)
		}
	}
}

// answer makes the value that calls of the dependency get.
func (s *fallbackSpec) answer(dependency string) *Answer {
	a := &Answer{Dependency: dependency, Status: s.Status, Headers: make(map[string]string, len(s.Headers)+1), Body: s.Body}
	if a.Status == 0 {
		a.Status = 200
	}
	for name, value := range s.Headers {
		a.Headers[textproto.CanonicalMIMEHeaderKey(name)] = value
	}
	if a.Headers["Content-Type"] == "" && a.Body != "" {
		a.Headers["Content-Type"] = "text/plain; charset=utf-8"
		if json.Valid([]byte(a.Body)) {
			a.Headers["Content-Type"] = "application/json"
		}
	}
	return a
}

// headerName reports whether s is a token (RFC 9110 §5.6.2).
func headerName(s string) bool {
	for _, r := range s {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r) {
			return false
		}
	}
	return s != ""
}
