package catalog_test

import (
	"context"
	"strings"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/store"
)

// allow grants privileges to a person, each written as "TABLE_READ_DATA@b" or "TABLE_READ_DATA@a.t" (a table or view).
func (w *world) allow(name string, grants ...string) {
	w.t.Helper()
	ctx := context.Background()
	for _, g := range grants {
		privilege, on, _ := strings.Cut(g, "@")
		level, leaf, ofTable := strings.Cut(on, ".")
		b := w.Store.Batch(realm)
		c := b.Catalog("c")
		role, n := b.CatalogRole(c, "role-"+name), b.Namespace(c, []string{level})
		t := b.Table(n, leaf)
		w.must(b.Read(ctx))
		target := store.NamespaceObject(n)
		if ofTable {
			target = store.TableObject(n, t)
		}
		w.must(w.Store.AddGrant(ctx, realm, c, role, store.Grant{On: target, Privilege: privilege}))
	}
}

// A metadata manager who reads in one namespace moves a table there, loads it with credentials, and moves it back.
func TestARenameOpensNoTable(t *testing.T) {
	here, there := lake.Identifier{Namespace: []string{"a"}, Name: "t"}, lake.Identifier{Namespace: []string{"b"}, Name: "t"}
	rows := []struct {
		name   string
		grants []string
		lacks  string // in the refusal; empty: renamed
	}{
		{"without data rights", nil, ""},
		{"to where the caller reads", []string{"TABLE_READ_DATA@b"}, "it lacks TABLE_READ_DATA on table a.t and has it where it would go, as b.t"},
		{"to where the caller writes", []string{"TABLE_WRITE_DATA@b"}, "it lacks TABLE_READ_DATA on table a.t"},
		{"of what the caller reads, to where it writes", []string{"TABLE_READ_DATA@a.t", "TABLE_WRITE_DATA@b"}, "it lacks TABLE_WRITE_DATA on table a.t"},
		{"of what the caller may write", []string{"TABLE_WRITE_DATA@a.t", "TABLE_WRITE_DATA@b"}, ""},
		{"to where the caller reads less", []string{"TABLE_READ_DATA@a"}, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.must(w.namespace("b"))
			_, err := w.create("t")
			w.must(err)
			bob := w.person("bob", "CATALOG_MANAGE_METADATA")
			w.allow("bob", row.grants...)
			err = w.RenameTable(t.Context(), bob, "c", here, there)
			if row.lacks == "" {
				w.must(err)
				return
			}
			if e := fault.From(err); e == nil || e.Kind != fault.Forbidden || !strings.Contains(e.Message, row.lacks) {
				t.Errorf("got %v, want Forbidden that says %q", err, row.lacks)
			}
			_, err = w.LoadTable(t.Context(), w.admin, "c", here, catalog.Delegation{}, false)
			w.must(err)
		})
	}
}

// What a token of some roles moves, another token of the same principal may not open.
func TestARenameWithANarrowTokenOpensNoTable(t *testing.T) {
	w := newWorld(t)
	w.must(w.namespace("b"))
	_, err := w.create("t")
	w.must(err)
	bob := w.person("bob", "CATALOG_MANAGE_METADATA")
	w.person("eve")
	w.allow("eve", "TABLE_READ_DATA@b")
	b := w.Store.Batch(realm)
	group, who := b.Role("group-eve"), b.Principal("bob")
	w.must(b.Read(t.Context()))
	w.must(w.Store.AssignRole(t.Context(), realm, who, group))
	bob.AllRoles, bob.Roles = false, []string{"group-bob"}
	here, there := lake.Identifier{Namespace: []string{"a"}, Name: "t"}, lake.Identifier{Namespace: []string{"b"}, Name: "t"}
	expect(t, "rename", w.RenameTable(t.Context(), bob, "c", here, there), fault.Forbidden)
	w.must(w.RenameTable(t.Context(), bob, "c", here, lake.Identifier{Namespace: []string{"a"}, Name: "u"}))
}

// No credentials are vended for a view, so that a rename of one opens nothing.
func TestARenamedViewOpensNothing(t *testing.T) {
	w := newWorld(t)
	w.must(w.namespace("b"))
	_, err := w.createView("v")
	w.must(err)
	bob := w.person("bob", "CATALOG_MANAGE_METADATA")
	w.allow("bob", "TABLE_WRITE_DATA@b")
	there := lake.Identifier{Namespace: []string{"b"}, Name: "v"}
	w.must(w.RenameView(t.Context(), bob, "c", lake.Identifier{Namespace: []string{"a"}, Name: "v"}, there))
	_, err = w.Credentials(t.Context(), bob, "c", there, "")
	expect(t, "credentials", err, fault.NotFound)
}

// Whoever has data rights on one table alone brings no other table's files under it: not by its metadata file, and not by a
// location that is free since the other table was dropped.
func TestATableWithGrantsOfItsOwnTakesNoOtherTablesFiles(t *testing.T) {
	const far = "s3://lake/c/a/victim"
	rows := []struct {
		name   string
		grants []string
		change func(w *world, bob lake.Caller) error
		want   fault.Kind
	}{
		{"by a registration", []string{"TABLE_READ_DATA@a.mine"}, registeredOver, fault.Forbidden},
		{"by a registration, with data rights on the namespace", []string{"TABLE_READ_DATA@a"}, registeredOver, 0},
		{"by a registration, without data rights", nil, registeredOver, 0},
		{"by a location", []string{"TABLE_WRITE_DATA@a.mine"}, committedOver(far), fault.Forbidden},
		{"by a location, with data rights on the namespace", []string{"TABLE_WRITE_DATA@a"}, committedOver(far), 0},
		{"by a transaction", []string{"TABLE_WRITE_DATA@a.mine"}, transactedOver(far), fault.Forbidden},
		{"by a transaction, with data rights on the namespace", []string{"TABLE_WRITE_DATA@a"}, transactedOver(far), 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.set(unstructured, "true")
			w.must(makeTable("mine", "s3://lake/c/a/mine")(w))
			w.must(makeTable("victim", far)(w))
			bob := w.person("bob", "CATALOG_MANAGE_METADATA")
			w.allow("bob", row.grants...)
			expect(t, "change", row.change(w, bob), row.want)
		})
	}
}

func registeredOver(w *world, bob lake.Caller) error {
	last, err := w.UnregisterTable(w.t.Context(), bob, "c", table("victim"))
	w.must(err)
	_, err = w.over(bob, "mine", last.MetadataLocation, catalog.Delegation{})
	return err
}

func committedOver(loc string) func(*world, lake.Caller) error {
	return func(w *world, bob lake.Caller) error {
		_, err := w.UnregisterTable(w.t.Context(), bob, "c", table("victim"))
		w.must(err)
		_, err = w.CommitTable(w.t.Context(), bob, "c", table("mine"), put("write.data.path", loc))
		return err
	}
}

func transactedOver(loc string) func(*world, lake.Caller) error {
	return func(w *world, bob lake.Caller) error {
		_, err := w.UnregisterTable(w.t.Context(), bob, "c", table("victim"))
		w.must(err)
		return w.CommitTransaction(w.t.Context(), bob, "c", []catalog.TableChange{on("mine", put("write.data.path", loc))})
	}
}
