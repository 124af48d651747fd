package catalog_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/store"
)

// asking is one load of the table "t".
type asking struct {
	who  lake.Caller
	d    catalog.Delegation
	refs bool
}

func (w *world) ask(a asking, known ...string) (catalog.Loaded, error) {
	return w.LoadTable(context.Background(), a.who, "c", table("t"), a.d, a.refs, known...)
}

func TestLoadsOfWhatAClientHas(t *testing.T) {
	none, nothing := catalog.Delegation{}, func(*world) {}
	passing := func(d time.Duration) func(*world) { return func(w *world) { w.pass(d) } }
	resetting := func(w *world) { w.alter(func(c *lake.Catalog) { c.Version++; c.Storage.Region = "eu-north-1" }) }
	taking := func(w *world) { w.halt(lake.KeyState{}, lake.KeyState{Epoch: 1}) }
	committing := func(w *world) { _, err := w.commit("t", put("x", "1")); w.must(err) }
	granting := func(w *world) {
		b := w.Store.Batch(realm)
		c := b.Catalog("c")
		role := b.CatalogRole(c, "role-ann")
		w.must(b.Read(context.Background()))
		w.must(w.Store.AddGrant(context.Background(), realm, c, role, store.Grant{On: store.CatalogObject(c), Privilege: "TABLE_WRITE_DATA"}))
	}
	for _, row := range []struct {
		name        string
		first, then asking
		between     func(*world)
		has         bool // there is no need to answer again
		kind        fault.Kind
	}{
		{"the same", asking{d: none}, asking{d: none}, nothing, true, 0},
		{"the same much later", asking{d: none}, asking{d: none}, passing(1000 * time.Hour), true, 0},
		{"the same with keys", asking{d: vended}, asking{d: vended}, nothing, true, 0},
		{"the same with signatures", asking{d: signed}, asking{d: signed}, passing(1000 * time.Hour), true, 0},
		{"the same without old snapshots", asking{refs: true}, asking{refs: true}, nothing, true, 0},
		{"another version", asking{d: none}, asking{d: none}, committing, false, 0},
		{"another version with keys", asking{d: vended}, asking{d: vended}, committing, false, 0},
		{"all snapshots after some", asking{refs: true}, asking{}, nothing, false, 0},
		{"some snapshots after all", asking{}, asking{refs: true}, nothing, false, 0},
		{"keys after none", asking{}, asking{d: vended}, nothing, false, 0},
		{"signatures after none", asking{}, asking{d: signed}, nothing, false, 0},
		{"none after keys", asking{d: vended}, asking{}, nothing, false, 0},
		{"signatures after keys", asking{d: vended}, asking{d: signed}, nothing, false, 0},
		{"keys after signatures", asking{d: signed}, asking{d: vended}, nothing, false, 0},
		{"keys of somebody else", asking{d: vended}, asking{who: lake.Caller{Principal: "ann"}, d: vended}, nothing, false, 0},
		{"no keys by somebody else", asking{}, asking{who: lake.Caller{Principal: "ann"}}, nothing, true, 0},
		{"keys that write after keys that read", asking{who: lake.Caller{Principal: "ann"}, d: vended}, asking{who: lake.Caller{Principal: "ann"}, d: vended}, granting, false, 0},
		{"keys with a quarter of an hour left", asking{d: vended}, asking{d: vended}, passing(45*time.Minute - time.Millisecond), true, 0},
		{"keys with less left", asking{d: vended}, asking{d: vended}, passing(45 * time.Minute), false, 0},
		{"keys under other settings", asking{d: vended}, asking{d: vended}, resetting, false, 0},
		{"keys after some were taken back", asking{d: vended}, asking{d: vended}, taking, false, 0},
		{"keys after some ended", asking{d: vended}, asking{d: vended}, func(w *world) { w.Era = func() string { return "next" } }, false, 0},
		{"no keys after some ended", asking{}, asking{}, func(w *world) { w.Era = func() string { return "next" } }, true, 0},
		{"halted keys", asking{d: vended}, asking{d: vended}, func(w *world) { w.halt(lake.KeyState{Halted: true}, lake.KeyState{}) }, false, fault.Forbidden},
		{"a dropped table", asking{}, asking{}, func(w *world) { w.must(w.drop("t", false)) }, false, fault.NotFound},
		{"no right to it", asking{}, asking{who: lake.Caller{Principal: "bob"}}, nothing, false, fault.Forbidden},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := signing(t, nil)
			people := map[string]lake.Caller{"": w.admin, "ann": w.reader, "bob": w.person("bob")}
			row.first.who, row.then.who = people[row.first.who.Principal], people[row.then.who.Principal]
			w.must(makeTable("t", "")(w))
			_, err := w.ask(asking{who: w.reader}) // whose roles are known then
			w.must(err)
			first, err := w.ask(row.first)
			w.must(err)
			row.between(w)
			w.take()
			then, err := w.ask(row.then, "other", first.Tag())
			expect(t, "load", err, row.kind)
			if row.kind != 0 {
				if then.Unchanged != "" && err == nil {
					t.Error("got word that nothing changed with the refusal")
				}
				return
			}
			if (then.Unchanged != "") != row.has {
				t.Fatalf("got unchanged %q, want %v", then.Unchanged, row.has)
			}
			if u := w.take(); row.has && (then.Unchanged != first.Tag() || then.Metadata != nil || then.Keys.Credential != nil || u.spent() != "1 get") {
				t.Errorf("got %+v for %s, want the tag alone for one read", then, u.spent())
			}
			if !row.has && (then.Tag() == first.Tag() || len(then.Metadata) == 0) {
				t.Errorf("got tag %q again, and %d bytes", then.Tag(), len(then.Metadata))
			}
		})
	}
}

