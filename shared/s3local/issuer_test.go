package s3local

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"firn/shared/fault"

	"github.com/google/go-cmp/cmp"
)

func newIssuer(t *testing.T) (*Issuer, *clock) {
	t.Helper()
	c := &clock{at: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)}
	i, err := NewIssuer(bytes.Repeat([]byte("k"), 32), c.now)
	if err != nil {
		t.Fatal(err)
	}
	return i, c
}

func someClaims() Claims {
	return Claims{Realm: "r", Principal: "p1", Table: "t1", Scopes: []Scope{{bucket, prefix, Read | Write}, {bucket, sibling, List}}}
}

func TestWhatWasMintedOpensAgain(t *testing.T) {
	i, clock := newIssuer(t)
	c, err := i.Mint(someClaims(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	got, secret, err := i.Open(c.AccessKeyID, string(c.SessionToken))
	if err != nil {
		t.Fatal(err)
	}
	want := someClaims()
	want.ID, want.Issued, want.Expires = c.AccessKeyID, clock.now(), clock.now().Add(time.Hour)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	if string(secret) != string(c.SecretAccessKey) || !c.Expires.Equal(want.Expires) || !strings.HasPrefix(c.AccessKeyID, "FIRN") || len(c.AccessKeyID) != 20 {
		t.Errorf("got %+v, want the secret that was minted", c)
	}
	other, _ := i.Mint(someClaims(), time.Hour)
	if other.AccessKeyID == c.AccessKeyID || string(other.SecretAccessKey) == string(c.SecretAccessKey) {
		t.Error("two credentials are the same")
	}
	if err := i.Check(got); err != nil {
		t.Errorf("check: got %v, want none", err)
	}
	clock.add(time.Hour)
	if err := i.Check(got); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("check at the expiry: got %v, want Unauthenticated", err)
	}
	if _, _, err := i.Open("FIRNAAAAAAAAAAAAAAAA", string(c.SessionToken)); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("open with another access key: got %v, want Unauthenticated", err)
	}
}

func TestMintRefusesWhatIsWiderThanItLooks(t *testing.T) {
	scope := func(bucket, prefix string, a Action) Claims {
		return Claims{Scopes: []Scope{{bucket, prefix, a}}}
	}
	tests := []struct {
		name   string
		claims Claims
		ttl    time.Duration
	}{
		{"no scope", Claims{}, time.Hour},
		{"too many scopes", Claims{Scopes: make([]Scope, maxScopes+1)}, time.Hour},
		{"empty prefix", scope(bucket, "", Read), time.Hour},
		{"prefix without a slash", scope(bucket, "a/b", Read), time.Hour},
		{"prefix that is a slash", scope(bucket, "/", Read), time.Hour},
		{"prefix with an empty segment", scope(bucket, "a//", Read), time.Hour},
		{"dotted prefix", scope(bucket, "a/../", Read), time.Hour},
		{"encoded dots", scope(bucket, "a/%2e%2E/", Read), time.Hour},
		{"prefix at the root", scope(bucket, "/a/", Read), time.Hour},
		{"prefix too long", scope(bucket, strings.Repeat("a/", 513), Read), time.Hour},
		{"no action", scope(bucket, prefix, 0), time.Hour},
		{"unknown action", scope(bucket, prefix, everyAction+1), time.Hour},
		{"no bucket", scope("", prefix, Read), time.Hour},
		{"bucket with a slash", scope("ware/house", prefix, Read), time.Hour},
		{"the store's own folder", scope(".firn", "work/", Read), time.Hour},
		{"bucket of dots", scope("a..b", prefix, Read), time.Hour},
		{"bucket in upper case", scope("Warehouse", prefix, Read), time.Hour},
		{"bucket too short", scope("ab", prefix, Read), time.Hour},
		{"bucket too long", scope(strings.Repeat("a", 64), prefix, Read), time.Hour},
		{"principal too long", Claims{Principal: strings.Repeat("p", maxSubject+1), Scopes: someClaims().Scopes}, time.Hour},
		{"table too long", Claims{Table: strings.Repeat("p", maxSubject+1), Scopes: someClaims().Scopes}, time.Hour},
		{"claims too long", Claims{Scopes: []Scope{{bucket, strings.Repeat("a/", 500), Read}, {bucket, strings.Repeat("b/", 500), Read}, {bucket, strings.Repeat("c/", 500), Read}, {bucket, strings.Repeat("d/", 500), Read}, {bucket, strings.Repeat("e/", 500), Read}}}, time.Hour},
		{"no life", someClaims(), 0},
		{"too long a life", someClaims(), MaxTTL + 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i, _ := newIssuer(t)
			if c, err := i.Mint(tt.claims, tt.ttl); !fault.Is(err, fault.Argument) || c.AccessKeyID != "" {
				t.Errorf("got %v, %v, want Argument and no credential", c, err)
			}
		})
	}
	i, _ := newIssuer(t)
	if _, err := i.Mint(someClaims(), MaxTTL); err != nil {
		t.Errorf("the longest life: got %v, want none", err)
	}
}

