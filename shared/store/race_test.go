package store

import (
	"fmt"
	"slices"
	"testing"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
)

// A race runs one operation in the middle of another: before each of its calls to the driver in turn, and between the
// halves of each of its reads. Both ways round.
type race struct {
	name  string
	setup func(w *world) error
	a, b  func(w *world) error
	both  bool         // may succeed; else exactly one does
	loser []fault.Kind // what the one that does not succeed is told
	then  func(w *world, a, b error)
}

// middle gives a plan that runs do at the nth call, and what it counted.
func middle(n int, torn bool, do func()) (plan func(faulty.Call) faulty.Fault, calls *int, ran *bool) {
	calls, ran = new(int), new(bool)
	return func(c faulty.Call) faulty.Fault {
		if *ran {
			return faulty.Fault{}
		}
		*calls++
		if *calls != n || torn && (c.Verb != faulty.Get || len(c.Keys) < 2) {
			return faulty.Fault{}
		}
		*ran = true
		if torn {
			return faulty.Fault{Between: do}
		}
		return faulty.Fault{Before: do}
	}, calls, ran
}

func (r race) run(t *testing.T, open func(*testing.T) kv.Driver, torn bool) {
	for _, order := range []string{"b within a", "a within b"} {
		for n := 1; ; n++ {
			w := newWorld(t, open(t))
			w.must(r.setup(w))
			outer, inner := r.a, r.b
			if order == "a within b" {
				outer, inner = r.b, r.a
			}
			var innerErr error
			plan, calls, ran := middle(n, torn, func() { innerErr = inner(w) })
			w.db.Plan(plan)
			outerErr := outer(w)
			w.db.Plan(nil)
			if *calls < n {
				break
			}
			if !*ran {
				continue
			}
			errA, errB := outerErr, innerErr
			if order == "a within b" {
				errA, errB = innerErr, outerErr
			}
			r.judge(w, fmt.Sprintf("%s at call %d, torn %v: a got %v, b got %v", order, n, torn, errA, errB), errA, errB)
		}
	}
}

func (r race) judge(w *world, at string, errA, errB error) {
	w.t.Helper()
	if errA != nil && errB != nil || errA == nil && errB == nil && !r.both {
		w.t.Errorf("%s; want one to succeed", at)
	}
	for _, err := range []error{errA, errB} {
		if err != nil && !fault.Is(err, r.loser...) {
			w.t.Errorf("%s; want the loser to be told one of %v", at, r.loser)
		}
	}
	w.sound()
	if r.then != nil {
		r.then(w, errA, errB)
	}
	if w.t.Failed() {
		w.t.Fatalf("after %s", at)
	}
}

// seq runs steps in order until one fails.
func seq(steps ...func(w *world) error) func(w *world) error {
	return func(w *world) error {
		for _, step := range steps {
			if err := step(w); err != nil {
				return err
			}
		}
		return nil
	}
}

func mkCatalog(name string, bases ...string) func(*world) error {
	return func(w *world) error { return w.createCatalog(name, bases...) }
}
func rmCatalog(name string) func(*world) error {
	return func(w *world) error { return w.dropCatalog(name) }
}
func mkNS(ns, folder string) func(*world) error {
	return func(w *world) error { return w.createNamespace("c", ns, folder) }
}
func rmNS(ns string) func(*world) error {
	return func(w *world) error { return w.dropNamespace("c", ns) }
}
func mvNS(ns, folder string) func(*world) error {
	return func(w *world) error { return w.moveNamespace("c", ns, folder) }
}
func mkTable(ns, name, loc string) func(*world) error {
	return func(w *world) error { return w.createTable("c", ns, name, loc) }
}
func rmTable(ns, name string) func(*world) error {
	return func(w *world) error { return w.dropTable("c", ns, name) }
}
func purge(ns, name string) func(*world) error {
	return func(w *world) error { return w.purgeTable("c", ns, name) }
}
func grow(ns, name string, more ...string) func(*world) error {
	return func(w *world) error { return w.commit("c", ns, name, more...) }
}
func mvTable(ns, name, toNS, toName string) func(*world) error {
	return func(w *world) error { return w.rename("c", ns, name, toNS, toName) }
}
func mkStaged(ns, name, loc string) func(*world) error {
	return func(w *world) error { return w.stage("c", ns, name, loc, "ann", "u-"+name) }
}
func endStaged(ns, name, loc string) func(*world) error {
	return func(w *world) error { return w.commitStaged("c", ns, name, loc, "ann", "u-"+name) }
}

