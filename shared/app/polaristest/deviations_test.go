package polaristest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func readText(t *testing.T, text string) (*Deviations, string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "deviations.txt")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := ReadDeviations(file)
	return d, file, err
}

const listed = `# why this file is
meant: tokens end with their secret
  oauth/003-005,009: status want 200 got 401
  oauth/007: ~ message .*

not yet (views): nothing of views is served
  views/*: ~ status want \d+ got 404.*
  rbac-matrix/LIST_VIEWS: *
`

func TestDeviationsAreAllowedOnlyAsListed(t *testing.T) {
	tests := []struct {
		name string
		dev  Deviation
		want bool
	}{
		{"first of a range", Deviation{"oauth/003", "status want 200 got 401"}, true},
		{"last of a range", Deviation{"oauth/005", "status want 200 got 401"}, true},
		{"after a comma", Deviation{"oauth/009", "status want 200 got 401"}, true},
		{"a line beside the range", Deviation{"oauth/006", "status want 200 got 401"}, false},
		{"another text", Deviation{"oauth/003", "status want 200 got 4011"}, false},
		{"a pattern", Deviation{"oauth/007", `message want "a" got "b"`}, true},
		{"a pattern must match from the start", Deviation{"oauth/007", "no message x"}, false},
		{"a pattern must match to the end", Deviation{"views/001", "status want 200 got 40"}, false},
		{"any line of a scenario", Deviation{"views/061", "status want 200 got 404"}, true},
		{"another scenario", Deviation{"tables/061", "status want 200 got 404"}, false},
		{"any text", Deviation{"rbac-matrix/LIST_VIEWS", "anything"}, true},
		{"another operation", Deviation{"rbac-matrix/LIST_VIEWS_BELOW", "anything"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, _, err := readText(t, listed)
			if err != nil {
				t.Fatal(err)
			}
			if got := len(d.Unexplained([]Deviation{tt.dev})) == 0; got != tt.want {
				t.Errorf("got allowed %t, want %t", got, tt.want)
			}
		})
	}
}

func TestEntriesThatNoLongerDeviateAreStale(t *testing.T) {
	d, _, err := readText(t, listed+"unexplained:\n  oauth/011: x\n")
	if err != nil {
		t.Fatal(err)
	}
	rest := d.Unexplained([]Deviation{
		{"oauth/003", "status want 200 got 401"}, {"oauth/004", "status want 200 got 401"}, {"oauth/011", "x"}, {"views/001", "status want 200 got 404"},
	})
	if diff := cmp.Diff([]Deviation{{"oauth/011", "x"}}, rest); diff != "" {
		t.Errorf("unexplained (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		scenario string
		want     []string
	}{
		{"oauth", []string{"oauth/005,009: status want 200 got 401", "oauth/007: ~ message .*", `oauth/011: x (still under "unexplained:")`}},
		{"views", nil},
		{"rbac-matrix", []string{"rbac-matrix/LIST_VIEWS: *"}},
	} {
		if diff := cmp.Diff(tt.want, d.Stale(tt.scenario)); diff != "" {
			t.Errorf("stale of %s (-want +got):\n%s", tt.scenario, diff)
		}
	}
}

func TestUpdateKeepsWhatDeviatesAndAddsTheRest(t *testing.T) {
	d, file, err := readText(t, listed+"unexplained:\n  oauth/011: old\n")
	if err != nil {
		t.Fatal(err)
	}
	rest := d.Unexplained([]Deviation{
		{"oauth/003", "status want 200 got 401"}, {"oauth/004", "status want 200 got 401"},
		{"oauth/012", "x"}, {"oauth/013", "x"}, {"oauth/013", "/a: want 1 got 2"}, {"oauth/015", "x"}, {"rbac-matrix/set-up", "y"},
	})
	if err := d.Update([]string{"oauth"}, rest); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const want = `# why this file is
meant: tokens end with their secret
  oauth/003-004: status want 200 got 401

not yet (views): nothing of views is served
  views/*: ~ status want \d+ got 404.*
  rbac-matrix/LIST_VIEWS: *

unexplained:
  oauth/012-013,015: x
  oauth/013: /a: want 1 got 2
  rbac-matrix/set-up: y
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
	if err := d.Update([]string{"views"}, nil); err != nil {
		t.Fatal(err)
	}
	if got, err = os.ReadFile(file); err != nil {
		t.Fatal(err)
	}
	again := strings.Replace(want, "  views/*: ~ status want \\d+ got 404.*\n", "", 1)
	if diff := cmp.Diff(again, string(got)); diff != "" {
		t.Errorf("file after another update (-want +got):\n%s", diff)
	}
}

func TestDeviationsRefusesWhatHasNoReason(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"an entry before any section":        {"  oauth/001: x\n", "needs a section"},
		"a section without a reason":         {"meant:\n  oauth/001: x\n", "neither an entry"},
		"a delivery without a name":          {"not yet: x\n  oauth/001: x\n", "neither an entry"},
		"a section without entries":          {"meant: x\n\nmeant: y\n  oauth/001: x\n", "nothing stands under"},
		"an entry without a text":            {"meant: x\n  oauth/001\n", "want \"scenario/lines: text\""},
		"an entry without lines":             {"meant: x\n  oauth: x\n", "want \"scenario/lines: text\""},
		"a pattern that cannot be read":      {"meant: x\n  oauth/001: ~ (\n", "pattern of oauth/001"},
		"lines that cannot be read":          {"meant: x\n  oauth/[: x\n", "lines \"[\""},
		"an entry that is not well indented": {"meant: x\n oauth/001: x\n", "neither an entry"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := readText(t, tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one with %q", err, tt.want)
			}
		})
	}
}
