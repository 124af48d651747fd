package store

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/kv"
	"firn/shared/lake"
)

func TestMemoryIsBoundedByBytes(t *testing.T) {
	const limit = 10_000
	m := newMemory[int, string](limit)
	for i := range 1000 {
		m.add(i, "", "v", 1000)
		if _, ok := m.get(0, ""); i < 7 && !ok { // and so the first is the one that was used last
			t.Fatalf("after %d: the first is gone, want it there", i)
		}
		if m.filled > limit {
			t.Fatalf("after %d: got %d bytes, want at most %d", i, m.filled, limit)
		}
	}
	if _, ok := m.get(999, ""); !ok || m.lru.Len() != 7 {
		t.Errorf("got the last %v and %d entries, want it and 7", ok, m.lru.Len())
	}
	m.add(999, "", "w", 2000)
	if v, _ := m.get(999, ""); v != "w" || m.filled != 6*(1000+256)+2000+256 {
		t.Errorf("replaced: got %q and %d bytes, want w and %d", v, m.filled, 6*1256+2256)
	}
	m.add(1000, "", "large", limit/4)
	if _, ok := m.get(1000, ""); ok {
		t.Error("an entry of more than a quarter of the limit was kept")
	}
	for i := range 1000 {
		m.add(i, "", "small", 0)
	}
	if m.lru.Len() != limit/256 {
		t.Errorf("entries without content: got %d, want %d", m.lru.Len(), limit/256)
	}
}

// Of a thing that changes all the time one version is remembered, so that many versions of few things do not
// drive out others.
func TestMemoryHoldsOneVersionOfAThing(t *testing.T) {
	m := newMemory[string, int](100_000)
	for i, version := range []string{"1", "2", "3"} {
		m.add("table", version, i, 1000)
	}
	if m.filled != 1256 || m.lru.Len() != 1 {
		t.Errorf("got %d entries of %d bytes, want one", m.lru.Len(), m.filled)
	}
	if _, ok := m.get("table", "2"); ok {
		t.Error("got an older version, want none")
	}
	if v, ok := m.get("table", "3"); !ok || v != 2 {
		t.Errorf("got %d, %v, want the last version", v, ok)
	}
	m.add("table", "4", 3, 100_000)
	if m.filled != 0 {
		t.Errorf("after a version that is too large: got %d bytes, want none", m.filled)
	}
}

// What is remembered is counted as it lies in memory, not as it is stored.
func TestWhatIsRememberedIsCountedAsItLiesInMemory(t *testing.T) {
	const mb = 1 << 20
	w := newWorld(t, openBolt(t))
	w.must(w.createCatalog("c"))
	w.must(w.createNamespace("c", "n", "s3://lake/n"))
	s := New(Config{Driver: w.raw, Now: w.time, Memory: 12 * mb})
	x, err := w.look("c", "n", nil)
	w.must(err)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 1000 { // documents of 16 KB in buffers of 64
		table := &lake.Table{ID: lake.NewID(), Name: "t", MetadataLocation: fmt.Sprint("s3://lake/t/metadata/", i)}
		doc := append(make([]byte, 0, 64<<10), strings.Repeat("x", 16<<10)...)
		s.KeepCopy(t.Context(), x.n, table, doc)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if got := int64(after.HeapAlloc) - int64(before.HeapAlloc); got > 14*mb {
		t.Errorf("got %d bytes remembered, want about %d at most", got, 12*mb)
	}
	runtime.KeepAlive(s)
}

func TestMemoryForgetsWhatWasNotUsed(t *testing.T) {
	m := newMemory[string, int](4 * 1256)
	for i, key := range []string{"a", "b", "c", "d"} {
		m.add(key, "", i, 1000)
	}
	m.get("a", "")
	m.add("e", "", 4, 1000)
	var kept []string
	for _, key := range []string{"a", "b", "c", "d", "e"} {
		if _, ok := m.get(key, ""); ok {
			kept = append(kept, key)
		}
	}
	if diff := cmp.Diff([]string{"a", "c", "d", "e"}, kept); diff != "" {
		t.Error(diff)
	}
}

// Two stores over one table are two instances of the server: what the one remembers, the other changes.
func TestWhatIsRememberedIsNeverStale(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(w *world) error // by the other instance
		want   func(before, now *lake.Table) bool
	}{
		{"nothing changes", func(*world) error { return nil }, func(before, now *lake.Table) bool { return before == now }},
		{"a commit", func(w *world) error { return w.commit("c", "n", "t") },
			func(before, now *lake.Table) bool { return now.Version == before.Version+1 && now.ID == before.ID }},
		{"a drop", func(w *world) error { return w.dropTable("c", "n", "t") }, func(_, now *lake.Table) bool { return now == nil }},
		{"a drop and a creation", func(w *world) error {
			if err := w.dropTable("c", "n", "t"); err != nil {
				return err
			}
			return w.createTable("c", "n", "t", "")
		}, func(before, now *lake.Table) bool { return now.ID != before.ID }},
		{"a rename away", func(w *world) error { return w.rename("c", "n", "t", "n", "u") }, func(_, now *lake.Table) bool { return now == nil }},
		{"a rename away and back", func(w *world) error {
			if err := w.rename("c", "n", "t", "n", "u"); err != nil {
				return err
			}
			return w.rename("c", "n", "u", "n", "t")
		}, func(before, now *lake.Table) bool { return now.ID == before.ID && now.Version == before.Version+2 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			one := newWorld(t, openBolt(t))
			one.must(one.createCatalog("c", "s3://lake/c"))
			one.must(one.createNamespace("c", "n", ""))
			one.must(one.createTable("c", "n", "t", ""))
			_, before := one.table("c", "n", "t")
			one.must(test.change(newWorld(t, one.raw)))
			_, now := one.table("c", "n", "t")
			if !test.want(before.Value, now.Value) {
				t.Errorf("got %+v after %+v", now.Value, before.Value)
			}
			one.must(one.Verify(t.Context()))
		})
	}
}

