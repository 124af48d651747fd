package token_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/token"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

var alice = &lake.Principal{ID: "id-of-alice", Name: "alice", ClientID: "c0ffee"}

func issue(t *testing.T, k *token.Keys, scopes ...string) string {
	t.Helper()
	raw, err := token.NewIssuer(k).Issue("R", alice, token.Session{Generation: 3, Scopes: scopes}, noon)
	if err != nil {
		t.Fatal(err)
	}
	return raw.Token.Reveal()
}

func TestVerify(t *testing.T) {
	for _, test := range []struct {
		name   string
		scopes []string
		want   lake.Caller
	}{
		{"all roles", []string{"PRINCIPAL_ROLE:ALL"}, lake.Caller{AllRoles: true}},
		{"one role", []string{"PRINCIPAL_ROLE:a"}, lake.Caller{Roles: []string{"a"}}},
		{"two roles", []string{"PRINCIPAL_ROLE:a", "PRINCIPAL_ROLE:b"}, lake.Caller{Roles: []string{"a", "b"}}},
		{"all roles among others", []string{"PRINCIPAL_ROLE:a", "PRINCIPAL_ROLE:ALL"}, lake.Caller{AllRoles: true}},
		{"Iceberg's default", []string{"catalog"}, lake.Caller{AllRoles: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := newKeys(t)
			v, raw := token.NewVerifier(k), issue(t, k, test.scopes...)
			want := test.want
			want.Realm, want.PrincipalID, want.Principal, want.Generation = "R", alice.ID, "alice", 3
			for _, time := range []string{"first", "second"} {
				got, err := v.Verify("R", raw, noon)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s time (-want +got):\n%s", time, diff)
				}
			}
		})
	}
}

// misspelt sets bits of the last character that stand for nothing: the same token in another spelling.
func misspelt(raw string) string {
	last := len(raw) - 1
	return raw[:last] + map[byte]string{'A': "B", 'Q': "R", 'g': "h", 'w': "x"}[raw[last]]
}

func TestATokenIsNothing(t *testing.T) {
	k, other := newKeys(t), newKeys(t)
	good := issue(t, k, "PRINCIPAL_ROLE:ALL")
	head, rest, _ := strings.Cut(good, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	another := strings.Split(issue(t, k, "PRINCIPAL_ROLE:x"), ".")
	long := *alice
	long.Name = strings.Repeat("x", token.MaxToken)
	tooLong, err := token.NewIssuer(k).Issue("R", &long, token.Session{Generation: 3, Scopes: []string{"PRINCIPAL_ROLE:ALL"}}, noon)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		realm lake.Realm
		raw   string
		at    time.Duration
	}{
		{"in another realm", "S", good, 0},
		{"in a realm of almost its name", "R/", good, 0},
		{"once its hour is over", "R", good, time.Hour},
		{"under another key", "R", issue(t, other, "PRINCIPAL_ROLE:ALL"), 0},
		{"without its signature", "R", head + "." + payload + ".", 0},
		{"with something behind it", "R", good + "x", 0},
		{"with the signature of another", "R", head + "." + another[1] + "." + signature, 0},
		{"if it is empty", "R", "", 0},
		{"if it is garbage", "R", "abc.def.ghi", 0},
		{"if it is too long", "R", tooLong.Token.Reveal(), 0},
		{"in another spelling", "R", misspelt(good), 0},
		{"with a scope that no one may ask for", "R", issue(t, k, "other"), 0},
		{"with no scope", "R", issue(t, k), 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := token.NewVerifier(k)
			if _, err := v.Verify("R", good, noon); err != nil { // now it is remembered
				t.Fatal(err)
			}
			if got, err := v.Verify(test.realm, test.raw, noon.Add(test.at)); !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("got %+v and %v, want Unauthenticated", got, err)
			}
		})
	}
}

