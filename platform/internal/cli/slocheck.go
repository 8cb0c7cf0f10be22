package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/client"
	"github.com/backstay/backstay/platform/internal/verdict"
)

// The three answers of a check.
const (
	met      = "met"
	violated = "violated"
	unknown  = "not enough data"
)

// judgement is the answer for one objective; its JSON is a contract.
type judgement struct {
	SLO     string   `json:"slo"`
	Service string   `json:"service"`
	Verdict string   `json:"verdict"` // "met", "violated", "not enough data"
	Budget  *float64 `json:"budget,omitempty"`
	Why     string   `json:"why"`
}

func (j judgement) tone() tone {
	switch j.Verdict {
	case met:
		return good
	case violated:
		return bad
	default:
		return faint
	}
}

// judge answers whether an objective is kept. A budget that is overspent, or that
// is being spent so fast that somebody must look, is a violation; without
// data there is no answer.
func judge(s api.SLOStatus) judgement {
	j := judgement{SLO: s.Name, Service: s.Service, Budget: s.Budget}
	switch {
	case s.Budget != nil && *s.Budget < 0:
		j.Verdict, j.Why = violated, fmt.Sprintf("attained %s of %s, budget spent %.1f times over", maybePercent(s.Attainment), target(s.Target), 1-*s.Budget)
	case s.Burning == verdict.Yes:
		j.Verdict, j.Why = violated, fmt.Sprintf("burns its budget %s as fast as it may, %s left", factor(s.Burn), maybePercent(s.Budget))
	case s.Budget == nil || s.Burning == verdict.Unknown:
		j.Verdict, j.Why = unknown, "too few events so far"
		if s.Problem != "" {
			j.Why = s.Problem
		}
	default:
		j.Verdict, j.Why = met, fmt.Sprintf("attained %s, budget %s left", maybePercent(s.Attainment), percent(*s.Budget))
	}
	return j
}

func (p *Program) sloCheckCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check [SLO | FILE...]",
		Short: "Judge objectives, or check OpenSLO files",
		Long: `Without an argument it judges all objectives, with a name that one. The answer is met, violated or
not enough data; the exit code is 0, 3 or 8. Violated means that the error budget is overspent, or
is being spent so fast that somebody must look now.

An argument that ends in .yaml or .yml, or holds a path separator, is a file or directory of OpenSLO
documents. They are checked without a server; mistakes give exit code 2, each with file, line, column
and what was probably meant.`,
		Example: `  backstay slo check
  backstay slo check checkout-available && ./deploy.sh
  backstay slo check -o json | jq '.[] | select(.verdict != "met")'
  backstay slo check ./slos/*.yaml`,
		ValidArgsFunction: p.completeSLOs,
		RunE: func(cmd *cobra.Command, args []string) error {
			files := 0
			for _, a := range args {
				if looksLikeFile(a) {
					files++
				}
			}
			switch {
			case files > 0 && files == len(args):
				return p.checkSLOFiles(args)
			case len(args) > 1:
				return usage("takes one SLO name, or files", "see 'backstay slo check --help'")
			default:
				return p.checkSLOs(cmd.Context(), args)
			}
		},
	}
	p.outputFlag(cmd, listOutputs...)
	return cmd
}

func looksLikeFile(arg string) bool {
	ext := strings.ToLower(filepath.Ext(arg))
	return ext == ".yaml" || ext == ".yml" || strings.ContainsAny(arg, `/\`) || arg == "."
}

func (p *Program) checkSLOs(ctx context.Context, args []string) error {
	c, err := p.client()
	if err != nil {
		return err
	}
	list, err := asked(ctx, c, args)
	if err != nil {
		return err
	}
	judgements := make([]judgement, 0, len(list))
	count := map[string]int{}
	worst := ""
	for _, s := range list {
		j := judge(s)
		judgements = append(judgements, j)
		if count[j.Verdict]++; worst == "" && j.Verdict == violated {
			worst = j.SLO
		}
	}
	if len(list) > 0 {
		err = p.print(judgements, sloNames(list), func(pg *page) {
			rows := make([][]cell, 0, len(judgements))
			for _, j := range judgements {
				rows = append(rows, []cell{text(j.SLO), text(j.Service), {j.Verdict, j.tone()}, text(j.Why)})
			}
			pg.table("", []string{"SLO", "SERVICE", "VERDICT", "WHY"}, rows)
		})
		if err != nil {
			return err
		}
	}
	switch {
	case count[violated] > 0:
		return &negativeError{exitNegative, fmt.Sprintf("%d of %d violated", count[violated], len(list)), "see 'backstay slo show " + worst + "'"}
	case len(list) == 0:
		return &negativeError{exitUnknown, "there is no objective to judge", "name OpenSLO files under 'slos' in the config file"}
	case count[unknown] > 0:
		return &negativeError{exitUnknown, fmt.Sprintf("not enough data for %d of %d", count[unknown], len(list)), "ask again later"}
	default:
		return nil
	}
}

// asked returns the objective named, or all.
func asked(ctx context.Context, c *client.Client, args []string) ([]api.SLOStatus, error) {
	if len(args) == 0 {
		return c.SLOs(ctx)
	}
	s, err := c.SLO(ctx, args[0])
	if err != nil {
		return nil, on(args[0], err, "'backstay slo list' shows all objectives")
	}
	return []api.SLOStatus{s}, nil
}
