package catalog_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
)

func (w *world) drop(name string, purge bool) error {
	return w.DropTable(w.t.Context(), w.admin, "c", table(name), purge)
}

// strewn are files in and around a table's folders, written behind everything.
var strewn = []string{"s3://lake/c/a/t/data/1.parquet", "s3://lake/c/a/t/data/p=1/2.parquet", "s3://lake/c/a/t/metadata/snap.avro",
	"s3://lake/c/a/d/3.parquet", "s3://lake/c/a/t2/data/4.parquet", "s3://lake/c/a/t-1/5.parquet", "s3://lake/c/a/tt", "s3://lake/c/a/d2/6.parquet",
	"s3://lake/c/b/t/7.parquet"}

func (w *world) strew() {
	for _, file := range strewn {
		w.leave(file, "x")
	}
}

// beyond gives what is stored in none of the folders.
func beyond(stored map[string]bool, folders ...string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(stored)), func(file string) bool {
		return slices.ContainsFunc(folders, func(f string) bool { return strings.HasPrefix(file, f) })
	})
}

func TestPurgeDeletesTheTablesFoldersAndNothingElse(t *testing.T) {
	w := newWorld(t)
	w.set(purging, "true")
	_, err := w.create("t", `"properties":{"write.data.path":"s3://lake/c/a/d"}`)
	w.must(err)
	_, err = w.create("t2")
	w.must(err)
	w.strew()
	before := w.stored()
	w.take()
	w.must(w.drop("t", true))
	if got, want := slices.Sorted(maps.Keys(w.stored())), beyond(before, "s3://lake/c/a/t/", "s3://lake/c/a/d/"); !slices.Equal(got, want) {
		t.Errorf("got files %v, want %v", got, want)
	}
	for _, g := range w.vendor.minted {
		if g.Actions != vend.List|vend.Delete || len(g.Prefixes) != 2 || g.Prefixes[0].String() != "s3://lake/c/a/t/" || g.Prefixes[1].String() != "s3://lake/c/a/d/" {
			t.Errorf("got a key to %v to %s, want one to list and delete in the table's folders", g.Prefixes, g.Actions)
		}
	}
	w.whole("t2")
	_, _, err = w.load("t")
	expect(t, "load", err, fault.NotFound)
}

func TestDropWithoutPurgeLeavesFiles(t *testing.T) {
	w := newWorld(t)
	w.set(purging, "true")
	_, err := w.create("t")
	w.must(err)
	w.strew()
	before := w.stored()
	w.take()
	w.must(w.drop("t", false))
	if got := w.stored(); !maps.Equal(got, before) {
		t.Errorf("got files %v, want %v", got, before)
	}
	if u := w.take(); u.Mints+u.Dels+u.Puts+u.Gets > 0 {
		t.Errorf("got %+v, want no object store", u)
	}
	w.must(w.Work(t.Context(), realm))
	if got := w.stored(); !maps.Equal(got, before) {
		t.Errorf("after the tick: got files %v, want %v", got, before)
	}
	_, err = w.create("u", at("s3://lake/c/a/t"))
	expect(t, "another table at its place", err, 0)
}

// What does not work at once is taken up by the next tick; until then the folders are nobody's.
func TestPurgeResumesAfterAFault(t *testing.T) {
	noKeys := func(w *world) func() {
		w.vendor.plan = func(vend.Grant) error { return fault.New(fault.Unavailable, "No keys today.") }
		return func() { w.vendor.plan = nil }
	}
	noFiles := func(w *world) func() {
		w.files.plan = func(string, location.URI) fileFault { return fileFault{refuse: fault.Unavailable} }
		return func() { w.files.plan = nil }
	}
	onlyFirst := func(w *world) func() {
		w.files.plan = func(_ string, uri location.URI) fileFault {
			if uri.String() == "s3://lake/c/a/d/" {
				return fileFault{refuse: fault.Unavailable}
			}
			return fileFault{}
		}
		return func() { w.files.plan = nil }
	}
	unfinished := func(w *world) func() {
		n := 0
		w.db.Plan(func(c faulty.Call) faulty.Fault {
			if c.Verb == faulty.Write {
				if n++; n == 2 { // the drop is the first
					return faulty.Fault{Refuse: fault.Throttled}
				}
			}
			return faulty.Fault{}
		})
		return func() { w.db.Plan(nil) }
	}
	rows := []struct {
		name  string
		wrong func(*world) func()
	}{{"no key", noKeys}, {"no object store", noFiles}, {"one folder fails", onlyFirst}, {"the end is not stored", unfinished}}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.set(purging, "true")
			_, err := w.create("t", `"properties":{"write.data.path":"s3://lake/c/a/d"}`)
			w.must(err)
			w.strew()
			before := w.stored()
			right := row.wrong(w)
			expect(t, "drop", w.drop("t", true), 0)
			for range 2 {
				w.restart()
				for _, loc := range []string{"s3://lake/c/a/t", "s3://lake/c/a/d/x"} {
					_, err = w.create("u", at(loc))
					expect(t, "another table at "+loc+" before the purge is done", err, fault.Forbidden)
				}
				if row.name == "the end is not stored" {
					break
				}
				expect(t, "tick", w.Work(t.Context(), realm), 0) // fails, and says so in the log
			}
			right()
			expect(t, "tick", w.Work(t.Context(), realm), 0)
			if got, want := slices.Sorted(maps.Keys(w.stored())), beyond(before, "s3://lake/c/a/t/", "s3://lake/c/a/d/"); !slices.Equal(got, want) {
				t.Errorf("got files %v, want %v", got, want)
			}
			_, err = w.create("u", at("s3://lake/c/a/t"))
			expect(t, "another table at its place", err, 0)
			w.take()
			expect(t, "tick without work", w.Work(t.Context(), realm), 0)
			if u := w.take(); !u.quiet() {
				t.Errorf("a tick without work: got %+v", u)
			}
			w.whole("u")
		})
	}
}

