package cli_test

import (
	"bufio"
	"context"
	"io"
	"path/filepath"
	"regexp"
	"testing"

	"firn/shared/app"
	"firn/shared/cli"
)

// commandLine is the command line with the real server behind `firn serve`, as cmd/firn joins them.
func commandLine(getenv func(string) string, stdout, stderr io.Writer) cli.Config {
	world := app.World{Getenv: getenv, Stdout: stdout, Stderr: stderr}
	return cli.Config{
		Serve: func(ctx context.Context, c cli.ServeConfig) error { return app.Serve(ctx, world, app.ServeConfig(c)) },
		Bootstrap: func(ctx context.Context, c cli.BootstrapConfig) error {
			return app.Bootstrap(ctx, world, app.BootstrapConfig(c))
		},
		Getenv: getenv, Stdout: stdout, Stderr: stderr,
	}
}

// server is a running `firn serve`.
type server struct{ api, store, data string } // host:port, host:port, folder

var serves = regexp.MustCompile(`^firn serves .* at http://(\S+)/api/catalog and .* at http://(\S+)\n$`)

// startServer runs `firn serve` on a data folder of its own until the test ends. The realms POLARIS and OTHER have
// root:s3cr3t. It tries no storage, unless the flags say so: most of the tests' is nowhere.
func startServer(t testing.TB, log io.Writer, flags ...string) server {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	read, write := io.Pipe()
	data := filepath.Join(t.TempDir(), "data")
	ended := make(chan int, 1)
	go func() {
		getenv := func(name string) string {
			return map[string]string{"FIRN_BOOTSTRAP_CREDENTIALS": "POLARIS,root,s3cr3t;OTHER,root,s3cr3t"}[name]
		}
		args := append([]string{"serve", "--data", data, "--listen=127.0.0.1:0", "--store-listen=127.0.0.1:0", "--metrics-listen=", "--probe=false"}, flags...)
		ended <- cli.Main(ctx, commandLine(getenv, write, log), args)
		write.Close()
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("firn serve: got exit code %d, want 0", code)
		}
	})
	line, err := bufio.NewReader(read).ReadString('\n')
	at := serves.FindStringSubmatch(line)
	if at == nil {
		t.Fatalf("firn serve says %q: %v", line, err)
	}
	return server{at[1], at[2], data}
}
