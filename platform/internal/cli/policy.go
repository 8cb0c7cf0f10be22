package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/backstay/backstay/policy"
	"github.com/backstay/backstay/policy/document"
)

func (p *Program) policyCommand() *cobra.Command {
	return noun("policy", "How calls are protected: breakers, timeouts, retries, fallbacks",
		`A policy document says how calls to a dependency are protected. The most specific target wins; a
tie is a mistake.`,
		`  backstay policy check ./policies`,
		p.policyCheckCommand())
}

// checkedPolicy is one policy of a check; its JSON is a contract.
type checkedPolicy struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	policy.Target
	File string `json:"file"`
}

func (p *Program) policyCheckCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Check policy documents without applying them",
		Long: `It reads files, and the .yaml and .yml files of directories, as one set, and lists every mistake with
file, line, column and what was probably meant. It asks no server. Exit code 2 means mistakes.`,
		Example: `  backstay policy check policies/payment.yaml
  backstay policy check ./policies -o json`,
		Args: someArguments("file or directory"),
		RunE: func(_ *cobra.Command, args []string) error {
			set, err := loadPolicies(args)
			if err != nil {
				return malformed("policy documents", err)
			}
			docs := set.Documents()
			if len(docs) == 0 {
				return usage("policy check "+strings.Join(args, " ")+": no policy document there", "name a file or directory that holds some; see docs/how-to/write-policies.md")
			}
			list := make([]checkedPolicy, 0, len(docs))
			for _, d := range docs {
				list = append(list, checkedPolicy{d.Kind, d.Name, d.Target, d.File})
			}
			names := namesOf(list, func(c checkedPolicy) string { return c.Name })
			return p.print(list, names, func(pg *page) {
				rows := make([][]cell, 0, len(list))
				for _, c := range list {
					rows = append(rows, []cell{text(c.Kind), text(c.Name), text(orAll(c.Service)), text(orNothing(c.Dependency)), text(orAll(c.Route)), text(c.File)})
				}
				pg.table("", []string{"KIND", "NAME", "SERVICE", "DEPENDENCY", "ROUTE", "FILE"}, rows)
				pg.linef("%s, no mistake", counted(len(list), "policy", "policies"))
			})
		},
	}
	p.outputFlag(cmd, listOutputs...)
	return cmd
}

// loadPolicies reads all paths and judges them together, so that mistakes of
// every file and ties between files are found in one run.
func loadPolicies(paths []string) (*policy.Set, error) {
	sets := make([]*policy.Set, 0, len(paths))
	var findings []document.Finding
	for _, path := range paths {
		set, err := policy.Load(path)
		var refused *policy.ParseError
		switch {
		case errors.As(err, &refused):
			findings = append(findings, refused.Findings...)
		case err != nil:
			return nil, usage(reason(err), "")
		}
		sets = append(sets, set)
	}
	if len(findings) > 0 {
		return nil, &document.Error{Findings: findings}
	}
	return policy.Join(sets...)
}

func orAll(s string) string {
	if s == "" {
		return "*"
	}
	return s
}

// counted prints a number with its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
