package cli_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/shared/cli"
)

// run runs one command with the given environment.
func run(t *testing.T, c cli.Config, environment map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	c.Getenv = func(name string) string { return environment[name] }
	c.Stdout, c.Stderr = &out, &errs
	code = cli.Main(t.Context(), c, args)
	return code, out.String(), errs.String()
}

func TestServeConfig(t *testing.T) {
	defaults := cli.ServeConfig{
		Data: "./firn-data", Listen: "127.0.0.1:8181", StoreListen: "127.0.0.1:8182", MetricsListen: "127.0.0.1:8183", Realms: []string{"POLARIS"},
		MaxBody: 10485760, UniqueLocations: true, Probe: true, CredentialDuration: time.Hour, LogFormat: "text",
	}
	everything := cli.ServeConfig{
		Data: "/d", Listen: ":1", StoreListen: "[::1]:2", MetricsListen: "[::1]:3", Realms: []string{"A", "B"}, MaxBody: 1, AllowFileStorage: []string{"true"}, StoragePolicy: "/p.yaml", AllowEndpoint: []string{"http://a:1", "http://b:2"},
		RequireRotation: true, AllowOverlappingCatalogs: true, UniqueLocations: false, Probe: false, CredentialDuration: 15 * time.Minute, MaxSession: 12 * time.Hour, LogFormat: "json",
	}
	with := func(change func(*cli.ServeConfig)) cli.ServeConfig {
		c := defaults
		change(&c)
		return c
	}
	tests := []struct {
		name        string
		environment map[string]string
		args        []string
		want        cli.ServeConfig
		refusal     string // part of stderr; then Serve must not run
	}{
		{name: "nothing given", want: defaults},
		{name: "all flags", want: everything, args: []string{
			"--data=/d", "--listen=:1", "--store-listen=[::1]:2", "--metrics-listen=[::1]:3", "--realms=A,B", "--max-body=1", "--allow-file-storage", "--storage-policy=/p.yaml", "--allow-endpoint=http://a:1", "--allow-endpoint=http://b:2",
			"--require-rotation", "--allow-overlapping-catalogs", "--unique-locations=false", "--probe=false", "--credential-duration=15m", "--max-session=12h", "--log-format=JSON",
		}},
		{name: "all variables", want: everything, environment: map[string]string{
			"FIRN_DATA": "/d", "FIRN_LISTEN": ":1", "FIRN_STORE_LISTEN": "[::1]:2", "FIRN_METRICS_LISTEN": "[::1]:3", "FIRN_REALMS": "A,B", "FIRN_MAX_BODY": "1",
			"FIRN_ALLOW_FILE_STORAGE": "1", "FIRN_STORAGE_POLICY": "/p.yaml", "FIRN_ALLOW_ENDPOINT": "http://a:1,http://b:2", "FIRN_REQUIRE_ROTATION": "1", "FIRN_ALLOW_OVERLAPPING_CATALOGS": "true",
			"FIRN_UNIQUE_LOCATIONS": "false", "FIRN_PROBE": "false", "FIRN_CREDENTIAL_DURATION": "900s", "FIRN_MAX_SESSION": "720m", "FIRN_LOG_FORMAT": "json",
		}},
		{
			name: "a flag comes before its variable", environment: map[string]string{"FIRN_DATA": "/variable"}, args: []string{"--data=/flag"},
			want: with(func(c *cli.ServeConfig) { c.Data = "/flag" }),
		},
		{
			name: "any free ports", args: []string{"--listen=127.0.0.1:0", "--store-listen=127.0.0.1:0"},
			want: with(func(c *cli.ServeConfig) { c.Listen, c.StoreListen = "127.0.0.1:0", "127.0.0.1:0" }),
		},
		{name: "no metrics", args: []string{"--metrics-listen="}, want: with(func(c *cli.ServeConfig) { c.MetricsListen = "" })},
		{name: "metrics at no port", args: []string{"--metrics-listen=x"}, refusal: `--metrics-listen "x" is not host:port`},
		{name: "metrics at the API's port", args: []string{"--listen=:1", "--metrics-listen=:1"}, refusal: "--metrics-listen must differ"},
		{name: "no data folder", args: []string{"--data="}, refusal: "--data must name a folder"},
		{name: "no port", args: []string{"--listen=localhost"}, refusal: `--listen "localhost" is not host:port`},
		{name: "port too large", args: []string{"--listen=:65536"}, refusal: "is not host:port"},
		{name: "port by name", args: []string{"--store-listen=:http"}, refusal: `--store-listen ":http" is not host:port`},
		{name: "one port for both", args: []string{"--listen=:1", "--store-listen=:1"}, refusal: "must differ"},
		{name: "empty bodies only", args: []string{"--max-body=0"}, refusal: "--max-body must be 1 at least"},
		{name: "body is no number", environment: map[string]string{"FIRN_MAX_BODY": "10K"}, refusal: "$FIRN_MAX_BODY"},
		{name: "keys that end at once", args: []string{"--credential-duration=14m59s"}, refusal: "--credential-duration must be 15m to 12h"},
		{name: "sessions that end at once", args: []string{"--max-session=59s"}, refusal: "--max-session must be 0 or 1m at least"},
		{name: "sessions that end before they begin", args: []string{"--max-session=-1h"}, refusal: "--max-session must be 0 or 1m at least"},
		{name: "keys that live long", args: []string{"--credential-duration=12h1s"}, refusal: "--credential-duration must be 15m to 12h"},
		{name: "no realm", args: []string{"--realms="}, refusal: "one realm at least"},
		{name: "empty realm", args: []string{"--realms=A,,B"}, refusal: `"" is not a realm's name`},
		{name: "realm with a space", args: []string{"--realms=A B"}, refusal: `"A B" is not a realm's name`},
		{name: "realm beyond ASCII", args: []string{"--realms=Ä"}, refusal: "is not a realm's name"},
		{name: "realm twice", args: []string{"--realms=A,A"}, refusal: `names "A" twice`},
		{name: "unknown log format", args: []string{"--log-format=xml"}, refusal: "must be one of text, json"},
		{name: "an argument", args: []string{"now"}, refusal: `unexpected argument "now"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got *cli.ServeConfig
			c := cli.Config{Serve: func(_ context.Context, s cli.ServeConfig) error { got = &s; return nil }}
			code, _, stderr := run(t, c, test.environment, append([]string{"serve"}, test.args...)...)
			if test.refusal != "" {
				if code != 2 || got != nil || !strings.Contains(stderr, test.refusal) {
					t.Errorf("got code %d, served %v, stderr %q, want code 2, not served, %q", code, got != nil, stderr, test.refusal)
				}
				return
			}
			if code != 0 || got == nil {
				t.Fatalf("got code %d, served %v, stderr %q, want served", code, got != nil, stderr)
			}
			if diff := cmp.Diff(*got, test.want); diff != "" {
				t.Errorf("got -, want +:\n%s", diff)
			}
		})
	}
}

func TestServeTellsItsError(t *testing.T) {
	c := cli.Config{Serve: func(context.Context, cli.ServeConfig) error { return errors.New("listening: address in use") }}
	code, _, stderr := run(t, c, nil, "serve")
	if want := "firn: listening: address in use\n"; code != 1 || stderr != want {
		t.Errorf("got %d %q, want 1 %q", code, stderr, want)
	}
}

func TestServeIsOnlyInABuildThatHasIt(t *testing.T) {
	code, _, stderr := run(t, cli.Config{}, nil, "serve")
	if code != 2 || !strings.Contains(stderr, `unknown command "serve"`) {
		t.Errorf("got %d %q, want 2 and unknown command", code, stderr)
	}
}

func TestServeHelpHasNoClientFlags(t *testing.T) {
	c := cli.Config{Serve: func(context.Context, cli.ServeConfig) error { return nil }}
	_, stdout, _ := run(t, c, nil, "serve", "--help")
	if !strings.Contains(stdout, "$FIRN_STORE_LISTEN") || strings.Contains(stdout, "--client-secret") {
		t.Errorf("got %q, want serve's flags with their variables and no client's", stdout)
	}
}

func TestHelpIsColouredOnATerminalOnly(t *testing.T) {
	tests := []struct {
		name        string
		terminal    bool
		environment map[string]string
		want        bool
	}{
		{name: "terminal", terminal: true, want: true},
		{name: "terminal with NO_COLOR", terminal: true, environment: map[string]string{"NO_COLOR": "1"}},
		{name: "pipe"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, stdout, _ := run(t, cli.Config{Terminal: test.terminal}, test.environment, "catalogs", "--help")
			if got := strings.Contains(stdout, "\x1b["); got != test.want || !strings.Contains(stdout, "Usage:") {
				t.Errorf("coloured: got %v, want %v in %q", got, test.want, stdout)
			}
		})
	}
}
