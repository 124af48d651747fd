package faulty

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
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

func TestContractWithoutFaults(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Driver { return open(t) })
}

// Torn reads and refusals are what the contract allows a driver at any time.
func TestContractWithTornReads(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Driver {
		d := open(t)
		d.Plan(Random(1, Odds{Torn: 1}))
		return d
	})
}

func key(sort string) kv.Key { return kv.Key{Partition: "p", Sort: sort} }

func put(sort, tag string) []kv.Op {
	return []kv.Op{{Verb: kv.Put, Item: kv.Item{Key: key(sort), Tag: tag}}}
}

// tags reads behind the faults.
func (d *Driver) tags(t *testing.T, sorts ...string) (tags []string) {
	t.Helper()
	for _, sort := range sorts {
		items, err := d.inner.Get(t.Context(), []kv.Key{key(sort)})
		if err != nil {
			t.Fatal(err)
		}
		if items[0] == nil {
			tags = append(tags, "")
			continue
		}
		tags = append(tags, items[0].Tag)
	}
	return tags
}

func TestFaultOfWrite(t *testing.T) {
	absent := kv.Absent(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	rows := []struct {
		name  string
		fault Fault
		ops   []kv.Op
		kind  fault.Kind
		after string
	}{
		{"lost request does not land", Fault{Lose: Request}, put("s", "new"), fault.StateUnknown, "old"},
		{"lost answer lands", Fault{Lose: Answer}, put("s", "new"), fault.StateUnknown, "new"},
		{"lost answer hides a condition", Fault{Lose: Answer}, []kv.Op{{Item: put("s", "new")[0].Item, If: absent}}, fault.StateUnknown, "old"},
		{"throttled does not land", Fault{Refuse: fault.Throttled}, put("s", "new"), fault.Throttled, "old"},
		{"unavailable does not land", Fault{Refuse: fault.Unavailable}, put("s", "new"), fault.Unavailable, "old"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			d := open(t)
			if err := d.Write(t.Context(), put("s", "old")); err != nil {
				t.Fatal(err)
			}
			d.Next(Write, row.fault)
			if err := d.Write(t.Context(), row.ops); !fault.Is(err, row.kind) {
				t.Errorf("got %v, want kind %s", err, row.kind)
			}
			if got := d.tags(t, "s")[0]; got != row.after {
				t.Errorf("got tag %q, want %q", got, row.after)
			}
			if err := d.Write(t.Context(), put("s", "next")); err != nil {
				t.Errorf("the next write: got %v, want no fault", err)
			}
		})
	}
}

func TestFaultOfRead(t *testing.T) {
	for _, f := range []Fault{{Lose: Request}, {Lose: Answer}, {Refuse: fault.Unavailable}} {
		d := open(t)
		d.Next(Get, f)
		d.Next(List, f)
		if items, err := d.Get(t.Context(), []kv.Key{key("s")}); !fault.Is(err, fault.Unavailable) || items != nil {
			t.Errorf("get: got %v and %v, want Unavailable alone", items, err)
		}
		if items, next, err := d.List(t.Context(), kv.Page{Partition: "p", Limit: 1}); !fault.Is(err, fault.Unavailable) || items != nil || next != "" {
			t.Errorf("list: got %v and %v, want Unavailable alone", items, err)
		}
	}
}

func TestCallThatBreaksALimitMeetsNoFault(t *testing.T) {
	d := open(t)
	for _, verb := range []Verb{Get, List, Write} {
		d.Next(verb, Fault{Lose: Request})
	}
	_, getErr := d.Get(t.Context(), nil)
	_, _, listErr := d.List(t.Context(), kv.Page{})
	for _, err := range []error{getErr, listErr, d.Write(t.Context(), nil)} {
		if !fault.Is(err, fault.Argument) {
			t.Errorf("got %v, want kind argument", err)
		}
	}
	if d.Pending() != 3 {
		t.Errorf("got %d faults pending, want all 3", d.Pending())
	}
}

func TestTornGetShowsOneItemBeforeAndOneAfterTheSameWrite(t *testing.T) {
	d := open(t)
	set := func(tag string) func() {
		return func() {
			if err := d.Write(t.Context(), slices.Concat(put("a", tag), put("b", tag), put("c", tag))); err != nil {
				t.Error(err)
			}
		}
	}
	set("old")()
	d.Next(Get, Fault{Between: set("new")})
	for _, want := range [][]string{{"old", "new", "old"}, {"new", "new", "new"}} {
		items, err := d.Get(t.Context(), []kv.Key{key("a"), key("b"), key("c")})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, []string{items[0].Tag, items[1].Tag, items[2].Tag}); diff != "" {
			t.Errorf("tags (-want +got):\n%s", diff)
		}
	}
}

func TestHooksRunAroundTheEffect(t *testing.T) {
	d := open(t)
	var seen []string
	look := func() { seen = append(seen, d.tags(t, "s")...) }
	d.Next(Write, Fault{}, Fault{Before: look, After: look})
	for _, tag := range []string{"first", "second"} {
		if err := d.Write(t.Context(), put("s", tag)); err != nil {
			t.Fatal(err)
		}
		if want := map[string]int{"first": 1, "second": 0}[tag]; d.Pending() != want {
			t.Errorf("got %d faults pending, want %d", d.Pending(), want)
		}
	}
	if diff := cmp.Diff([]string{"first", "second"}, seen); diff != "" {
		t.Errorf("tags before and after (-want +got):\n%s", diff)
	}
}

func TestRandomRepeatsItself(t *testing.T) {
	odds := Odds{LostRequest: 0.2, LostAnswer: 0.2, Throttled: 0.2, Torn: 0.2}
	run := func(seed uint64) (kinds []string) {
		plan := Random(seed, odds)
		for range 500 {
			f := plan(Call{Verb: Get})
			switch {
			case f.Between != nil:
				kinds = append(kinds, "torn")
			case f.Lose == Request:
				kinds = append(kinds, "request")
			case f.Lose == Answer:
				kinds = append(kinds, "answer")
			default:
				kinds = append(kinds, f.Refuse.String())
			}
		}
		return kinds
	}
	first := run(7)
	if !slices.Equal(first, run(7)) || slices.Equal(first, run(8)) {
		t.Error("the seed does not decide the faults")
	}
	count := map[string]int{}
	for _, kind := range first {
		count[kind]++
	}
	for kind, share := range map[string]float64{"torn": 0.2, "request": 0.2, "answer": 0.2, "throttled": 0.1, "unavailable": 0.1, "internal": 0.2} {
		if got := float64(count[kind]) / 500; got < share-0.06 || got > share+0.06 {
			t.Errorf("got a share of %.2f %s, want about %.2f", got, kind, share)
		}
	}
}
