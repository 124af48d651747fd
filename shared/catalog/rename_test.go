package catalog_test

import (
	"context"
	"strings"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
)

func TestRename(t *testing.T) {
	id := func(ns, name string) lake.Identifier {
		return lake.Identifier{Namespace: strings.Split(ns, "."), Name: name}
	}
	rows := []struct {
		name     string
		from, to lake.Identifier
		as       []string // privileges; nil: the administrator
		want     fault.Kind
	}{
		{"within the namespace", id("a", "t"), id("a", "new"), nil, 0},
		{"to another namespace", id("a", "t"), id("b", "t"), nil, 0},
		{"of nothing", id("a", "none"), id("a", "new"), nil, fault.NotFound},
		{"to a namespace that is not there", id("a", "t"), id("none", "t"), nil, fault.NotFound},
		{"to a name that is taken", id("a", "t"), id("b", "taken"), nil, fault.Exists},
		{"to itself", id("a", "t"), id("a", "t"), nil, fault.Exists},
		{"to no name", id("a", "t"), id("a", ""), nil, fault.Argument},
		{"by who may drop and create", id("a", "t"), id("b", "t"), []string{"TABLE_DROP", "TABLE_CREATE", "TABLE_LIST"}, 0},
		{"by who may not create", id("a", "t"), id("b", "t"), []string{"TABLE_DROP", "TABLE_LIST"}, fault.Forbidden},
		{"by who may not drop", id("a", "t"), id("b", "t"), []string{"TABLE_CREATE", "TABLE_LIST"}, fault.Forbidden},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.must(w.namespace("b"))
			_, err := w.create("t")
			w.must(err)
			_, err = w.CreateTable(t.Context(), w.admin, "c", []string{"b"}, catalog.Creation{Name: "taken", Request: asked()}, catalog.Delegation{})
			w.must(err)
			caller := w.admin
			if row.as != nil {
				caller = w.person("bob", row.as...)
			}
			before := len(w.stored())
			w.take()
			expect(t, "rename", w.RenameTable(t.Context(), caller, "c", row.from, row.to), row.want)
			u := w.take()
			if row.want != 0 && !u.quiet() || u.Mints+u.Puts+u.Dels > 0 {
				t.Errorf("got effects %+v", u)
			}
			at := row.from
			if row.want == 0 {
				at = row.to
				_, err := w.LoadTable(t.Context(), w.admin, "c", row.from, catalog.Delegation{}, false)
				expect(t, "load by the old name", err, fault.NotFound)
			}
			if row.want != fault.NotFound || row.from.Name == "t" {
				l, err := w.LoadTable(t.Context(), w.admin, "c", at, vended, false)
				w.must(err)
				if l.Keys.Prefix != "s3://lake/c/a/t" || len(w.stored()) != before {
					t.Errorf("got keys for %s and %d files, want the table's files where they were", l.Keys.Prefix, len(w.stored()))
				}
			}
		})
	}
	t.Run("in an external catalog", func(t *testing.T) {
		w := newWorld(t)
		_, err := w.create("t")
		w.must(err)
		w.alter(func(c *lake.Catalog) { c.Type = lake.External })
		expect(t, "rename", w.RenameTable(t.Context(), w.admin, "c", id("a", "t"), id("a", "new")), fault.Malformed)
	})
	t.Run("to a name that is taken meanwhile", func(t *testing.T) {
		w := newWorld(t)
		_, err := w.create("t")
		w.must(err)
		w.db.Next(faulty.Write, faulty.Fault{Before: func() { w.must(makeTable("new", "")(w)) }})
		expect(t, "rename", w.RenameTable(context.Background(), w.admin, "c", id("a", "t"), id("a", "new")), fault.Exists)
		w.whole("t")
	})
	t.Run("in the middle of a commit", func(t *testing.T) {
		w := newWorld(t)
		_, err := w.create("t")
		w.must(err)
		w.db.Next(faulty.Write, faulty.Fault{Before: func() { w.must(w.RenameTable(t.Context(), w.admin, "c", id("a", "t"), id("a", "new"))) }})
		_, err = w.commit("t", put("mine", "1"))
		expect(t, "commit", err, fault.NotFound)
		w.whole("new")
		if w.has("new", "mine") || len(w.stored()) != 1 {
			t.Error("got what was refused, or its file")
		}
	})
}
