package catalog_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
	"firn/shared/store"
)

// keyed is a change that a client may repeat, with what it is answered and how to see its effect.
type keyed struct {
	name  string
	ready func(w *world)
	do    func(w *world, s *catalog.Service) (any, error)
	seen  func(w *world) any // what is there
}

// answer is a Loaded without what is new each time.
type answer struct {
	File, Metadata string
	Keys           bool
}

func told(l catalog.Loaded, err error) (any, error) {
	return answer{l.MetadataLocation, string(l.Metadata), l.Keys.Credential != nil}, err
}

func keyedChanges() []keyed {
	ctx := context.Background()
	made := func(w *world) { _, err := w.create("t"); w.must(err) }
	in := []string{"a"}
	return []keyed{
		{"create a table", nil, func(w *world, s *catalog.Service) (any, error) {
			return told(s.CreateTable(ctx, w.admin, "c", in, catalog.Creation{Name: "t", Request: asked()}, vended))
		}, version("t")},
		{"stage a table", nil, func(w *world, s *catalog.Service) (any, error) {
			return told(s.CreateTable(ctx, w.admin, "c", in, catalog.Creation{Name: "t", Request: asked(), Staged: true}, vended))
		}, func(w *world) any { return w.exists("t") }},
		{"commit", made, func(w *world, s *catalog.Service) (any, error) {
			return told(s.CommitTable(ctx, w.admin, "c", table("t"), put("mine", "1")))
		}, version("t")},
		{"commit nothing", made, func(w *world, s *catalog.Service) (any, error) {
			return told(s.CommitTable(ctx, w.admin, "c", table("t"), change(`[]`, `[]`)))
		}, version("t")},
		{"make a table by a commit", nil, func(w *world, s *catalog.Service) (any, error) {
			return told(s.CommitTable(ctx, w.admin, "c", table("t"), firstAt("s3://lake/c/a/t")))
		}, version("t")},
		{"commit several tables", func(w *world) { w.tables(2) }, func(w *world, s *catalog.Service) (any, error) {
			return nil, s.CommitTransaction(ctx, w.admin, "c", []catalog.TableChange{on("t0", put("mine", "1")), on("t1", put("mine", "1"))})
		}, func(w *world) any { return []any{version("t0")(w), version("t1")(w)} }},
		{"register", func(w *world) { w.leave(foreign, document("s3://lake/c/a/t", nil)) }, func(w *world, s *catalog.Service) (any, error) {
			return told(s.RegisterTable(ctx, w.admin, "c", in, catalog.Registration{Name: "t", File: foreign}, vended))
		}, version("t")},
		{"register over a table", func(w *world) { made(w); w.leave(foreign, document("s3://lake/c/a/t", nil)) }, func(w *world, s *catalog.Service) (any, error) {
			return told(s.RegisterTable(ctx, w.admin, "c", in, catalog.Registration{Name: "t", File: foreign, Overwrite: true}, vended))
		}, version("t")},
		{"unregister", made, func(w *world, s *catalog.Service) (any, error) {
			return told(s.UnregisterTable(ctx, w.admin, "c", table("t")))
		}, func(w *world) any { return w.exists("t") }},
		{"rename", made, func(w *world, s *catalog.Service) (any, error) {
			return nil, s.RenameTable(ctx, w.admin, "c", table("t"), table("u"))
		}, func(w *world) any { return []bool{w.exists("t"), w.exists("u")} }},
		{"drop", made, func(w *world, s *catalog.Service) (any, error) {
			return nil, s.DropTable(ctx, w.admin, "c", table("t"), false)
		}, func(w *world) any { return w.exists("t") }},
		{"purge", made, func(w *world, s *catalog.Service) (any, error) {
			return nil, s.DropTable(ctx, w.admin, "c", table("t"), true)
		}, func(w *world) any { return []any{w.exists("t"), len(w.stored())} }},
		{"make a namespace", nil, func(w *world, s *catalog.Service) (any, error) {
			n, err := s.CreateNamespace(ctx, w.admin, "c", []string{"new"}, lake.Properties{"x": "1"})
			return n, err
		}, func(w *world) any { n, _ := w.LoadNamespace(ctx, w.admin, "c", []string{"new"}); return n }},
		{"update a namespace", nil, func(w *world, s *catalog.Service) (any, error) {
			u, err := s.UpdateNamespace(ctx, w.admin, "c", in, lake.Properties{"x": "1"}, []string{"none"})
			return u, err
		}, func(w *world) any { n, _ := w.LoadNamespace(ctx, w.admin, "c", in); return n }},
		{"drop a namespace", func(w *world) { w.must(w.namespace("new")) }, func(w *world, s *catalog.Service) (any, error) {
			return nil, s.DropNamespace(ctx, w.admin, "c", []string{"new"})
		}, func(w *world) any { return w.NamespaceExists(ctx, w.admin, "c", []string{"new"}) != nil }},
		{"make a view", nil, func(w *world, s *catalog.Service) (any, error) {
			return told(s.CreateView(ctx, w.admin, "c", in, catalog.ViewCreation{Name: "v", Request: viewAsked()}))
		}, func(w *world) any { l, _ := w.LoadView(ctx, w.admin, "c", table("v")); return l.MetadataLocation }},
		{"change a view", func(w *world) { w.must(w.viewMade("v")) }, func(w *world, s *catalog.Service) (any, error) {
			return told(s.CommitView(ctx, w.admin, "c", table("v"), viewPut("mine", "1")))
		}, func(w *world) any { l, _ := w.LoadView(ctx, w.admin, "c", table("v")); return l.MetadataLocation }},
		{"drop a view", func(w *world) { w.must(w.viewMade("v")) }, func(w *world, s *catalog.Service) (any, error) {
			return nil, s.DropView(ctx, w.admin, "c", table("v"))
		}, func(w *world) any { return w.ViewExists(ctx, w.admin, "c", table("v")) == nil }},
	}
}

