package catalog_test

import (
	"context"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/store"
	"firn/shared/vend"
)

// entry reads the item of the table "t", and what it is in.
func (w *world) entry() (*store.Slot[lake.Principal], *store.NamespaceSlot, *store.Slot[lake.Table]) {
	w.t.Helper()
	b := w.Store.Batch(realm)
	who, c := b.Principal("root"), b.Catalog("c")
	n := b.Namespace(c, []string{"a"})
	t := b.Table(n, "t")
	w.must(b.Read(context.Background()))
	return who, n, t
}

// halt changes the state of the keys of the administrator, and of the table "t".
func (w *world) halt(principal, table lake.KeyState) {
	w.t.Helper()
	ctx := context.Background()
	who, n, t := w.entry()
	p := *who.Value
	p.Keys = principal
	w.must(w.Store.UpdatePrincipal(ctx, realm, who, &p))
	next := *t.Value
	next.Keys, next.Version = table, next.Version+1
	w.must(w.Store.UpdateTable(ctx, n, t, &next, store.Moved{}))
}

func TestHaltedKeys(t *testing.T) {
	halted := lake.KeyState{Epoch: 1, Halted: true}
	rows := []struct {
		name             string
		principal, table lake.KeyState
		refused          map[string]bool // requests that ask for keys
	}{
		{"a principal", halted, lake.KeyState{}, map[string]bool{"load": true, "refresh": true, "create": true, "stage": true, "register": true}},
		{"a table", lake.KeyState{}, halted, map[string]bool{"load": true, "refresh": true}},
		{"lifted", lake.KeyState{Epoch: 1}, lake.KeyState{Epoch: 3}, nil},
	}
	for _, row := range rows {
		for _, ask := range asks {
			t.Run(row.name+" "+ask.name, func(t *testing.T) {
				w := newWorld(t)
				_, err := w.create("t")
				w.must(err)
				before, err := w.LoadTable(t.Context(), w.admin, "c", table("t"), vended, false) // a key is there to be served again
				w.must(err)
				w.halt(row.principal, row.table)
				w.take()
				k, err := ask.do(w, w.admin, vended)
				if !row.refused[ask.name] {
					expect(t, "keys", err, 0)
					if u := w.take(); k.Credential == nil || k.Credential.ID == before.Keys.Credential.ID || u.ForClients != 1 {
						t.Errorf("got key %v and %d mintings, want a fresh one", k.Credential, u.ForClients)
					}
					return
				}
				expect(t, "keys", err, fault.Forbidden)
				u := w.take()
				if ask.name == "register" {
					u.Mints = u.ForClients // to read the file
				}
				if !u.quiet() || k.Credential != nil {
					t.Errorf("got key %v, effects %+v", k.Credential, u)
				}
			})
		}
	}
}

// Only keys are halted: what needs none goes on, and so does firn's own work.
func TestHaltedKeysLeaveTheRest(t *testing.T) {
	w := newWorld(t)
	_, err := w.create("t")
	w.must(err)
	w.halt(lake.KeyState{Halted: true}, lake.KeyState{Epoch: 2, Halted: true})
	w.restart()
	_, err = w.commit("t", put("x", "1"))
	expect(t, "commit", err, 0)
	_, _, err = w.load("t")
	expect(t, "load without keys", err, 0)
	w.halt(lake.KeyState{}, lake.KeyState{})
	_, err = w.LoadTable(t.Context(), w.admin, "c", table("t"), vended, false)
	expect(t, "load with keys", err, 0)
}

// A commit keeps the state of the table's keys.
func TestACommitLiftsNoHalt(t *testing.T) {
	w := newWorld(t)
	_, err := w.create("t")
	w.must(err)
	w.halt(lake.KeyState{}, lake.KeyState{Halted: true})
	for _, change := range []func() error{
		func() error { _, err := w.commit("t", put("x", "1")); return err },
		func() error { return w.RenameTable(t.Context(), w.admin, "c", table("t"), table("u")) },
		func() error { return w.RenameTable(t.Context(), w.admin, "c", table("u"), table("t")) },
	} {
		w.must(change())
	}
	_, err = w.Credentials(t.Context(), w.admin, "c", table("t"), "")
	expect(t, "keys", err, fault.Forbidden)
}

func TestWhatIsWantedNarrowsTheKeys(t *testing.T) {
	rows := []struct {
		name   string
		caller string
		want   catalog.Want
		kind   fault.Kind
		keys   string
	}{
		{"all", "root", catalog.Want{}, 0, "root s3://lake/c/a/t/ read,list,write,delete"},
		{"reading", "root", catalog.Want{Actions: vend.Read | vend.List}, 0, "root s3://lake/c/a/t/ read,list"},
		{"a reader's reading", "ann", catalog.Want{Actions: vend.Read}, 0, "ann s3://lake/c/a/t/ read"},
		{"a reader's writing", "ann", catalog.Want{Actions: vend.Write | vend.Delete}, fault.Forbidden, ""},
		{"a folder within", "root", catalog.Want{Actions: vend.Read, Within: "s3://lake/c/a/t/data"}, 0, "root s3://lake/c/a/t/data/ read"},
		{"the folder itself", "root", catalog.Want{Actions: vend.Read, Within: "s3://lake/c/a/t/"}, 0, "root s3://lake/c/a/t/ read"},
		{"a sibling", "root", catalog.Want{Within: "s3://lake/c/a/t2"}, fault.Invalid, ""},
		{"the folder around", "root", catalog.Want{Within: "s3://lake/c/a"}, fault.Invalid, ""},
		{"another bucket", "root", catalog.Want{Within: "s3://lake2/c/a/t"}, fault.Invalid, ""},
		{"a way out", "root", catalog.Want{Within: "s3://lake/c/a/t/../u"}, fault.Argument, ""},
		{"the table that is meant", "root", catalog.Want{TableID: "its", Actions: vend.Read}, 0, "root s3://lake/c/a/t/ read"},
		{"another table of that name", "root", catalog.Want{TableID: "another"}, fault.NotFound, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			_, err := w.create("t")
			w.must(err)
			if row.want.TableID == "its" {
				_, _, item := w.entry()
				row.want.TableID = item.Value.ID
			}
			w.take()
			_, err = w.Vend(t.Context(), map[string]lake.Caller{"root": w.admin, "ann": w.reader}[row.caller], "c", table("t"), row.want)
			expect(t, "vend", err, row.kind)
			if got := w.forClients(); got != row.keys {
				t.Errorf("got keys %q, want %q", got, row.keys)
			}
		})
	}
}
