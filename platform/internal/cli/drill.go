package cli

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/client"
	"github.com/backstay/backstay/platform/internal/config"
	"github.com/backstay/backstay/platform/internal/demo"
)

// readyPace is the time between two looks at a server that is starting.
const readyPace = 100 * time.Millisecond

func (p *Program) demoDrillCommand() *cobra.Command {
	var cfg demo.DrillConfig
	cmd := &cobra.Command{
		Use:   "drill [FAULT...]",
		Short: "Break the shop in every way and measure what Backstay does",
		Long: `Each fault runs twice, with the policies of the shop and without. The table says how long it took until
the breaker opened, the budget was seen to burn, the cause was named and the shop had recovered, and how
many users failed. Exit code 3 means that a promise was not kept.

When no server runs here, one is started for the drill. All faults take about ten minutes.`,
		Example: `  backstay demo drill
  backstay demo drill payment-errors payment-slow
  backstay demo drill -o json > drill.json`,
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			return p.complete(cmd, nil, p.faultNames)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c, stop, err := p.drilled(cmd)
			if err != nil {
				return err
			}
			cfg.Faults = args
			cfg.Progress = func(step string) { p.notef("%s  %s", p.Now().Local().Format("15:04:05"), step) }
			report, err := demo.Drill(cmd.Context(), c, cfg)
			stopErr := stop()
			if errors.Is(err, api.ErrNotFound) && len(args) > 0 {
				return on(strings.Join(args, " "), err, "'backstay demo status' lists the faults")
			}
			if err = errors.Join(err, stopErr); err != nil {
				return err
			}
			return p.printDrill(report)
		},
	}
	cmd.Flags().DurationVar(&cfg.Duration, "duration", 30*time.Second, "how long each fault lasts")
	p.outputFlag(cmd, "table", "json", "yaml")
	return cmd
}

func (p *Program) printDrill(report demo.Report) error {
	var failed error
	err := p.print(report, nil, func(pg *page) { failed = report.WriteTable(&pg.b) })
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	if n := len(report.Missed); n > 0 {
		return &negativeError{exitNegative, counted(n, "promise was", "promises were") + " not kept", "watch it with 'backstay dev' and 'backstay demo break'"}
	}
	return nil
}

// drilled returns the server to drill: the one that runs, or else one that is
// started for the drill and ended by stop.
func (p *Program) drilled(cmd *cobra.Command) (c *client.Client, stop func() error, err error) {
	if c, err = p.client(); err != nil {
		return nil, nil, err
	}
	nothing := func() error { return nil }
	var unreachable *client.UnreachableError
	_, err = c.Demo(cmd.Context())
	if !errors.As(err, &unreachable) || p.Serve == nil || c.URL() != client.DefaultURL {
		return c, nothing, err
	}
	base := devDefault()
	settings, err := config.Load(config.Sources{Base: &base, Getenv: p.Getenv})
	if err != nil {
		return nil, nil, malformed("settings", err)
	}
	p.notef("No server runs at %s; starting one for the drill.", c.URL())
	// An interrupted drill still heals the shop, so the server outlives the interrupt.
	ctx, cancel := context.WithCancel(context.WithoutCancel(cmd.Context()))
	ended := make(chan error, 1)
	go func() {
		log := slog.New(slog.NewTextHandler(p.Stderr, &slog.HandlerOptions{Level: settings.Level()}))
		ended <- p.Serve(ctx, RunOptions{Config: settings, Dev: true, Out: io.Discard, Log: log})
	}()
	stop = func() error {
		cancel()
		return <-ended
	}
	pace := time.NewTicker(readyPace)
	defer pace.Stop()
	for c.Ready(ctx) != nil {
		select {
		case err := <-ended:
			cancel()
			return nil, nil, errors.Join(errors.New("the server for the drill ended"), err)
		case <-cmd.Context().Done():
			return nil, nil, errors.Join(cmd.Context().Err(), stop())
		case <-pace.C:
		}
	}
	return c, stop, nil
}

// demoProcessCommand is one process of the shop; the shop starts it, people do not.
func (p *Program) demoProcessCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "process NAME",
		Short:  "Run one process of the shop",
		Hidden: true,
		Args:   someArguments("process name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return on(args[0], demo.RunProcess(cmd.Context(), args[0], args[1:]...), "")
		},
	}
}
