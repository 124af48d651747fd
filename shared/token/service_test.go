package token_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/token"
)

// people are the principals of realm R, by client id. The client id "down" finds the store out of order.
type people map[string]*lake.Principal

func (p people) Client(_ context.Context, realm lake.Realm, clientID string) (*token.Client, error) {
	if clientID == "down" {
		return nil, fault.New(fault.Unavailable, "")
	}
	known := p[clientID]
	if known == nil || realm != "R" {
		return nil, fault.Missing(fault.Principal, "")
	}
	return &token.Client{PrincipalID: known.ID, Principal: known.Name, Secrets: known.Secrets}, nil
}

func (p people) Principal(_ context.Context, caller lake.Caller) (*lake.Principal, error) {
	for _, known := range p {
		if known.Name == "down" {
			return nil, fault.New(fault.Unavailable, "")
		}
		if known.Name == caller.Principal {
			return known, nil
		}
	}
	return nil, fault.Missing(fault.Principal, caller.Principal)
}

const oldSecret, newSecret = lake.Secret("old"), lake.Secret("new")

func population() people {
	secrets := lake.Secrets{}.Rotate(oldSecret, true).Rotate(newSecret, false)
	return people{"c0ffee": {ID: "id-of-alice", Name: "alice", ClientID: "c0ffee", Secrets: secrets}}
}

// service is one that slows nobody down.
func service(p people, keys *token.Keys) *token.Service {
	return token.NewService(token.Config{Clients: p, Keys: keys, Log: slog.New(slog.DiscardHandler)})
}

func TestCredentials(t *testing.T) {
	keys := newKeys(t)
	s, v := service(population(), keys), token.NewVerifier(keys)
	all := lake.Caller{Realm: "R", PrincipalID: "id-of-alice", Principal: "alice", AllRoles: true, Generation: 2}
	with := func(change func(*lake.Caller)) lake.Caller {
		c := all
		change(&c)
		return c
	}
	for _, test := range []struct {
		name   string
		realm  lake.Realm
		id     string
		secret lake.Secret
		scope  string
		want   lake.Caller // if kind is 0
		kind   fault.Kind
		noun   fault.Noun
	}{
		{name: "the current secret", realm: "R", id: "c0ffee", secret: newSecret, scope: "PRINCIPAL_ROLE:ALL", want: all},
		{name: "the previous secret", realm: "R", id: "c0ffee", secret: oldSecret, scope: "PRINCIPAL_ROLE:ALL",
			want: with(func(c *lake.Caller) { c.Generation = 1 })},
		{name: "Iceberg's default scope", realm: "R", id: "c0ffee", secret: newSecret, scope: "catalog", want: all},
		{name: "the default scope of Iceberg's signer", realm: "R", id: "c0ffee", secret: newSecret, scope: "sign", want: all},
		{name: "a role that nobody has", realm: "R", id: "c0ffee", secret: newSecret, scope: "PRINCIPAL_ROLE:x",
			want: with(func(c *lake.Caller) { c.AllRoles, c.Roles = false, []string{"x"} })},
		{name: "two roles", realm: "R", id: "c0ffee", secret: newSecret, scope: "PRINCIPAL_ROLE:x PRINCIPAL_ROLE:y",
			want: with(func(c *lake.Caller) { c.AllRoles, c.Roles = false, []string{"x", "y"} })},
		{name: "wrong secret", realm: "R", id: "c0ffee", secret: "wrong", scope: "catalog", kind: fault.Unauthenticated, noun: fault.Principal},
		{name: "empty secret", realm: "R", id: "c0ffee", scope: "catalog", kind: fault.Unauthenticated, noun: fault.Principal},
		{name: "unknown client", realm: "R", id: "nobody", secret: newSecret, scope: "catalog", kind: fault.Unauthenticated, noun: fault.Principal},
		{name: "unknown client, empty secret", realm: "R", id: "nobody", scope: "catalog", kind: fault.Unauthenticated, noun: fault.Principal},
		{name: "another realm", realm: "S", id: "c0ffee", secret: newSecret, scope: "catalog", kind: fault.Unauthenticated, noun: fault.Principal},
		{name: "the store is out of order", realm: "R", id: "down", secret: newSecret, scope: "catalog", kind: fault.Unavailable},
		{name: "no scope", realm: "R", id: "c0ffee", secret: newSecret, kind: fault.Argument, noun: token.Scope},
		{name: "blank scope", realm: "R", id: "c0ffee", secret: newSecret, scope: "  ", kind: fault.Argument, noun: token.Scope},
		{name: "scope in lower case", realm: "R", id: "c0ffee", secret: newSecret, scope: "principal_role:all", kind: fault.Argument, noun: token.Scope},
		{name: "scope without a name", realm: "R", id: "c0ffee", secret: newSecret, scope: "PRINCIPAL_ROLE:", kind: fault.Argument, noun: token.Scope},
		{name: "a role and the default", realm: "R", id: "c0ffee", secret: newSecret, scope: "PRINCIPAL_ROLE:ALL catalog", kind: fault.Argument, noun: token.Scope},
		{name: "two spaces", realm: "R", id: "c0ffee", secret: newSecret, scope: "PRINCIPAL_ROLE:ALL  PRINCIPAL_ROLE:x", kind: fault.Argument, noun: token.Scope},
		{name: "a long scope", realm: "R", id: "c0ffee", secret: newSecret, scope: "PRINCIPAL_ROLE:" + strings.Repeat("x", token.MaxScope-15),
			want: with(func(c *lake.Caller) { c.AllRoles, c.Roles = false, []string{strings.Repeat("x", token.MaxScope-15)} })},
		{name: "a scope that is too long", realm: "R", id: "c0ffee", secret: newSecret, scope: "PRINCIPAL_ROLE:" + strings.Repeat("x", token.MaxScope-14), kind: fault.Argument, noun: token.Scope},
		{name: "a bad scope is told before a wrong secret", realm: "R", id: "c0ffee", secret: "wrong", scope: "x", kind: fault.Argument, noun: token.Scope},
	} {
		t.Run(test.name, func(t *testing.T) {
			raw, err := s.Credentials(t.Context(), token.From{Realm: test.realm}, test.id, test.secret, test.scope, noon)
			check(t, v, raw, err, test.want, test.kind, test.noun)
		})
	}
}

