package document

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// maxDepth bounds nesting, so that no document exhausts the stack.
const maxDepth = 64

// Decode reads the document into a pointer to a struct. Fields are named by
// `yaml` tags or by their Go names with a lower-case first letter; a field of
// the document that the struct does not have is a mistake, so is one given
// twice. Durations are written as Go writes them ("250ms"). Fields that the
// document leaves out keep their value. It panics when into is not a pointer to
// a struct, which is a programming error.
//
// When there are findings, into is half filled and must not be used.
func (d Document) Decode(into any) []Finding {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		panic("document: Decode needs a pointer to a struct")
	}
	r := reader{file: d.File}
	r.value(d.root, v.Elem(), "the document", 0)
	return r.findings
}

// reader collects findings during one decode.
type reader struct {
	file     string
	findings []Finding
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// wrongf notes a mistake at the node.
func (r *reader) wrongf(node ast.Node, suggestion, format string, args ...any) {
	f := place(r.file, node)
	f.Message, f.Suggestion = fmt.Sprintf(format, args...), suggestion
	r.findings = append(r.findings, f)
}

// value reads a node into a Go value; what names it in messages.
func (r *reader) value(node ast.Node, v reflect.Value, what string, depth int) {
	if depth > maxDepth {
		r.wrongf(node, "", "%s is nested too deeply", what)
		return
	}
	node = unwrap(node)
	switch n := node.(type) {
	case *ast.NullNode, nil:
		return
	case *ast.AliasNode:
		r.wrongf(node, "write the value out", "%s uses an alias, which is not allowed here", what)
		return
	case *ast.MappingValueNode:
		if n.Key.IsMergeKey() {
			r.wrongf(node, "write the fields out", "%s uses a merge key, which is not allowed here", what)
			return
		}
	}
	if v.Kind() == reflect.Pointer {
		fresh := reflect.New(v.Type().Elem())
		r.value(node, fresh.Elem(), what, depth)
		v.Set(fresh)
		return
	}
	if v.Type() != durationType && reflect.PointerTo(v.Type()).Implements(textType) {
		r.text(node, v, what)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		r.structure(node, v, what, depth)
	case reflect.Map:
		r.mapping(node, v, what, depth)
	case reflect.Slice:
		r.sequence(node, v, what, depth)
	case reflect.Interface:
		v.Set(reflect.ValueOf(plain(node, depth)))
	default:
		r.scalar(node, v, what)
	}
}

// text reads a scalar through its own UnmarshalText.
func (r *reader) text(node ast.Node, v reflect.Value, what string) {
	s, ok := scalar(node)
	if !ok {
		r.wrongf(node, "", "%s must be a text, not %s", what, kindOf(node))
		return
	}
	unmarshaler, ok := v.Addr().Interface().(encoding.TextUnmarshaler)
	if !ok {
		return
	}
	if err := unmarshaler.UnmarshalText([]byte(s)); err != nil {
		r.wrongf(node, "", "%s: %v", what, err)
	}
}

// structure reads a mapping into a struct.
func (r *reader) structure(node ast.Node, v reflect.Value, what string, depth int) {
	fields := entries(node)
	if fields == nil {
		if _, empty := node.(*ast.MappingNode); !empty {
			r.wrongf(node, "", "%s must be a mapping, not %s", what, kindOf(node))
		}
		return
	}
	known := fieldsOf(v.Type())
	seen := make(map[string]bool, len(fields))
	for _, entry := range fields {
		name, ok := scalar(entry.Key)
		if !ok || entry.Key.IsMergeKey() {
			r.wrongf(entry.Key, "", "%s has a field name that is not a plain text", what)
			continue
		}
		index, ok := known[name]
		if !ok {
			r.wrongf(entry.Key, Suggest(name, names(known)), "%s has no field %q", what, name)
			continue
		}
		if seen[name] {
			r.wrongf(entry.Key, "keep one", "%s has the field %q twice", what, name)
			continue
		}
		seen[name] = true
		r.value(entry.Value, v.Field(index), name, depth+1)
	}
}

// mapping reads a mapping into a Go map with text keys.
func (r *reader) mapping(node ast.Node, v reflect.Value, what string, depth int) {
	fields := entries(node)
	if fields == nil {
		if _, empty := node.(*ast.MappingNode); !empty {
			r.wrongf(node, "", "%s must be a mapping, not %s", what, kindOf(node))
		}
		return
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for _, entry := range fields {
		name, ok := scalar(entry.Key)
		if !ok {
			r.wrongf(entry.Key, "", "%s has a key that is not a plain text", what)
			continue
		}
		item := reflect.New(v.Type().Elem()).Elem()
		r.value(entry.Value, item, what+"."+name, depth+1)
		v.SetMapIndex(reflect.ValueOf(name).Convert(v.Type().Key()), item)
	}
}

// sequence reads a list.
func (r *reader) sequence(node ast.Node, v reflect.Value, what string, depth int) {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		r.wrongf(node, `begin each item with "- "`, "%s must be a list, not %s", what, kindOf(node))
		return
	}
	items := reflect.MakeSlice(v.Type(), len(list.Values), len(list.Values))
	for i, item := range list.Values {
		r.value(item, items.Index(i), fmt.Sprintf("%s[%d]", what, i), depth+1)
	}
	v.Set(items)
}

// scalar reads a plain value.
func (r *reader) scalar(node ast.Node, v reflect.Value, what string) {
	s, ok := scalar(node)
	if !ok {
		r.wrongf(node, "", "%s must be %s, not %s", what, wanted(v.Type()), kindOf(node))
		return
	}
	switch {
	case v.Type() == durationType:
		d, err := time.ParseDuration(s)
		if err != nil {
			suggestion := `write a number with a unit, as in "250ms", "2s" or "1m30s"`
			if _, err := strconv.ParseFloat(s, 64); err == nil {
				suggestion = fmt.Sprintf("did you mean %q or %q?", s+"s", s+"ms")
			}
			r.wrongf(node, suggestion, "%s must be a duration, not %q", what, s)
			return
		}
		v.SetInt(int64(d))
	case v.Kind() == reflect.String:
		v.SetString(s)
	case v.Kind() == reflect.Bool:
		b, isBool := node.(*ast.BoolNode)
		if !isBool {
			r.wrongf(node, "write true or false", "%s must be true or false, not %q", what, s)
			return
		}
		v.SetBool(b.Value)
	case v.CanInt():
		n, err := strconv.ParseInt(s, 10, v.Type().Bits())
		if err != nil {
			r.wrongf(node, "", "%s must be a whole number, not %q", what, s)
			return
		}
		v.SetInt(n)
	case v.CanUint():
		n, err := strconv.ParseUint(s, 10, v.Type().Bits())
		if err != nil {
			r.wrongf(node, "", "%s must be a whole number from 0, not %q", what, s)
			return
		}
		v.SetUint(n)
	case v.CanFloat():
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			suggestion := ""
			if percent, ok := strings.CutSuffix(s, "%"); ok {
				if p, err := strconv.ParseFloat(percent, 64); err == nil {
					suggestion = fmt.Sprintf("did you mean %v?", p/100)
				}
			}
			r.wrongf(node, suggestion, "%s must be a number, not %q", what, s)
			return
		}
		v.SetFloat(f)
	default:
		panic("document: cannot decode into " + v.Type().String())
	}
}

