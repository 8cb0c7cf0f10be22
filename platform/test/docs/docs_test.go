// Package docs_test reads the documents for people as the server reads them.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/backstay/backstay/platform/internal/config"
	"github.com/backstay/backstay/platform/internal/slo"
)

// root is the repository.
var root = filepath.Join("..", "..", "..")

// documents calls with every YAML document that people are shown: blocks of
// pages, and files of the examples.
func documents(t *testing.T, take func(name, text string)) {
	t.Helper()
	fence := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```")
	for _, folder := range []string{"docs", "examples"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			switch filepath.Ext(path) {
			case ".md":
				data, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				for _, m := range fence.FindAllStringSubmatch(string(data), -1) {
					take(path, m[1])
				}
			case ".yaml":
				data, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				take(path, string(data))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestDocumentedObjectives(t *testing.T) {
	t.Parallel()
	read := 0
	documents(t, func(name, text string) {
		if !strings.Contains(text, "apiVersion: openslo/") {
			return
		}
		read++
		if _, err := slo.Parse(name, []byte(text)); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	})
	if read == 0 {
		t.Error("no page shows an objective")
	}
}

// TestDocumentedSettings reads every block that is no document with a version as
// a config file, with a token at hand.
func TestDocumentedSettings(t *testing.T) {
	t.Parallel()
	read := 0
	documents(t, func(name, text string) {
		if strings.Contains(text, "apiVersion:") {
			return
		}
		read++
		_, err := config.Load(config.Sources{
			File: name, Data: []byte(text),
			Getenv: func(name string) (string, bool) {
				if name == "BACKSTAY_TOKEN" {
					return "0123456789abcdef", true
				}
				return "", false
			},
		})
		if err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	})
	if read == 0 {
		t.Error("no page shows settings")
	}
}
