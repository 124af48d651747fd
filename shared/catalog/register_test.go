package catalog_test

import (
	"strings"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
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
