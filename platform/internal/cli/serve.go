package cli

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/backstay/backstay/platform/internal/config"
)

// serveFlags are the settings that have a flag, by their key in the config file.
var serveFlags = []struct{ flag, key, text string }{
	{"listen", "listen", "`ADDRESS` of console, API and control stream"},
	{"data", "dataDir", "`DIR` of stored data"},
	{"otlp-grpc", "otlp.grpc", "`ADDRESS` that takes OTLP over gRPC"},
	{"otlp-http", "otlp.http", "`ADDRESS` that takes OTLP over HTTP"},
	{"log-level", "logLevel", "`LEVEL`: debug, info, warn or error"},
}

func (p *Program) serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long: `It works without a config file. What a flag says wins over the environment (BACKSTAY_…), which
wins over the file, which wins over the default; docs/reference/config.md lists all settings.
Ctrl-C or a termination signal ends it in order.`,
		Example: `  backstay serve
  backstay serve --config backstay.yaml
  BACKSTAY_TOKEN=$(openssl rand -hex 16) backstay serve --listen 0.0.0.0:4400`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.serve(cmd, false)
		},
	}
	p.serveFlagsOf(cmd, config.Default())
	return cmd
}

func (p *Program) devCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run everything on this machine, with a demo shop to break",
		Long: `It starts the server with the demo shop: gateway, order, inventory and payment, and the load on them.
Data is temporary unless --data names a directory. Settings are those of 'backstay serve'.`,
		Example: `  backstay dev                          # then open http://127.0.0.1:4400
  backstay demo break payment-errors    # in another terminal
  backstay dev --data ./data            # keep the data`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.serve(cmd, true)
		},
	}
	p.serveFlagsOf(cmd, devDefault())
	return cmd
}

// devDefault are the settings of the verb dev: temporary data, quiet log.
func devDefault() config.Config {
	c := config.Default()
	c.DataDir = ""
	c.LogLevel = "warn"
	return c
}

func (p *Program) serveFlagsOf(cmd *cobra.Command, defaults config.Config) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.String("config", "", "config `FILE` (BACKSTAY_CONFIG, else none)")
	for _, f := range serveFlags {
		s := setting(f.key)
		flags.String(f.flag, "", fmt.Sprintf("%s (%s, else %s)", f.text, s.Env, orWord(s.Value(defaults), "temporary")))
	}
	_ = cmd.MarkFlagFilename("config", "yaml", "yml")
	_ = cmd.MarkFlagDirname("data")
	_ = cmd.RegisterFlagCompletionFunc("log-level", cobra.FixedCompletions([]string{"debug", "info", "warn", "error"}, cobra.ShellCompDirectiveNoFileComp))
}

func orWord(value, word string) string {
	if value == "" {
		return word
	}
	return value
}

func setting(key string) config.Setting {
	for _, s := range config.Settings() {
		if s.Key == key {
			return s
		}
	}
	panic("cli: no setting " + key)
}

// serve gathers the settings and hands over to the server.
func (p *Program) serve(cmd *cobra.Command, dev bool) error {
	base := config.Default()
	if dev {
		base = devDefault()
	}
	from := config.Sources{Base: &base, Getenv: p.Getenv}
	if err := p.configFile(cmd, &from); err != nil {
		return err
	}
	for _, f := range serveFlags {
		if cmd.Flags().Changed(f.flag) {
			from.Flags = append(from.Flags, config.Flag{Name: f.flag, Key: f.key, Value: cmd.Flags().Lookup(f.flag).Value.String()})
		}
	}
	c, err := config.Load(from)
	if err != nil {
		return malformed("config file", err)
	}
	log := slog.New(slog.NewTextHandler(p.Stderr, &slog.HandlerOptions{Level: c.Level()}))
	err = p.Serve(cmd.Context(), RunOptions{Config: c, Dev: dev, Out: p.Stdout, Log: log})
	return malformed("documents that the settings name", err)
}

// configFile reads the file that flag or environment name, if any.
func (p *Program) configFile(cmd *cobra.Command, from *config.Sources) error {
	from.File = cmd.Flags().Lookup("config").Value.String()
	if from.File == "" {
		from.File = p.env("BACKSTAY_CONFIG", "")
	}
	if from.File == "" {
		return nil
	}
	data, err := os.ReadFile(from.File)
	if err != nil {
		return usage("config file "+reason(err), "mend --config or BACKSTAY_CONFIG")
	}
	from.Data = data
	return nil
}
