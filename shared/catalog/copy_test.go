package catalog_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
)

// copyOf gives the stored metadata copy of a table in namespace "a"; nil if there is none.
func (w *world) copyOf(name string) *kv.Item {
	w.t.Helper()
	items, err := w.calls.Get(context.Background(), []kv.Key{{Partition: "copy/R/c/a", Sort: name}})
	w.must(err)
	return items[0]
}

// keep stores an item behind everything, or deletes the copy of that name if there is no item.
func (w *world) keep(name string, item *kv.Item) {
	w.t.Helper()
	op := kv.Op{Verb: kv.Delete, Item: kv.Item{Key: kv.Key{Partition: "copy/R/c/a", Sort: name}}}
	if item != nil {
		op.Verb, op.Item = kv.Put, *item
		op.Item.Key.Sort = name
	}
	w.must(w.calls.Write(context.Background(), []kv.Op{op}))
}

// A copy is believed if it is of this very version of this very table, and else replaced.
func TestMetadataCopies(t *testing.T) {
	rows := []struct {
		name  string
		spoil func(w *world, older, newer, others *kv.Item)
		gets  int
	}{
		{"the right one", func(*world, *kv.Item, *kv.Item, *kv.Item) {}, 0},
		{"none", func(w *world, _, _, _ *kv.Item) { w.keep("t", nil) }, 1},
		{"of an older version", func(w *world, older, _, _ *kv.Item) { w.keep("t", older) }, 1},
		{"of another table", func(w *world, _, _, others *kv.Item) { w.keep("t", others) }, 1},
		{"of another table that says it is this version", func(w *world, _, newer, others *kv.Item) {
			item := *others
			_, file, _ := strings.Cut(string(newer.Data), "\n")
			file, _, _ = strings.Cut(file, "\n")
			head, rest, _ := strings.Cut(string(others.Data), "\n")
			_, rest, _ = strings.Cut(rest, "\n")
			item.Data = []byte(head + "\n" + file + "\n" + rest)
			w.keep("t", &item)
		}, 1},
		{"cut short", func(w *world, _, newer, _ *kv.Item) {
			item := *newer
			item.Data = item.Data[:len(item.Data)/2]
			w.keep("t", &item)
		}, 1},
		{"garbage behind a good head", func(w *world, _, newer, _ *kv.Item) {
			item := *newer
			parts := strings.SplitN(string(newer.Data), "\n", 3)
			item.Data = []byte(parts[0] + "\n" + parts[1] + "\ngarbage")
			w.keep("t", &item)
		}, 1},
		{"of another format", func(w *world, _, newer, _ *kv.Item) {
			item := *newer
			item.Data = append([]byte("9"), item.Data[1:]...)
			w.keep("t", &item)
		}, 1},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			for _, name := range []string{"t", "u"} {
				_, err := w.create(name)
				w.must(err)
			}
			older := w.copyOf("t")
			_, err := w.commit("t", put("mine", "1"))
			w.must(err)
			row.spoil(w, older, w.copyOf("t"), w.copyOf("u"))
			for _, gets := range []int{row.gets, 0} { // what was read is kept
				w.restart()
				w.take()
				got, file, err := w.load("t")
				w.must(err)
				if u := w.take(); u.Gets != gets {
					t.Errorf("got %d reads of the metadata file, want %d", u.Gets, gets)
				}
				if v, _ := got.Property("mine"); v != "1" || got.Location() != "s3://lake/c/a/t" || !strings.Contains(file, "/00001-") {
					t.Errorf("got %s of %s with mine=%q, want the current version of t", file, got.Location(), v)
				}
			}
		})
	}
}

// Copies that follow the table late or not at all.
func TestCopiesThatLag(t *testing.T) {
	t.Run("the commit's copy is not stored", func(t *testing.T) {
		w := newWorld(t)
		_, err := w.create("t")
		w.must(err)
		w.db.Next(faulty.Write, faulty.Fault{}, faulty.Fault{Refuse: fault.Throttled})
		_, err = w.commit("t", put("mine", "1"))
		expect(t, "commit", err, 0)
		w.restart()
		if !w.has("t", "mine") {
			t.Error("got the version before, want the one committed")
		}
	})
	t.Run("an older commit's copy is stored after a newer one's", func(t *testing.T) {
		w := newWorld(t)
		_, err := w.create("t")
		w.must(err)
		w.db.Next(faulty.Write, faulty.Fault{}, faulty.Fault{Before: func() {
			_, err := w.instance().CommitTable(t.Context(), w.admin, "c", table("t"), put("newer", "1"))
			w.must(err)
		}})
		_, err = w.commit("t", put("mine", "1"))
		w.must(err)
		w.restart()
		if !w.has("t", "newer") || !w.has("t", "mine") {
			t.Error("got an old version, want both commits")
		}
	})
	t.Run("a table that is renamed and its name taken", func(t *testing.T) {
		w := newWorld(t)
		_, err := w.create("t")
		w.must(err)
		copied := w.copyOf("t")
		w.must(w.RenameTable(t.Context(), w.admin, "c", table("t"), table("u")))
		_, err = w.create("t", at("s3://lake/c/a/new"))
		w.must(err)
		w.keep("t", copied)
		w.restart()
		for name, loc := range map[string]string{"t": "s3://lake/c/a/new", "u": "s3://lake/c/a/t"} {
			got, _, err := w.load(name)
			w.must(err)
			if got.Location() != loc {
				t.Errorf("%s: got the metadata of %s, want of %s", name, got.Location(), loc)
			}
		}
	})
	t.Run("a document too large for a copy", func(t *testing.T) {
		w := newWorld(t, func(c *catalog.Config) { c.MaxAnswer = 4 << 20 })
		_, err := w.create("t")
		w.must(err)
		var big strings.Builder
		for range 10_000 {
			fmt.Fprintf(&big, "%s ", lake.NewID())
		}
		_, err = w.commit("t", put("big", big.String()))
		w.must(err)
		w.restart()
		w.take()
		if !w.has("t", "big") {
			t.Error("got the version before, want the one committed")
		}
		if u := w.take(); u.Gets != 1 {
			t.Errorf("got %d reads of the metadata file, want 1", u.Gets)
		}
	})
}

func TestATableWhoseFileIsBroken(t *testing.T) {
	for name, text := range map[string]string{"no table": "{}", "no metadata": "<html>", "empty": ""} {
		w := newWorld(t)
		made, err := w.create("t")
		w.must(err)
		w.keep("t", nil)
		w.leave(made.MetadataLocation, text)
		w.restart()
		if _, _, err = w.load("t"); err == nil || fault.From(err).Kind != fault.Internal {
			t.Errorf("%s: got %v, want an internal error", name, err)
		}
		if w.copyOf("t") != nil {
			t.Errorf("%s: got a copy of what cannot be read", name)
		}
	}
}
