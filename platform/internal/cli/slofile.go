package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/backstay/backstay/platform/internal/slo"
	"github.com/backstay/backstay/policy/document"
)

// checkedSLO is one objective of a file; its JSON is a contract.
type checkedSLO struct {
	SLO     string  `json:"slo"`
	Service string  `json:"service"`
	Target  float64 `json:"target"`
	Window  string  `json:"window"` // Go duration
	File    string  `json:"file"`
}

// checkSLOFiles reads OpenSLO files and lists their objectives, or every mistake
// of every file. It asks no server.
func (p *Program) checkSLOFiles(paths []string) error {
	list := []checkedSLO{}
	var findings []document.Finding
	files, err := yamlFiles(paths)
	if err != nil {
		return err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return usage(reason(err), "")
		}
		objectives, err := slo.Parse(file, data)
		var refused *slo.ParseError
		switch {
		case errors.As(err, &refused):
			findings = append(findings, refused.Findings...)
		case err != nil:
			return err
		}
		for _, o := range objectives {
			list = append(list, checkedSLO{o.Name, o.Service, o.Target, o.Window.String(), file})
		}
	}
	if len(findings) > 0 {
		return &malformedError{what: "OpenSLO documents", findings: findings}
	}
	names := namesOf(list, func(c checkedSLO) string { return c.SLO })
	return p.print(list, names, func(pg *page) {
		rows := make([][]cell, 0, len(list))
		for _, c := range list {
			rows = append(rows, []cell{text(c.SLO), text(c.Service), text(target(c.Target)), text(window(c.Window)), text(c.File)})
		}
		pg.table("", []string{"SLO", "SERVICE", ">TARGET", ">WINDOW", "FILE"}, rows)
		pg.linef("%s, no mistake", counted(len(list), "objective", "objectives"))
	})
}

// yamlFiles lists files, and the .yaml and .yml files of directories by name.
func yamlFiles(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, usage(reason(err), "")
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, usage(reason(err), "")
		}
		var found []string
		for _, e := range entries {
			ext := strings.ToLower(filepath.Ext(e.Name()))
			if !e.IsDir() && (ext == ".yaml" || ext == ".yml") {
				found = append(found, filepath.Join(path, e.Name()))
			}
		}
		if len(found) == 0 {
			return nil, usage(path+" holds no .yaml or .yml file", "")
		}
		slices.Sort(found)
		files = append(files, found...)
	}
	return files, nil
}

// reason words a failure to read a file without the system call's name.
func reason(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Path + ": " + at.Err.Error()
	}
	return err.Error()
}
