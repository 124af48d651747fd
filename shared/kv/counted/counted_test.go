package counted

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/kv"
	"firn/shared/kv/bolt"
	"firn/shared/kv/kvtest"
)

func open(t *testing.T) *Driver {
	t.Helper()
	db, err := bolt.Open(bolt.Config{Path: filepath.Join(t.TempDir(), "firn.db"), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return New(db)
}

func TestContract(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Driver { return open(t) })
}

func TestCounts(t *testing.T) {
	key := func(sort string) kv.Key { return kv.Key{Partition: "p", Sort: sort} }
	op := func(sort string, cond kv.Cond) kv.Op {
		return kv.Op{Verb: kv.Put, Item: kv.Item{Key: key(sort), Tag: "t"}, If: cond}
	}
	write := func(ops ...kv.Op) func(t *testing.T, d *Driver) {
		return func(t *testing.T, d *Driver) { _ = d.Write(t.Context(), ops) }
	}
	rows := []struct {
		name string
		call func(t *testing.T, d *Driver)
		want Counts
	}{
		{"nothing", func(*testing.T, *Driver) {}, Counts{}},
		{"get of three keys", func(t *testing.T, d *Driver) { _, _ = d.Get(t.Context(), []kv.Key{key("a"), key("b"), key("c")}) }, Counts{Gets: 1, Keys: 3}},
		{"list", func(t *testing.T, d *Driver) { _, _, _ = d.List(t.Context(), kv.Page{Partition: "p", Limit: 5}) }, Counts{Lists: 1}},
		{"single write", write(op("a", kv.Always())), Counts{Writes: 1}},
		{"write that fails", write(op("a", kv.Match("none"))), Counts{Writes: 1}},
		{"transaction of two", write(op("a", kv.Always()), op("b", kv.Always())), Counts{Transactions: 1, Ops: 2}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			d := open(t)
			row.call(t, d)
			if diff := cmp.Diff(row.want, d.Take()); diff != "" {
				t.Errorf("counts (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(Counts{}, d.Take()); diff != "" {
				t.Errorf("counts after they were taken (-want +got):\n%s", diff)
			}
		})
	}
}
