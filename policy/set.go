package policy

import (
	"fmt"
	"slices"

	"github.com/backstay/backstay/policy/document"
)

// Document is one policy as a document gives it.
type Document struct {
	// Kind is one of the Kind constants.
	Kind string
	// Name tells documents of a kind apart.
	Name string
	// Target says which calls it is about.
	Target Target
	// Source is the YAML it was written in.
	Source string
	// File, Line and Column say where the document begins.
	File         string
	Line, Column int

	spec spec
}

// Set is documents that go together. It is immutable; the nil Set is empty.
type Set struct {
	documents []Document
}

// Documents returns the documents in the order in which they were read. A
// document of another form that holds several policies appears once for each.
func (s *Set) Documents() []Document {
	if s == nil {
		return nil
	}
	return slices.Clone(s.documents)
}

// Join puts sets together. Two documents of a kind with the same name or the
// same target are a mistake, which the returned [*ParseError] tells.
func Join(sets ...*Set) (*Set, error) {
	var all []Document
	for _, s := range sets {
		all = append(all, s.Documents()...)
	}
	if findings := clashes(all); len(findings) > 0 {
		return nil, &ParseError{Findings: findings}
	}
	return &Set{documents: all}, nil
}

// Over returns the documents of s and those of base that s does not replace: a
// document replaces another of its kind with the same name or the same target.
func (s *Set) Over(base *Set) *Set {
	merged := s.Documents()
	for _, old := range base.Documents() {
		if !slices.ContainsFunc(s.Documents(), func(d Document) bool { return d.clashes(old) }) {
			merged = append(merged, old)
		}
	}
	return &Set{documents: merged}
}

func (d Document) clashes(other Document) bool {
	return d.Kind == other.Kind && (d.Name == other.Name || d.Target == other.Target)
}

// clashes finds documents that cannot stand side by side.
func clashes(docs []Document) []document.Finding {
	var findings []document.Finding
	for i, d := range docs {
		for _, earlier := range docs[:i] {
			if !d.clashes(earlier) {
				continue
			}
			f := document.Finding{File: d.File, Line: d.Line, Column: d.Column}
			first := fmt.Sprintf("%s:%d:%d", earlier.File, earlier.Line, earlier.Column)
			if d.Name == earlier.Name {
				f.Message = fmt.Sprintf("a %s named %q exists already at %s", d.Kind, d.Name, first)
				f.Suggestion = "give it another name, or keep one"
			} else {
				f.Message = fmt.Sprintf("%s %q has the same target (%s) as %q at %s", d.Kind, d.Name, d.Target, earlier.Name, first)
				f.Suggestion = "narrow one of the targets, or keep one"
			}
			findings = append(findings, f)
			break
		}
	}
	return findings
}

// find returns the spec of the most specific document of type S that covers the
// call, nil when none does.
func find[S spec](docs []Document, dependency, route string) (best S, target Target) {
	rank := -1
	for _, d := range docs {
		if s, ok := d.spec.(S); ok && d.Target.covers(dependency, route) && d.Target.rank() > rank {
			best, target, rank = s, d.Target, d.Target.rank()
		}
	}
	return best, target
}