func TestATokenIsGoodUntilItsEnd(t *testing.T) {
	k := newKeys(t)
	for _, name := range []string{"fresh", "remembered"} {
		v, raw := token.NewVerifier(k), issue(t, k, "PRINCIPAL_ROLE:ALL")
		if name == "remembered" {
			if _, err := v.Verify("R", raw, noon); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := v.Verify("R", raw, noon.Add(time.Hour-time.Second)); err != nil {
			t.Errorf("%s: got %v, want a caller until the hour is over", name, err)
		}
		if _, err := v.Verify("R", raw, noon.Add(time.Hour)); err == nil {
			t.Errorf("%s: got a caller, want none once the hour is over", name)
		}
	}
}

func TestOlderKeysVerify(t *testing.T) {
	old := newKeys(t)
	raw := issue(t, old, "PRINCIPAL_ROLE:ALL")
	told := rotated(t, old)
	now := rotated(t, told)
	if _, err := token.NewVerifier(told).Verify("R", issue(t, now, "PRINCIPAL_ROLE:ALL"), noon); err != nil {
		t.Errorf("a token of a key that was coming: got %v, want a caller", err)
	}
	if _, err := token.NewVerifier(now).Verify("R", raw, noon); err != nil {
		t.Errorf("a token of the key before: got %v, want a caller", err)
	}
	if _, err := token.NewVerifier(old).Verify("R", issue(t, now, "PRINCIPAL_ROLE:ALL"), noon); err == nil {
		t.Error("a token of a key that is not known yet: got a caller, want none")
	}
}

// The claims are signed with a key that verifies, so that nothing else can be what refuses them.
func TestClaimsMustBeWhole(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k, err := token.ParseKeys(lake.Secret(block(t, "PRIVATE KEY", private)))
	if err != nil {
		t.Fatal(err)
	}
	kid := jwks(t, k).Keys[0]["kid"]
	for _, test := range []struct {
		name   string
		good   bool
		change func(jwt.MapClaims, *jwt.Token)
	}{
		{"as they are", true, func(jwt.MapClaims, *jwt.Token) {}},
		{"without an end", false, func(c jwt.MapClaims, _ *jwt.Token) { delete(c, "exp") }},
		{"without an issuer", false, func(c jwt.MapClaims, _ *jwt.Token) { delete(c, "iss") }},
		{"without an audience", false, func(c jwt.MapClaims, _ *jwt.Token) { delete(c, "aud") }},
		{"of another audience", false, func(c jwt.MapClaims, _ *jwt.Token) { c["aud"] = "firn/S" }},
		{"of another issuer", false, func(c jwt.MapClaims, _ *jwt.Token) { c["iss"] = "polaris" }},
		{"not yet good", false, func(c jwt.MapClaims, _ *jwt.Token) { c["nbf"] = noon.Add(time.Minute).Unix() }},
		{"without a principal", false, func(c jwt.MapClaims, _ *jwt.Token) { delete(c, "principal_id") }},
		{"without a name", false, func(c jwt.MapClaims, _ *jwt.Token) { delete(c, "sub") }},
		{"without a scope", false, func(c jwt.MapClaims, _ *jwt.Token) { delete(c, "scope") }},
		{"of another shape", false, func(c jwt.MapClaims, _ *jwt.Token) { c["secret_generation"] = "3" }},
		{"without a key id", false, func(_ jwt.MapClaims, t *jwt.Token) { delete(t.Header, "kid") }},
		{"with another key id", false, func(_ jwt.MapClaims, t *jwt.Token) { t.Header["kid"] = "x" }},
		{"with a key id that is no text", false, func(_ jwt.MapClaims, t *jwt.Token) { t.Header["kid"] = 1 }},
		{"under another algorithm's name", false, func(_ jwt.MapClaims, t *jwt.Token) { t.Header["alg"] = "none" }},
		{"under another algorithm", false, func(_ jwt.MapClaims, t *jwt.Token) { t.Header["alg"] = "HS256" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := jwt.MapClaims{"iss": "firn/R", "aud": "firn/R", "sub": "alice", "principal_id": "i", "scope": "PRINCIPAL_ROLE:ALL",
				"secret_generation": 3, "exp": noon.Add(time.Hour).Unix()}
			forged := jwt.NewWithClaims(jwt.SigningMethodES256, c)
			forged.Header["kid"] = kid
			test.change(c, forged)
			raw, err := forged.SignedString(private)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := token.NewVerifier(k).Verify("R", raw, noon); (err == nil) != test.good {
				t.Errorf("got %v, want good %v", err, test.good)
			} else if strings.Contains(test.name, "algorithm") && !strings.Contains(err.Error(), "signing method") {
				t.Errorf("got %v, want the algorithm itself refused, before any key is looked for", err)
			}
		})
	}
}

func TestTwoTokensAreNeverTheSame(t *testing.T) {
	k := newKeys(t)
	var ids []string
	for range 2 {
		c := jwt.MapClaims{}
		if _, _, err := jwt.NewParser().ParseUnverified(issue(t, k, "PRINCIPAL_ROLE:ALL"), c); err != nil {
			t.Fatal(err)
		}
		id, _ := c["jti"].(string)
		ids = append(ids, id)
		if c["client_id"] != "c0ffee" || c["iat"] != float64(noon.Unix()) {
			t.Errorf("got client %v at %v, want c0ffee at %d", c["client_id"], c["iat"], noon.Unix())
		}
	}
	if ids[0] == ids[1] || ids[0] == "" {
		t.Errorf("got %q twice, want two ids", ids[0])
	}
}

func BenchmarkVerify(b *testing.B) {
	k, err := token.NewKeys()
	if err != nil {
		b.Fatal(err)
	}
	raw, err := token.NewIssuer(k).Issue("R", alice, token.Session{Generation: 3, Scopes: []string{"PRINCIPAL_ROLE:ALL"}}, noon)
	if err != nil {
		b.Fatal(err)
	}
	v := token.NewVerifier(k)
	b.Run("remembered", func(b *testing.B) {
		for b.Loop() {
			_, _ = v.Verify("R", raw.Token.Reveal(), noon)
		}
	})
	b.Run("fresh", func(b *testing.B) {
		for b.Loop() {
			_, _ = token.NewVerifier(k).Verify("R", raw.Token.Reveal(), noon)
		}
	})
	b.Run("issue", func(b *testing.B) {
		for b.Loop() {
			_, _ = token.NewIssuer(k).Issue("R", alice, token.Session{Generation: 3, Scopes: []string{"PRINCIPAL_ROLE:ALL"}}, noon)
		}
	})
}
