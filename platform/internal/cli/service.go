package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/backstay/backstay/platform/internal/api"
)

func (p *Program) serviceCommand() *cobra.Command {
	return noun("service", "What runs: rate, errors, latency, policies",
		`A service appears by itself once it sends spans to the OTLP port or runs the SDK.`,
		`  backstay service list
  backstay service show gateway`,
		p.serviceListCommand(), p.serviceShowCommand())
}

func (p *Program) serviceListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List services, worst error budget first",
		Long: `RATE, ERRORS, P50 and P99 come from the spans of the last minute. BUDGET is what is left of the error
budget of the service's worst objective: 100% untouched, 0% spent, negative overspent.`,
		Example: `  backstay service list
  backstay service list -o name
  backstay service list -o json | jq '.[] | select(.health == "bad")'`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			list, err := c.Services(cmd.Context())
			if err != nil {
				return err
			}
			if len(list) == 0 && p.output == "table" {
				p.notef("No service has been seen yet. Send spans to the OTLP port, or run 'backstay dev'.")
				return nil
			}
			return p.print(list, namesOf(list, func(s api.ServiceSummary) string { return s.Name }), func(pg *page) {
				rows := make([][]cell, 0, len(list))
				for _, s := range list {
					rows = append(rows, []cell{
						text(s.Name), health(s.Health), text(requests(s.RED)), text(failures(s.RED)),
						text(latency(s.RED.P50)), text(latency(s.RED.P99)), budget(s.WorstBudget),
						text(strconv.Itoa(s.SLOs)), text(instances(s)), text(orNothing(s.Incident)),
					})
				}
				pg.table("", []string{"SERVICE", "HEALTH", ">RATE", ">ERRORS", ">P50", ">P99", ">BUDGET", ">SLOS", "INSTANCES", "INCIDENT"}, rows)
			})
		},
	}
	p.outputFlag(cmd, listOutputs...)
	return cmd
}

func instances(s api.ServiceSummary) string {
	switch {
	case s.SDK:
		return strconv.Itoa(s.Instances)
	case s.LastSeen.IsZero():
		return "never seen"
	default:
		return "seen by spans"
	}
}

// requests and failures print nothing where no span told of a request: a service
// that exports none may be as busy as any.
func requests(red api.RED) string {
	if red == (api.RED{}) {
		return nothing
	}
	return rate(red.Rate)
}

func failures(red api.RED) string {
	if red == (api.RED{}) {
		return nothing
	}
	return percent(red.ErrorRatio)
}

func (p *Program) serviceShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show SERVICE",
		Short: "Show one service: dependencies, live policies, objectives, actions",
		Example: `  backstay service show gateway
  backstay service show gateway -o yaml`,
		Args:              oneArgument("service name"),
		ValidArgsFunction: p.completeServices,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			s, err := c.Service(cmd.Context(), args[0])
			if err != nil {
				return on(args[0], err, "'backstay service list' shows all services")
			}
			if s.SDK && s.RED == (api.RED{}) && p.output == "table" {
				p.notef("No span told of a request in the last minute; docs/how-to/connect-opentelemetry.md says how %s sends them.", s.Name)
			}
			return p.print(s, []string{s.Name}, func(pg *page) { p.showService(pg, s) })
		},
	}
	p.outputFlag(cmd, listOutputs...)
	return cmd
}

func (p *Program) showService(pg *page, s api.Service) {
	pg.heading(s.Name)
	pg.fields([]field{
		{"Health", health(s.Health)},
		{"Version", text(s.Version)},
		{"Rate", text(requests(s.RED))},
		{"Errors", text(failures(s.RED))},
		{"Latency", text("p50 " + latency(s.RED.P50) + "  p95 " + latency(s.RED.P95) + "  p99 " + latency(s.RED.P99))},
		{"Budget", budget(s.WorstBudget)},
		{"Incident", text(s.Incident)},
		{"Last seen", text(p.ago(s.LastSeen))},
	}...)
	if len(s.Processes) > 0 {
		pg.heading("Processes")
		rows := make([][]cell, 0, len(s.Processes))
		for _, i := range s.Processes {
			connected := cell{"yes", good}
			if !i.Connected {
				connected = cell{"no", bad}
			}
			rows = append(rows, []cell{
				text(i.ID), text(orNothing(i.Version)), connected, text(p.ago(i.Since)),
				text(strconv.FormatUint(i.PolicyVersion, 10)), text(strconv.FormatFloat(i.Goroutines, 'f', 0, 64)), text(size(i.HeapBytes)),
			})
		}
		pg.table("  ", []string{"INSTANCE", "VERSION", "CONNECTED", "SINCE", ">REVISION", ">GOROUTINES", ">HEAP"}, rows)
	}
	edges(pg, "Dependencies", s.Dependencies, func(e api.Edge) string { return e.To })
	edges(pg, "Callers", s.Callers, func(e api.Edge) string { return e.From })
	if len(s.Policies) > 0 {
		pg.heading("Policies")
		rows := make([][]cell, 0, len(s.Policies))
		for _, x := range s.Policies {
			rows = append(rows, []cell{text(orNothing(x.Dependency)), text(x.Kind), breaker(x.State), text(orNothing(x.Override)), text(x.Explain)})
		}
		pg.table("  ", []string{"DEPENDENCY", "KIND", "STATE", "OVERRIDE", "EXPLAIN"}, rows)
	}
	if len(s.SLOStatus) > 0 {
		pg.heading("Objectives")
		sloTable(pg, "  ", s.SLOStatus)
	}
	if len(s.Routes) > 0 {
		pg.heading("Routes")
		rows := make([][]cell, 0, len(s.Routes))
		for _, r := range s.Routes {
			rows = append(rows, []cell{text(r.Name), text(rate(r.RED.Rate)), text(percent(r.RED.ErrorRatio)), text(latency(r.RED.P50)), text(latency(r.RED.P99))})
		}
		pg.table("  ", []string{"ROUTE", ">RATE", ">ERRORS", ">P50", ">P99"}, rows)
	}
	actionTable(pg, s.Actions)
}

func edges(pg *page, title string, list []api.Edge, other func(api.Edge) string) {
	if len(list) == 0 {
		return
	}
	pg.heading(title)
	rows := make([][]cell, 0, len(list))
	for _, e := range list {
		rows = append(rows, []cell{
			text(other(e)), health(e.Health), text(rate(e.RED.Rate)), text(percent(e.RED.ErrorRatio)),
			text(latency(e.RED.P50)), text(latency(e.RED.P99)), breaker(e.Breaker),
		})
	}
	pg.table("  ", []string{"SERVICE", "HEALTH", ">RATE", ">ERRORS", ">P50", ">P99", "BREAKER"}, rows)
}

// breaker colours the state of a policy.
func breaker(state string) cell {
	switch state {
	case "":
		return text(nothing)
	case "closed", "active":
		return cell{state, good}
	case "half-open":
		return cell{state, warn}
	default:
		return cell{state, bad}
	}
}

func namesOf[T any](list []T, name func(T) string) []string {
	names := make([]string, 0, len(list))
	for _, v := range list {
		names = append(names, name(v))
	}
	return names
}

// completeServices completes names by asking the server; without one it offers nothing.
func (p *Program) completeServices(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return p.complete(cmd, args, func(ctx context.Context) ([]string, error) {
		c, err := p.client()
		if err != nil {
			return nil, err
		}
		list, err := c.Services(ctx)
		return namesOf(list, func(s api.ServiceSummary) string { return s.Name }), err
	})
}
