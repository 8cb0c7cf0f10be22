package policy

import (
	"fmt"
	"slices"

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
	findings = append(findings, clashes(all)...)
	if len(findings) > 0 {
		return nil, &ParseError{Findings: findings}
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
		return decode(doc, new(stabilitySpec))
	}
	switch kind {
	case KindTimeout:
		return decode(doc, new(timeoutSpec))
	case KindRetry:
		return decode(doc, new(retrySpec))
	case KindFallback:
		return decode(doc, new(fallbackSpec))
	default:
		return decode(doc, new(breakerSpec))
	}
}

// headless names what a document that does not say what it is lacks.
func headless(doc document.Document, hasVersion, hasKind bool) []Finding {
	var findings []Finding
	// A field that is nearly right is told by decoding against a bare header.
	var h struct {
		header `yaml:"-"`

		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
		Metadata   any    `yaml:"metadata"`
		Spec       any    `yaml:"spec"`
	}
	findings = append(findings, doc.Decode(&h)...)
	if len(findings) > 0 {
		return findings
	}
	if !hasVersion {
		f := doc.At()
		f.Message, f.Suggestion = "apiVersion is required", "begin with apiVersion: "+APIVersion
		findings = append(findings, f)
	}
	if !hasKind {
		f := doc.At()
		f.Message, f.Suggestion = "kind is required", document.Suggest("", kinds[APIVersion])
		findings = append(findings, f)
	}
	return findings
}
