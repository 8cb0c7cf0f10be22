package api

import (
	"errors"
	"net/http"

	"github.com/backstay/backstay/policy/document"
)

// ErrNotFound says that the object asked for does not exist.
var ErrNotFound = errors.New("not found")

// NewProblem returns a problem whose title is the status in words. Detail is one
// sentence for a person; hint, when not empty, is what to do next.
func NewProblem(status int, detail, hint string) *Problem {
	// "about:blank" says that the status is all there is to the type (RFC 9457, 4.2.1).
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Hint: hint}
}

// NewMalformed returns the problem of documents that were refused: status 422
// with all their mistakes. What names them: "the policy".
func NewMalformed(what string, findings []Finding) *Problem {
	p := NewProblem(http.StatusUnprocessableEntity, what+" was refused, nothing was applied", "mend the findings and send it again")
	p.Findings = findings
	return p
}

// findingsOf translates the parser's findings.
func findingsOf(refused *document.Error) []Finding {
	findings := make([]Finding, len(refused.Findings))
	for i, f := range refused.Findings {
		findings[i] = Finding(f)
	}
	return findings
}

// Error is the detail, or the title where there is none.
func (p *Problem) Error() string {
	if p.Detail != "" {
		return p.Detail
	}
	return p.Title
}

// Is makes a problem of status 404 match [ErrNotFound], on both ends of the wire.
func (p *Problem) Is(target error) bool {
	return target == ErrNotFound && p.Status == http.StatusNotFound
}
