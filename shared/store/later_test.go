package store

import (
	"testing"

	"firn/shared/kv"
)

// patient is a driver with a cheaper way for what may be lost.
type patient struct {
	kv.Driver
	later []kv.Item
}

func (p *patient) WriteLater(item kv.Item) error {
	p.later = append(p.later, item)
	return nil
}

func TestACopyWaitsForAWriteWhereTheDriverHasAWayForThat(t *testing.T) {
	w := newWorld(t, openBolt(t))
	w.must(seq(home, mkTable("a", "t", ""))(w))
	x, table := w.table("c", "a", "t")
	p := &patient{Driver: w.db}
	New(Config{Driver: p, Now: w.now}).KeepCopy(t.Context(), x.n, table.Value, []byte(`{"a":1}`))
	if len(p.later) != 1 || p.later[0].Key != x.n.place.copyKey("t") {
		t.Errorf("got %+v, want the copy", p.later)
	}
}