func (w *world) exists(name string) bool {
	return w.TableExists(context.Background(), w.admin, "c", table(name)) == nil
}

// version tells which version a table has; nothing if there is none.
func version(name string) func(w *world) any {
	return func(w *world) any {
		l, _ := w.LoadTable(context.Background(), w.admin, "c", table(name), catalog.Delegation{}, false)
		return l.MetadataLocation
	}
}

func viewAsked() iceberg.CreateViewRequest {
	r, err := iceberg.DecodeCreateView([]byte(`{"name":"v","schema":` + schema + `,"properties":{},"view-version":{"version-id":1,"timestamp-ms":1790000000000,"schema-id":0,"summary":{},
		"default-namespace":["a"],"representations":[{"type":"sql","sql":"select 1","dialect":"spark"}]}}`))
	if err != nil {
		panic(err)
	}
	return r
}

func (w *world) viewMade(name string) error {
	_, err := w.CreateView(context.Background(), w.admin, "c", []string{"a"}, catalog.ViewCreation{Name: name, Request: viewAsked()})
	return err
}

func viewPut(key, value string) catalog.Change {
	u, err := iceberg.DecodeViewUpdates([]byte(`[{"action":"set-properties","updates":{"` + key + `":"` + value + `"}}]`))
	if err != nil {
		panic(err)
	}
	return catalog.Change{Updates: u}
}

const someKey = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"

// once does a change with the key.
func (w *world) once(k keyed) (out any, err error) {
	err = w.Once(context.Background(), w.admin, someKey, k.name, func(s *catalog.Service) (err error) {
		out, err = k.do(w, s)
		return err
	})
	if err != nil {
		out = nil
	}
	return out, err
}

func onceWorld(t *testing.T, k keyed) *world {
	w := newWorld(t)
	w.set(purging, "true")
	if k.ready != nil {
		k.ready(w)
	}
	return w
}

func TestKeyedChangeIsDoneOnce(t *testing.T) {
	for _, k := range keyedChanges() {
		t.Run(k.name, func(t *testing.T) {
			w := onceWorld(t, k)
			first, err := w.once(k)
			w.must(err)
			is, files := k.seen(w), len(w.stored())
			for _, age := range []time.Duration{0, catalog.KeyLifetime} {
				w.pass(age)
				w.restart()
				w.take()
				again, err := w.once(k)
				expect(t, "again", err, 0)
				if diff := cmp.Diff(again, first); diff != "" {
					t.Errorf("answers again (-got +want):\n%s", diff)
				}
				if u := w.take(); u.KV.Transactions+u.Puts+u.Dels > 0 {
					t.Errorf("got effects %+v", u)
				}
				if diff := cmp.Diff(k.seen(w), is); diff != "" || len(w.stored()) != files {
					t.Errorf("what is there (-got +want), %d files, want %d:\n%s", len(w.stored()), files, diff)
				}
			}
		})
	}
}

