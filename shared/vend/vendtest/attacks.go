package vendtest

import (
	"strings"
	"testing"

	"firn/shared/location"
)

// Attacks are folders within a bucket that have opened more than themselves somewhere: by what they mean to a policy, a CEL
// condition, a signature or whatever decodes a path. No location holds one.
var Attacks = []string{
	"ns/*", "*", "n?/t", "ns/t*", "${aws:username}/t", "${*}/t", "a$b/t", `ns/t","Resource":"*`, `a\b/t`, `ns/t\`,
	"ns/../other/", "../other/", "ns/./t", "ns/%2e%2e/other", "ns/%2E%2e/other", "ns/a%2fb", "ns/a%5cb", "ns//t", "/ns/t",
	"ns/t ", " ns/t", "ns/ /t", "ns/\x00", "ns/t\x00/u", "ns/t\n/u", "ns/\u202et", "ns/\u00e9", "ns/\u2215t", "ns/{a}", "ns/a'b", `ns/a"b`,
	"x') || true || resource.name.startsWith('", "ns/<t>", "ns/t|u", "ns/`t`", "ns/t#u", "ns/^t",
	strings.Repeat("x", 1100), strings.Repeat("x/", 300), "",
}

// attacks shows that a grant for what has been abused elsewhere cannot even be written.
func (s Store) attacks(t *testing.T) {
	for _, folder := range Attacks {
		if p, err := location.ParsePrefix(s.root() + folder); err == nil {
			t.Errorf("%q: got the prefix %s, want none", folder, p)
		}
	}
}