// A client that makes a longer time of its tag gets an answer all the same.
func TestTagsThatFirnDidNotGive(t *testing.T) {
	w := newWorld(t)
	w.must(makeTable("t", "")(w))
	own, err := w.ask(asking{who: w.admin, d: vended})
	w.must(err)
	hash, until, _ := strings.Cut(own.Tag(), ".")
	for _, tag := range []string{"", hash, hash + ".", hash + ".9" + until, hash + ".x", "." + until, own.Tag() + "0", "*"} {
		got, err := w.ask(asking{who: w.admin, d: vended}, tag)
		w.must(err)
		if got.Unchanged != "" || got.Keys.Credential == nil {
			t.Errorf("%q: got unchanged %q, want a key", tag, got.Unchanged)
		}
	}
}

// What makes a table tells the tag by which it is loaded then.
func TestTagsOfNewTables(t *testing.T) {
	w := newWorld(t)
	const file = "s3://lake/c/a/r/metadata/00000-x.metadata.json"
	w.leave(file, document("s3://lake/c/a/r", nil))
	made, err := w.create("t")
	w.must(err)
	registered, err := w.register("r", file, vended)
	w.must(err)
	done, err := w.commit("t", put("x", "1"))
	w.must(err)
	for _, row := range []struct {
		name, table string
		made        catalog.Loaded
		d           catalog.Delegation
		has         bool
	}{
		{"a table before its commit", "t", made, catalog.Delegation{}, false},
		{"a commit", "t", done, catalog.Delegation{}, true},
		{"a registration", "r", registered, vended, true},
	} {
		got, err := w.LoadTable(t.Context(), w.admin, "c", table(row.table), row.d, false, row.made.Tag())
		w.must(err)
		if (got.Unchanged != "") != row.has {
			t.Errorf("%s: got unchanged %q, want %v", row.name, got.Unchanged, row.has)
		}
	}
	staged, err := w.stage("s", vended)
	w.must(err)
	if staged.Tag() != "" {
		t.Errorf("a staged table: got tag %q, want none", staged.Tag())
	}
}

// A client that takes answers compressed gets them so, whatever is at hand.
func TestAnswersCompressed(t *testing.T) {
	for _, row := range []struct {
		name  string
		ready func(w *world)
		refs  bool
	}{
		{"of the copy", func(w *world) { w.restart() }, false},
		{"of what is remembered", func(w *world) { _, _, err := w.load("t"); w.must(err) }, false},
		{"of the file", func(w *world) { w.keep("t", nil); w.restart() }, false},
		{"without old snapshots", func(*world) {}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.must(makeTable("t", "")(w))
			done, err := w.Packing().CommitTable(t.Context(), w.admin, "c", table("t"), put("x", "1"))
			w.must(err)
			if text, err := done.Packed.Plain(); err != nil || !bytes.Equal(text, done.Metadata) {
				t.Errorf("the commit: got %d bytes, %v, want the metadata", len(text), err)
			}
			row.ready(w)
			got, err := w.Packing().LoadTable(t.Context(), w.admin, "c", table("t"), catalog.Delegation{}, row.refs)
			w.must(err)
			if row.refs {
				if got.Packed != nil || len(got.Metadata) == 0 {
					t.Errorf("got %v, want what is made anew as it is", got.Packed)
				}
				return
			}
			if text, err := got.Packed.Plain(); err != nil || !bytes.Equal(text, done.Metadata) || got.Metadata != nil {
				t.Errorf("got %d bytes, %v, and %d, want the metadata compressed alone", len(text), err, len(got.Metadata))
			}
			plain, err := w.LoadTable(t.Context(), w.admin, "c", table("t"), catalog.Delegation{}, false)
			w.must(err)
			if plain.Packed != nil || !bytes.Equal(plain.Metadata, done.Metadata) || plain.Tag() != got.Tag() {
				t.Errorf("a client that takes it plain: got %v, %d bytes, tag %s", plain.Packed, len(plain.Metadata), plain.Tag())
			}
		})
	}
}