// check holds a token, or the refusal of one, against what is wanted.
func check(t *testing.T, v *token.Verifier, raw token.Issued, err error, want lake.Caller, kind fault.Kind, noun fault.Noun) {
	t.Helper()
	if kind != 0 {
		if e := fault.From(err); err == nil || e.Kind != kind || e.Noun != noun {
			t.Errorf("got %v, want %v of %q", err, kind, noun)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := v.Verify("R", raw.Token.Reveal(), noon)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnUnknownClientAndAWrongSecretAreToldAlike(t *testing.T) {
	s := service(population(), newKeys(t))
	_, unknown := s.Credentials(t.Context(), token.From{Realm: "R"}, "nobody", newSecret, "catalog", noon)
	_, wrong := s.Credentials(t.Context(), token.From{Realm: "R"}, "c0ffee", "wrong", "catalog", noon)
	if unknown.Error() != wrong.Error() {
		t.Errorf("got %q and %q, want the same", unknown, wrong)
	}
}

func TestExchange(t *testing.T) {
	keys := newKeys(t)
	v := token.NewVerifier(keys)
	all := lake.Caller{Realm: "R", PrincipalID: "id-of-alice", Principal: "alice", AllRoles: true, Generation: 2}
	roles := func(names ...string) lake.Caller {
		c := all
		c.AllRoles, c.Roles = false, names
		return c
	}
	replaced := func(change func(*lake.Principal)) people {
		p := population()
		change(p["c0ffee"])
		return p
	}
	for _, test := range []struct {
		name   string
		now    people // nil: as it was when the subject was issued
		has    string // scope of the subject
		scope  string
		raw    lake.Secret // instead of a subject
		secret lake.Secret // that the subject was issued for; empty: the current one
		want   lake.Caller
		kind   fault.Kind
		noun   fault.Noun
	}{
		{name: "the same scope", has: "catalog", want: all},
		{name: "named roles stay", has: "PRINCIPAL_ROLE:a PRINCIPAL_ROLE:b", want: roles("a", "b")},
		{name: "fewer roles", has: "PRINCIPAL_ROLE:a PRINCIPAL_ROLE:b", scope: "PRINCIPAL_ROLE:b", want: roles("b")},
		{name: "one role of all", has: "PRINCIPAL_ROLE:ALL", scope: "PRINCIPAL_ROLE:a", want: roles("a")},
		{name: "Iceberg's default for all", has: "PRINCIPAL_ROLE:ALL", scope: "catalog", want: all},
		{name: "Iceberg's default is wider than a role", has: "PRINCIPAL_ROLE:a", scope: "catalog", kind: fault.Argument, noun: token.Scope},
		{name: "all is wider than a role", has: "PRINCIPAL_ROLE:a", scope: "PRINCIPAL_ROLE:ALL", kind: fault.Argument, noun: token.Scope},
		{name: "another role", has: "PRINCIPAL_ROLE:a", scope: "PRINCIPAL_ROLE:a PRINCIPAL_ROLE:b", kind: fault.Argument, noun: token.Scope},
		{name: "a scope that is none", has: "catalog", scope: "x", kind: fault.Argument, noun: token.Scope},
		{name: "garbage", raw: "abc.def.ghi", kind: fault.Unauthenticated, noun: token.Subject},
		{name: "the secret of the subject goes on", has: "catalog", secret: oldSecret,
			want: lake.Caller{Realm: "R", PrincipalID: "id-of-alice", Principal: "alice", AllRoles: true, Generation: 1}},
		{name: "the principal is gone", has: "catalog", now: people{}, kind: fault.Unauthenticated, noun: fault.Principal},
		{name: "another principal has its name", has: "catalog", now: replaced(func(p *lake.Principal) { p.ID = "id-of-another" }),
			kind: fault.Unauthenticated, noun: fault.Principal},
		{name: "the secret is rotated out", has: "catalog", secret: oldSecret, now: replaced(func(p *lake.Principal) { p.Secrets = p.Secrets.Rotate("newer", false) }),
			kind: fault.Unauthenticated, noun: fault.Principal},
		{name: "the secret is reset", has: "catalog", now: replaced(func(p *lake.Principal) { p.Secrets = p.Secrets.Rotate("newer", true) }),
			kind: fault.Unauthenticated, noun: fault.Principal},
		{name: "the store is out of order", has: "catalog", now: replaced(func(p *lake.Principal) { p.Name = "down" }), kind: fault.Unavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			subject, secret := test.raw, test.secret
			if secret == "" {
				secret = newSecret
			}
			if subject == "" {
				issued, err := service(population(), keys).Credentials(t.Context(), token.From{Realm: "R"}, "c0ffee", secret, test.has, noon)
				if err != nil {
					t.Fatal(err)
				}
				subject = issued.Token
			}
			now := test.now
			if now == nil {
				now = population()
			}
			raw, err := service(now, keys).Exchange(t.Context(), token.From{Realm: "R"}, subject, test.scope, noon)
			check(t, v, raw, err, test.want, test.kind, test.noun)
		})
	}
}
