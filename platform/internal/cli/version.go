package cli

import (
	"github.com/spf13/cobra"

	"github.com/backstay/backstay/platform/internal/version"
)

func (p *Program) versionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version of this program",
		Example: `  backstay version -o json`,
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			v := version.Get()
			return p.print(v, []string{v.Version}, func(pg *page) {
				pg.linef("backstay %s %s %s", v.Short(), v.Go, v.Platform)
			})
		},
	}
	p.outputFlag(cmd, listOutputs...)
	return cmd
}
