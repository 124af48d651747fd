// Package vendtest is what a vend driver must prove: that its credentials open their grant and nothing beside it.
//
// Run tries what a client would try, own and sibling folders, with keys of several rights, against whatever enforces the
// driver's keys: a real store, the embedded one, or an evaluator of the policy that the driver wrote. A driver that
// cannot be tried against an enforcing store is not proven.
//
// # Why
//
// The siblings' names begin with the table's own name, and denials are asked for as often as permissions: every known
// leak of this kind was a prefix without its slash, or a wildcard.
package vendtest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
)

// Verb is something that a client of a store tries.
type Verb string

// The verbs.
const (
	Get        Verb = "get"
	Put        Verb = "put"
	Remove     Verb = "delete"
	RemoveMany Verb = "multi-delete" // of Keys, in one request
	List       Verb = "list"         // Key is the prefix as it is sent
	Copy       Verb = "copy"         // From to Key
)

// Attempt is one try.
type Attempt struct {
	Verb   Verb
	Bucket string
	Key    string
	From   string
	Keys   []string
}

// Store is a driver with a store that enforces its keys.
type Store struct {
	Vendor  vend.Vendor
	Storage *lake.Storage
	Bucket  string
	Root    string // URI of the bucket, with a slash at its end; empty: s3://BUCKET/
	Now     func() time.Time
	// Refused are sets of actions that the store's rights cannot tell from wider ones: an error, never a wider key.
	Refused []vend.Actions
	// Directories says that a key opens one folder, as a thing of its own: several are refused, and the folder's bare name
	// is the folder itself.
	Directories bool
	// NoCopy says that keys copy nothing, their own objects neither.
	NoCopy bool
	// Seed puts an object with the rights of the store's owner.
	Seed func(t *testing.T, key string)
	// Try makes an attempt and gives the keys that were denied. Anything but done or denied ends the test.
	Try func(t *testing.T, cred vend.Credential, a Attempt) (denied []string)
}

// The folders of the suite. The siblings' names have the table's as their beginning.
const (
	own     = "ns/orders/"
	second  = "ns/archive/"
	sibling = "ns/orders2/"
)

const all = vend.Read | vend.List | vend.Write | vend.Delete

// Run proves a driver.
func Run(t *testing.T, open func(t *testing.T) Store) {
	s := open(t)
	t.Run("opens the grant and nothing beside it", func(t *testing.T) { s.scope(t) })
	t.Run("opens each of several folders", func(t *testing.T) { s.several(t) })
	t.Run("refuses grants without a scope", func(t *testing.T) { s.refusals(t) })
	t.Run("meets no location that is an attack", func(t *testing.T) { s.attacks(t) })
	t.Run("names each key", func(t *testing.T) { s.names(t) })
	t.Run("expires", func(t *testing.T) { s.expiry(t) })
	t.Run("prints no secret", func(t *testing.T) { s.secrets(t) })
}

func (s Store) grant(t *testing.T, actions vend.Actions, folders ...string) vend.Grant {
	t.Helper()
	g := vend.Grant{Realm: "test", CatalogID: "c1", TableID: "t1", Table: "ns.orders", Principal: "ann", PrincipalID: "p1", Actions: actions}
	for _, folder := range folders {
		p, err := location.ParsePrefix(s.root() + folder)
		if err != nil {
			t.Fatal(err)
		}
		g.Prefixes = append(g.Prefixes, p)
	}
	return g
}

func (s Store) root() string {
	if s.Root == "" {
		return "s3://" + s.Bucket + "/"
	}
	return s.Root
}

func (s Store) vend(t *testing.T, g vend.Grant) vend.Credential {
	t.Helper()
	cred, err := s.Vendor.Vend(t.Context(), s.Storage, g)
	if err != nil {
		t.Fatalf("vend: %v", err)
	}
	return cred
}

