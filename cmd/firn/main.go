// Command firn runs the server (`firn serve`) and the administrator's commands; package cli says what they are.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"firn/shared/app"
	"firn/shared/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	world := app.World{Getenv: os.Getenv, Stdout: os.Stdout, Stderr: os.Stderr}
	code := cli.Main(ctx, cli.Config{
		Serve: func(ctx context.Context, c cli.ServeConfig) error { return app.Serve(ctx, world, app.ServeConfig(c)) },
		Bootstrap: func(ctx context.Context, c cli.BootstrapConfig) error {
			return app.Bootstrap(ctx, world, app.BootstrapConfig(c))
		},
		Getenv:   os.Getenv,
		Stdin:    os.Stdin,
		Stdout:   os.Stdout,
		Stderr:   os.Stderr,
		Terminal: term.IsTerminal(int(os.Stdout.Fd())),
	}, os.Args[1:])
	stop()
	os.Exit(code)
}
