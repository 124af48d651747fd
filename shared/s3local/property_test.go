package s3local

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestAKeyIsReachedIfAndOnlyIfItIsBelowAPrefix tries random keys against random scopes over HTTP. The verdict is
// computed by segments, not by strings, so that it does not repeat the code under test.
func TestAKeyIsReachedIfAndOnlyIfItIsBelowAPrefix(t *testing.T) {
	w := newWorld(t)
	random := rand.New(rand.NewPCG(1, 2))
	segments := []string{"a", "ab", "a.b", "b", "a%2Fb", "ä", "a b"}
	path := func(longest int) []string {
		var all []string
		for range 1 + random.IntN(longest) {
			all = append(all, segments[random.IntN(len(segments))])
		}
		return all
	}
	reached := 0
	for range 2000 {
		prefixes := [][]string{path(3), path(3)}
		actions := []Action{Action(1 + random.IntN(int(everyAction))), Action(1 + random.IntN(int(everyAction)))}
		key := path(4)
		want := false
		for i, p := range prefixes {
			want = want || actions[i]&Read != 0 && len(key) > len(p) && strings.Join(key[:len(p)], "\x00") == strings.Join(p, "\x00")
		}
		c := w.mintFor(Claims{Scopes: []Scope{{bucket, strings.Join(prefixes[0], "/") + "/", actions[0]}, {bucket, strings.Join(prefixes[1], "/") + "/", actions[1]}}})
		rec := w.call(c, get(strings.Join(key, "/")))
		if got := codeOf(rec) == "NoSuchKey"; got != want || !got && codeOf(rec) != "AccessDenied" {
			t.Fatalf("key %q under %q for %v: got %d %s, want reached %t", key, prefixes, actions, rec.Code, rec.Body, want)
		}
		if want {
			reached++
		}
	}
	if reached < 50 {
		t.Errorf("got %d keys reached, want enough to tell", reached)
	}
}