func (s Store) scope(t *testing.T) {
	rows := []struct {
		name    string
		actions vend.Actions
		try     Attempt
		denied  []string
	}{
		{"own get", all, Attempt{Verb: Get, Key: own + "a"}, nil},
		{"own put", all, Attempt{Verb: Put, Key: own + "new"}, nil},
		{"own put deep below", all, Attempt{Verb: Put, Key: own + "data/x=1/new"}, nil},
		{"own list", all, Attempt{Verb: List, Key: own}, nil},
		{"own list below", all, Attempt{Verb: List, Key: own + "data/"}, nil},
		{"own delete", all, Attempt{Verb: Remove, Key: own + "b"}, nil},
		{"own copy", all, Attempt{Verb: Copy, From: own + "a", Key: own + "c"}, nil},
		{"own multi-delete", all, Attempt{Verb: RemoveMany, Keys: []string{own + "d", own + "e"}}, nil},

		{"sibling get", all, Attempt{Verb: Get, Key: sibling + "a"}, []string{sibling + "a"}},
		{"sibling put", all, Attempt{Verb: Put, Key: sibling + "new"}, []string{sibling + "new"}},
		{"sibling delete", all, Attempt{Verb: Remove, Key: sibling + "a"}, []string{sibling + "a"}},
		{"sibling list", all, Attempt{Verb: List, Key: sibling}, []string{sibling}},
		{"list without the slash", all, Attempt{Verb: List, Key: "ns/orders"}, []string{"ns/orders"}},
		{"list of the parent", all, Attempt{Verb: List, Key: "ns/"}, []string{"ns/"}},
		{"list of the bucket", all, Attempt{Verb: List, Key: ""}, []string{""}},
		{"get of the folder's bare name", all, Attempt{Verb: Get, Key: "ns/orders"}, []string{"ns/orders"}},
		{"put beside the folder", all, Attempt{Verb: Put, Key: "ns/orders.txt"}, []string{"ns/orders.txt"}},
		{"copy from the sibling", all, Attempt{Verb: Copy, From: sibling + "a", Key: own + "stolen"}, []string{own + "stolen"}},
		{"copy to the sibling", all, Attempt{Verb: Copy, From: own + "a", Key: sibling + "planted"}, []string{sibling + "planted"}},
		{"multi-delete over the border", all, Attempt{Verb: RemoveMany, Keys: []string{own + "f", sibling + "a"}}, []string{sibling + "a"}},
		{"the same folder in another bucket", all, Attempt{Verb: Get, Bucket: "firn-elsewhere", Key: own + "a"}, []string{own + "a"}},

		{"reader gets", vend.Read | vend.List, Attempt{Verb: Get, Key: own + "a"}, nil},
		{"reader lists", vend.Read | vend.List, Attempt{Verb: List, Key: own}, nil},
		{"reader puts", vend.Read | vend.List, Attempt{Verb: Put, Key: own + "r"}, []string{own + "r"}},
		{"reader replaces", vend.Read | vend.List, Attempt{Verb: Put, Key: own + "a"}, []string{own + "a"}},
		{"reader copies", vend.Read | vend.List, Attempt{Verb: Copy, From: own + "a", Key: own + "r"}, []string{own + "r"}},
		{"reader deletes", vend.Read | vend.List, Attempt{Verb: Remove, Key: own + "a"}, []string{own + "a"}},
		{"reader without list lists", vend.Read, Attempt{Verb: List, Key: own}, []string{own}},
		{"lister gets", vend.List, Attempt{Verb: Get, Key: own + "a"}, []string{own + "a"}},
		{"writer without delete puts", vend.Read | vend.List | vend.Write, Attempt{Verb: Put, Key: own + "w"}, nil},
		{"writer without delete deletes", vend.Read | vend.List | vend.Write, Attempt{Verb: Remove, Key: own + "a"}, []string{own + "a"}},
		{"writer without delete multi-deletes", vend.Read | vend.Write, Attempt{Verb: RemoveMany, Keys: []string{own + "a"}}, []string{own + "a"}},
		{"writer without read gets", vend.Write, Attempt{Verb: Get, Key: own + "a"}, []string{own + "a"}},
		{"deleter puts", vend.Delete, Attempt{Verb: Put, Key: own + "w"}, []string{own + "w"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			for _, key := range []string{own + "a", own + "b", own + "d", own + "e", own + "f", own + "data/x", sibling + "a", "ns/orders"} {
				s.Seed(t, key)
			}
			if row.try.Bucket == "" {
				row.try.Bucket = s.Bucket
			}
			if slices.Contains(s.Refused, row.actions) {
				s.refused(t, s.grant(t, row.actions, own))
				return
			}
			if s.NoCopy && row.try.Verb == Copy {
				row.denied = []string{row.try.Key}
			}
			if s.Directories && row.try.Key == strings.TrimSuffix(own, "/") {
				row.denied = nil
			}
			denied := s.Try(t, s.vend(t, s.grant(t, row.actions, own)), row.try)
			if diff := cmp.Diff(denied, row.denied, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("denied keys (-got +want):\n%s", diff)
			}
		})
	}
}

