package catalog_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/catalog"
	"firn/shared/lake"
	"firn/shared/store"
)

// budget is an operation and what it uses of the drivers: reads and writes of the table; requests to the object store, in
// capitals; keys minted. Each is done to a table "t" and a name of its own, told apart by id.
type budget struct {
	name     string
	settings []string // turned on for it
	ready    func(w *world, id string)
	do       func(w *world, id string) error
	warm     string // with all remembered that can be
	cold     string // what a new instance uses beside that, for lack of keys; the reads of roles that each needs are left out
}

// roles is what a new instance reads of the roles of a caller who has one principal role with one catalog role.
const roles = "1 get, 2 list"

// budgets follow the design: one batch read, one conditional write. Where more is used the reason stands beside it.
var budgets = []budget{
	{"load", nil, nil, loading(catalog.Delegation{}), "1 get", ""},
	{"load with keys", nil, nil, loading(vended), "1 get", "1 mint"},
	{"load with keys, no copy", nil, noCopy, loading(vended), "1 get", "1 write, 1 GET, 2 mint"}, // the document is remembered when warm
	{"load what the client has", nil, tagged, func(w *world, id string) error {
		_, err := w.LoadTable(w.t.Context(), w.admin, "c", table("t"+id), vended, false, w.known[id])
		return err
	}, "1 get", ""},
	{"load compressed, no copy", nil, noCopy, func(w *world, id string) error {
		_, err := w.Packing().LoadTable(w.t.Context(), w.admin, "c", table("t"+id), catalog.Delegation{}, false)
		return err
	}, "1 get", "1 write, 1 GET, 1 mint"},
	{"refresh", nil, nil, func(w *world, id string) error {
		_, err := w.Credentials(w.t.Context(), w.admin, "c", table("t"+id), "")
		return err
	}, "1 get", "1 mint"},
	{"sign", nil, func(w *world, id string) { w.must(signs(w, id)) }, signs, "1 get", "1 mint"},
	{"exists", nil, nil, func(w *world, id string) error { return w.TableExists(w.t.Context(), w.admin, "c", table("t"+id)) }, "1 get", ""},
	{"report", nil, nil, func(w *world, id string) error {
		return w.Report(w.t.Context(), w.admin, "c", table("t"+id), catalog.Report{Kind: catalog.ScanReport})
	}, "1 get", ""},
	{"commit", nil, firnsKey, committing("x", "1"), "1 get, 2 write, 1 PUT", "1 mint"}, // the second write is the copy
	{"commit, no copy", nil, both(firnsKey, noCopy), committing("x", "2"), "1 get, 2 write, 1 PUT", "1 GET, 1 mint"},
	{"commit a path within", nil, firnsKey, committing("write.data.path", "s3://lake/c/a/t%s/d"), "1 get, 2 write, 1 PUT", "1 mint"},
	{"commit a path outside", []string{unstructured}, firnsKey, committing("write.data.path", "s3://lake/c/far%s"),
		"2 get, 1 list, 1 write, 1 transaction, 1 PUT, 1 mint", ""}, // it is claimed, and no key for these folders was needed before
	{"commit with a key", nil, firnsKey, withKey(committing("x", "3")), "1 get, 1 write, 1 transaction, 1 PUT", "1 mint"}, // with its record; the write is the copy
	{"commit with a key, again", nil, func(w *world, id string) { w.must(withKey(committing("x", "4"))(w, id)) }, withKey(committing("x", "4")), "2 get", ""},
	{"drop with a key", nil, nil, withKey(dropping), "1 get, 1 transaction", ""},
	{"drop with a key, again", nil, func(w *world, id string) { w.must(withKey(dropping)(w, id)) }, withKey(dropping), "1 get", ""},
	{"commit two tables", nil, func(w *world, id string) { w.must(makeTable("u"+id, "")(w)); firnsKey(w, id) }, func(w *world, id string) error {
		return w.transact(on("t"+id, put("x", "1")), on("u"+id, put("x", "1")))
	}, "1 get, 2 write, 1 transaction, 2 PUT", "2 mint"}, // the writes are the copies
	{"create", []string{uniqueLeaf}, nil, creating(catalog.Delegation{}, false, ""), "1 get, 1 transaction, 1 PUT, 1 mint", ""}, // a new folder has no key
	{"create with keys", []string{uniqueLeaf}, nil, creating(vended, false, ""), "1 get, 1 transaction, 1 PUT, 2 mint", ""},
	{"stage with keys", []string{uniqueLeaf}, nil, creating(vended, true, ""), "1 get, 1 transaction, 1 mint", ""},
	{"create in a folder of its name", nil, nil, creating(catalog.Delegation{}, false, ""), "1 get, 1 list, 1 transaction, 1 PUT, 1 mint", ""},
	{"create where the client says", nil, nil, creating(catalog.Delegation{}, false, "s3://lake/c/a/at%s"), "1 get, 1 list, 1 transaction, 1 PUT, 1 mint", ""},
	{"create deeper where the client says", nil, nil, creating(catalog.Delegation{}, false, "s3://lake/c/a/in%s/x/y"),
		"2 get, 1 list, 1 transaction, 1 PUT, 1 mint", ""}, // the folders between are looked up at once
	{"register", nil, func(w *world, id string) { w.leave(fileOf(id), document("s3://lake/c/a/r"+id, nil)) }, func(w *world, id string) error {
		return registering(w, id, false)
	}, "1 get, 1 list, 1 transaction, 1 GET, 1 mint", ""},
	{"rename", nil, nil, func(w *world, id string) error {
		return w.RenameTable(w.t.Context(), w.admin, "c", table("t"+id), table("new"+id))
	}, "1 get, 1 transaction", ""},
	{"register over a table", nil, func(w *world, id string) {
		w.leave(fileOf(id), document("s3://lake/c/a/r"+id, nil))
		registering(w, id, false)
	}, func(w *world, id string) error {
		return registering(w, id, true)
	}, "1 get, 2 write, 1 GET", "1 mint"}, // the second write is the copy
	{"unregister", nil, nil, func(w *world, id string) error {
		_, err := w.UnregisterTable(w.t.Context(), w.admin, "c", table("t"+id))
		return err
	}, "1 get, 1 transaction", ""},
	{"drop", nil, nil, dropping, "1 get, 1 transaction", ""},
	{"purge", nil, nil, func(w *world, id string) error { return w.drop("t"+id, true) }, "1 get, 2 transaction, 1 DELETE, 1 mint", ""}, // and the work's end
	{"load a view", nil, readyView, loadingView, "1 get", ""},
	{"load a view, no copy", nil, func(w *world, id string) { readyView(w, id); w.must(loadingView(w, id)); w.keep("v"+id, nil) }, loadingView,
		"1 get", "1 write, 1 GET, 1 mint"}, // as of a table
	{"view exists", nil, readyView, func(w *world, id string) error { return w.ViewExists(w.t.Context(), w.admin, "c", table("v"+id)) }, "1 get", ""},
	{"create a view", []string{uniqueLeaf}, nil, func(w *world, id string) error { _, err := w.createView("new" + id); return err }, "1 get, 1 transaction, 1 PUT, 1 mint", ""},
	{"register a view", nil, func(w *world, id string) { w.leave(fileOf(id), viewDocument("s3://lake/c/a/r"+id, nil)) }, func(w *world, id string) error {
		_, err := w.RegisterView(w.t.Context(), w.admin, "c", []string{"a"}, "r"+id, fileOf(id))
		return err
	}, "1 get, 1 list, 1 transaction, 1 GET, 1 mint", ""},
	{"replace a view", nil, readyView, func(w *world, id string) error { _, err := w.commitView("v"+id, putView("x", "1")); return err }, "1 get, 2 write, 1 PUT", "1 mint"}, // the second write is the copy
	{"rename a view", nil, readyView, func(w *world, id string) error {
		return w.RenameView(w.t.Context(), w.admin, "c", table("v"+id), table("new"+id))
	}, "1 get, 1 transaction", ""},
	{"drop a view", nil, readyView, func(w *world, id string) error { return w.DropView(w.t.Context(), w.admin, "c", table("v"+id)) }, "1 get, 1 transaction", ""},
	{"list a page of views", nil, nil, func(w *world, _ string) error {
		_, _, err := w.ListViews(w.t.Context(), w.admin, "c", []string{"a"}, catalog.Page{Asked: true, Size: 2})
		return err
	}, "1 get, 1 list", ""},
	{"list a page of tables", nil, nil, func(w *world, _ string) error {
		_, _, err := w.ListTables(w.t.Context(), w.admin, "c", []string{"a"}, catalog.Page{Asked: true, Size: 2})
		return err
	}, "1 get, 1 list", ""},
	{"list a page of namespaces", nil, nil, func(w *world, _ string) error {
		_, _, err := w.ListNamespaces(w.t.Context(), w.admin, "c", nil, catalog.Page{Asked: true, Size: 2})
		return err
	}, "1 get, 1 list", ""},
	{"list functions", nil, nil, func(w *world, _ string) error {
		_, _, err := w.ListFunctions(w.t.Context(), w.admin, "c", []string{"a"}, catalog.Page{})
		return err
	}, "1 get", ""},
	{"load a namespace", nil, nil, func(w *world, _ string) error {
		_, err := w.LoadNamespace(w.t.Context(), w.admin, "c", []string{"a"})
		return err
	}, "1 get", ""},
	{"make a namespace", nil, nil, func(w *world, id string) error { return w.namespace("new" + id) }, "2 get, 1 list, 1 transaction", ""}, // as a deeper folder
	{"update a namespace", nil, nil, func(w *world, id string) error {
		_, err := w.UpdateNamespace(w.t.Context(), w.admin, "c", []string{"a"}, lake.Properties{"x": id}, nil)
		return err
	}, "1 get, 1 write", ""},
	{"drop a namespace", nil, func(w *world, id string) { w.must(w.namespace("empty" + id)) }, func(w *world, id string) error {
		return w.DropNamespace(w.t.Context(), w.admin, "c", []string{"empty" + id})
	}, "1 get, 2 list, 1 transaction", ""}, // nothing may be in it: neither entries nor namespaces
	{"configuration", nil, nil, func(w *world, _ string) error { _, err := w.Configuration(w.t.Context(), w.admin, "c"); return err }, "1 get", ""},
}