// plain turns a node into maps, lists and texts, for fields of free form.
func plain(node ast.Node, depth int) any {
	if depth > maxDepth {
		return nil
	}
	if list, ok := unwrap(node).(*ast.SequenceNode); ok {
		items := make([]any, len(list.Values))
		for i, item := range list.Values {
			items[i] = plain(item, depth+1)
		}
		return items
	}
	if s, ok := scalar(node); ok {
		return s
	}
	fields := map[string]any{}
	for _, entry := range entries(node) {
		if name, ok := scalar(entry.Key); ok {
			fields[name] = plain(entry.Value, depth+1)
		}
	}
	return fields
}

// fieldsOf maps the names in a document to the fields of a struct.
func fieldsOf(t reflect.Type) map[string]int {
	fields := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch name {
		case "-":
		case "":
			fields[strings.ToLower(f.Name[:1])+f.Name[1:]] = i
		default:
			fields[name] = i
		}
	}
	return fields
}

func names(fields map[string]int) []string {
	all := make([]string, 0, len(fields))
	for name := range fields {
		all = append(all, name)
	}
	return all
}

// kindOf names the kind of a node for a person.
func kindOf(node ast.Node) string {
	switch n := unwrap(node).(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	default:
		if s, ok := scalar(n); ok {
			return strconv.Quote(s)
		}
		return "this"
	}
}

// wanted names the kind of value a Go type takes.
func wanted(t reflect.Type) string {
	switch {
	case t == durationType:
		return "a duration"
	case t.Kind() == reflect.String:
		return "a text"
	case t.Kind() == reflect.Bool:
		return "true or false"
	default:
		return "a number"
	}
}
