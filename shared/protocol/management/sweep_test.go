package management_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"firn/shared/kv/faulty"
	"firn/shared/lake"
	"firn/shared/revoke"
	"firn/shared/revoke/revoketest"
)

// A revocation holds although IAM is away; the worker ends the keys later, and says so until then.
func TestWhatFailsIsToldAndTriedAgain(t *testing.T) {
	for _, action := range []string{"AssumeRole", "GetRole", "ListPolicyVersions", "GetPolicyVersion", "CreatePolicyVersion"} {
		t.Run(action, func(t *testing.T) {
			l := newLakes(t)
			out := l.key("ann")
			l.account.Plan(func(a string) string {
				if a == action {
					return "ServiceFailure"
				}
				return ""
			})
			a := answer{l.ask("root", revokeT).ResponseRecorder, t}
			a.want(201, `"halted":true,"pending":true`, `"outcome":"PENDING","detail":"Keys that are out may live until they expire. It is tried again at each turn of the worker. IAM did not answer."`)
			l.log.Reset()
			l.sweep()
			if !l.lives("lake", out) || !strings.Contains(l.log.String(), `level=ERROR msg="revoked keys could not all be ended and will be tried again"`) {
				t.Errorf("got log %s, want the failure, for the alarm", l.log.String())
			}
			l.account.Plan(nil)
			l.sweep()
			if l.lives("lake", out) {
				t.Error("the key lives after IAM came back")
			}
			answer{l.ask("root", "GET /revocations").ResponseRecorder, t}.want(200, `"pending":false`, `"outcome":"DENIED"`)
		})
	}
}

// What the worker finds undone (by a deployment of the boundary, by a writer that died) it does again, and what is as it
// should be it leaves alone.
func TestTheWorkerMakesGoodWhatOthersUndid(t *testing.T) {
	l := newLakes(t)
	out := l.key("ann")
	l.must(revokeT)
	l.account.Take()
	l.sweep()
	if got := l.account.Take(); got["CreatePolicyVersion"] != 0 || got["GetPolicyVersion"] != 1 {
		t.Errorf("got calls %v, want the policy read alone", got)
	}
	l.account.Write("lake", revoketest.Boundary)
	if !l.lives("lake", out) {
		t.Fatal("the test undid nothing")
	}
	l.sweep()
	if l.lives("lake", out) {
		t.Error("the key lives after the worker's turn")
	}
	l.account.Bind("lake", "")
	l.sweep()
	l.ask("root", "GET /revocations").want(200, `"pending":true`, "The catalog's role has no permissions boundary of its own account")
}

func TestRevocationsAreCleanedUp(t *testing.T) {
	l := newLakes(t)
	l.must(revokeT, revokeAnn, `POST /revocations {"credentialId":"`+l.key("bob").name+`"}`)
	l.at = l.at.Add(2 * time.Minute)
	l.must("DELETE /revocations/" + l.revocation("t"))
	l.at = l.at.Add(revoke.Longest - time.Minute - time.Second)
	l.sweep()
	if l.account.Policy("lake") == revoketest.Boundary {
		t.Error("denies are removed before the last revoked key has expired")
	}
	l.at = l.at.Add(2 * time.Second)
	l.account.Plan(func(string) string { return "ServiceFailure" })
	l.sweep()
	l.account.Plan(nil)
	l.sweep()
	for _, role := range []string{"lake", "lake2"} {
		if got := l.account.Policy(role); got != revoketest.Boundary {
			t.Errorf("%s: got %s, want what was there", role, got)
		}
	}
	a := l.ask("root", "GET /revocations")
	a.want(200, `{"revocations":[{"id":"principal-`, `"halted":true,"pending":false`, `"storages":[]`)
	if strings.Count(a.Body.String(), `"id"`) != 1 {
		t.Errorf("got %s, want the halt alone: the others stop nobody any more", a.Body)
	}
	l.account.Take()
	l.sweep()
	if got := l.account.Take(); len(got) != 0 {
		t.Errorf("got calls %v, want none: nothing is denied anywhere", got)
	}
	l.must("DELETE /revocations/" + l.revocation("ann"))
	l.sweep()
	l.ask("root", "GET /revocations").want(200, `{"revocations":[]}`)
}

// A role that is gone for good is not looked for for ever.
func TestARoleThatIsGoneIsGivenUp(t *testing.T) {
	l := newLakes(t)
	l.must(revokeT)
	l.account.Plan(func(string) string { return "AccessDenied" })
	l.at = l.at.Add(revoke.Longest + 24*time.Hour + 62*time.Second)
	l.sweep()
	l.ask("root", "GET /revocations").want(200, `"storages":[]`)
}