// Whatever happens to the write of its effect, a change with a key is done once, and its answer is at last that of success.
func TestKeyedChangeInDoubt(t *testing.T) {
	twin := func(w *world, k keyed, where func(func()) faulty.Fault) faulty.Fault {
		return where(func() { _, err := w.once(k); w.must(err) })
	}
	rows := []struct {
		name string
		verb faulty.Verb
		then func(w *world, k keyed) faulty.Fault
		want fault.Kind // of the first try
	}{
		{"its answer is lost", faulty.Write, func(*world, keyed) faulty.Fault { return faulty.Fault{Lose: faulty.Answer} }, 0},
		{"its request is lost", faulty.Write, func(*world, keyed) faulty.Fault { return faulty.Fault{Lose: faulty.Request} }, fault.StateUnknown},
		{"another try is faster", faulty.Write, func(w *world, k keyed) faulty.Fault {
			return twin(w, k, func(do func()) faulty.Fault { return faulty.Fault{Before: do} })
		}, 0},
		{"another try is faster, and the answer is lost", faulty.Write, func(w *world, k keyed) faulty.Fault {
			return twin(w, k, func(do func()) faulty.Fault { return faulty.Fault{Before: do, Lose: faulty.Answer} })
		}, -1},
		{"another try lands in the middle of its read", faulty.Get, func(w *world, k keyed) faulty.Fault {
			return twin(w, k, func(do func()) faulty.Fault { return faulty.Fault{Between: do} })
		}, 0},
	}
	for _, row := range rows {
		for _, k := range keyedChanges() {
			if k.name == "commit nothing" {
				continue // it has no effect to be in doubt
			}
			t.Run(row.name+": "+k.name, func(t *testing.T) {
				w := onceWorld(t, k)
				w.db.Next(row.verb, row.then(w, k))
				_, err := w.once(k)
				if row.want >= 0 {
					expect(t, "first", err, row.want)
				} else if err != nil && !fault.Is(err, fault.StateUnknown) {
					t.Errorf("first: got %v, want success or an unknown state", err)
				}
				out, err := w.once(k)
				expect(t, "again", err, 0)
				is := k.seen(w)
				last, err := w.once(k)
				expect(t, "and again", err, 0)
				if diff := cmp.Diff(last, out); diff != "" {
					t.Errorf("answers (-got +want):\n%s", diff)
				}
				if diff := cmp.Diff(k.seen(w), is); diff != "" {
					t.Errorf("what is there (-got +want):\n%s", diff)
				}
			})
		}
	}
}

func TestKeyedRefusals(t *testing.T) {
	create := func(name string) keyed {
		return keyed{name: "create " + name, do: func(w *world, s *catalog.Service) (any, error) {
			return told(s.CreateTable(context.Background(), w.admin, "c", []string{"a"}, catalog.Creation{Name: name, Request: asked()}, catalog.Delegation{}))
		}}
	}
	w := newWorld(t)
	w.must(makeTable("t", "")(w))
	_, first := w.once(create("t"))
	expect(t, "taken", first, fault.Exists)
	w.must(w.drop("t", false))
	_, again := w.once(create("t"))
	if diff := cmp.Diff(fmt.Sprint(again), fmt.Sprint(first)); diff != "" || !fault.Is(again, fault.Exists) {
		t.Errorf("a refusal is told again (-got +want):\n%s", diff)
	}
	_, err := w.once(create("u"))
	expect(t, "the key of another request", err, fault.Unprocessable)
	if w.exists("u") {
		t.Error("got an effect of a request whose key was another's")
	}
	w.pass(catalog.KeyLifetime + 10*time.Minute)
	_, err = w.once(create("t"))
	expect(t, "after the key's time", err, 0)

	w = newWorld(t)
	someone := w.person("bob")
	w.admin = someone
	_, err = w.once(create("t"))
	expect(t, "not allowed", err, fault.Forbidden)
	w.grant("bob", "TABLE_CREATE", w.Store.AddGrant)
	_, err = w.once(create("t"))
	expect(t, "allowed by then: a refusal for lack of rights is not kept", err, 0)
	_, err = w.once(create(""))
	expect(t, "refused without a look, and nothing is kept", err, fault.Argument)
}

