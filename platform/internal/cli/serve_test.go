package cli

import (
	"context"
	"fmt"

	"github.com/backstay/backstay/platform/internal/config"
)

// printSettings is a runner that prints what the server would be started with.
func printSettings(_ context.Context, opts RunOptions) error {
	fmt.Fprintf(opts.Out, "dev=%v\n", opts.Dev)
	for _, s := range config.Settings() {
		fmt.Fprintf(opts.Out, "%s=%s\n", s.Key, s.Value(opts.Config))
	}
	return nil
}
