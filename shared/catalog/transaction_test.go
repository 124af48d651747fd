package catalog_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
	"firn/shared/location"
)

func on(name string, c catalog.Change) catalog.TableChange {
	return catalog.TableChange{Table: table(name), Change: c}
}

func (w *world) transact(changes ...catalog.TableChange) error {
	return w.CommitTransaction(context.Background(), w.admin, "c", changes)
}

// tables makes tables "t0", "t1" ...
func (w *world) tables(n int) {
	w.t.Helper()
	for i := range n {
		_, err := w.create(fmt.Sprint("t", i))
		w.must(err)
	}
}

// firstAt is a commit that makes a table at a location.
func firstAt(loc string) catalog.Change {
	return change(`[{"type":"assert-create"}]`, `[{"action":"assign-uuid","uuid":"0f6ba9c4-9f0b-4fb4-9d0d-2f6c2f6a8b5e"},{"action":"upgrade-format-version","format-version":2},
		{"action":"add-schema","schema":`+schema+`,"last-column-id":1},{"action":"set-current-schema","schema-id":-1},
		{"action":"add-spec","spec":{"spec-id":0,"fields":[]}},{"action":"set-default-spec","spec-id":-1},
		{"action":"add-sort-order","sort-order":{"order-id":0,"fields":[]}},{"action":"set-default-sort-order","sort-order-id":-1},
		{"action":"set-location","location":"`+loc+`"}]`)
}

const unmet = `[{"type":"assert-current-schema-id","current-schema-id":7}]`

func TestTransactionIsAllOrNothing(t *testing.T) {
	fine := on("t0", put("mine", "1"))
	many := func(n int, one func(i int) catalog.TableChange) []catalog.TableChange {
		var all []catalog.TableChange
		for i := range n {
			all = append(all, one(i))
		}
		return all
	}
	rows := []struct {
		name    string
		changes []catalog.TableChange
		want    fault.Kind
	}{
		{"no tables", nil, fault.Argument},
		{"more tables than one write holds", many(101, func(i int) catalog.TableChange { return on(fmt.Sprint("x", i), put("a", "1")) }), fault.Malformed},
		{"more operations than one write holds", many(34, func(i int) catalog.TableChange {
			return on(fmt.Sprint("x", i), firstAt(fmt.Sprint("s3://lake/c/a/x", i)))
		}), fault.Malformed},
		{"a table named twice", []catalog.TableChange{fine, on("t1", put("a", "1")), on("t0", put("a", "1"))}, fault.Malformed},
		{"a requirement that does not hold", []catalog.TableChange{fine, on("t1", change(unmet, `[]`))}, fault.CommitFailed},
		{"a table that is not there", []catalog.TableChange{fine, on("none", put("a", "1"))}, fault.NotFound},
		{"a namespace that is not there", []catalog.TableChange{fine, {Table: lake.Identifier{Namespace: []string{"none"}, Name: "t"}, Change: put("a", "1")}}, fault.NotFound},
		{"a table whose name is none", []catalog.TableChange{fine, on("a/b", put("a", "1"))}, fault.NotFound},
		{"a new table whose name is none", []catalog.TableChange{fine, on("a/b", firstAt("s3://lake/c/a/n"))}, fault.Argument},
		{"a new table in no namespace", []catalog.TableChange{fine, {Table: lake.Identifier{Namespace: []string{"none"}, Name: "t"}, Change: firstAt("s3://lake/c/a/n")}}, fault.NotFound},
		{"a new table that is there", []catalog.TableChange{fine, on("t1", firstAt("s3://lake/c/a/n"))}, fault.CommitFailed},
		{"a new table with other requirements", []catalog.TableChange{fine, on("n", change(`[{"type":"assert-create"},{"type":"assert-current-schema-id","current-schema-id":0}]`, `[]`))}, fault.Argument},
		{"a new table where another is", []catalog.TableChange{fine, on("n", firstAt("s3://lake/c/a/t1/n"))}, fault.Forbidden},
		{"two new tables in one folder", []catalog.TableChange{fine, on("n", firstAt("s3://lake/c/a/n")), on("m", firstAt("s3://lake/c/a/n"))}, fault.Forbidden},
		{"two new tables, one around the other", []catalog.TableChange{fine, on("n", firstAt("s3://lake/c/a/n/deeper")), on("m", firstAt("s3://lake/c/a/n"))}, fault.Forbidden},
		{"a new table around a path of another", []catalog.TableChange{on("t0", put("write.data.path", "s3://lake/c/far/data")), on("n", firstAt("s3://lake/c/far"))}, fault.Forbidden},
		{"a location outside", []catalog.TableChange{fine, on("n", firstAt("s3://lake/elsewhere/n"))}, fault.Forbidden},
		{"a table that moves", []catalog.TableChange{fine, on("t1", change(`[]`, `[{"action":"set-location","location":"s3://lake/c/a/else"}]`))}, fault.Malformed},
		{"a reserved property", []catalog.TableChange{fine, on("t1", put("polaris.x", "1"))}, fault.Argument},
		{"an update that does not fit", []catalog.TableChange{fine, on("t1", change(`[]`, `[{"action":"set-current-schema","schema-id":44}]`))}, fault.Argument},
		{"an answer too large", []catalog.TableChange{fine, on("t1", put("x", strings.Repeat("x", 1<<20)))}, fault.Invalid},
	}
	w := newWorld(t)
	w.set(unstructured, "true")
	w.tables(2)
	for _, row := range rows {
		w.take()
		err := w.transact(row.changes...)
		expect(t, row.name, err, row.want)
		if u := w.take(); u.KV.Writes+u.KV.Transactions+u.Puts+u.Dels > 0 {
			t.Errorf("%s: got effects %+v", row.name, u)
		}
	}
	if w.has("t0", "mine") {
		t.Error("got a table changed without the others")
	}
}

