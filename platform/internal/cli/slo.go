package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/backstay/backstay/platform/internal/api"
)

func (p *Program) sloCommand() *cobra.Command {
	return noun("slo", "What is promised, and whether it is kept",
		`An objective says which share of events must be good over a window. The rest is the error
budget. Objectives are OpenSLO documents.`,
		`  backstay slo list
  backstay slo show checkout-available
  backstay slo check                      # exit code 0 met, 3 violated, 8 not enough data
  backstay slo check ./slos.yaml          # are the documents well-formed? asks no server`,
		p.sloListCommand(), p.sloShowCommand(), p.sloCheckCommand())
}

func (p *Program) sloListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List objectives, worst error budget first",
		Long: `BUDGET is what is left of the error budget: 100% untouched, 0% spent, negative overspent.
BURN is how fast it is being spent: at 1x it lasts exactly for the window.`,
		Example: `  backstay slo list
  backstay slo list -o name`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			list, err := c.SLOs(cmd.Context())
			if err != nil {
				return err
			}
			if len(list) == 0 && p.output == "table" {
				p.notef("There is no objective yet. Name OpenSLO files under 'slos' in the config file, or send one:\n  curl --data-binary @slo.yaml %s/api/v1/slos", c.URL())
				return nil
			}
			return p.print(list, sloNames(list), func(pg *page) { sloTable(pg, "", list) })
		},
	}
	p.outputFlag(cmd, listOutputs...)
	return cmd
}

func sloNames(list []api.SLOStatus) []string {
	return namesOf(list, func(s api.SLOStatus) string { return s.Name })
}

func sloTable(pg *page, indent string, list []api.SLOStatus) {
	rows := make([][]cell, 0, len(list))
	for _, s := range list {
		rows = append(rows, []cell{
			text(s.Name), text(s.Service), text(target(s.Target)), text(window(s.Window)), text(maybePercent(s.Attainment)),
			budget(s.Budget), text(factor(s.Burn)), burning(s.Burning),
		})
	}
	pg.table(indent, []string{"SLO", "SERVICE", ">TARGET", ">WINDOW", ">ATTAINED", ">BUDGET", ">BURN", "BURNING"}, rows)
}

func (p *Program) sloShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show SLO",
		Short: "Show one objective: budget, burn rates, its document",
		Long: `A window pair burns when both its long and its short window spend the budget at least FACTOR
times as fast as the objective allows: the long one says that it matters, the short one that
it still goes on.`,
		Example: `  backstay slo show checkout-available
  backstay slo show checkout-available -o json | jq .budget`,
		Args:              oneArgument("SLO name"),
		ValidArgsFunction: p.completeSLOs,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			s, err := c.SLO(cmd.Context(), args[0])
			if err != nil {
				return on(args[0], err, "'backstay slo list' shows all objectives")
			}
			return p.print(s, []string{s.Name}, func(pg *page) { showSLO(pg, s) })
		},
	}
	p.outputFlag(cmd, listOutputs...)
	return cmd
}

func showSLO(pg *page, s api.SLOStatus) {
	title := s.Name
	if s.DisplayName != "" && s.DisplayName != s.Name {
		title += "  " + s.DisplayName
	}
	pg.heading(title)
	verdict := judge(s)
	count := ""
	if s.Total > 0 {
		count = fmt.Sprintf("%s of %s good", strconv.FormatFloat(s.Good, 'f', 0, 64), strconv.FormatFloat(s.Total, 'f', 0, 64))
	}
	pg.fields([]field{
		{"Service", text(s.Service)},
		{"Promise", text(target(s.Target) + " over " + window(s.Window))},
		{"About", text(s.Description)},
		{"Verdict", cell{verdict.Verdict + ": " + verdict.Why, verdict.tone()}},
		{"Attained", text(maybePercent(s.Attainment))},
		{"Budget", budget(s.Budget)},
		{"Events", text(count)},
	}...)
	if len(s.Windows) > 0 {
		pg.heading("Burn rates")
		rows := make([][]cell, 0, len(s.Windows))
		for _, w := range s.Windows {
			rows = append(rows, []cell{
				text(string(w.Severity)), text(window(w.Long)), text(factor(w.LongRate)), text(window(w.Short)), text(factor(w.ShortRate)),
				text(factor(&w.Factor)), burning(w.Answer),
			})
		}
		pg.table("  ", []string{"SEVERITY", ">LONG", ">RATE", ">SHORT", ">RATE", ">FACTOR", "BURNING"}, rows)
	}
}

func (p *Program) completeSLOs(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return p.complete(cmd, args, func(ctx context.Context) ([]string, error) {
		c, err := p.client()
		if err != nil {
			return nil, err
		}
		list, err := c.SLOs(ctx)
		return sloNames(list), err
	})
}
