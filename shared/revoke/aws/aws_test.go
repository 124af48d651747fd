package aws

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/revoke"
	"firn/shared/revoke/revoketest"
)

func TestWhichKeysDie(t *testing.T) {
	leaked := vended("r", "p1", "t1", noon.Add(-time.Minute))
	rows := []struct {
		name string
		cut  revoke.Cut
		key  key
		want bool // lives
	}{
		{"a principal's, minted before", ofPrincipal("p1", noon), vended("r", "p1", "t1", noon.Add(-time.Second)), false},
		{"a principal's, an hour old", ofPrincipal("p1", noon), vended("r", "p1", "t2", noon.Add(-time.Hour)), false},
		{"a principal's, minted after", ofPrincipal("p1", noon), vended("r", "p1", "t1", noon), true},
		{"another principal's", ofPrincipal("p1", noon), vended("r", "p2", "t1", noon.Add(-time.Hour)), true},
		{"a principal's of another realm", ofPrincipal("p1", noon), vended("r2", "p1", "t1", noon.Add(-time.Hour)), true},
		{"firn's own", ofPrincipal("p1", noon), vended("r", own, "t1", noon.Add(-time.Hour)), true},
		{"a moment within a second", ofPrincipal("p1", noon.Add(time.Millisecond)), vended("r", "p1", "t1", noon), false},
		{"a table's", forTable("t1", noon), vended("r", "p1", "t1", noon.Add(-time.Second)), false},
		{"a table's of another principal", forTable("t1", noon), vended("r", "p2", "t1", noon.Add(-time.Hour)), false},
		{"a table's, minted after", forTable("t1", noon), vended("r", "p1", "t1", noon), true},
		{"another table's", forTable("t1", noon), vended("r", "p1", "t2", noon.Add(-time.Hour)), true},
		{"firn's own for the table", forTable("t1", noon), vended("r", own, "t1", noon.Add(-time.Hour)), true},
		{"firn's own name, and not firn", forTable("t1", noon), key{strings.Replace(vended("r", "p1", "t1", noon).name, "ann_p1", "firn", 1), noon.Add(-time.Hour)}, false},
		{"the one", single(leaked.name, noon), leaked, false},
		{"another of the same principal and table", single(leaked.name, noon), vended("r", "p1", "t1", noon.Add(-time.Minute)), true},
		{"one that no session of firn's is", forTable("t1", noon), key{"somebody", noon.Add(-time.Hour)}, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			if !w.lives(row.key) {
				t.Fatal("the key opens nothing from the start")
			}
			if w.end(row.cut) {
				t.Error("got a wide deny, want room for one")
			}
			if got := w.lives(row.key); got != row.want {
				t.Errorf("got lives %v, want %v: %s", got, row.want, w.account.Policy("lake"))
			}
			w.end()
			if got := w.account.Policy("lake"); got != revoketest.Boundary {
				t.Errorf("got %s when nothing is revoked any more, want what was there", got)
			}
		})
	}
}

func TestWhatWasThereStays(t *testing.T) {
	w := newWorld(t)
	const one = `{"Version":"2012-10-17","Id":"x","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringLike":{"s3:prefix":"a<b&c*"}}}}`
	w.account.Write("lake", one)
	other := revoke.Target{Role: w.account.Role("other", "o"), ExternalID: "o"}
	w.account.Bind("other", "arn:aws:iam::"+revoketest.ID+":policy/firn-vending/lake") // one boundary for two roles
	w.end(ofPrincipal("p1", noon))
	if _, err := w.ender.End(t.Context(), other, []revoke.Cut{ofPrincipal("p2", noon)}); err != nil {
		t.Fatal(err)
	}
	w.end(ofPrincipal("p1", noon), ofPrincipal("p3", noon))
	got := w.account.Policy("lake")
	kept := `{"Version":"2012-10-17","Id":"x","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringLike":{"s3:prefix":"a<b&c*"}}},`
	if !strings.HasPrefix(got, kept) {
		t.Errorf("got %s, want it to begin with %s", got, kept)
	}
	for _, id := range []lake.ID{"p1", "p2", "p3"} {
		if w.lives(vended("r", id, "t", noon.Add(-time.Second))) {
			t.Errorf("the key of %s lives", id)
		}
	}
	w.account.Take()
	w.end(ofPrincipal("p1", noon), ofPrincipal("p3", noon))
	if calls := w.account.Take(); calls["CreatePolicyVersion"] != 0 || calls["GetPolicyVersion"] != 1 {
		t.Errorf("got %v when all is as it should be, want it to be read alone", calls)
	}
}

func TestThereAreNeverMoreVersionsThanFive(t *testing.T) {
	w := newWorld(t)
	for i := range 20 {
		w.end(ofPrincipal("p1", noon.Add(time.Duration(i)*time.Minute)))
	}
	if w.lives(vended("r", "p1", "t1", noon.Add(18*time.Minute))) {
		t.Error("a key lives that was revoked last")
	}
}