const uniqueLeaf = "polaris.config.default-unique-table-location.enabled"

func fileOf(id string) string { return "s3://lake/c/a/r" + id + "/metadata/0-x.metadata.json" }

// tagged remembers the tag of the table with keys.
func tagged(w *world, id string) {
	l, err := w.LoadTable(w.t.Context(), w.admin, "c", table("t"+id), vended, false)
	w.must(err)
	w.known[id] = l.Tag()
}

func loadingView(w *world, id string) error {
	_, err := w.LoadView(w.t.Context(), w.admin, "c", table("v"+id))
	return err
}

// readyView makes a view, by a key of firn's own that is then remembered.
func readyView(w *world, id string) { _, err := w.createView("v" + id); w.must(err) }

func registering(w *world, id string, over bool) error {
	_, err := w.RegisterTable(w.t.Context(), w.admin, "c", []string{"a"}, catalog.Registration{Name: "r" + id, File: fileOf(id), Overwrite: over}, catalog.Delegation{})
	return err
}

func dropping(w *world, id string) error { return w.drop("t"+id, false) }

// withKey does an operation under a key of its own, which is the same each time.
func withKey(do func(*world, string) error) func(*world, string) error {
	return func(w *world, id string) error {
		return w.Once(w.t.Context(), w.admin, someKey+id, "r", func(s *catalog.Service) error {
			plain := w.Service
			w.Service = s
			defer func() { w.Service = plain }()
			return do(w, id)
		})
	}
}

