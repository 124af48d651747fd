package store

import (
	"testing"

	"firn/shared/kv"
	"firn/shared/kv/faulty"
)

// Creates of tables meet in one of the namespace's guards at most: an item that all of them checked would make DynamoDB
// refuse those that come at once.
func TestCreatesOfTablesShareNoItemButAGuard(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		w.must(home(w))
		at := place{realm, "c", []string{"a"}}
		isGuard := map[kv.Key]bool{}
		for i := range guards {
			isGuard[at.guardKey(i)] = true
		}
		seen := map[kv.Key]bool{}
		for _, name := range []string{"t", "u"} {
			var ops []kv.Op
			w.db.Plan(func(c faulty.Call) faulty.Fault {
				if c.Verb == faulty.Write {
					ops = c.Ops
				}
				return faulty.Fault{}
			})
			w.must(w.createTable("c", "a", name, ""))
			bumped := 0
			for _, op := range ops {
				switch {
				case isGuard[op.Item.Key]:
					bumped++
				case seen[op.Item.Key]:
					t.Errorf("both creates touch %v", op.Item.Key)
				}
				seen[op.Item.Key] = true
			}
			if bumped != 1 {
				t.Errorf("table %s: got %d guards written, want 1", name, bumped)
			}
		}
	})
}
