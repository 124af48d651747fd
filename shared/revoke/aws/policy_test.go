package aws

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"firn/shared/lake"
	"firn/shared/revoke"
)

// Random revocations, some lifted, and random keys: a key dies exactly if a revocation of its principal, its table or
// itself came after it was issued.
func TestKeysDieExactlyIfTheyWereRevoked(t *testing.T) {
	const seed = 20260504
	r := rand.New(rand.NewPCG(seed, 1))
	w := newWorld(t)
	pick := func(kind string, n int) lake.ID { return lake.ID(fmt.Sprint(kind, r.IntN(n))) }
	dead, alive := 0, 0
	for round := range 60 {
		// A subject's cut has no keys issued between its moment and the lift: such a key could not be vended.
		cuts := map[lake.Revoked]revoke.Cut{}
		var keys []key
		for range 1 + r.IntN(12) {
			c := revoke.Cut{Realm: "r", Before: noon.Add(time.Duration(r.IntN(3600)) * time.Second)}
			switch r.IntN(3) {
			case 0:
				c.Of.PrincipalID = pick("p", 6)
			case 1:
				c.Of = lake.Revoked{CatalogID: "c", TableID: pick("t", 6)}
			default:
				k := vended("r", pick("p", 6), pick("t", 6), c.Before.Add(-time.Duration(1+r.IntN(600))*time.Second))
				c.Of.Credential, keys = k.name, append(keys, k)
			}
			if c.Of.Credential == "" && r.IntN(2) == 0 {
				c.Latest = c.Before.Add(time.Duration(r.IntN(1800)) * time.Second)
			}
			cuts[c.Of] = c
		}
		var all []revoke.Cut
		for _, c := range cuts {
			all = append(all, c)
		}
		if w.end(all...) {
			t.Fatalf("round %d: no room for %d cuts", round, len(all))
		}
		type owner struct{ p, t lake.ID }
		owners := map[string]owner{}
		for range 40 {
			p, tab := pick("p", 8), pick("t", 8)
			if r.IntN(10) == 0 {
				p = own
			}
			k := vended("r", p, tab, noon.Add(time.Duration(r.IntN(7200)-1800)*time.Second))
			owners[k.name] = owner{p, tab}
			keys = append(keys, k)
		}
		for _, k := range keys {
			o := owners[k.name]
			dies, could := false, true
			for _, c := range all {
				hit := c.Of.Credential == k.name || c.Of.PrincipalID != "" && c.Of.PrincipalID == o.p || c.Of.TableID != "" && c.Of.TableID == o.t && o.p != own
				if hit && k.issued.Before(c.Before) {
					dies = true
				} else if hit && (c.Latest.IsZero() || k.issued.Before(c.Latest)) {
					could = false // nobody vends while it is halted
				}
			}
			if !could && !dies {
				continue
			}
			if got := w.lives(k); got == dies {
				t.Fatalf("seed %d, round %d: key %s of %s got lives %v, want %v, with %+v:\n%s", seed, round, k.name, k.issued, got, !dies, all, w.account.Policy("lake"))
			}
			if dies {
				dead++
			} else {
				alive++
			}
		}
	}
	if dead < 200 || alive < 200 {
		t.Errorf("got %d dead and %d living keys, want enough of both to show something", dead, alive)
	}
}

// The limit of a policy holds more subjects than one is likely to have; beyond it all older keys die, but firn's own.
func TestWhereThereIsNoRoomAllOlderKeysDie(t *testing.T) {
	w := newWorld(t)
	var cuts []revoke.Cut
	n := 0
	for !w.end(cuts...) {
		for range 10 {
			cuts = append(cuts, ofPrincipal(lake.ID(fmt.Sprint("p", n)), noon.Add(time.Duration(n)*time.Second)))
			n++
		}
	}
	if n < 200 {
		t.Errorf("got room for fewer than %d subjects, want 200 at least", n)
	}
	last := cuts[len(cuts)-1].Before
	for name, row := range map[string]struct {
		key  key
		want bool
	}{
		"a revoked key":                    {vended("r", "p0", "t1", noon.Add(-time.Second)), false},
		"the last revoked key":             {vended("r", lake.ID(fmt.Sprint("p", n-1)), "t1", last.Add(-time.Second)), false},
		"another's older key":              {vended("r", "other", "t1", last.Add(-time.Second)), false},
		"another's newer key":              {vended("r", "other", "t1", last), true},
		"firn's own":                       {vended("r", own, "t1", noon.Add(-time.Second)), true},
		"a revoked principal's, after all": {vended("r", "p0", "t1", last), true},
	} {
		if got := w.lives(row.key); got != row.want {
			t.Errorf("%s: got lives %v, want %v", name, got, row.want)
		}
	}
	if w.end(cuts[:10]...) || !w.lives(vended("r", "other", "t1", noon.Add(-time.Second))) {
		t.Error("a wide deny stays when there is room for a narrow one")
	}
}

func TestCutsThatCanHaveOneMomentAreOneStatement(t *testing.T) {
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	halted := func(id lake.ID, before int) revoke.Cut { return ofPrincipal(id, at(before)) }
	lifted := func(id lake.ID, before, latest int) revoke.Cut {
		c := ofPrincipal(id, at(before))
		c.Latest = at(latest)
		return c
	}
	rows := []struct {
		name string
		cuts []revoke.Cut
		want int
	}{
		{"none", nil, 0},
		{"halted at different times", []revoke.Cut{halted("a", 1), halted("b", 50), halted("c", 20)}, 1},
		{"lifted before another was halted", []revoke.Cut{lifted("a", 1, 10), halted("b", 20)}, 2},
		{"lifted after another was halted", []revoke.Cut{lifted("a", 1, 30), halted("b", 20)}, 1},
		{"lifted at the other's moment", []revoke.Cut{lifted("a", 1, 20), halted("b", 20)}, 1},
		{"a chain", []revoke.Cut{lifted("a", 1, 3), lifted("b", 2, 5), lifted("c", 4, 7), lifted("d", 6, 9)}, 2},
		{"tables apart", []revoke.Cut{halted("a", 1), forTable("t", at(1)), forTable("u", at(9))}, 2},
		{"one key with others", []revoke.Cut{halted("a", 1), single(vended("r", "p", "t", noon).name, at(3))}, 1},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got, err := narrow(own, row.cuts)
			if err != nil || len(got) != row.want {
				t.Errorf("got %d statements (%v), want %d", len(got), err, row.want)
			}
		})
	}
}

func TestACutOfNobodyIsRefused(t *testing.T) {
	for _, name := range []string{"", "*", "firn-*"} {
		if got, err := narrow(own, []revoke.Cut{single(name, noon)}); err == nil {
			t.Errorf("%q: got %v, want an error", name, got)
		}
	}
}

func TestTheStatementIsAsAWSDocumentsIt(t *testing.T) {
	w := newWorld(t)
	w.end(ofPrincipal("p1", noon), forTable("t1", noon))
	got := w.account.Policy("lake")
	for _, want := range []string{
		`"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:userid":["*:firn-*-`,
		`"StringNotLike":{"aws:userid":["*:firn-*-`,
		`"DateLessThan":{"aws:TokenIssueTime":"2026-05-04T12:00:00Z"}}}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got %s, want it to hold %s", got, want)
		}
	}
}
