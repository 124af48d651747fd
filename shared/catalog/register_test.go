package catalog_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
	"firn/shared/vend"
)

const foreign = "s3://lake/c/a/t/metadata/00007-x.metadata.json"

func TestRegister(t *testing.T) {
	good := document("s3://lake/c/a/t", nil)
	leave := func(text string) func(*world) { return func(w *world) { w.leave(foreign, text) } }
	made := func(name, loc string) func(*world) {
		return func(w *world) { leave(good)(w); w.must(makeTable(name, loc)(w)) }
	}
	rows := []struct {
		name  string
		first func(*world)
		as    string // the table's name
		file  string
		want  fault.Kind
	}{
		{"a file that is there", leave(good), "t", foreign, 0},
		{"a file of a table of another name", leave(good), "u", foreign, 0},
		{"a file that is not there", leave(good), "t", "s3://lake/c/a/t/metadata/none.metadata.json", fault.NotFound},
		{"no file", leave(good), "t", "", fault.Argument},
		{"a file without a folder", leave(good), "t", "00007-x.metadata.json", fault.Argument},
		{"a folder", leave(good), "t", "s3://lake/c/a/t/metadata/", fault.Invalid},
		{"no table", leave(`{"x":1}`), "t", foreign, fault.Argument},
		{"no JSON", leave(`<html>`), "t", foreign, fault.Malformed},
		{"a broken table", leave(strings.Replace(good, `"current-schema-id":0`, `"current-schema-id":5`, 1)), "t", foreign, fault.Argument},
		{"no name", leave(good), "", foreign, fault.Argument},
		{"a name that is taken", made("t", "s3://lake/c/a/else"), "t", foreign, fault.Exists},
		{"a folder that is taken", made("u", "s3://lake/c/a/t"), "t", foreign, fault.Forbidden},
		{"a folder within one that is taken", made("u", "s3://lake/c/a/t/x"), "t", foreign, fault.Forbidden},
		{"an answer too large", leave(document("s3://lake/c/a/t", func(doc map[string]any) {
			doc["properties"] = map[string]any{"x": strings.Repeat("x", 1<<20)}
		})), "t", foreign, fault.Invalid},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			row.first(w)
			w.take()
			done, err := w.register(row.as, row.file, vended)
			u := w.take()
			expect(t, "register", err, row.want)
			if row.want != 0 {
				if u.KV.Writes+u.KV.Transactions+u.Puts+u.Dels+u.ForClients > 0 {
					t.Errorf("got effects %+v", u)
				}
				return
			}
			if u.Puts != 0 || done.MetadataLocation != foreign {
				t.Errorf("got %d files written and %s, want the file as it is", u.Puts, done.MetadataLocation)
			}
			next, err := w.commit(row.as, put("x", "1"))
			w.must(err)
			if !strings.Contains(next.MetadataLocation, "/00008-") {
				t.Errorf("got %s for the next version, want it to count on", next.MetadataLocation)
			}
			w.whole(row.as)
		})
	}
}

// The metadata file of a dropped table makes it again, with its folder.
func TestRegisterWhatWasDropped(t *testing.T) {
	w := newWorld(t)
	_, err := w.create("t")
	w.must(err)
	done, err := w.commit("t", put("mine", "1"))
	w.must(err)
	w.must(w.drop("t", false))
	_, err = w.register("u", done.MetadataLocation, catalog.Delegation{})
	w.must(err)
	w.whole("u")
	if !w.has("u", "mine") {
		t.Error("got another version, want the last one")
	}
	_, err = w.register("v", done.MetadataLocation, catalog.Delegation{})
	expect(t, "register it twice", err, fault.Forbidden)
}

func (w *world) over(who lake.Caller, name, file string, d catalog.Delegation) (catalog.Loaded, error) {
	return w.RegisterTable(context.Background(), who, "c", []string{"a"}, catalog.Registration{Name: name, File: file, Overwrite: true}, d)
}

func TestRegisterOverATable(t *testing.T) {
	w := newWorld(t)
	first, err := w.create("t", `"location":"s3://lake/c/a/t"`)
	w.must(err)
	second, err := w.commit("t", put("mine", "1"))
	w.must(err)
	_, _, slot := w.entry()
	for _, file := range []string{first.MetadataLocation, second.MetadataLocation} {
		_, err = w.over(w.admin, "t", file, vended)
		w.must(err)
		w.whole("t")
		if _, is, _ := w.load("t"); is != file || w.has("t", "mine") != (file == second.MetadataLocation) {
			t.Errorf("got %s, want %s", is, file)
		}
	}
	if _, _, now := w.entry(); now.Value.ID != slot.Value.ID || now.Value.Version != 4 {
		t.Errorf("got %+v, want the table of before", now.Value)
	}
	next, err := w.commit("t", put("more", "1"))
	w.must(err)
	if !strings.Contains(next.MetadataLocation, "/00002-") {
		t.Errorf("got %s for the next version, want it to count on", next.MetadataLocation)
	}
	w.leave("s3://lake/c/a/far/metadata/00003-x.metadata.json", document("s3://lake/c/a/far", nil))
	_, err = w.over(w.admin, "t", "s3://lake/c/a/far/metadata/00003-x.metadata.json", vended)
	w.must(err)
	for _, taken := range []string{"s3://lake/c/a/t/x", "s3://lake/c/a/far/x"} { // what it had and what it has
		_, err = w.create("u", `"location":"`+taken+`"`)
		expect(t, "a table in "+taken, err, fault.Forbidden)
	}
	_, err = w.over(w.admin, "new", "s3://lake/c/a/far/metadata/00003-x.metadata.json", vended)
	expect(t, "over nothing, a folder that is taken", err, fault.Forbidden)
	w.must(w.drop("t", false))
	_, err = w.over(w.admin, "new", "s3://lake/c/a/far/metadata/00003-x.metadata.json", vended)
	expect(t, "over nothing", err, 0)
	w.must(w.viewMade("v"))
	_, err = w.over(w.admin, "v", first.MetadataLocation, vended)
	expect(t, "over a view", err, fault.Exists)
	w.alter(func(c *lake.Catalog) { c.Type = lake.External })
	_, err = w.over(w.admin, "new", first.MetadataLocation, catalog.Delegation{})
	expect(t, "in an external catalog", err, fault.Malformed)
}

