package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/backstay/backstay/platform/internal/api"
)

func (p *Program) demoCommand() *cobra.Command {
	return noun("demo", "The demo shop: break it and watch",
		`The shop runs under 'backstay dev': gateway, order, inventory and payment, each a process of its own,
with 200 requests a second of load.`,
		`  backstay demo status
  backstay demo break payment-errors
  backstay incident show
  backstay demo heal
  backstay demo drill`,
		p.demoStatusCommand(), p.demoBreakCommand(), p.demoHealCommand(), p.demoDrillCommand(), p.demoProcessCommand())
}

func (p *Program) demoStatusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Show the shop's processes, load and faults",
		Example: `  backstay demo status`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			d, err := c.Demo(cmd.Context())
			if err != nil {
				return err
			}
			return p.printDemo(d)
		},
	}
	p.outputFlag(cmd, listOutputs...)
	return cmd
}

func (p *Program) demoBreakCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "break FAULT",
		Short: "Arm a fault in the shop",
		Long:  `One fault is armed at a time; it stays until 'backstay demo heal' or another takes its place.`,
		Example: `  backstay demo break payment-errors   # payment answers half its requests with 500
  backstay demo break payment-slow     # payment takes two seconds
  backstay demo break inventory-leak   # inventory leaks goroutines and slows down
  backstay demo break order-panic      # order panics
  backstay demo break payment-kill     # payment is killed`,
		Args: oneArgument("fault"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return p.complete(cmd, args, p.faultNames)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			d, err := c.BreakDemo(cmd.Context(), args[0])
			if err != nil {
				return on(args[0], err, "'backstay demo status' lists the faults")
			}
			if p.output == "table" {
				p.notef("Armed %s. Watch %s or run 'backstay incident show'; 'backstay demo heal' ends it.", args[0], c.URL())
				return nil
			}
			return p.printDemo(d)
		},
	}
	p.outputFlag(cmd, listOutputs...)
	return cmd
}

func (p *Program) faultNames(ctx context.Context) ([]string, error) {
	c, err := p.client()
	if err != nil {
		return nil, err
	}
	d, err := c.Demo(ctx)
	return demoFaults(d), err
}

func demoFaults(d api.Demo) []string {
	return namesOf(d.Faults, func(f api.DemoFault) string { return f.Name })
}

func (p *Program) demoHealCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "heal",
		Short:   "Lift the shop's fault",
		Example: `  backstay demo heal`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			d, err := c.HealDemo(cmd.Context())
			if err != nil {
				return err
			}
			if p.output == "table" {
				p.notef("No fault is armed. 'backstay incident show' tells the recovery.")
				return nil
			}
			return p.printDemo(d)
		},
	}
	p.outputFlag(cmd, listOutputs...)
	return cmd
}

func (p *Program) printDemo(d api.Demo) error {
	return p.print(d, demoFaults(d), func(pg *page) {
		fault := cell{"none", good}
		if d.Fault != "" {
			fault = cell{fmt.Sprintf("%s, armed %s", d.Fault, p.ago(d.Since)), bad}
		}
		protected := cell{"on", good}
		if !d.Protected {
			protected = cell{"off: the shop is measured without its policies", warn}
		}
		pg.heading("Demo shop")
		pg.fields([]field{
			{"Fault", fault},
			{"Policies", protected},
			{"Load", text(rate(d.Load.Rate))},
			{"Answered", text(strconv.FormatUint(d.Load.OK, 10))},
			{"Degraded", text(strconv.FormatUint(d.Load.Degraded, 10))},
			{"Failed", text(strconv.FormatUint(d.Load.Failed, 10))},
		}...)
		pg.heading("Processes")
		rows := make([][]cell, 0, len(d.Processes))
		for _, x := range d.Processes {
			rows = append(rows, []cell{text(x.Service), processID(x.PID), text(x.Address), text(p.ago(x.StartedAt)), text(strconv.Itoa(x.Restarts))})
		}
		pg.table("  ", []string{"SERVICE", ">PID", "ADDRESS", "STARTED", ">RESTARTS"}, rows)
		pg.heading("Faults to arm with 'backstay demo break FAULT'")
		rows = make([][]cell, 0, len(d.Faults))
		for _, f := range d.Faults {
			rows = append(rows, []cell{text(f.Name), text(f.Text)})
		}
		pg.table("  ", []string{"FAULT", "WHAT IT DOES"}, rows)
	})
}

// processID prints the id of a process, or that there is none.
func processID(id int) cell {
	if id == 0 {
		return cell{"gone", bad}
	}
	return text(strconv.Itoa(id))
}
