package cli

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/backstay/backstay/platform/internal/client"
	"github.com/backstay/backstay/platform/internal/config"
	"github.com/backstay/backstay/platform/internal/version"
)

// Program is the command line with its surroundings. Args, Stdout, Stderr, and
// Getenv are required.
type Program struct {
	Args   []string // without the program's own name
	Stdin  io.Reader
	Stdout io.Writer // what was asked for
	Stderr io.Writer // progress, notes, errors
	// Getenv reads the environment, as [os.LookupEnv] does.
	Getenv func(string) (string, bool)
	// Serve runs the server until ctx ends; nil leaves out the verbs dev and serve.
	Serve Runner
	// Now is the clock of ages in tables; nil means [time.Now].
	Now func() time.Time

	server, token string // global flags
	color         string
	output        string
}

// Runner runs the server until ctx ends.
type Runner func(ctx context.Context, opts RunOptions) error

// RunOptions is what the verbs dev and serve say to the server.
type RunOptions struct {
	// Config is complete and checked. In Dev its DataDir is empty when data is
	// to be temporary.
	Config config.Config
	// Dev asks for the demo shop.
	Dev bool
	// Out takes the table of addresses.
	Out io.Writer
	Log *slog.Logger
}

// Run carries out the command line and returns the exit code.
func (p *Program) Run(ctx context.Context) int {
	root := p.root() //nolint:contextcheck // commands take the context that ExecuteContext hands them
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	return p.report(ctx, cmd, err)
}

// root builds the tree of commands.
func (p *Program) root() *cobra.Command {
	if p.Now == nil {
		p.Now = time.Now
	}
	root := &cobra.Command{
		Use:   "backstay",
		Short: "Backstay keeps Go services standing",
		Long: `Backstay watches services, judges them by their objectives, and acts when one burns.
Services are protected by its SDK even while this program is gone.`,
		Example: `  backstay dev                        # everything, with a demo shop to break
  backstay demo break payment-errors  # break it
  backstay incident show              # what happened, why, and what was done
  backstay slo check                  # are the promises kept? exit code 3 when not`,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			switch p.color {
			case "auto", "always", "never":
				return nil
			}
			return usage("color "+strconv.Quote(p.color)+" is not one of auto, always, never", "")
		},
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArguments,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetArgs(p.Args)
	root.SetIn(p.Stdin)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(err.Error(), "see '"+cmd.CommandPath()+" --help'")
	})
	root.Version = version.Get().Short()
	root.SetVersionTemplate("backstay {{.Version}}\n")
	root.SetHelpTemplate(helpTemplate)
	root.SetUsageTemplate(usageTemplate)
	root.SetHelpCommand(&cobra.Command{Hidden: true, Use: "no-help"})
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)

	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.StringVar(&p.server, "server", p.env("BACKSTAY_URL", client.DefaultURL), "address of the server (BACKSTAY_URL)")
	flags.StringVar(&p.token, "token", "", "token of the server (BACKSTAY_TOKEN)")
	flags.StringVar(&p.color, "color", "auto", "auto, always or never; with auto, NO_COLOR means never")

	if p.Serve != nil {
		root.AddCommand(p.devCommand(), p.serveCommand())
	}
	root.AddCommand(p.serviceCommand(), p.sloCommand(), p.incidentCommand(), p.policyCommand(), p.demoCommand(), p.versionCommand())
	return root
}

// env reads a variable; absent and empty are alike.
func (p *Program) env(name, absent string) string {
	if v, ok := p.Getenv(name); ok && v != "" {
		return v
	}
	return absent
}

// client returns a client of the server that flags and environment name.
func (p *Program) client() (*client.Client, error) {
	token := p.token
	if token == "" {
		token = p.env("BACKSTAY_TOKEN", "")
	}
	c, err := client.New(p.server, client.Config{Token: token})
	if err != nil {
		return nil, usage(err.Error(), "mend --server or BACKSTAY_URL")
	}
	return c, nil
}

// noun returns a command that only holds verbs.
func noun(use, short, long, example string, verbs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, Example: example,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(verbs...)
	return cmd
}