// Two revocations write one policy at the same time: wherever the other comes in between, both hold in the end.
func TestRevocationsThatInterleave(t *testing.T) {
	for _, action := range []string{"GetRole", "ListPolicyVersions", "GetPolicyVersion", "CreatePolicyVersion"} {
		t.Run(action, func(t *testing.T) {
			l := newLakes(t)
			ann, bob := l.key("ann"), l.key("bob")
			done := false
			l.account.Plan(func(a string) string {
				if a == action && !done {
					done = true
					answer{l.ask("root", `POST /revocations {"principal":"bob"}`).ResponseRecorder, t}.want(201, `"pending":false`)
				}
				return ""
			})
			answer{l.ask("root", revokeT).ResponseRecorder, t}.want(201, `"pending":false`)
			if !done || l.lives("lake", ann) || l.lives("lake", bob) {
				t.Errorf("got the lives of %v and %v after %v, want both dead", l.lives("lake", ann), l.lives("lake", bob), done)
			}
		})
	}
}

// Where others never stop, nothing is called done.
func TestRevocationsThatNeverCease(t *testing.T) {
	l := newLakes(t)
	n, busy := 0, false
	l.account.Plan(func(a string) string {
		if a == "GetRole" && !busy {
			busy = true
			n++
			l.at = l.at.Add(time.Second) // a new moment, a new policy
			l.ask("root", `POST /revocations {"principal":"bob"}`)
			busy = false
		}
		return ""
	})
	l.ask("root", revokeT).want(201, `"pending":true`, "Others keep revoking keys of the same role.")
	if n < 5 {
		t.Errorf("got %d rounds, want some", n)
	}
}

// A catalog that got another role meanwhile does not save the keys of the old one, and a renewed revocation never lets them
// live in between, whoever else writes the policy.
func TestARenewedRevocationKeepsToTheRolesItHad(t *testing.T) {
	l := newLakes(t)
	out := l.key("ann")
	l.must(revokeAnn, `POST /revocations {"principal":"bob"}`)
	l.moveTo("c", l.account.Role("lake3", "outside"))
	var alive atomic.Bool
	others := false
	l.account.Plan(func(string) string { // by several at once
		if l.lives("lake", out) {
			alive.Store(true)
		}
		return ""
	})
	l.table.Plan(func(c faulty.Call) faulty.Fault {
		if c.Verb == faulty.List && c.Page.Partition == "catalog/R" && !others {
			others = true
			return faulty.Fault{Before: l.sweep} // which writes that policy on behalf of bob
		}
		return faulty.Fault{}
	})
	l.ask("root", revokeAnn).want(201, `"pending":false`)
	l.sweep()
	if !others || alive.Load() || l.lives("lake", out) || l.lives("lake3", out) {
		t.Errorf("a key of the old role came to life (%v), or one of the new role lives", alive.Load())
	}
}

// The place of a revocation is found once it is written, so a writer that dies right behind the write leaves it to the worker.
func TestARevocationThatNobodyCarriedOutIsTheWorkers(t *testing.T) {
	l := newLakes(t)
	out := l.key("ann")
	b := l.store.Batch("R")
	p := b.Principal("ann")
	if err := b.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	of := lake.Revoked{PrincipalID: p.Value.ID}
	b = l.store.Batch("R")
	slot := b.Revocation(lake.RevocationOf(of))
	if err := b.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := l.at.Add(time.Minute)
	err := l.store.SaveRevocation(t.Context(), slot, &lake.Revocation{ID: lake.RevocationOf(of), Realm: "R", Of: of, Principal: "ann", By: "root",
		Created: l.at, Before: before, Until: before.Add(revoke.Longest)}, l.store.KeysOf(p, lake.KeyState{Epoch: 1, Halted: true}))
	if err != nil {
		t.Fatal(err)
	}
	l.ask("root", "GET /revocations").want(200, `"pending":true`)
	l.sweep()
	l.ask("root", "GET /revocations").want(200, `"pending":false`)
	if l.lives("lake", out) {
		t.Error("the key lives after the worker's turn")
	}
}

// A key of the embedded store that was being minted when its principal was halted dies at the next turn, or with the lift.
func TestKeysThatWereBeingMintedAreEndedAgain(t *testing.T) {
	l := newLakes(t)
	l.must(revokeAnn)
	l.took()
	l.sweep()
	if got := l.took(); len(got) != 1 || got[0] != "ann" {
		t.Errorf("got keys of %v ended at the worker's turn, want ann's", got)
	}
	l.at = l.at.Add(2 * time.Minute)
	l.must("DELETE /revocations/" + l.revocation("ann"))
	if got := l.took(); len(got) != 1 || got[0] != "ann" {
		t.Errorf("got keys of %v ended with the lift, want ann's", got)
	}
	l.sweep()
	if got := l.took(); len(got) != 0 {
		t.Errorf("got keys of %v ended after the lift, want nobody's", got)
	}
}