func TestTransactionNeedsItsRights(t *testing.T) {
	w := newWorld(t)
	w.tables(1)
	rows := []struct {
		name, privileges string
		change           catalog.TableChange
		want             fault.Kind
	}{
		{"to change a table, both rights", "TABLE_WRITE_PROPERTIES TABLE_CREATE", on("t0", put("a", "1")), 0},
		{"to change a table, one right", "TABLE_WRITE_PROPERTIES", on("t0", put("b", "1")), fault.Forbidden},
		{"to change a table, the other", "TABLE_CREATE", on("t0", put("c", "1")), fault.Forbidden},
		{"to make a table", "TABLE_CREATE", on("n", firstAt("s3://lake/c/a/n")), 0},
		{"to make a table, not to change one", "TABLE_WRITE_PROPERTIES", on("m", firstAt("s3://lake/c/a/m")), fault.Forbidden},
	}
	for i, row := range rows {
		who := w.person(fmt.Sprint("p", i), strings.Fields(row.privileges)...)
		err := w.CommitTransaction(t.Context(), who, "c", []catalog.TableChange{row.change})
		expect(t, row.name, err, row.want)
	}
	w.alter(func(c *lake.Catalog) { c.Type = lake.External })
	expect(t, "an external catalog", w.transact(on("t0", put("d", "1"))), fault.Malformed)
}

// Changed, made of a staged one, held as it is, and moved to a folder beside: one write.
func TestTransactionOfAllSorts(t *testing.T) {
	w := newWorld(t)
	w.set(unstructured, "true")
	w.tables(3)
	staged, err := w.stage("n", catalog.Delegation{})
	w.must(err)
	w.take()
	w.must(w.transact(on("t0", put("mine", "1")), on("n", ofStaged(staged, `{"action":"set-properties","updates":{"mine":"1"}}`)),
		on("t1", put("write.data.path", "s3://lake/c/beside")), on("t2", change(`[{"type":"assert-current-schema-id","current-schema-id":0}]`, `[]`))))
	if u := w.take(); u.KV.Transactions != 1 || u.Puts != 3 || u.KV.Gets < 1 {
		t.Errorf("got %+v, want one transaction and three files", u)
	}
	for _, name := range []string{"t0", "t1", "t2", "n"} {
		w.whole(name)
	}
	if !w.has("t0", "mine") || !w.has("n", "mine") || w.has("t2", "mine") {
		t.Error("got other tables than those committed")
	}
	_, err = w.create("o", `"location":"s3://lake/c/beside/o"`)
	expect(t, "a table in the folder that the transaction claimed", err, fault.Forbidden)
	w.take()
	w.must(w.transact(on("t0", change(`[]`, `[]`)), on("t1", change(`[]`, `[]`))))
	if u := w.take(); !u.quiet() {
		t.Errorf("nothing to change: got effects %+v", u)
	}
	w.must(w.transact(on("t0", put("alone", "1"))))
	if u := w.take(); u.KV.Transactions != 0 || u.KV.Writes != 2 { // the second is the copy
		t.Errorf("one table: got %+v, want a write of one operation", u)
	}
}