// A purge of more files than are deleted at once goes on in ticks.
func TestPurgeOfManyFiles(t *testing.T) {
	w := newWorld(t)
	w.set(purging, "true")
	_, err := w.create("t")
	w.must(err)
	for i := range 700 {
		w.leave("s3://lake/c/a/t/data/"+strings.Repeat("0", i%7)+string(rune('a'+i%26))+strings.Repeat("x", i/26)+".parquet", "x")
	}
	n := len(w.stored())
	w.must(w.drop("t", true))
	if left := len(w.stored()); left != n-500 {
		t.Errorf("got %d files left after the answer, want %d", left, n-500)
	}
	_, err = w.create("u", at("s3://lake/c/a/t"))
	expect(t, "another table at its place before the purge is done", err, fault.Forbidden)
	for range 2 {
		w.must(w.Work(t.Context(), realm))
	}
	if left := w.stored(); len(left) != 0 {
		t.Errorf("got %d files left, want none", len(left))
	}
	_, err = w.create("u", at("s3://lake/c/a/t"))
	expect(t, "another table at its place", err, 0)
}

func TestPurgeIsRefusedWhereItCouldNotBeRight(t *testing.T) {
	rows := []struct {
		name     string
		settings []string // before the table is made
		later    []string // after, one by one
		want     fault.Kind
	}{
		{"turned off", nil, nil, fault.Forbidden},
		{"allowed", []string{purging, "true"}, nil, 0},
		{"made while tables could overlap", []string{purging, "true", overlapping, "true"}, []string{overlapping, "false"}, fault.Forbidden},
		{"tables may overlap now", []string{purging, "true"}, []string{overlapping, "true"}, fault.Forbidden},
		{"tables could overlap once", []string{purging, "true"}, []string{overlapping, "true", overlapping, "false"}, fault.Forbidden},
		{"outside what is allowed now", []string{purging, "true"}, []string{"allowed", "s3://lake/c/b"}, fault.Forbidden},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.set(row.settings...)
			_, err := w.create("t")
			w.must(err)
			for setting := range slices.Chunk(row.later, 2) {
				w.set(setting...)
			}
			w.strew()
			before := w.stored()
			w.take()
			expect(t, "purge", w.drop("t", true), row.want)
			if row.want == 0 {
				return
			}
			if u := w.take(); !u.quiet() {
				t.Errorf("got an effect: %+v", u)
			}
			if got := w.stored(); !maps.Equal(got, before) {
				t.Errorf("got files %v, want %v", got, before)
			}
			expect(t, "drop without purge", w.drop("t", false), 0)
		})
	}
}

// Keys of a dropped table are not served again, whoever has its name and folder next.
func TestKeysOfADroppedTableAreNotServedAgain(t *testing.T) {
	w := newWorld(t)
	staged, err := w.stage("t", vended)
	w.must(err)
	_, err = w.commit("t", ofStaged(staged))
	w.must(err)
	first, err := w.LoadTable(t.Context(), w.admin, "c", table("t"), vended, false)
	w.must(err)
	w.must(w.drop("t", false))
	was, err := iceberg.Parse(staged.Metadata)
	w.must(err)
	if len(w.revoked) != 2 || w.revoked[1] != lake.ID(was.UUID()) {
		t.Errorf("got keys ended for %v, want for the table and for what it was staged as, %s", w.revoked, was.UUID())
	}
	_, err = w.create("t")
	w.must(err)
	w.take()
	second, err := w.LoadTable(t.Context(), w.admin, "c", table("t"), catalog.Delegation{Vended: true}, false)
	w.must(err)
	if u := w.take(); u.ForClients != 1 || first.Keys.Credential.S3.SessionToken == second.Keys.Credential.S3.SessionToken {
		t.Errorf("got %d keys minted, want a new one", u.ForClients)
	}
}

// Whoever knows the uuid of somebody's staged table ends none of its keys by a file that has the same.
func TestADropEndsNoKeysOfAnothersStagedTable(t *testing.T) {
	for name, take := range map[string]func(w *world) error{
		"drop": func(w *world) error { return w.drop("u", false) },
		"unregister": func(w *world) error {
			_, err := w.UnregisterTable(t.Context(), w.admin, "c", table("u"))
			return err
		},
	} {
		w := newWorld(t)
		staged, err := w.stage("t", vended)
		w.must(err)
		was, err := iceberg.Parse(staged.Metadata)
		w.must(err)
		const file = "s3://lake/c/a/u/metadata/00000-x.metadata.json"
		w.leave(file, document("s3://lake/c/a/u", func(doc map[string]any) { doc["table-uuid"] = was.UUID() }))
		_, err = w.register("u", file, catalog.Delegation{})
		w.must(err)
		w.must(take(w))
		if len(w.revoked) != 1 || w.revoked[0] == lake.ID(was.UUID()) {
			t.Errorf("%s: got keys ended for %v, want for the registered table alone", name, w.revoked)
		}
	}
}
