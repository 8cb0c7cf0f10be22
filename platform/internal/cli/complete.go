package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

// completionTime is how long a shell waits for names from the server.
const completionTime = time.Second

// complete offers names for the first argument.
func (p *Program) complete(cmd *cobra.Command, args []string, ask func(context.Context) ([]string, error)) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
	defer cancel()
	names, err := ask(ctx)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