func TestTransactionOfMoreThanABatchReads(t *testing.T) {
	w := newWorld(t)
	w.tables(60)
	var all []catalog.TableChange
	for i := range 60 {
		all = append(all, on(fmt.Sprint("t", i), put("mine", "1")))
	}
	w.must(w.transact(all...))
	for i := range 60 {
		if name := fmt.Sprint("t", i); !w.has(name, "mine") {
			t.Errorf("got %s as it was", name)
		}
	}
}

func TestTransactionThatIsOvertaken(t *testing.T) {
	other := func(w *world, name string) func() {
		return func() { _, err := w.commit(name, put("other", "1")); w.must(err) }
	}
	both := []catalog.TableChange{on("t0", put("mine", "1")), on("t1", put("mine", "1"))}
	rows := []struct {
		name    string
		faults  func(w *world) []faulty.Fault
		changes []catalog.TableChange
		want    fault.Kind
		files   int // that a refusal leaves, beside those of two tables and one commit of another's
	}{
		{"a table that it changes", func(w *world) []faulty.Fault { return []faulty.Fault{{Before: other(w, "t1")}} },
			both, 0, 2},
		{"a table that it only holds, whose requirement holds still", func(w *world) []faulty.Fault { return []faulty.Fault{{Before: other(w, "t1")}} },
			[]catalog.TableChange{on("t0", put("mine", "1")), on("t1", change(`[]`, `[]`))}, 0, 1},
		{"a table that it makes", func(w *world) []faulty.Fault {
			return []faulty.Fault{{Before: func() { _, err := w.commit("n", firstAt("s3://lake/c/a/other")); w.must(err) }}}
		}, []catalog.TableChange{on("t0", put("mine", "1")), on("n", firstAt("s3://lake/c/a/n"))}, fault.CommitFailed, 0},
		{"a folder that it claims", func(w *world) []faulty.Fault {
			return []faulty.Fault{{Before: func() { _, err := w.commit("m", firstAt("s3://lake/c/a/n/x")); w.must(err) }}}
		}, []catalog.TableChange{on("t0", put("mine", "1")), on("n", firstAt("s3://lake/c/a/n"))}, fault.Forbidden, 0},
		{"a table that is dropped", func(w *world) []faulty.Fault { return []faulty.Fault{{Before: func() { w.must(w.drop("t1", false)) }}} },
			both, fault.NotFound, -1},
		{"again and again", func(w *world) []faulty.Fault {
			var all []faulty.Fault
			for i := range 5 {
				all = append(all, faulty.Fault{Before: func() { _, err := w.commit("t1", put("other", fmt.Sprint(i))); w.must(err) }})
			}
			return all
		}, both, fault.CommitFailed, 4},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.tables(2)
			// The others' writes go through the same driver: only the transaction's own meet a fault.
			script := row.faults(w)
			inside := false
			w.db.Plan(func(c faulty.Call) faulty.Fault {
				if c.Verb != faulty.Write || inside || len(script) == 0 || len(c.Ops) < 2 {
					return faulty.Fault{}
				}
				f := script[0]
				script = script[1:]
				if before := f.Before; before != nil {
					f.Before = func() { inside = true; before(); inside = false }
				}
				return f
			})
			err := w.transact(row.changes...)
			w.db.Plan(nil)
			expect(t, "transaction", err, row.want)
			if got, want := w.has("t0", "mine"), row.want == 0; got != want {
				t.Errorf("t0 changed: %v, want %v", got, want)
			}
			if got := len(w.stored()); got != 3+row.files {
				t.Errorf("got %d files, want %d: those of lost races are withdrawn", got, 3+row.files)
			}
			w.whole("t0")
		})
	}
}

