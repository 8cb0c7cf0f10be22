package document

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// MaxSize is how many bytes of YAML are read at most; larger data is refused.
const MaxSize = 4 << 20

// Document is one YAML document of a stream.
type Document struct {
	// File is the name the data was given.
	File string
	// Source is the text of the document, as written.
	Source string

	root ast.Node
}

// Parse splits data into documents. Empty documents are left out. A stream that
// is not YAML gives a finding and no document.
func Parse(file string, data []byte) ([]Document, []Finding) {
	if len(data) > MaxSize {
		return nil, []Finding{{File: file, Line: 1, Column: 1, Message: "the file is larger than 4 MiB", Suggestion: "split it"}}
	}
	parsed, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, []Finding{syntax(file, err)}
	}
	var docs []Document
	lines := bytes.SplitAfter(data, []byte("\n"))
	for i, d := range parsed.Docs {
		if d.Body == nil || d.Body.Type() == ast.NullType || d.Body.Type() == ast.CommentType {
			continue
		}
		docs = append(docs, Document{File: file, Source: source(lines, parsed.Docs, i), root: d.Body})
	}
	return docs, nil
}

// source cuts the text of document i out of the stream: from its separator to the next one.
func source(lines [][]byte, docs []*ast.DocumentNode, i int) string {
	if len(docs) == 1 {
		return string(bytes.Join(lines, nil))
	}
	begin, end := 0, len(lines)
	if start := docs[i].Start; start != nil {
		begin = min(start.Position.Line, len(lines))
	}
	if i+1 < len(docs) {
		if start := docs[i+1].Start; start != nil {
			end = min(start.Position.Line-1, len(lines))
		}
	}
	if begin > end {
		return ""
	}
	return string(bytes.Join(lines[begin:end], nil))
}

// syntax turns an error of the YAML parser into a finding.
func syntax(file string, err error) Finding {
	f := Finding{File: file, Line: 1, Column: 1, Message: "not valid YAML: " + err.Error()}
	var at yaml.Error
	if errors.As(err, &at) {
		f.Message = "not valid YAML: " + at.GetMessage()
		if token := at.GetToken(); token != nil && token.Position != nil {
			f.Line, f.Column = token.Position.Line, token.Position.Column
		}
	}
	if strings.Contains(f.Message, "\t") {
		f.Message, f.Suggestion = "not valid YAML: a tab where a value is expected", "indent with spaces"
	}
	return f
}

// Text returns the scalar at the path of field names, as written.
func (d Document) Text(path ...string) (string, bool) {
	node, whole := d.find(path)
	if !whole {
		return "", false
	}
	return scalar(node)
}

// At returns a finding placed at the path of field names and list positions, or at the nearest
// parent that exists; the caller fills in the words.
func (d Document) At(path ...string) Finding {
	node, _ := d.find(path)
	return place(d.File, node)
}

// find walks down the path and returns the last node that exists, and whether
// that is the one asked for.
func (d Document) find(path []string) (ast.Node, bool) {
	node := d.root
	for _, name := range path {
		child := field(node, name)
		if child == nil {
			return node, false
		}
		node = child
	}
	return node, true
}

// field returns the value of a mapping's field or the item of a list that is
// numbered from 0, or nil.
func field(node ast.Node, name string) ast.Node {
	if list, ok := unwrap(node).(*ast.SequenceNode); ok {
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(list.Values) {
			return unwrap(list.Values[i])
		}
		return nil
	}
	for _, entry := range entries(node) {
		if key, ok := scalar(entry.Key); ok && key == name {
			return unwrap(entry.Value)
		}
	}
	return nil
}

// entries lists the fields of a mapping; nil for anything else.
func entries(node ast.Node) []*ast.MappingValueNode {
	switch n := unwrap(node).(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	default:
		return nil
	}
}

// unwrap takes anchors and tags off a node.
func unwrap(node ast.Node) ast.Node {
	for {
		switch n := node.(type) {
		case *ast.AnchorNode:
			node = n.Value
		case *ast.TagNode:
			node = n.Value
		default:
			return node
		}
	}
}

// scalar returns the text of a scalar node.
func scalar(node any) (string, bool) {
	n, ok := node.(ast.Node)
	if !ok {
		return "", false
	}
	switch n := unwrap(n).(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	default:
		return "", false
	}
}

// place returns a finding at the node, without words.
func place(file string, node ast.Node) Finding {
	f := Finding{File: file, Line: 1, Column: 1}
	if node == nil {
		return f
	}
	token := node.GetToken()
	if n, ok := node.(*ast.MappingNode); ok && len(n.Values) > 0 {
		token = n.Values[0].Key.GetToken()
	} else if n, ok := node.(*ast.MappingValueNode); ok {
		token = n.Key.GetToken()
	}
	if token != nil && token.Position != nil {
		f.Line, f.Column = token.Position.Line, token.Position.Column
	}
	return f
}