var (
	notThere  = []fault.Kind{fault.NotFound, fault.NotEmpty}
	overlap   = []fault.Kind{fault.Forbidden}
	nameTaken = []fault.Kind{fault.Exists}
	home      = seq(mkCatalog("c", "s3://lake/c"), mkNS("a", ""))
	homes     = seq(home, mkNS("b", ""))
)

// The races of the single table; each name is the promise.
var races = []race{
	{name: "a dropped namespace has no table", setup: home, a: rmNS("a"), b: mkTable("a", "t", ""), loser: notThere},
	{name: "a dropped namespace has no table in a folder of a client's choice", setup: home, a: rmNS("a"), b: mkTable("a", "t", "s3://lake/c/a/x"), loser: notThere},
	{name: "a dropped namespace has no child", setup: home, a: rmNS("a"), b: mkNS("a.k", ""), loser: notThere},
	{name: "a staged table of a dropped namespace is not staged in its successor", setup: home,
		a: rmNS("a"), b: mkStaged("a", "t", "s3://lake/c/a/t"), both: true, loser: notThere,
		then: func(w *world, a, b error) {
			if a != nil {
				return
			}
			w.must(w.createNamespace("c", "a", ""))
			var s *Slot[lake.Staged]
			_, err := w.look("c", "a", func(x *seen) { s = x.batch.Staged(x.n, "t", "u-t") })
			if w.must(err); s.Value != nil {
				w.t.Errorf("staged in the new namespace: %v", s.Value)
			}
		}},
	{name: "a table is not made of what was staged in a dropped namespace", setup: seq(home, mkStaged("a", "t", "s3://lake/c/a/t")),
		a: rmNS("a"), b: endStaged("a", "t", "s3://lake/c/a/t"), loser: notThere},
	{name: "a dropped catalog has no namespace", setup: mkCatalog("c", "s3://lake/c"), a: rmCatalog("c"), b: mkNS("a", ""), loser: notThere},

	{name: "two folders one within the other in one namespace have one winner", setup: home,
		a: mkTable("a", "t", "s3://lake/c/a/x"), b: mkTable("a", "u", "s3://lake/c/a/x/y"), loser: overlap},
	{name: "one folder has one winner", setup: home, a: mkTable("a", "t", "s3://lake/c/a/x"), b: mkTable("a", "u", "s3a://lake/c/a/x"), loser: overlap},
	{name: "overlapping folders of a parent's and a child's table have one winner", setup: seq(home, mkNS("a.k", "")),
		a: mkTable("a", "t", "s3://lake/c/a/x"), b: mkTable("a.k", "u", "s3://lake/c/a/x/y"), loser: overlap},
	{name: "overlapping folders outside of their namespaces' have one winner", setup: homes,
		a: mkTable("a", "t", "s3://lake/c/free/x"), b: mkTable("b", "u", "s3://lake/c/free/x/y"), loser: overlap},
	{name: "a table's folder and a namespace's have one winner", setup: home, a: mkTable("a", "t", "s3://lake/c/b/x"), b: mkNS("b", ""), loser: overlap},
	{name: "a table's folder and a child namespace's have one winner", setup: home, a: mkTable("a", "t", "s3://lake/c/a/k/x"), b: mkNS("a.k", ""), loser: overlap},
	{name: "a table around a child namespace has one winner", setup: home, a: mkTable("a", "t", "s3://lake/c/a/k"), b: mkNS("a.k", "s3://lake/c/a/k/deep"), loser: overlap},
	{name: "a server's leaf is not within a folder that a moved namespace left", setup: homes,
		a: mkTable("a", "t", ""), b: seq(mvNS("a", "s3://lake/c/moved"), mkTable("b", "u", "s3://lake/c/a")), both: true, loser: overlap},
	{name: "a folder is not within one that a moved namespace left", setup: homes,
		a: mkTable("a", "t", "s3://lake/c/a/x"), b: seq(mvNS("a", "s3://lake/c/moved"), mkTable("b", "u", "s3://lake/c/a")), both: true, loser: overlap},
	{name: "a namespace moves onto no table", setup: homes, a: mvNS("a", "s3://lake/c/free"), b: mkTable("b", "t", "s3://lake/c/free/x"), loser: overlap},
	{name: "two namespaces move to one folder once", setup: homes, a: mvNS("a", "s3://lake/c/free"), b: mvNS("b", "s3://lake/c/free/x"), loser: overlap},
	{name: "a commit's new folder and a new table's have one winner", setup: seq(home, mkTable("a", "t", "")),
		a: grow("a", "t", "s3://lake/c/a/data"), b: mkTable("a", "u", "s3://lake/c/a/data/u"), loser: overlap},
	{name: "two commits' new folders have one winner", setup: seq(homes, mkTable("a", "t", ""), mkTable("b", "u", "")),
		a: grow("a", "t", "s3://lake/c/data"), b: grow("b", "u", "s3://lake/c/data/u"), loser: overlap},
	{name: "a staged table's folder and another's have one winner", setup: home,
		a: mkStaged("a", "t", "s3://lake/c/a/x"), b: mkTable("a", "u", "s3://lake/c/a/x/y"), loser: overlap},
	{name: "two catalogs' folders have one winner", setup: mkCatalog("c"),
		a: mkCatalog("d", "s3://lake/d"), b: mkCatalog("e", "s3://lake/d/e"), loser: []fault.Kind{fault.Invalid}},

	{name: "one name is one table", setup: home, a: mkTable("a", "t", ""), b: mkTable("a", "t", ""), loser: nameTaken},
	{name: "one name is one namespace", setup: home, a: mkNS("b", ""), b: mkNS("b", "s3://lake/c/other"), loser: nameTaken},
	{name: "one name is one catalog", setup: home, a: mkCatalog("d", "s3://lake/d"), b: mkCatalog("d", "s3://lake/e"), loser: nameTaken},
	{name: "a rename and a new table share no name", setup: seq(homes, mkTable("a", "t", "")),
		a: mvTable("a", "t", "b", "u"), b: mkTable("b", "u", ""), loser: nameTaken},
	{name: "a rename to its own name is taken", setup: seq(home, mkTable("a", "t", "")),
		a: mvTable("a", "t", "a", "t"), b: grow("a", "t"), loser: nameTaken},
	{name: "two renames share no name", setup: seq(homes, mkTable("a", "t", ""), mkTable("a", "u", "")),
		a: mvTable("a", "t", "b", "v"), b: mvTable("a", "u", "b", "v"), loser: nameTaken},
	{name: "a table is renamed to one name", setup: seq(homes, mkTable("a", "t", "")),
		a: mvTable("a", "t", "b", "u"), b: mvTable("a", "t", "a", "v"), loser: notThere},
	{name: "a table is not renamed into a dropped namespace", setup: seq(homes, mkTable("a", "t", "")),
		a: mvTable("a", "t", "b", "t"), b: rmNS("b"), loser: notThere},
	{name: "a dropped table is not renamed", setup: seq(homes, mkTable("a", "t", "")), a: mvTable("a", "t", "b", "t"), b: rmTable("a", "t"), loser: notThere},
	{name: "a renamed table is not committed to under its old name, and loses nothing", setup: seq(homes, mkTable("a", "t", "")),
		a: mvTable("a", "t", "b", "t"), b: grow("a", "t"), both: true, loser: notThere,
		then: func(w *world, _, b error) {
			_, t := w.table("c", "b", "t")
			if committed := t.Value != nil && len(t.Value.Previous) == 1; committed != (b == nil) {
				w.t.Errorf("the commit got %v, and the table is %+v", b, t.Value)
			}
		}},
	{name: "a dropped table is not committed to", setup: seq(home, mkTable("a", "t", "")), a: rmTable("a", "t"), b: grow("a", "t"), both: true, loser: notThere},
	{name: "two commits both count", setup: seq(home, mkTable("a", "t", "")), a: grow("a", "t"), b: grow("a", "t"), both: true,
		then: func(w *world, _, _ error) {
			if _, t := w.table("c", "a", "t"); t.Value == nil || t.Value.Version != 3 || len(t.Value.Previous) != 2 {
				w.t.Errorf("got %+v, want version 3 with two before it", t.Value)
			}
		}},
	{name: "a transaction and a commit both count", setup: seq(home, mkTable("a", "t", "")), a: both("a", "t", "n", "s3://lake/c/a/n"), b: grow("a", "t"), both: true,
		then: func(w *world, _, _ error) {
			_, t := w.table("c", "a", "t")
			if _, n := w.table("c", "a", "n"); t.Value.Version != 3 || n.Value == nil {
				w.t.Errorf("got %+v and %+v, want version 3, and the new table", t.Value, n.Value)
			}
		}},
	{name: "a transaction commits to no dropped table", setup: seq(home, mkTable("a", "t", "")), a: both("a", "t", "n", "s3://lake/c/a/n"), b: rmTable("a", "t"), both: true,
		loser: notThere, then: func(w *world, a, _ error) {
			if _, n := w.table("c", "a", "n"); (n.Value != nil) != (a == nil) {
				w.t.Errorf("the transaction got %v, and the new table is %+v", a, n.Value)
			}
		}},
	{name: "a transaction makes no table in a dropped namespace", setup: seq(homes, mkTable("b", "t", "")),
		a: apartBoth("b", "t", "a", "n"), b: rmNS("a"), loser: notThere},
	{name: "a name that a transaction takes is one table", setup: seq(home, mkTable("a", "t", "")),
		a: both("a", "t", "n", "s3://lake/c/a/n"), b: mkTable("a", "n", "s3://lake/c/a/else"), loser: nameTaken},
	{name: "a transaction's new folder and another's have one winner", setup: seq(home, mkTable("a", "t", "")),
		a: both("a", "t", "n", "s3://lake/c/a/n"), b: mkTable("a", "u", "s3://lake/c/a/n/u"), loser: overlap},
	{name: "a transaction's new folders, one of them elsewhere, and another's have one winner", setup: home,
		a: together(touched{ns: "a", name: "n", loc: "s3://lake/c/a/n"}, touched{ns: "a", name: "m", loc: "s3://lake/c/free/m"}),
		b: mkTable("a", "u", "s3://lake/c/a/n/u"), loser: overlap},
	{name: "two transactions' new folders have one winner", setup: seq(home, mkTable("a", "t", ""), mkTable("a", "u", "")),
		a: both("a", "t", "n", "s3://lake/c/a/n"), b: both("a", "u", "m", "s3://lake/c/a/n/m"), loser: overlap},
	{name: "two transactions in other orders both count", setup: seq(home, mkTable("a", "t", ""), mkTable("a", "u", "")),
		a: pair("a", "t", "u"), b: pair("a", "u", "t"), both: true,
		then: func(w *world, _, _ error) {
			_, t := w.table("c", "a", "t")
			if _, u := w.table("c", "a", "u"); t.Value.Version != 3 || u.Value.Version != 3 {
				w.t.Errorf("got versions %d and %d, want both at 3", t.Value.Version, u.Value.Version)
			}
		}},
	{name: "what a transaction holds is as it was read", setup: seq(home, mkTable("a", "t", ""), mkTable("a", "u", "")),
		a: holding("a", "t", "u"), b: grow("a", "u"), both: true,
		then: func(w *world, _, _ error) {
			if _, t := w.table("c", "a", "t"); t.Value.Version != 2 {
				w.t.Errorf("got version %d, want 2", t.Value.Version)
			}
		}},
	{name: "a table is dropped once", setup: seq(home, mkTable("a", "t", "")), a: purge("a", "t"), b: rmTable("a", "t"), loser: notThere},
	{name: "a table is not made in a folder whose files are being deleted, even where tables share folders", setup: seq(homes, mkTable("a", "t", "s3://lake/c/a/t")),
		a: purge("a", "t"), b: seq(sharing(true), mkTable("b", "u", "s3://lake/c/a/t/x")), loser: overlap},
	{name: "a purged table's folder stays taken", setup: seq(home, mkTable("a", "t", "s3://lake/c/a/t")),
		a: purge("a", "t"), b: mkTable("a", "u", "s3://lake/c/a/t/x"), loser: overlap,
		then: func(w *world, a, b error) {
			if a != nil || b == nil {
				w.t.Errorf("purge got %v, the table within its folder %v", a, b)
			}
		}},
}