func TestTransactionWhoseAnswerIsLost(t *testing.T) {
	rows := []struct {
		name   string
		fault  faulty.Fault
		later  int
		landed bool
		want   fault.Kind
	}{
		{"landed", faulty.Fault{Lose: faulty.Answer}, 0, true, 0},
		{"landed, and others followed that the items remember", faulty.Fault{Lose: faulty.Answer}, 5, true, 0},
		{"landed, and more followed: the log of one table remembers", faulty.Fault{Lose: faulty.Answer}, 20, true, 0},
		{"not landed", faulty.Fault{Lose: faulty.Request}, 0, false, fault.StateUnknown},
		{"refused", faulty.Fault{Refuse: fault.Throttled}, 0, false, fault.Throttled},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.tables(2)
			row.fault.After = func() {
				for i := range row.later {
					for _, name := range []string{"t0", "t1", "n"} {
						_, err := w.commit(name, put("later", fmt.Sprint(i)))
						w.must(err)
					}
				}
			}
			w.db.Next(faulty.Write, row.fault)
			err := w.transact(on("t0", put("mine", "1")), on("t1", put("mine", "1")), on("n", firstAt("s3://lake/c/a/n")))
			expect(t, "transaction", err, row.want)
			if w.has("t0", "mine") != row.landed || w.has("t1", "mine") != row.landed {
				t.Error("got another outcome than that of the write")
			}
			want := 2 + 3 + 3*row.later
			if row.want == fault.Throttled {
				want = 2
			}
			if got := len(w.stored()); got != want {
				t.Errorf("got %d files, want %d: no file of a transaction in doubt is deleted", got, want)
			}
			w.whole("t0")
		})
	}
}

// A file that cannot be put ends the transaction before any effect, and the others are taken back.
func TestTransactionWhoseFileCannotBePut(t *testing.T) {
	w := newWorld(t)
	w.tables(2)
	w.files.plan = func(verb string, uri location.URI) fileFault {
		if verb == "put" && strings.Contains(uri.String(), "/t1") {
			return fileFault{refuse: fault.Unavailable}
		}
		return fileFault{}
	}
	err := w.transact(on("t0", put("mine", "1")), on("t1", put("mine", "1")))
	expect(t, "transaction", err, fault.Unavailable)
	w.files.plan = nil
	if got := len(w.stored()); got != 2 || w.has("t0", "mine") {
		t.Errorf("got %d files, want the two of the tables as they were", got)
	}
}

// Many at once, while calls are lost and refused: in the end each transaction is in both of its tables, or in none.
func TestStormOfTransactions(t *testing.T) {
	w := newWorld(t)
	w.tables(4)
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(1, 2))
	roll := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return rng.IntN(n)
	}
	w.db.Plan(func(faulty.Call) faulty.Fault { // called by one at a time
		switch roll(16) {
		case 0:
			return faulty.Fault{Lose: faulty.Request}
		case 1:
			return faulty.Fault{Lose: faulty.Answer}
		case 2:
			return faulty.Fault{Refuse: fault.Unavailable}
		}
		return faulty.Fault{}
	})
	type sent struct {
		a, b string
		err  error
	}
	all := map[string]sent{}
	var wg sync.WaitGroup
	for writer := range 4 {
		wg.Go(func() {
			for i := range 15 {
				key, a := fmt.Sprintf("k%d-%d", writer, i), roll(4)
				b := (a + 1 + roll(3)) % 4
				one := sent{a: fmt.Sprint("t", a), b: fmt.Sprint("t", b)}
				one.err = w.transact(on(one.a, put(key, "1")), on(one.b, put(key, "1")))
				mu.Lock()
				all[key] = one
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	w.db.Plan(nil)
	acked := 0
	for key, one := range all {
		a, b := w.has(one.a, key), w.has(one.b, key)
		switch {
		case a != b:
			t.Errorf("%s is in %s: %v, and in %s: %v", key, one.a, a, one.b, b)
		case one.err == nil && !a:
			t.Errorf("%s was acknowledged and is not there", key)
		case fault.Is(one.err, refusals...) && a:
			t.Errorf("%s was refused (%v) and is there", key, one.err)
		case one.err != nil && !fault.Is(one.err, append(refusals, fault.StateUnknown)...):
			t.Errorf("%s: got %v, want a refusal or an unknown state", key, one.err)
		case one.err == nil:
			acked++
		}
	}
	for i := range 4 {
		w.whole(fmt.Sprint("t", i))
	}
	if acked < 10 || acked == len(all) {
		t.Errorf("got %d of %d acknowledged: no storm", acked, len(all))
	}
}