// grant gives a person's role a privilege on the catalog, or takes it.
func (w *world) grant(name, privilege string, change func(context.Context, lake.Realm, *store.CatalogSlot, *store.Slot[lake.CatalogRole], store.Grant) error) {
	w.t.Helper()
	b := w.Store.Batch(realm)
	c := b.Catalog("c")
	role := b.CatalogRole(c, "role-"+name)
	w.must(b.Read(context.Background()))
	w.must(change(context.Background(), realm, c, role, store.Grant{On: store.CatalogObject(c), Privilege: privilege}))
}

// The key of one principal is nobody else's.
func TestKeysAreOfTheirPrincipals(t *testing.T) {
	w := newWorld(t)
	k := keyedChanges()[0]
	_, err := w.once(k)
	w.must(err)
	w.admin = w.person("bob", "TABLE_CREATE", "TABLE_WRITE_DATA")
	_, err = w.once(k)
	expect(t, "another's", err, fault.Exists)
}

// A refusal that cannot be kept is none: another try may have had its effect.
func TestRefusalThatCannotBeKept(t *testing.T) {
	w := newWorld(t)
	k := keyed{name: "drop", do: func(w *world, s *catalog.Service) (any, error) {
		return nil, s.DropTable(context.Background(), w.admin, "c", table("none"), false)
	}}
	for _, f := range []faulty.Fault{{Lose: faulty.Request}, {Refuse: fault.Throttled}} {
		w.db.Next(faulty.Write, f)
		_, err := w.once(k)
		expect(t, "refused", err, fault.StateUnknown)
	}
	w.db.Next(faulty.Write, faulty.Fault{Lose: faulty.Answer})
	_, err := w.once(k)
	expect(t, "kept, without an answer", err, fault.NotFound)
}

// What was done is not refused to a replay, even where no more can be told of it.
func TestReplayOfWhatCannotBeTold(t *testing.T) {
	ctx := context.Background()
	rows := []struct {
		name string
		then func(w *world)
	}{
		{"its table is gone", func(w *world) { w.must(w.DropTable(ctx, w.admin, "c", table("t"), false)) }},
		{"another has its name", func(w *world) {
			w.must(w.DropTable(ctx, w.admin, "c", table("t"), false))
			_, err := w.CreateTable(ctx, w.admin, "c", []string{"a"}, catalog.Creation{Name: "t", Request: asked()}, catalog.Delegation{})
			w.must(err)
		}},
		{"the right is gone", func(w *world) {}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			k := keyedChanges()[0]
			boss := w.admin
			if row.name == "the right is gone" {
				w.admin = w.person("bob", "TABLE_CREATE", "TABLE_WRITE_DATA")
			}
			_, err := w.once(k)
			w.must(err)
			bob := w.admin
			w.admin = boss
			if bob.Principal != boss.Principal {
				w.grant("bob", "TABLE_WRITE_DATA", w.Store.RevokeGrant)
			}
			row.then(w)
			w.admin = bob
			_, err = w.once(k)
			expect(t, "replay", err, fault.StateUnknown)
		})
	}
}

// With a key a commit is one transaction of two operations; without one it is as ever.
func TestKeyedCommitIsATransactionOfTwo(t *testing.T) {
	w := newWorld(t)
	w.must(makeTable("t", "")(w))
	w.take()
	_, err := w.commit("t", put("a", "1"))
	w.must(err)
	if u := w.take(); u.KV.Transactions != 0 || u.KV.Writes != 2 || u.KV.Gets != 1 { // the second write is the copy
		t.Errorf("without a key: got %+v", u.KV)
	}
	commit := keyed{name: uuid.NewString(), do: func(w *world, s *catalog.Service) (any, error) {
		return told(s.CommitTable(context.Background(), w.admin, "c", table("t"), put("b", "1")))
	}}
	_, err = w.once(commit)
	w.must(err)
	if u := w.take(); u.KV.Transactions != 1 || u.KV.Ops != 2 || u.KV.Writes != 1 || u.KV.Gets != 1 {
		t.Errorf("with a key: got %+v", u.KV)
	}
	if !strings.Contains(fmt.Sprint(version("t")(w)), "/00002-") {
		t.Errorf("got %v, want the third version", version("t")(w))
	}
}