func (s Store) several(t *testing.T) {
	if s.Directories {
		s.refused(t, s.grant(t, vend.Read|vend.List, own, second))
		return
	}
	s.Seed(t, second+"a")
	s.Seed(t, own+"a")
	s.Seed(t, sibling+"a")
	cred := s.vend(t, s.grant(t, vend.Read|vend.List, own, second))
	for _, key := range []string{own + "a", second + "a", sibling + "a"} {
		denied := s.Try(t, cred, Attempt{Verb: Get, Bucket: s.Bucket, Key: key})
		if got, want := len(denied) > 0, key == sibling+"a"; got != want {
			t.Errorf("get %s: denied %v, want %v", key, got, want)
		}
		folder := key[:len(key)-1]
		denied = s.Try(t, cred, Attempt{Verb: List, Bucket: s.Bucket, Key: folder})
		if got, want := len(denied) > 0, folder == sibling; got != want {
			t.Errorf("list %s: denied %v, want %v", folder, got, want)
		}
	}
}

func (s Store) refusals(t *testing.T) {
	other := "gs://bucket/ns/orders/"
	if s.Storage.Type == lake.GCS {
		other = "s3://bucket/ns/orders/"
	}
	elsewhere, err := location.ParsePrefix(other)
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		name   string
		change func(*vend.Grant)
	}{
		{"no prefixes", func(g *vend.Grant) { g.Prefixes = nil }},
		{"a prefix that nobody parsed", func(g *vend.Grant) { g.Prefixes = append(slices.Clone(g.Prefixes), location.Prefix{}) }},
		{"a prefix of another kind of store", func(g *vend.Grant) { g.Prefixes = append(slices.Clone(g.Prefixes), elsewhere) }},
		{"no actions", func(g *vend.Grant) { g.Actions = 0 }},
		{"an action that there is not", func(g *vend.Grant) { g.Actions |= 1 << 7 }},
		{"no realm", func(g *vend.Grant) { g.Realm = "" }},
		{"no catalog", func(g *vend.Grant) { g.CatalogID = "" }},
		{"no table", func(g *vend.Grant) { g.TableID = "" }},
		{"no principal", func(g *vend.Grant) { g.PrincipalID = "" }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			g := s.grant(t, all, own)
			row.change(&g)
			s.refused(t, g)
		})
	}
}

func (s Store) refused(t *testing.T, g vend.Grant) {
	t.Helper()
	if err := vend.Check(s.Vendor, s.Storage, g); !fault.Is(err, fault.Invalid) {
		t.Errorf("before it is asked for: got %v, want an error of kind invalid", err)
	}
	cred, err := s.Vendor.Vend(t.Context(), s.Storage, g)
	if !fault.Is(err, fault.Invalid) || cred != (vend.Credential{}) {
		t.Errorf("got %v and %v, want no credential and an error of kind invalid", cred, err)
	}
}

func (s Store) expiry(t *testing.T) {
	before := s.Now()
	cred := s.vend(t, s.grant(t, all, own))
	if life := cred.Expires.Sub(before); life < vend.MinRemaining-time.Second || life > 12*time.Hour+time.Minute {
		t.Errorf("credential lives %v, want %v to 12 h", life, vend.MinRemaining)
	}
}
