// Package archtest tests the structure of a module: which package may import
// which, that every package explains itself, and which foreign modules it pulls
// in. The rules are a table in the module's own test, each with its reason, so
// that a new arrow in the import graph is a decision and not an accident.
//
// It runs `go list` in the current directory, which for a test is the folder of
// the package under test.
package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"sort"
	"strings"
	"testing"
)

// Room places packages on a floor. A package imports lower floors freely, and on
// its own floor only rooms with a smaller step.
type Room struct {
	// Path is the package path relative to the module, "." for its root.
	// A trailing "/..." covers a whole folder, and packages in it may import each other.
	Path string
	// Floor counts from 0, the lowest.
	Floor int
	// Step orders rooms within a floor, left to right.
	Step int
	// Why says what the room is for, and so why it stands where it does.
	Why string
}

// covers reports whether the room holds the package with the relative path rel.
func (r Room) covers(rel string) bool {
	folder, whole := strings.CutSuffix(r.Path, "/...")
	return rel == folder || whole && strings.HasPrefix(rel, folder+"/")
}

// listed is the part of `go list -json` that the rules need.
type listed struct {
	ImportPath   string
	Dir          string
	Doc          string
	Name         string
	Standard     bool
	GoFiles      []string
	Imports      []string
	TestImports  []string
	XTestImports []string
	Module       *struct{ Path string }
}

// list runs `go list -json` with the arguments given.
func list(t testing.TB, args ...string) []listed {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=ImportPath,Dir,Doc,Name,Standard,GoFiles,Imports,TestImports,XTestImports,Module"}, args...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	var packages []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("go list %s: %v", strings.Join(args, " "), err)
		}
		packages = append(packages, p)
	}
}

// Floors fails the test for every package without a room and for every import
// that points up or sideways.
func Floors(t testing.TB, rooms []Room) {
	t.Helper()
	packages := list(t, "./...")
	if len(packages) == 0 || packages[0].Module == nil {
		t.Fatal("go list found no packages of a module here")
	}
	module := packages[0].Module.Path
	for _, r := range rooms {
		if r.Why == "" {
			t.Errorf("room %s gives no reason", r.Path)
		}
	}
	for _, p := range packages {
		if len(p.GoFiles) == 0 {
			continue // tests alone
		}
		from, ok := roomOf(rooms, module, p.ImportPath)
		if !ok {
			t.Errorf("%s stands on no floor: add a room with its reason", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			to, ok := roomOf(rooms, module, imported)
			if !ok || to.Path == from.Path && strings.HasSuffix(from.Path, "/...") {
				continue
			}
			if to.Floor > from.Floor || to.Floor == from.Floor && to.Step >= from.Step {
				t.Errorf("%s (floor %d.%d: %s) must not import %s (floor %d.%d: %s)",
					p.ImportPath, from.Floor, from.Step, from.Why, imported, to.Floor, to.Step, to.Why)
			}
		}
	}
}

// roomOf finds the room with the longest path that covers the package.
func roomOf(rooms []Room, module, importPath string) (Room, bool) {
	rel := "."
	if importPath != module {
		inside, ok := strings.CutPrefix(importPath, module+"/")
		if !ok {
			return Room{}, false
		}
		rel = inside
	}
	best, found := Room{}, false
	for _, r := range rooms {
		if r.covers(rel) && (!found || len(r.Path) > len(best.Path)) {
			best, found = r, true
		}
	}
	return best, found
}

// PackageComments fails the test for every package that has no comment. The
// compiler joins several comments silently, so a second one also fails.
func PackageComments(t testing.TB) {
	t.Helper()
	for _, p := range list(t, "./...") {
		if len(p.GoFiles) == 0 {
			continue
		}
		switch comments := packageComments(t, p); {
		case len(comments) == 0:
			t.Errorf("%s has no package comment", p.ImportPath)
		case len(comments) > 1:
			t.Errorf("%s has package comments in %s: keep one", p.ImportPath, strings.Join(comments, " and "))
		case p.Name != "main" && !strings.HasPrefix(p.Doc, "Package "+p.Name+" "):
			t.Errorf("%s: the package comment must begin with %q", p.ImportPath, "Package "+p.Name)
		}
	}
}

// ForeignImports fails the test when a package of the module, its tests
// included, imports a package that is neither standard nor of the module nor
// allowed. The keys of allowed are import paths or prefixes of them, the values
// the relative path of the only package that may import them, or "..." for all.
func ForeignImports(t testing.TB, allowed map[string]string) {
	t.Helper()
	packages := list(t, "./...")
	if len(packages) == 0 || packages[0].Module == nil {
		t.Fatal("go list found no packages of a module here")
	}
	module := packages[0].Module.Path
	for _, p := range packages {
		all := append(append(append([]string(nil), p.Imports...), p.TestImports...), p.XTestImports...)
		sort.Strings(all)
		for _, imported := range all {
			first, _, _ := strings.Cut(imported, "/")
			if !strings.Contains(first, ".") || imported == module || strings.HasPrefix(imported, module+"/") {
				continue
			}
			if !permitted(allowed, strings.TrimPrefix(p.ImportPath, module+"/"), imported) {
				t.Errorf("%s must not import %s", p.ImportPath, imported)
			}
		}
	}
}

// permitted reports whether the package at rel may import the foreign path.
func permitted(allowed map[string]string, rel, imported string) bool {
	for prefix, only := range allowed {
		if (imported == prefix || strings.HasPrefix(imported, prefix+"/")) && (only == "..." || only == rel) {
			return true
		}
	}
	return false
}