// The file may have been the table's once: that it is known proves nothing of a write whose answer is lost.
func TestRegisterOverATableInDoubt(t *testing.T) {
	for _, row := range []struct {
		name string
		f    faulty.Fault
		want fault.Kind
		mine bool
	}{
		{"its request is lost", faulty.Fault{Lose: faulty.Request}, fault.StateUnknown, true},
		{"its answer is lost", faulty.Fault{Lose: faulty.Answer}, 0, false},
	} {
		w := newWorld(t)
		first, err := w.create("t")
		w.must(err)
		_, err = w.commit("t", put("mine", "1"))
		w.must(err)
		w.db.Next(faulty.Write, row.f)
		_, err = w.over(w.admin, "t", first.MetadataLocation, catalog.Delegation{})
		expect(t, row.name, err, row.want)
		if w.has("t", "mine") != row.mine {
			t.Errorf("%s: got the version before: %v, want %v", row.name, !w.has("t", "mine"), !row.mine)
		}
	}
}

func TestRegisterOverATableNeedsItsRights(t *testing.T) {
	w := newWorld(t)
	first, err := w.create("t")
	w.must(err)
	for i, row := range []struct {
		privileges string
		d          catalog.Delegation
		want       fault.Kind
	}{
		{"TABLE_CREATE TABLE_WRITE_DATA", catalog.Delegation{}, fault.Forbidden},
		{"TABLE_FULL_METADATA", catalog.Delegation{}, 0},
		{"TABLE_FULL_METADATA", vended, fault.Forbidden},
		{"TABLE_FULL_METADATA TABLE_READ_DATA", vended, 0},
	} {
		who := w.person(fmt.Sprint("p", i), strings.Fields(row.privileges)...)
		_, err := w.over(who, "t", first.MetadataLocation, row.d)
		expect(t, row.privileges, err, row.want)
	}
}

func TestUnregister(t *testing.T) {
	w := newWorld(t)
	_, err := w.create("t")
	w.must(err)
	last, err := w.commit("t", put("mine", "1"))
	w.must(err)
	for i, row := range []struct {
		privileges string
		want       fault.Kind
	}{{"TABLE_DROP", fault.Forbidden}, {"TABLE_READ_PROPERTIES", fault.Forbidden}, {"TABLE_DROP TABLE_READ_PROPERTIES", 0}, {"TABLE_DROP TABLE_READ_PROPERTIES", fault.NotFound}} {
		files := len(w.stored())
		who := w.person(fmt.Sprint("p", i), strings.Fields(row.privileges)...)
		got, err := w.UnregisterTable(t.Context(), who, "c", table("t"))
		expect(t, row.privileges, err, row.want)
		if err == nil && (got.MetadataLocation != last.MetadataLocation || string(got.Metadata) != string(last.Metadata)) {
			t.Errorf("got %s, want %s", got.MetadataLocation, last.MetadataLocation)
		}
		if len(w.stored()) != files {
			t.Errorf("got %d files, want the %d of before", len(w.stored()), files)
		}
	}
	if len(w.revoked) == 0 {
		t.Error("keys for the table go on")
	}
	_, err = w.register("t", last.MetadataLocation, catalog.Delegation{})
	expect(t, "register it again", err, 0)
}

// What is answered is what was removed: a commit that comes in between is in the answer.
func TestUnregisterThatIsOvertaken(t *testing.T) {
	w := newWorld(t)
	_, err := w.create("t")
	w.must(err)
	w.db.Next(faulty.Write, faulty.Fault{Before: func() { _, err := w.commit("t", put("late", "1")); w.must(err) }})
	got, err := w.UnregisterTable(t.Context(), w.admin, "c", table("t"))
	w.must(err)
	if !strings.Contains(string(got.Metadata), `"late"`) {
		t.Errorf("got %s without the commit before it", got.Metadata)
	}
}

// A table whose metadata file is elsewhere is read there, and written in its own folder.
func TestRegisterWithItsFileElsewhere(t *testing.T) {
	w := newWorld(t)
	w.set(foreignFiles, "true")
	w.must(registerFile("t", "s3://lake/c/a/t", "s3://lake/c/a/files/0-x.metadata.json")(w))
	for _, do := range []func() error{
		func() error { _, _, err := w.load("t"); return err },
		func() error { _, err := w.commit("t", put("x", "1")); return err },
	} {
		w.keep("t", nil)
		w.restart()
		w.take()
		w.must(do())
		for _, g := range w.vendor.minted {
			if p := g.Prefixes[0].String(); len(g.Prefixes) != 1 || p == "s3://lake/c/a/files/" && g.Actions != vend.Read|vend.List || p != "s3://lake/c/a/files/" && p != "s3://lake/c/a/t/" {
				t.Errorf("got a key to %v to %s", g.Prefixes, g.Actions)
			}
		}
	}
	w.whole("t")
}