func TestOthersWriteAtTheSameTime(t *testing.T) {
	rows := map[string]struct {
		refuse string
		times  int
		kind   fault.Kind
	}{
		"the fifth version is theirs":       {"LimitExceeded", 2, 0},
		"the version to go is in force now": {"DeleteConflict", 2, 0},
		"for ever":                          {"LimitExceeded", 1000, fault.Unavailable},
		"IAM throttles once":                {"Throttling", 1, 0},
		"IAM throttles":                     {"Throttling", 1000, fault.Unavailable},
		"IAM is away":                       {"ServiceFailure", 1000, fault.Unavailable},
		"IAM finds the policy wrong":        {"MalformedPolicyDocument", 1000, fault.Invalid},
		"IAM is at something new":           {"Unheard", 1000, fault.Unavailable},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for i := range 4 { // the coming one needs room
				w.end(ofPrincipal("p1", noon.Add(time.Duration(-i)*time.Hour)))
			}
			action := "CreatePolicyVersion"
			if row.refuse == "DeleteConflict" {
				action = "DeletePolicyVersion"
			}
			w.account.Plan(func(a string) string {
				if a == action && row.times > 0 {
					row.times--
					return row.refuse
				}
				return ""
			})
			_, err := w.ender.End(t.Context(), w.target, []revoke.Cut{ofPrincipal("p2", noon)})
			if (err != nil) != (row.kind != 0) || err != nil && !fault.Is(err, row.kind) {
				t.Errorf("got %v, want kind %v", err, row.kind)
			}
			if lives := w.lives(vended("r", "p2", "t1", noon.Add(-time.Second))); lives != (row.kind != 0) {
				t.Errorf("got lives %v after %v", lives, err)
			}
		})
	}
}

// Whoever is not let in, or has nowhere to write, says so; and says no ARN.
func TestKeysThatCannotBeEnded(t *testing.T) {
	rows := []struct {
		name    string
		change  func(w *world)
		kind    fault.Kind
		message string
	}{
		{"another's external id", func(w *world) { w.target.ExternalID = "guessed" }, fault.Forbidden, notLet},
		{"no external id", func(w *world) { w.target.ExternalID = "" }, fault.Forbidden, notLet},
		{"no revoker", func(w *world) { w.target.Role += "2" }, fault.Forbidden, notLet},
		{"no boundary", func(w *world) { w.account.Bind("lake", "") }, fault.Forbidden, noBoundary},
		{"a boundary of AWS's", func(w *world) { w.account.Bind("lake", "arn:aws:iam::aws:policy/AmazonS3FullAccess") }, fault.Forbidden, noBoundary},
		{"a boundary of another account", func(w *world) { w.account.Bind("lake", "arn:aws:iam::999999999999:policy/x") }, fault.Forbidden, noBoundary},
		{"another role of that name", func(w *world) { w.target.Role = strings.Replace(w.target.Role, "firn-vending", "elsewhere", 1) }, fault.Forbidden, noBoundary},
		{"a role that is none", func(w *world) { w.target.Role = "arn:aws:s3:::lake" }, fault.Invalid, "The role of this catalog's storage is not the ARN of an IAM role."},
		{"a policy that allows nothing", func(w *world) { w.account.Write("lake", `{"Version":"2012-10-17","Statement":[]}`) }, fault.Invalid, notTaken},
		{"a policy with more in it than is known", func(w *world) {
			w.account.Write("lake", strings.Replace(revoketest.Boundary, `"Version"`, `"New":1,"Version"`, 1))
		}, fault.Invalid, notTaken},
		{"no room at all", func(w *world) {
			w.account.Write("lake", strings.Replace(revoketest.Boundary, "lake/*", "lake/"+strings.Repeat("x", 5_800), 1))
		}, fault.Invalid, "The permissions boundary of the catalog's role has no room for one more statement. An administrator must shorten it."},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			row.change(w)
			before := w.account.Policy("lake")
			_, err := w.ender.End(t.Context(), w.target, []revoke.Cut{ofPrincipal("p1", noon)})
			if !fault.Is(err, row.kind) || fault.From(err).Message != row.message {
				t.Errorf("got %v, want kind %v: %s", err, row.kind, row.message)
			}
			if got := w.account.Policy("lake"); got != before {
				t.Errorf("got %s, want no change", got)
			}
		})
	}
}

func TestTimeIsBounded(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	w.account.Plan(func(string) string { cancel(); return "ServiceFailure" })
	_, err := w.ender.End(ctx, w.target, []revoke.Cut{ofPrincipal("p1", noon)})
	if !fault.Is(err, fault.Timeout) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want a timeout because of the context", err)
	}
}

func TestWhoseKeysAreOwnMustBeKnown(t *testing.T) {
	if _, err := New(Config{Base: aws.Config{}}); !fault.Is(err, fault.Argument) {
		t.Errorf("got %v, want Argument", err)
	}
}

func TestWhoseKeyItIs(t *testing.T) {
	w := newWorld(t)
	name := vended("r", "p2", "t1", noon).name
	if got, ok := w.ender.Holder(name, "r", []lake.ID{"p1", "p2", "p3"}); !ok || got != "p2" {
		t.Errorf("got %s, %v, want p2", got, ok)
	}
	if got, ok := w.ender.Holder(name, "r2", []lake.ID{"p1", "p2", "p3"}); ok {
		t.Errorf("got %s in another realm, want nobody", got)
	}
	if !w.ender.Names(name) || w.ender.Names("firn-*") {
		t.Error("a name of a session is one that firn makes, and no pattern")
	}
}

func TestARoleIsTakenApart(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:iam::111122223333:role/lake":                "arn:aws:iam::111122223333:role/firn-revoking/lake-revoke",
		"arn:aws-cn:iam::111122223333:role/firn-vending/l.a": "arn:aws-cn:iam::111122223333:role/firn-revoking/l.a-revoke",
		"arn:aws:iam::1111:role/lake":                        "",
		"arn:aws:iam::111122223333:user/lake":                "",
		"arn:aws:iam::111122223333:role/":                    "",
		"arn:aws:iam::111122223333:role/a b":                 "",
	} {
		r, err := parseRole(arn)
		if (err == nil) != (want != "") || err == nil && r.revoker() != want {
			t.Errorf("%s: got %v, %v, want %s", arn, r, err, want)
		}
	}
}