func TestVerifyTellsWhoChangesWhatIsLent(t *testing.T) {
	w := newWorld(t, openBolt(t))
	w.must(w.createCatalog("c"))
	w.must(w.createNamespace("c", "n", "s3://lake/n"))
	x, err := w.look("c", "n", nil)
	w.must(err)
	x.n.Value().Levels[0] = "m"
	if err := w.Verify(t.Context()); err == nil || !strings.Contains(err.Error(), "ns/R/c n") {
		t.Errorf("got %v, want an error that names the item", err)
	}
}

// A copy is taken for a table's document only if it says so itself.
func TestCopies(t *testing.T) {
	const doc = `{"format-version":2}`
	table := &lake.Table{ID: "id", Name: "t", MetadataLocation: "s3://lake/t/metadata/1.metadata.json"}
	other, moved := *table, *table
	other.ID, moved.MetadataLocation = "other", "s3://lake/t/metadata/2.metadata.json"
	w := newWorld(t, openBolt(t))
	w.must(w.createCatalog("c"))
	w.must(w.createNamespace("c", "n", "s3://lake/n"))
	x, err := w.look("c", "n", nil)
	w.must(err)
	copyOf := func(t *lake.Table) []byte {
		op, _ := copyOp(x.n, t, []byte(doc))
		return op.Item.Data
	}
	good := copyOf(table)
	for _, test := range []struct {
		name   string
		stored []byte // nil: nothing
		want   bool
	}{
		{"its own", good, true},
		{"none", nil, false},
		{"another table's that names the same file", copyOf(&other), false},
		{"an older version's", copyOf(&moved), false},
		{"an unknown format", append([]byte("1"), good[1:]...), false},
		{"cut off in the head", good[:10], false},
		{"cut off behind the head", good[:len(copyHead(table))], false},
		{"cut off in the document", good[:len(good)-9], false},
		{"with a broken checksum", append(good[:len(good)-8:len(good)-8], "12345678"...), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			key := x.n.place.copyKey("t")
			op := remove(key, kv.Always())
			if test.stored != nil {
				op = kv.Op{Verb: kv.Put, Item: kv.Item{Key: key, Tag: "tag", Data: test.stored}}
			}
			w.must(w.raw.Write(t.Context(), []kv.Op{op}))
			b := New(Config{Driver: w.raw, Now: w.time}).Batch(realm) // one that remembers nothing
			c := b.Copy(b.Namespace(b.Catalog("c"), []string{"n"}), "t")
			w.must(b.Read(t.Context()))
			if text, err := c.Packed(t.Context(), table); (text != nil) != test.want || err != nil {
				t.Errorf("compressed: got %v, %v, want %v", text, err, test.want)
			}
			got, err := c.Document(t.Context(), table)
			if (got != nil) != test.want || err != nil || test.want && string(got) != doc {
				t.Errorf("got %q %v, want %v", got, err, test.want)
			}
		})
	}
}

// What is remembered of a document is for one table and one file.
func TestDocumentsRemembered(t *testing.T) {
	w := newWorld(t, openBolt(t))
	w.must(w.createCatalog("c"))
	w.must(w.createNamespace("c", "n", "s3://lake/n"))
	x, err := w.look("c", "n", nil)
	w.must(err)
	table := &lake.Table{ID: "id", Name: "t", MetadataLocation: "s3://lake/t/metadata/1.metadata.json"}
	large := []byte(strings.Repeat("0123456789", 50*maxCopy/10)) // too large for a copy
	w.KeepCopy(context.Background(), x.n, table, large)
	compressed := w.Pack(table, large)
	if w.Pack(table, large) != compressed {
		t.Error("what was compressed was compressed again")
	}
	for _, test := range []struct {
		name         string
		id, location string
		want         bool
	}{
		{"the table as it was kept", "id", table.MetadataLocation, true},
		{"another version", "id", "s3://lake/t/metadata/2.metadata.json", false},
		{"another table that names the same file", "other", table.MetadataLocation, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := w.Batch(realm).Copy(x.n, "t")
			table := &lake.Table{ID: lake.ID(test.id), Name: "t", MetadataLocation: test.location}
			got, err := c.Document(t.Context(), table)
			if (got != nil) != test.want || err != nil || test.want && len(got) != len(large) {
				t.Errorf("got %d bytes, %v, want %v", len(got), err, test.want)
			}
			text, err := c.Packed(t.Context(), table)
			if (text != nil) != test.want || err != nil || test.want && text != compressed {
				t.Errorf("compressed: got %v, %v, want %v", text, err, test.want)
			}
		})
	}
}
