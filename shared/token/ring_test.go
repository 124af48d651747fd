package token_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"firn/shared/token"
)

func TestRingReadsAgainWhatIsOld(t *testing.T) {
	first := newKeys(t)
	second := rotated(t, rotated(t, first))
	keys, broken, reads := first, false, 0
	read := func(context.Context) (*token.Keys, error) {
		if reads++; broken {
			return nil, errors.New("no answer")
		}
		return keys, nil
	}
	r, err := token.NewRing(t.Context(), noon, read)
	if err != nil {
		t.Fatal(err)
	}
	keys = second
	steps := []struct {
		name   string
		at     time.Duration
		broken bool
		reads  int
		want   *token.Keys
		fails  bool
	}{
		{"at once", 0, false, 1, first, false},
		{"a moment before they are old", token.MaxAge - 1, false, 1, first, false},
		{"old, and nothing answers", token.MaxAge, true, 2, first, true},
		{"just after that", token.MaxAge + 29*time.Second, false, 2, first, false},
		{"when it is tried again", token.MaxAge + 30*time.Second, false, 3, second, false},
		{"after it", token.MaxAge + time.Minute, false, 3, second, false},
	}
	for _, s := range steps {
		broken = s.broken
		if err := r.Refresh(t.Context(), noon.Add(s.at)); (err != nil) != s.fails {
			t.Errorf("%s: got %v, want an error %v", s.name, err, s.fails)
		}
		if reads != s.reads || r.Keys() != s.want {
			t.Errorf("%s: got %d reads, want %d; the right keys: %v", s.name, reads, s.reads, r.Keys() == s.want)
		}
	}
	if _, err := token.NewRing(t.Context(), noon, func(context.Context) (*token.Keys, error) { return nil, errors.New("none") }); err == nil {
		t.Error("a ring without keys: got no error")
	}
}

// A token is good no longer than its key: what a verifier remembers ends with the keys that it was verified with.
func TestARememberedTokenEndsWithItsKey(t *testing.T) {
	keys := newKeys(t)
	raw := issue(t, keys, "PRINCIPAL_ROLE:ALL")
	r, err := token.NewRing(t.Context(), noon, func(context.Context) (*token.Keys, error) { return keys, nil })
	if err != nil {
		t.Fatal(err)
	}
	v := token.NewVerifier(r)
	if _, err := v.Verify("R", raw, noon); err != nil {
		t.Fatal(err)
	}
	keys = newKeys(t)
	later := noon.Add(token.MaxAge)
	if err := r.Refresh(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify("R", raw, later); err == nil {
		t.Error("got a caller by a key that is no longer there")
	}
}

func TestPublishedKeysVerifyAndDoNotSign(t *testing.T) {
	k := rotated(t, newKeys(t))
	raw, err := k.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	public, err := token.ParseJWKS(raw)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := token.NewVerifier(public).Verify("R", issue(t, k, "PRINCIPAL_ROLE:ALL"), noon); err != nil {
		t.Errorf("verify: %v", err)
	}
	if _, err := token.NewIssuer(public).Issue("R", alice, token.Session{Generation: 1, Scopes: []string{"PRINCIPAL_ROLE:ALL"}}, noon); err == nil {
		t.Error("signed with public keys")
	}
	if _, err := public.PEM(); err == nil {
		t.Error("wrote private keys out of public ones")
	}
	if _, err := public.Rotate(); err == nil {
		t.Error("rotated public keys")
	}
	for name, text := range map[string]string{"empty": `{"keys":[]}`, "not JSON": `{`, "another curve": `{"keys":[{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}]}`,
		"not on the curve": `{"keys":[{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}`} {
		if _, err := token.ParseJWKS([]byte(text)); err == nil {
			t.Errorf("%s: got keys, want an error", name)
		}
	}
}
