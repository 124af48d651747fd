package bolt

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"firn/shared/fault"
	"firn/shared/kv"
)

func later(t *testing.T, db *DB, sort, tag string) {
	t.Helper()
	if err := db.WriteLater(kv.Item{Key: kv.Key{Partition: "p", Sort: sort}, Tag: tag}); err != nil {
		t.Fatal(err)
	}
}

// tagAt is empty if there is no item.
func tagAt(t *testing.T, db *DB, sort string) string {
	t.Helper()
	items, err := db.Get(t.Context(), []kv.Key{{Partition: "p", Sort: sort}})
	if err != nil {
		t.Fatal(err)
	}
	if items[0] == nil {
		return ""
	}
	return items[0].Tag
}

func TestWhatMayBeLostSharesTheNextCommit(t *testing.T) {
	db := openTest(t, Config{NoSync: true})
	before := txID(t, db)
	later(t, db, "a", "v1")
	later(t, db, "a", "v2")
	later(t, db, "b", "v1")
	if got := tagAt(t, db, "a"); got != "" || txID(t, db) != before {
		t.Errorf("before a write: got %q, want nothing and no commit", got)
	}
	if err := db.Write(t.Context(), []kv.Op{putOp("b", "v2", kv.Match("v1"))}); err != nil {
		t.Errorf("the next write: got %v, want it behind what waited", err)
	}
	if a, b := tagAt(t, db, "a"), tagAt(t, db, "b"); a != "v2" || b != "v2" || txID(t, db) != before+1 {
		t.Errorf("got %q and %q by %d commits, want v2 and v2 by one", a, b, txID(t, db)-before)
	}
}

func TestWhatMayBeLostIsKeptByClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "firn.db")
	db, err := Open(Config{Path: path, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	later(t, db, "a", "v1")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if got := tagAt(t, openTest(t, Config{Path: path, NoSync: true}), "a"); got != "v1" {
		t.Errorf("got %q, want v1", got)
	}
}

func TestWhatMayBeLostIsBounded(t *testing.T) {
	db := openTest(t, Config{NoSync: true})
	for i := range maxLater + 1 {
		later(t, db, fmt.Sprint(i), "v1")
	}
	if got := tagAt(t, db, "0"); got != "v1" {
		t.Errorf("got %q after %d items, want them committed", got, maxLater+1)
	}
	err := db.WriteLater(kv.Item{Key: kv.Key{Partition: "p", Sort: strings.Repeat("x", kv.MaxSort+1)}, Tag: "t"})
	if !fault.Is(err, fault.Argument, fault.TooLarge) {
		t.Errorf("got %v, want the limit", err)
	}
}
