package document

import (
	"fmt"
	"strings"
)

// Finding is one mistake in a document.
type Finding struct {
	// File is the name the data was given, often a path.
	File string `json:"file"`
	// Line and Column count from 1; zero when the mistake has no place.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Message says what is wrong.
	Message string `json:"message"`
	// Suggestion says what was probably meant or what to do; empty when unknown.
	Suggestion string `json:"suggestion,omitempty"`
}

// String writes "file:line:column: message (suggestion)".
func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", f.Line, f.Column)
	}
	b.WriteString(": " + f.Message)
	if f.Suggestion != "" {
		b.WriteString(" (" + f.Suggestion + ")")
	}
	return b.String()
}

// Error is a refusal of documents with all mistakes that were found.
type Error struct {
	Findings []Finding
}

// Error writes one finding a line.
func (e *Error) Error() string {
	lines := make([]string, len(e.Findings))
	for i, f := range e.Findings {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}