func noCopy(w *world, id string) { w.keep("t"+id, nil) }

// firnsKey lets firn have a key to write the table.
func firnsKey(w *world, id string) { _, err := w.commit("t"+id, put("first", "1")); w.must(err) }

func both(first, second func(*world, string)) func(*world, string) {
	return func(w *world, id string) { first(w, id); second(w, id) }
}

func loading(d catalog.Delegation) func(*world, string) error {
	return func(w *world, id string) error {
		_, err := w.LoadTable(w.t.Context(), w.admin, "c", table("t"+id), d, false)
		return err
	}
}

func signs(w *world, id string) error {
	_, err := w.sign(w.admin, "t"+id, "", request("GET", "t"+id+"/data/f"))
	return err
}

func committing(key, value string) func(*world, string) error {
	return func(w *world, id string) error {
		_, err := w.commit("t"+id, put(key, strings.Replace(value, "%s", id, 1)))
		return err
	}
}

func creating(d catalog.Delegation, staged bool, loc string) func(*world, string) error {
	return func(w *world, id string) error {
		request := asked()
		if loc != "" {
			request = asked(at(strings.Replace(loc, "%s", id, 1)))
		}
		_, err := w.CreateTable(w.t.Context(), w.admin, "c", []string{"a"}, catalog.Creation{Name: "new" + id, Request: request, Staged: staged}, d)
		return err
	}
}

