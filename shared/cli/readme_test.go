package cli_test

import (
	"context"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/cli"
)

// readme gives the lines of the README.
func readme(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n")
}

// documented are the flags of `firn serve` in its help: name, variable, default.
var documented = regexp.MustCompile(`(?m)^ +--(\S+) .*\[\$(\S+)\](?: \(default (.*)\))?$`)

func TestTheREADMEHasARowForEachFlagOfServe(t *testing.T) {
	serve := func(context.Context, cli.ServeConfig) error { return nil }
	_, help, _ := run(t, cli.Config{Serve: serve}, nil, "serve", "--help")
	var got, want []string
	for _, line := range readme(t) {
		if strings.HasPrefix(line, "| `--") {
			cells := strings.Split(line, " | ")
			got = append(got, strings.Join(cells[:min(3, len(cells))], " | "))
		}
	}
	for _, flag := range documented.FindAllStringSubmatch(help, -1) {
		preset := strings.Trim(flag[3], `"[]`)
		switch { // help is silent about defaults that are zero
		case preset != "":
		case strings.HasPrefix(strings.TrimSpace(flag[0]), "--"+flag[1]+" duration"):
			preset = "0s"
		case strings.Contains(flag[0], "--"+flag[1]+"  "): // a switch: no word for its value
			preset = "false"
		default:
			preset = "none"
		}
		want = append(want, "| `--"+flag[1]+"` | `"+flag[2]+"` | `"+preset+"`")
	}
	if diff := cmp.Diff(got, want); diff != "" || len(want) == 0 {
		t.Errorf("got -, want + of %d flags:\n%s", len(want), diff)
	}
}

func TestTheCommandsOfTheREADMEWork(t *testing.T) {
	s := startServer(t, io.Discard)
	environment := map[string]string{"FIRN_BASE_URL": "http://" + s.api, "CLIENT_ID": "root", "CLIENT_SECRET": "s3cr3t"}
	ran := 0
	for _, line := range readme(t) {
		command, _, _ := strings.Cut(line, "#")
		args, ok := strings.CutPrefix(command, "    firn ")
		if !ok || strings.HasPrefix(args, "serves ") { // what the server prints
			continue
		}
		if code, _, stderr := run(t, cli.Config{}, environment, strings.Fields(args)...); code != 0 {
			t.Errorf("firn %s: got %d %s, want 0", args, code, stderr)
		}
		ran++
	}
	if ran < 7 {
		t.Errorf("got %d commands in the README, want its whole story", ran)
	}
}
