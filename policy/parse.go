package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backstay/backstay/policy/document"
)

// Finding is one mistake in a document, with its place.
type Finding = document.Finding

// ParseError is a refusal of documents, with all mistakes that were found.
type ParseError = document.Error

// Parse reads policy documents, separated by "---". All of them are good, or the
// error is a [*ParseError] that lists every mistake. The file only names the data.
func Parse(file string, data []byte) (*Set, error) {
	docs, findings := document.Parse(file, data)
	var all []Document
	for _, doc := range docs {
		found, mistakes := read(doc)
		all = append(all, found...)
		findings = append(findings, mistakes...)
	}
	if len(findings) == 0 { // a document that was not read clashes with nothing
		findings = clashes(all)
	}
	if len(findings) > 0 {
		return nil, &ParseError{Findings: inOrder(findings)}
	}
	return &Set{documents: all}, nil
}

// read reads one document, which may say more than one policy.
func read(doc document.Document) ([]Document, []Finding) {
	version, hasVersion := doc.Text("apiVersion")
	kind, hasKind := doc.Text("kind")
	if !hasVersion || !hasKind {
		return nil, headless(doc, hasVersion, hasKind)
	}
	known, ok := kinds[version]
	if !ok {
		f := doc.At("apiVersion")
		f.Message = fmt.Sprintf("apiVersion %q is not known", version)
		f.Suggestion = document.Suggest(version, []string{APIVersion, StabilityVersion})
		return nil, []Finding{f}
	}
	if !slices.Contains(known, kind) {
		f := doc.At("kind")
		f.Message = fmt.Sprintf("kind %q is not known in %s", kind, version)
		f.Suggestion = document.Suggest(kind, known)
		return nil, []Finding{f}
	}
	if version == StabilityVersion {
		name, s, findings := decode[stabilitySpec](doc)
		found := []Document{newDocument(doc, KindCircuitBreaker, name, s.breaker())}
		if f := s.fallback(); f != nil {
			found = append(found, newDocument(doc, KindFallback, name, f))
		}
		return found, findings
	}
	switch kind {
	case KindTimeout:
		return one[timeoutSpec](doc, kind)
	case KindRetry:
		return one[retrySpec](doc, kind)
	case KindFallback:
		return one[fallbackSpec](doc, kind)
	default:
		return one[breakerSpec](doc, kind)
	}
}

// one reads a document that says one policy.
func one[S any, P interface {
	*S
	spec
}](doc document.Document, kind string) ([]Document, []Finding) {
	name, s, findings := decode[S, P](doc)
	return []Document{newDocument(doc, kind, name, s)}, findings
}

// decode reads the whole document with a spec of type S.
func decode[S any, P interface {
	*S
	spec
}](doc document.Document) (name string, s P, findings []Finding) {
	var whole struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Spec       S        `yaml:"spec"`
	}
	findings = doc.Decode(&whole)
	s = P(&whole.Spec)
	c := checker{doc: doc}
	c.name(whole.Metadata.Name)
	if len(findings) == 0 { // a figure that was not read is not judged
		c.route(s.target().Route)
		s.check(&c)
	}
	return whole.Metadata.Name, s, append(findings, c.findings...)
}

func newDocument(doc document.Document, kind, name string, s spec) Document {
	at := doc.At()
	return Document{
		Kind: kind, Name: name, Target: s.target().normal(), Source: doc.Source,
		File: doc.File, Line: at.Line, Column: at.Column, spec: s,
	}
}

// headless names what a document lacks that does not say what it is.
func headless(doc document.Document, hasVersion, hasKind bool) []Finding {
	var bare struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
		Metadata   any    `yaml:"metadata"`
		Spec       any    `yaml:"spec"`
	}
	if findings := doc.Decode(&bare); len(findings) > 0 {
		return findings // a name that is nearly right explains what is missing
	}
	var findings []Finding
	if !hasVersion {
		f := doc.At("apiVersion")
		f.Message, f.Suggestion = "apiVersion is required", "begin with apiVersion: "+APIVersion
		findings = append(findings, f)
	}
	if !hasKind {
		f := doc.At("kind")
		f.Message, f.Suggestion = "kind is required", "add one of "+strings.Join(kinds[APIVersion], ", ")
		findings = append(findings, f)
	}
	return findings
}

// inOrder sorts findings as a reader of the file meets them.
func inOrder(findings []Finding) []Finding {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return findings
}