// spent puts what was used into words.
func (u used) spent() string {
	var out []string
	for _, c := range []struct {
		n    int
		what string
	}{{u.KV.Gets, "get"}, {u.KV.Lists, "list"}, {u.KV.Writes, "write"}, {u.KV.Transactions, "transaction"},
		{u.Gets, "GET"}, {u.Puts, "PUT"}, {u.Dels, "DELETE"}, {u.Mints, "mint"}} {
		if c.n > 0 {
			out = append(out, fmt.Sprint(c.n, " ", c.what))
		}
	}
	return strings.Join(out, ", ")
}

func (u used) minus(v used) used {
	u.KV.Gets, u.KV.Lists, u.KV.Writes, u.KV.Transactions = u.KV.Gets-v.KV.Gets, u.KV.Lists-v.KV.Lists, u.KV.Writes-v.KV.Writes, u.KV.Transactions-v.KV.Transactions
	u.Gets, u.Puts, u.Dels, u.Mints = u.Gets-v.Gets, u.Puts-v.Puts, u.Dels-v.Dels, u.Mints-v.Mints
	return u
}

// measure does an operation on an instance that has all that it can remember, and on a new one.
func (w *world) measure(b budget, id string) (warm, cold used) {
	w.t.Helper()
	for _, s := range b.settings {
		w.set(s, "true")
		defer w.set(s, "false")
	}
	for i, result := range []*used{&warm, &cold} {
		own := fmt.Sprint("-", id, "-", i)
		w.must(makeTable("t"+own, "")(w))
		w.must(loading(vended)(w, own))
		if b.ready != nil {
			b.ready(w, own)
		}
		if result == &cold {
			w.restart()
		}
		w.take()
		if err := b.do(w, own); err != nil {
			w.t.Fatalf("%s: %v", b.name, err)
		}
		*result = w.take()
	}
	return warm, cold
}

// budgetWorld has everything turned on that operations need, and n tables, namespaces, and grants of a role that the
// caller does not have.
func budgetWorld(t *testing.T, n int) *world {
	w := signing(t, nil)
	w.set("polaris.config.list-pagination-enabled", "true", purging, "true")
	w.person("other")
	for i := range n {
		name := fmt.Sprint("more", i)
		w.must(makeTable(name, "")(w))
		w.must(w.namespace(name))
		b := w.Store.Batch(realm)
		c := b.Catalog("c")
		a := b.Namespace(c, []string{"a"})
		role, tab := b.CatalogRole(c, "role-other"), b.Table(a, name)
		w.must(b.Read(context.Background()))
		w.must(w.Store.AddGrant(context.Background(), realm, c, role, store.Grant{On: store.TableObject(a, tab), Privilege: "TABLE_READ_DATA"}))
	}
	return w
}

func TestBudgets(t *testing.T) {
	w := budgetWorld(t, 3)
	w.restart()
	w.take()
	_, err := w.LoadNamespace(t.Context(), w.admin, "c", []string{"a"})
	w.must(err)
	newcomer := w.take()
	newcomer.KV.Gets-- // the batch
	if got := newcomer.spent(); got != roles {
		t.Errorf("a new instance reads the roles: got %s, want %s", got, roles)
	}
	for i, b := range budgets {
		warm, cold := w.measure(b, fmt.Sprint(i))
		if got := warm.spent(); got != b.warm {
			t.Errorf("%s, warm: got %s, want %s", b.name, got, b.warm)
		}
		if got := cold.minus(warm).minus(newcomer).spent(); got != b.cold {
			t.Errorf("%s, cold: got %s more, want %s", b.name, got, b.cold)
		}
	}
}

func TestNothingGrows(t *testing.T) {
	few, many := budgetWorld(t, 3), budgetWorld(t, 300)
	for i, b := range budgets {
		fewWarm, fewCold := few.measure(b, fmt.Sprint(i))
		manyWarm, manyCold := many.measure(b, fmt.Sprint(i))
		if diff := cmp.Diff([]used{fewWarm, fewCold}, []used{manyWarm, manyCold}); diff != "" {
			t.Errorf("%s: among 3 and among 300, warm and cold (-3 +300):\n%s", b.name, diff)
		}
	}
}