func TestRevokeEndsWhatWasMintedBefore(t *testing.T) {
	tests := []struct {
		subject string
		dead    bool
	}{
		{"id:r/FIRN", false}, {"id:r/ID", true}, {"id:other/ID", false}, {"id:ID", false}, {"principal:p1", true}, {"principal:p2", false}, {"table:t1", true}, {"table:t2", false}, {"all", true},
	}
	for _, tt := range tests {
		t.Run(tt.subject, func(t *testing.T) {
			i, _ := newIssuer(t) // its clock stands: what counts is the order
			before, _ := i.Mint(someClaims(), time.Hour)
			if err := i.Revoke(strings.Replace(tt.subject, "ID", before.AccessKeyID, 1)); err != nil {
				t.Fatal(err)
			}
			later, _ := i.Mint(someClaims(), time.Hour)
			claims, _, _ := i.Open(before.AccessKeyID, string(before.SessionToken))
			if err := i.Check(claims); fault.Is(err, fault.Forbidden) != tt.dead {
				t.Errorf("minted before: got %v, want dead %t", err, tt.dead)
			}
			claims, _, _ = i.Open(later.AccessKeyID, string(later.SessionToken))
			if err := i.Check(claims); err != nil {
				t.Errorf("minted after: got %v, want none", err)
			}
		})
	}
	for _, subject := range []string{"", "id:", "table", "role:x", "all:x", "all ", "principal:"} {
		i, _ := newIssuer(t)
		if err := i.Revoke(subject); !fault.Is(err, fault.Argument) {
			t.Errorf("revoke %q: got %v, want Argument", subject, err)
		}
	}
}

func TestARevocationAndAProcessBeginAnEra(t *testing.T) {
	i, _ := newIssuer(t)
	other, _ := newIssuer(t)
	first := i.Era()
	_, _ = i.Mint(someClaims(), time.Hour)
	_ = i.Revoke("nothing")
	if got := i.Era(); got != first {
		t.Errorf("with nothing revoked: got %s, want %s still", got, first)
	}
	_ = i.Revoke("table:t1")
	second := i.Era()
	_ = i.Revoke("table:t1")
	if third := i.Era(); second == first || third == second || third == first || other.Era() == first {
		t.Errorf("got %s, %s, %s, and %s of another issuer, want four", first, second, third, other.Era())
	}
}

func TestRevocationsAreForgottenWhenNothingTheyEndLives(t *testing.T) {
	i, clock := newIssuer(t)
	_, _ = i.Mint(someClaims(), time.Hour)
	for n := range firstSweep - 1 {
		_ = i.Revoke(fmt.Sprintf("id:%d", n))
	}
	clock.add(MaxTTL + time.Second)
	fresh, _ := i.Mint(someClaims(), time.Hour)
	_ = i.Revoke("table:t1")
	if got := len(i.revoked); got != 1 {
		t.Errorf("got %d revocations, want 1", got)
	}
	claims, _, _ := i.Open(fresh.AccessKeyID, string(fresh.SessionToken))
	if err := i.Check(claims); !fault.Is(err, fault.Forbidden) {
		t.Errorf("got %v, want Forbidden", err)
	}
}

func TestAnIssuerNeedsAKeyAndAClock(t *testing.T) {
	if _, err := NewIssuer(make([]byte, 31), time.Now); !fault.Is(err, fault.Argument) {
		t.Errorf("short key: got %v, want Argument", err)
	}
	if _, err := NewIssuer(make([]byte, 32), nil); !fault.Is(err, fault.Argument) {
		t.Errorf("no clock: got %v, want Argument", err)
	}
}

func TestASecretPrintsNowhere(t *testing.T) {
	c := Credential{AccessKeyID: "FIRN", SecretAccessKey: "hunter2", SessionToken: "hunter2"}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%v %+v %#v %s %q %x %d", c, c, c, c.SessionToken, c.SessionToken, c.SessionToken, c.SessionToken) + string(text) + c.SessionToken.String()
	if strings.Contains(all, "hunter2") || strings.Contains(all, "68756e746572") || !strings.Contains(all, redacted) {
		t.Errorf("got %s, want no secret", all)
	}
}

func TestActionsPrintTheirNames(t *testing.T) {
	if got, want := (Read | Delete).String(), "read|delete"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
