package store

import (
	"testing"

	"firn/shared/fault"
	"firn/shared/kv/faulty"
)

// Two who rename a table to the same name put the same entry: it proves neither's write.
func TestALostRenameIsNotTakenForAnothers(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		w.must(seq(homes, mkTable("a", "t", ""))(w))
		rename := mvTable("a", "t", "b", "u")
		w.db.Next(faulty.Write, faulty.Fault{Lose: faulty.Request, Before: func() { w.must(rename(w)) }})
		if err := rename(w); !fault.Is(err, fault.StateUnknown) {
			t.Errorf("got %v, want StateUnknown", err)
		}
		w.sound()
	})
}

// A drop whose table is gone is done, whoever did it; with a key only if the key's record says so, as other tries of the
// request were told by that.
func TestALostDropWithAKeyIsNotTakenForAnothers(t *testing.T) {
	rows := []struct {
		name string
		once *Once
		want fault.Kind // 0: done
	}{
		{"without a key", nil, 0},
		{"with a key", &Once{Realm: realm, Principal: "p", Key: "k", Request: "r"}, fault.StateUnknown},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, openBolt(t))
			w.must(seq(home, mkTable("a", "t", ""))(w))
			x, old := w.table("c", "a", "t")
			w.db.Next(faulty.Write, faulty.Fault{Lose: faulty.Request, Before: func() { w.must(rmTable("a", "t")(w)) }})
			err := w.For(row.once).DropTable(t.Context(), x.n, old, nil)
			if row.want == 0 && err != nil || row.want != 0 && !fault.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
		})
	}
}
