package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"
)

// outputFlag adds -o to a command that answers.
func (p *Program) outputFlag(cmd *cobra.Command, kinds ...string) {
	cmd.Flags().StringVarP(&p.output, "output", "o", kinds[0], "how to print: "+strings.Join(kinds, ", "))
	check := func(*cobra.Command, []string) error {
		if slices.Contains(kinds, p.output) {
			return nil
		}
		return usage(fmt.Sprintf("output %q is not one of %s", p.output, strings.Join(kinds, ", ")), "see '"+cmd.CommandPath()+" --help'")
	}
	cmd.PreRunE = check
	// The names are constant and the flag exists, so this cannot fail.
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(kinds, cobra.ShellCompDirectiveNoFileComp))
}

var listOutputs = []string{"table", "json", "yaml", "name"}

// print writes v as JSON or YAML, its names one a line, or as text by table.
func (p *Program) print(v any, names []string, table func(*page)) error {
	switch p.output {
	case "json":
		return p.printJSON(v)
	case "yaml":
		data, err := json.Marshal(v)
		if err != nil {
			return err
		}
		text, err := yaml.JSONToYAML(data)
		if err != nil {
			return err
		}
		return p.write(string(text))
	case "name":
		if len(names) == 0 {
			return nil
		}
		return p.write(strings.Join(names, "\n") + "\n")
	default:
		pg := &page{paint: p.paint()}
		table(pg)
		return p.write(pg.String())
	}
}

func (p *Program) printJSON(v any) error {
	enc := json.NewEncoder(p.Stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func (p *Program) write(text string) error {
	_, err := fmt.Fprint(p.Stdout, text)
	return err
}

// notef tells a person something that was not asked for.
func (p *Program) notef(format string, args ...any) {
	fmt.Fprintf(p.Stderr, format+"\n", args...)
}

// paint decides whether colours are used: a terminal, unless told otherwise.
func (p *Program) paint() bool {
	switch p.color {
	case "always":
		return true
	case "never":
		return false
	default:
		if _, set := p.Getenv("NO_COLOR"); set || p.env("TERM", "") == "dumb" {
			return false
		}
		f, ok := p.Stdout.(*os.File)
		return ok && isatty.IsTerminal(f.Fd())
	}
}
