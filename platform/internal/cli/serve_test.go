package cli

import (
	"context"
	"fmt"

	"github.com/backstay/backstay/platform/internal/config"
	"github.com/backstay/backstay/policy"
)

// printSettings is a runner that reads the policies as the server would, and prints
// what it would be started with.
func printSettings(_ context.Context, opts RunOptions) error {
	for _, path := range opts.Config.Policies {
		if _, err := policy.Load(path); err != nil {
			return fmt.Errorf("policies: %w", err)
		}
	}
	fmt.Fprintf(opts.Out, "dev=%v\n", opts.Dev)
	for _, s := range config.Settings() {
		fmt.Fprintf(opts.Out, "%s=%s\n", s.Key, s.Value(opts.Config))
	}
	return nil
}
