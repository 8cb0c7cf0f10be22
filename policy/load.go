package policy

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/backstay/backstay/policy/document"
)

// Load reads the documents of a file, or of every .yaml, .yml and .json file in a
// directory and below, except hidden ones. Mistakes in all files are told
// together by a [*ParseError]; other errors are those of reading files.
func Load(path string) (*Set, error) {
	files, err := filesOf(path)
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	var sets []*Set
	var findings []Finding
	for _, file := range files {
		data, err := readFile(file)
		if err != nil {
			return nil, fmt.Errorf("policies: %w", err)
		}
		set, err := Parse(file, data)
		var refused *ParseError
		if errors.As(err, &refused) {
			findings = append(findings, refused.Findings...)
		}
		sets = append(sets, set)
	}
	if len(findings) > 0 {
		return nil, &ParseError{Findings: findings}
	}
	return Join(sets...)
}

// readFile reads a file as far as documents may reach, and a byte more, by which
// the reader of documents knows that there was more.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, document.MaxSize+1))
}

// filesOf lists the file, or the files with documents in a directory.
func filesOf(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := name != path && strings.HasPrefix(entry.Name(), ".")
		switch {
		case hidden && entry.IsDir():
			return filepath.SkipDir
		case hidden, entry.IsDir():
			return nil
		}
		if slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(name))) {
			files = append(files, name)
		}
		return nil
	})
	slices.SortFunc(files, cmp.Compare[string])
	return files, err
}
