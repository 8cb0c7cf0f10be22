package cli

import (
	"errors"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/config"
	"github.com/backstay/backstay/policy/document"
)

// malformedError is a file with mistakes in it.
type malformedError struct {
	what     string // "policy documents", "config file"
	findings []document.Finding
}

func (e *malformedError) Error() string {
	return counted(len(e.findings), "mistake", "mistakes") + " in the " + e.what
}

// malformed turns the refusal of a file, or a bad setting, into a mistake of the
// caller's; other errors pass.
func malformed(what string, err error) error {
	var bad *config.SettingError
	var refused *document.Error
	switch {
	case errors.As(err, &bad):
		return usage(bad.Error(), bad.Hint())
	case errors.As(err, &refused):
		return &malformedError{what: what, findings: refused.Findings}
	default:
		return err
	}
}

// findingsOf returns the printed lines of a refused document's mistakes.
func findingsOf(err error) []string {
	var m *malformedError
	if errors.As(err, &m) {
		return lines(m.findings)
	}
	var problem *api.Problem
	if !errors.As(err, &problem) {
		return nil
	}
	findings := make([]document.Finding, len(problem.Findings))
	for i, f := range problem.Findings {
		findings[i] = document.Finding(f)
	}
	return lines(findings)
}

func lines(findings []document.Finding) []string {
	text := make([]string, len(findings))
	for i, f := range findings {
		text[i] = f.String()
	}
	return text
}
