package cli_test

import (
	"strings"
	"testing"

	"firn/shared/cli"
)

func TestWhatAProbeFoundIsToldInWords(t *testing.T) {
	rows := []struct {
		name, body string
		code       int
		want       []string
	}{
		{"all is well", `{"state":"passed","findings":[],"passed":["own.write","sibling.read"]}`, 0, []string{
			"The storage of catalog c passed: keys open their folder, and nothing beside it.", "Proven: own.write, sibling.read"}},
		{"a warning", `{"state":"passed","findings":[{"code":"cors.closed","severity":"warning","message":"M.","remedy":"R."}],"passed":["key"]}`, 0, []string{
			"The storage of catalog c passed: keys open their folder, and nothing beside it.", "cors.closed (warning)", "  M.", "  To do: R.", "Proven: key"}},
		{"a wide key", `{"state":"failed","findings":[{"code":"scope.read","severity":"wide","message":"M.","remedy":"R.","detail":"arn:\u001b[2J"}],"passed":[]}`, 1, []string{
			"scope.read (wide)", "  M.", "  To do: R.", `  Tried: "arn:\x1b[2J"`}},
		{"nothing to try", `{"state":"skipped","reason":"Storage of type FILE has no keys.","findings":[],"passed":[]}`, 0, []string{
			"The storage of catalog c has nothing to try. Storage of type FILE has no keys."}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			code, stdout, _ := run(t, cli.Config{}, serverOf(t, says(200, row.body)), "catalogs", "probe", "c")
			if want := strings.Join(row.want, "\n") + "\n"; code != row.code || stdout != want {
				t.Errorf("got exit code %d and\n%s\nwant %d and\n%s", code, stdout, row.code, want)
			}
		})
	}
}
