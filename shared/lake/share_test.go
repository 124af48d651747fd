package lake_test

import (
	"strings"
	"testing"

	"firn/shared/lake"
)

// Spellings are alike as String.equalsIgnoreCase of Java has it, character by character.
func TestFoldName(t *testing.T) {
	for _, same := range [][2]string{{"Orders", "oRDERS"}, {"ÄÖÜ", "äöü"}, {"\u212a", "k"}, {"\u017f", "s"}, {"Σ", "ς"}, {"1-_%", "1-_%"}} {
		if got, want := lake.FoldName(same[0]), lake.FoldName(same[1]); got != want {
			t.Errorf("%q and %q: got %q and %q, want one name", same[0], same[1], got, want)
		}
	}
	for _, other := range [][2]string{{"straße", "strasse"}, {"a", "ä"}, {"a", "a "}} {
		if lake.FoldName(other[0]) == lake.FoldName(other[1]) {
			t.Errorf("%q and %q: got one name, want two", other[0], other[1])
		}
	}
}

func TestParseBearer(t *testing.T) {
	id := lake.NewID()
	made := lake.NewBearer(id).Reveal()
	if got, ok := lake.ParseBearer(made); got != id || !ok {
		t.Errorf("got %s, %v, want %s", got, ok, id)
	}
	if made == lake.NewBearer(id).Reveal() {
		t.Error("a token was made twice")
	}
	text := string(id)
	for name, raw := range map[string]string{
		"nothing": "", "another mark": strings.Replace(made, "share", "token", 1), "no secret": "firnshare_" + text + "_", "no id": "firnshare__x",
		"a short id": "firnshare_" + text[:25] + "_x", "a long id": "firnshare_" + text + "a_x", "a line break": "firnshare_" + text[:25] + "\n_x",
		"another alphabet": "firnshare_" + strings.ToUpper(text) + "_x", "a slash": "firnshare_" + text[:25] + "/_x",
	} {
		if got, ok := lake.ParseBearer(raw); ok {
			t.Errorf("%s: got %q, want no bearer token", name, got)
		}
	}
}
