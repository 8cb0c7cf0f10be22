package cli

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/verdict"
)

func (p *Program) incidentCommand() *cobra.Command {
	return noun("incident", "What went wrong: signal, verdict, cause, action, recovery",
		`An incident opens when an objective burns and ends when it no longer does. It keeps the whole
chain with times: what was seen, what was concluded, what was done.`,
		`  backstay incident list
  backstay incident show          # the latest
  backstay incident show mwqg8m1e-gateway`,
		p.incidentListCommand(), p.incidentShowCommand())
}

func (p *Program) incidentListCommand() *cobra.Command {
	var f api.IncidentFilter
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List incidents, latest first",
		Example: `  backstay incident list
  backstay incident list --state open
  backstay incident list -o name --limit 1`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.State != "" && f.State != "open" && f.State != "resolved" {
				return usage("state "+f.State+" is neither open nor resolved", "leave --state out for both")
			}
			if f.Limit < 1 || f.Limit > 1000 {
				return usage("--limit is not between 1 and 1000", "")
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			list, err := c.Incidents(cmd.Context(), f)
			if err != nil {
				return err
			}
			switch {
			case len(list) > 0 || p.output != "table":
			case f.State != "":
				p.notef("No incident is %s; leave --state out for all.", f.State)
				return nil
			default:
				p.notef("No incident. Break the demo shop to see one: backstay demo break payment-errors")
				return nil
			}
			return p.print(list, incidentNames(list), func(pg *page) {
				rows := make([][]cell, 0, len(list))
				for _, i := range list {
					rows = append(rows, []cell{
						text(i.ID), incidentState(i.State), severity(i.Severity), text(i.Service), text(i.SLO),
						text(cause(i.Cause)), text(clock(i.OpenedAt)), text(p.lasted(i)),
					})
				}
				pg.table("", []string{"INCIDENT", "STATE", "SEVERITY", "SERVICE", "SLO", "CAUSE", "OPENED", ">LASTED"}, rows)
			})
		},
	}
	cmd.Flags().StringVar(&f.State, "state", "", "open or resolved; both when left out")
	cmd.Flags().IntVar(&f.Limit, "limit", 20, "at most so many")
	_ = cmd.RegisterFlagCompletionFunc("state", cobra.FixedCompletions([]string{"open", "resolved"}, cobra.ShellCompDirectiveNoFileComp))
	p.outputFlag(cmd, listOutputs...)
	return cmd
}

func incidentNames(list []api.IncidentSummary) []string {
	return namesOf(list, func(i api.IncidentSummary) string { return i.ID })
}

func incidentState(state string) cell {
	if state == "open" {
		return cell{state, bad}
	}
	return cell{state, good}
}

func severity(s verdict.Severity) cell {
	if s == verdict.Page {
		return cell{string(s), bad}
	}
	return cell{orNothing(string(s)), warn}
}

func cause(c *verdict.Cause) string {
	if c == nil {
		return "not known"
	}
	return c.Service + " (" + string(c.Class) + ")"
}

func (p *Program) lasted(i api.IncidentSummary) string {
	end := i.EndedAt
	if end.IsZero() {
		end = p.Now()
	}
	return span(end.Sub(i.OpenedAt))
}

func (p *Program) incidentShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show [INCIDENT]",
		Short: "Show one incident, second by second; the latest when none is named",
		Example: `  backstay incident show
  backstay incident show mwqg8m1e-gateway -o json | jq .cause`,
		Args:              atMostOneArgument("incident"),
		ValidArgsFunction: p.completeIncidents,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			id := ""
			if len(args) > 0 {
				id = args[0]
			} else {
				latest, err := c.Incidents(cmd.Context(), api.IncidentFilter{Limit: 1})
				if err != nil {
					return err
				}
				if len(latest) == 0 {
					return on("", errors.New("there has been no incident"), "break the demo shop to see one: backstay demo break payment-errors")
				}
				id = latest[0].ID
			}
			i, err := c.Incident(cmd.Context(), id)
			if err != nil {
				return on(id, err, "'backstay incident list' shows all incidents")
			}
			return p.print(i, []string{i.ID}, func(pg *page) { p.showIncident(pg, i) })
		},
	}
	p.outputFlag(cmd, listOutputs...)
	return cmd
}

func (p *Program) showIncident(pg *page, i api.Incident) {
	pg.heading(i.ID + "  " + i.Title)
	path := ""
	if i.Cause != nil {
		path = strings.Join(i.Cause.Path, " → ")
	}
	opened := clock(i.OpenedAt)
	pg.fields([]field{
		{"State", incidentState(i.State)},
		{"Severity", severity(i.Severity)},
		{"Objective", text(i.SLO + " of " + i.Service)},
		{"Cause", text(cause(i.Cause))},
		{"Path", text(path)},
		{"Opened", text(opened)},
		{"Lasted", text(p.lasted(i.IncidentSummary))},
	}...)
	if len(i.Timeline) > 0 {
		pg.heading("Timeline")
		rows := make([][]cell, 0, len(i.Timeline))
		for _, e := range i.Timeline {
			rows = append(rows, []cell{text(e.At.Local().Format("15:04:05")), text(since(i.OpenedAt, e.At)), step(e.Step), text(e.Text)})
			for _, x := range e.Evidence {
				rows = append(rows, []cell{text(""), text(""), text(""), {"· " + x.Detail, faint}})
			}
		}
		pg.table("  ", []string{"TIME", ">AT", "STEP", "WHAT"}, rows)
	}
	actionTable(pg, i.Actions)
}

// since prints the distance from the opening of the incident: +12s, -3s.
func since(opened, at time.Time) string {
	d := at.Sub(opened).Round(time.Second)
	if d < 0 {
		return "-" + span(-d)
	}
	return "+" + span(d)
}

func step(s string) cell {
	switch s {
	case "verdict", "cause":
		return cell{s, bad}
	case "action":
		return cell{s, warn}
	case "recovery":
		return cell{s, good}
	default:
		return text(s)
	}
}

func (p *Program) completeIncidents(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return p.complete(cmd, args, func(ctx context.Context) ([]string, error) {
		c, err := p.client()
		if err != nil {
			return nil, err
		}
		list, err := c.Incidents(ctx, api.IncidentFilter{})
		return incidentNames(list), err
	})
}
