// Package attack holds no code: its tests attack a whole server through its HTTP door, as somebody would who wants to read
// or write one byte that is not theirs.
//
// An attack is a door (a route that takes a location or a name, or that gives keys) and a hostile input. It has failed if
// what it was meant to do was refused before any effect: a 4xx in the words of the dialect, nothing written to the table
// or to the store, no key given. Where an answer gives keys, each is tried with a real S3 client on everything that is not
// the table's: victims' objects in sibling folders, parents, the bucket's root and other buckets, to get, head, list, put,
// delete, copy from and to, upload and multi-delete. If anything of it works the attack has succeeded, and the test fails.
//
// # Why
//
// Doors come from the route table: a route that no door claims, and of which nobody has said why it needs none, fails
// TestEveryRouteIsADoorOrSaysWhyNot. So whoever adds a route decides here what may be tried at it.
//
// A corpus of refusals proves nothing if the door is shut to everybody, or if the keys are dead. So each door has a benign
// twin, which must work, with a key that opens its own folder; and TestTheBurglarGetsInWhereTheKeyFits holds the attempts
// themselves to a key that opens the victims' folders.
//
// The same doors are then tried by rank: by nobody, by who has rights elsewhere, and by each rank of a catalog up to its
// administrator (TestEachDoorByEachRank). What decides about storage is a matter of the ranks above: a machine that lends
// its own identity (machine) records each request that firn sends, and a request, a signature or a credential that the
// rank was not to have is an attack that succeeded.
//
// The embedded store is attacked, and the fakes of Google's and Azure's, which enforce what a key says; MinIO where
// FIRN_TEST_MINIO names one. FIRN_ATTACKS=all tries each key in every way on every victim, and every input on the fakes.
package attack

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// attacks are counted over all tests of the package.
var attacks, successes atomic.Int64

func TestMain(m *testing.M) {
	code := m.Run()
	fmt.Printf("%d attacks, %d succeeded\n", attacks.Load(), successes.Load())
	os.Exit(code)
}

// attack is one attack under way.
type attack struct {
	*world
	t    *testing.T
	said []answer
}

// attack runs one as a subtest. It has succeeded if the subtest fails.
func (w *world) attack(t *testing.T, name string, run func(x *attack)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		attacks.Add(1)
		defer func() {
			if t.Failed() {
				successes.Add(1)
			}
		}()
		x := &attack{world: w.within(t), t: t}
		x.tap.take()
		run(x)
		x.quiet()
	})
}

// within is the world in a subtest.
func (w *world) within(t *testing.T) *world {
	in := *w
	in.t = t
	return &in
}

// send remembers the answer, for quiet.
func (x *attack) send(who person, c call) answer {
	x.t.Helper()
	a := x.world.send(who, c)
	x.said = append(x.said, a)
	return a
}

// refused holds a request to a refusal without any effect.
func (x *attack) refused(a answer) {
	x.t.Helper()
	did, grants := x.tap.take()
	if a.code < 400 || a.code > 499 {
		x.t.Errorf("%s: got %d %.300s, want a refusal", a.op, a.code, a.body)
	} else if why := wrongWords(a); why != "" {
		x.t.Errorf("%s: got the refusal %d %q: %s", a.op, a.code, a.body, why)
	}
	if did != (effects{}) {
		x.t.Errorf("%s: got effects %+v of a refusal, want none", a.op, did)
	}
	if len(a.keys) > 0 {
		x.t.Errorf("%s: got keys with a refusal", a.op)
	}
	// What firn itself opens to find out may be no victim's either.
	for _, g := range grants {
		for _, p := range g.Prefixes {
			for _, v := range x.victims {
				if v.in(folderOf(p.String())) {
					x.t.Errorf("%s: firn took a key to %s of its own", a.op, p)
				}
			}
		}
	}
}

// wrongWords says what is wrong with a refusal: each dialect has a shape, and none tells of roles and secrets.
func wrongWords(a answer) string {
	if strings.Contains(string(a.body), "arn:aws:iam") && !(strings.HasPrefix(a.op, "management.") && strings.Contains(string(a.body), "storage policy")) {
		return "it names a role" // other than to its catalog's administrators, whose line the operator needs
	}
	if len(a.body) == 0 && strings.HasSuffix(a.op, "Exists") { // HEAD
		return ""
	}
	if len(a.body) == 0 { // the door's own, that say all with their status
		return map[bool]string{false: "no words"}[a.code == 401 || a.code == 413 || a.code == 414 || a.code == 431 || a.code == 400 && a.op == ""]
	}
	var told struct {
		Error     json.RawMessage `json:"error"`     // Iceberg, Polaris: an object; OAuth: a text
		ErrorCode string          `json:"errorCode"` // Delta Sharing
		Code      int             `json:"code"`      // Gravitino
		Message   string          `json:"message"`
	}
	if err := json.Unmarshal(a.body, &told); err != nil {
		return "no JSON"
	}
	var model struct {
		Message, Type string
		Code          int
	}
	switch {
	case strings.HasPrefix(a.op, "oauth."):
		return ""
	case told.ErrorCode != "" && told.Message != "" || told.Code >= 1000 && told.Message != "":
		return ""
	case json.Unmarshal(told.Error, &model) != nil || model.Message == "" || model.Type == "" || model.Code != a.code:
		return "not the dialect's shape"
	}
	return ""
}

// open tries every key of an answer on everything but the folder that it may open. The folder itself must be the
// attacker's.
func (x *attack) open(a answer, location string) {
	x.t.Helper()
	x.tap.take()
	own := folderOf(location)
	for _, v := range x.victims {
		if v.in(own) {
			x.t.Errorf("%s: the folder %s has a victim's object %s in it", a.op, own, v)
			return
		}
	}
	if len(a.keys) != 1 {
		x.t.Errorf("%s: got %d keys, want one", a.op, len(a.keys))
	}
	for _, k := range a.keys {
		if folderOf(k.prefix) != own {
			x.t.Errorf("%s: got a key for %q, want it for %q", a.op, k.prefix, location)
		}
		leaks, err := x.intrude(x.t, k, own)
		if err != nil {
			x.t.Errorf("%s: %v", a.op, err)
		}
		for _, leak := range leaks {
			x.t.Errorf("%s: the key for %s let the attacker %s", a.op, own, leak)
		}
		x.secret(k)
	}
}

// secret fails if a key's secrets are in the log.
func (x *attack) secret(k key) {
	x.t.Helper()
	if k.secret != "" && x.log.has(k.secret) || k.token != "" && x.log.has(k.token) {
		x.t.Errorf("a secret of the key %s is in the log", k.id)
	}
}

// quiet fails if an answer was an accident.
func (x *attack) quiet() {
	x.t.Helper()
	for _, a := range x.said {
		if a.code >= 500 {
			x.t.Errorf("%s: got %d %s", a.op, a.code, a.body)
		}
	}
}

// everywhere runs a test on each store that there is.
func everywhere(t *testing.T, test func(t *testing.T, w *world)) {
	for _, b := range beds {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			w := open(t, b.open)
			test(t, w)
			w.untouched(t)
		})
	}
}
