package config

import (
	"path/filepath"
	"strings"

	"github.com/backstay/backstay/policy/document"
)

//go:generate go test -count=1 -run ^TestReference . -rewrite

// Sources is where settings come from, weakest first.
type Sources struct {
	// Base holds where nothing else is said; nil means [Default]. Its lists of
	// policies and objectives are empty.
	Base *Config
	// File names the config file, for findings and relative paths; empty means none.
	File string
	// Data is what the file holds.
	Data []byte
	// Getenv reads the environment as [os.LookupEnv] does; nil means none. An
	// empty variable counts as absent.
	Getenv func(string) (string, bool)
	// Flags are the settings given on the command line.
	Flags []Flag
}

// Flag is a setting given on the command line.
type Flag struct {
	Name  string // without dashes
	Key   string // of the setting
	Value string
}

// SettingError is a value that cannot hold.
type SettingError struct {
	Key string // of the file
	// Source says where the value was given: "environment BACKSTAY_LISTEN",
	// "flag --listen", or empty for a default.
	Source string
	Err    error
}

func (e *SettingError) Error() string {
	if e.Source != "" {
		return e.Source + ": " + e.Err.Error()
	}
	return e.Key + ": " + e.Err.Error()
}

func (e *SettingError) Unwrap() error { return e.Err }

// Hint is what to do next.
func (e *SettingError) Hint() string { return "docs/reference/config.md explains " + e.Key }

// Load gathers the settings and checks them. Mistakes of the file are returned
// together as a [*document.Error], others as a [*SettingError].
func Load(from Sources) (Config, error) {
	c := Default()
	if from.Base != nil {
		c = *from.Base
	}
	doc, err := read(&c, from.File, from.Data)
	if err != nil {
		return Config{}, err
	}
	given := map[string]string{} // key to source, for values that the file did not give
	getenv := from.Getenv
	if getenv == nil {
		getenv = func(string) (string, bool) { return "", false }
	}
	for _, s := range Settings() {
		if text, ok := getenv(s.Env); ok && text != "" {
			given[s.Key] = "environment " + s.Env
			if err := s.Set(&c, text); err != nil {
				return Config{}, &SettingError{Key: s.Key, Source: given[s.Key], Err: err}
			}
		}
		for _, f := range from.Flags {
			if f.Key != s.Key {
				continue
			}
			given[s.Key] = "flag --" + f.Name
			if err := s.Set(&c, f.Value); err != nil {
				return Config{}, &SettingError{Key: s.Key, Source: given[s.Key], Err: err}
			}
		}
	}
	return c, c.judge(doc, given)
}

// read fills c from the file; nil when there is no file or nothing in it.
func read(c *Config, file string, data []byte) (*document.Document, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // no file is not a mistake
	}
	docs, findings := document.Parse(file, data)
	if len(docs) > 1 {
		second := docs[1].At()
		second.Message, second.Suggestion = "a second document, and the settings are one", "remove the line ---"
		findings = append(findings, second)
	}
	if len(docs) > 0 {
		for _, f := range docs[0].Decode(c) {
			f.Message = strings.Replace(f.Message, "the document has", "the settings have", 1)
			findings = append(findings, f)
		}
	}
	if len(findings) > 0 {
		return nil, &document.Error{Findings: findings}
	}
	if len(docs) == 0 {
		return nil, nil //nolint:nilnil // an empty file is not a mistake
	}
	for _, list := range []*[]string{&c.Policies, &c.SLOs} {
		for i, path := range *list {
			if !filepath.IsAbs(path) {
				(*list)[i] = filepath.Join(filepath.Dir(file), path)
			}
		}
	}
	return &docs[0], nil
}

// judge checks all values. A mistake is placed in the file when its value was
// given there.
func (c Config) judge(doc *document.Document, given map[string]string) error {
	var findings []document.Finding
	for _, s := range Settings() {
		if s.check == nil {
			continue
		}
		err := s.check(&c)
		if err == nil {
			continue
		}
		if given[s.Key] != "" || doc == nil {
			return &SettingError{Key: s.Key, Source: given[s.Key], Err: err}
		}
		f := doc.At(strings.Split(s.Key, ".")...)
		f.Message, f.Suggestion = err.Error(), "docs/reference/config.md explains "+s.Key
		findings = append(findings, f)
	}
	if len(findings) > 0 {
		return &document.Error{Findings: findings}
	}
	return nil
}

// Check returns the first value of c that cannot hold, as a [*SettingError].
func (c Config) Check() error { return c.judge(nil, nil) }
