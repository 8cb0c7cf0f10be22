package archtest

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"testing"
)

// packageComments names the files of the package that hold a package comment.
func packageComments(t testing.TB, p listed) []string {
	t.Helper()
	var files []string
	for _, name := range p.GoFiles {
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if parsed.Doc != nil {
			files = append(files, name)
		}
	}
	return files
}
