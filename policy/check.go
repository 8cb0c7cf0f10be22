package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/backstay/backstay/policy/document"
)

// maxName is how long the name of a document may be.
const maxName = 253

// checker notes figures of a document's spec that make no sense, at their place.
type checker struct {
	doc      document.Document
	findings []document.Finding
}

// wrong notes a mistake at the field of the spec.
func (c *checker) wrong(suggestion, message string, path ...string) {
	f := c.doc.At(append([]string{"spec"}, path...)...)
	f.Message, f.Suggestion = message, suggestion
	c.findings = append(c.findings, f)
}

// given reports whether the document has the field.
func (c *checker) given(path ...string) bool {
	_, ok := c.doc.Text(append([]string{"spec"}, path...)...)
	return ok
}

// name asks for a name that can stand in paths and addresses.
func (c *checker) name(name string) {
	f := c.doc.At("metadata", "name")
	ok := len(name) <= maxName
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		ok = ok && (letter || i > 0 && strings.ContainsRune("-._", r))
	}
	switch {
	case name == "":
		f.Message, f.Suggestion = "metadata.name is required", "give the document a name"
	case !ok:
		f.Message = fmt.Sprintf("metadata.name %q is not a name", name)
		f.Suggestion = fmt.Sprintf(`use letters, digits, "-", "." and "_", a letter or digit first, up to %d`, maxName)
	default:
		return
	}
	c.findings = append(c.findings, f)
}

func (c *checker) required(path ...string) {
	if text, ok := c.doc.Text(append([]string{"spec"}, path...)...); !ok || text == "" {
		name := strings.Join(path, ".")
		c.wrong("add "+name+" to spec", name+" is required", path...)
	}
}

// dependency asks for the target's dependency.
func (c *checker) dependency() {
	if text, ok := c.doc.Text("spec", "target", "dependency"); !ok || text == "" {
		c.wrong(`name what is called, or "*" for every dependency`, "target.dependency is required", "target", "dependency")
	}
}

// route asks for a path template.
func (c *checker) route(route string) {
	if route == "" || route == Any || strings.HasPrefix(route, "/") {
		return
	}
	suggestion := `write a path template as in "/orders/{id}"`
	if _, path, ok := strings.Cut(route, " "); ok && strings.HasPrefix(path, "/") {
		suggestion = fmt.Sprintf("leave the method out: %q", path)
	}
	c.wrong(suggestion, fmt.Sprintf("target.route must begin with a slash, not %q", route), "target", "route")
}

// duration asks for a duration within bounds; a field that is not given is fine.
func (c *checker) duration(d, least, most time.Duration, path ...string) {
	if !c.given(path...) || d >= least && d <= most {
		return
	}
	suggestion := ""
	switch {
	case d < 0:
		suggestion = fmt.Sprintf("did you mean %v?", -d)
	case d > 0 && d < least && d*1000 >= least:
		suggestion = fmt.Sprintf("did you mean %v?", d*1000)
	}
	c.wrong(suggestion, fmt.Sprintf("%s must be from %v to %v, not %v", strings.Join(path, "."), least, most, d), path...)
}

// ratio asks for a share above 0 and up to 1.
func (c *checker) ratio(r float64, path ...string) {
	if !c.given(path...) || r > 0 && r <= 1 {
		return
	}
	suggestion := ""
	if r > 1 && r <= 100 {
		suggestion = fmt.Sprintf("did you mean %v?", r/100)
	}
	c.wrong(suggestion, fmt.Sprintf("%s must be a share above 0 and up to 1, not %v", strings.Join(path, "."), r), path...)
}

func (c *checker) number(v, least, most float64, path ...string) {
	if c.given(path...) && !(v >= least && v <= most) {
		c.wrong("", fmt.Sprintf("%s must be from %v to %v, not %v", strings.Join(path, "."), least, most, v), path...)
	}
}

func (c *checker) count(n, least, most int, path ...string) {
	if c.given(path...) && (n < least || n > most) {
		c.wrong("", fmt.Sprintf("%s must be from %d to %d, not %d", strings.Join(path, "."), least, most, n), path...)
	}
}

func (c *checker) oneOf(word string, known []string, path ...string) {
	if c.given(path...) && !slices.Contains(known, word) {
		c.wrong(document.Suggest(word, known), fmt.Sprintf("%s cannot be %q", strings.Join(path, "."), word), path...)
	}
}
