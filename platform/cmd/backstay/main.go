// Command backstay is the server, the command line and the demo shop in one binary.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/backstay/backstay/platform/internal/cli"
	"github.com/backstay/backstay/platform/internal/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	program := cli.Program{
		Args:   os.Args[1:],
		Stdin:  os.Stdin,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		Getenv: os.LookupEnv,
		Serve: func(ctx context.Context, o cli.RunOptions) error {
			return server.Run(ctx, server.Options(o))
		},
	}
	code := program.Run(ctx)
	stop()
	os.Exit(code)
}