func TestRaces(t *testing.T) {
	for _, r := range races {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			for _, d := range drivers {
				t.Run(d.name, func(t *testing.T) { r.run(t, d.open, d.name == "torn") })
			}
		})
	}
}

// A rebuilt catalog, between the halves of a read: what belongs to the old one is never shown under the new one.
func TestTornReadShowsNoTableOfAnotherNamespace(t *testing.T) {
	rebuild := map[string]func(*world) error{
		"table":     seq(rmTable("a.k", "t"), mkTable("a.k", "t", "")),
		"namespace": seq(rmTable("a.k", "t"), rmNS("a.k"), mkNS("a.k", ""), mkTable("a.k", "t", "")),
		"parent":    seq(rmTable("a.k", "t"), rmNS("a.k"), rmNS("a"), mkNS("a", ""), mkNS("a.k", ""), mkTable("a.k", "t", "")),
		"catalog": seq(rmTable("a.k", "t"), rmNS("a.k"), rmNS("a"), rmCatalog("c"), mkCatalog("c", "s3://lake/c"),
			mkNS("a", ""), mkNS("a.k", ""), mkTable("a.k", "t", "")),
		"moved away": mvTable("a.k", "t", "a", "t"),
	}
	for name, change := range rebuild {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, w *world) {
				w.must(seq(home, mkNS("a.k", ""), mkTable("a.k", "t", ""))(w))
				for range tornReads + 1 {
					w.db.Next(faulty.Get, faulty.Fault{Between: func() {
						w.must(change(w))
						if name == "moved away" {
							w.must(w.rename("c", "a", "t", "a.k", "t"))
						}
					}})
					w.readTorn(t)
				}
			})
		})
	}
}

func (w *world) readTorn(t *testing.T) {
	t.Helper()
	var table *Slot[lake.Table]
	x, err := w.look("c", "a.k", func(x *seen) { table = x.batch.Table(x.n, "t") })
	if err != nil {
		t.Fatal(err)
	}
	chain := x.n.Chain()
	if len(chain) != 2 || chain[0].ParentID != x.cat.Value.ID || chain[1].ParentID != chain[0].ID {
		t.Fatalf("got a chain of namespaces that do not belong together: %v", chain)
	}
	if table.Value != nil && table.Value.NamespaceID != x.n.ID() {
		t.Errorf("got a table of namespace %s under %s", table.Value.NamespaceID, x.n.ID())
	}
	if !slices.ContainsFunc(x.guards.at[2], func(g *Slot[nothing]) bool { return g.Value != nil }) {
		t.Error("got no guards")
	}
}
