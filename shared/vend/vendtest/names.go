package vendtest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// maxName bounds a credential's id in characters: it is written into logs and typed by people.
const maxName = 128

// names shows that a key can be told from every other by its id, which is no secret.
func (s Store) names(t *testing.T) {
	seen := map[string]bool{}
	for range 3 {
		cred := s.vend(t, s.grant(t, all, own))
		if !name.MatchString(cred.ID) || len(cred.ID) > maxName || seen[cred.ID] {
			t.Errorf("got the id %q, want one of its own of at most %d letters, digits and + = , . @ : / _ -", cred.ID, maxName)
		}
		seen[cred.ID] = true
		for _, secret := range hidden(t, cred) {
			if strings.Contains(cred.ID, secret) || strings.Contains(cred.ID, fmt.Sprintf("%x", secret)) {
				t.Error("the id holds a secret")
			}
		}
	}
}

var name = regexp.MustCompile(`^[\w+=,.@:/-]+$`)
