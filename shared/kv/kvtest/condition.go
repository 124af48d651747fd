package kvtest

import (
	"testing"
	"time"

	"firn/shared/kv"
)

// tag names an object "id" at version 2.
const tag = "id/2"

// conditions states for each condition where it holds: on nothing, on a live item, on an expired item; both have tag.
var conditions = []struct {
	name                   string
	cond                   kv.Cond
	nothing, live, expired bool
}{
	{"Always", kv.Always(), true, true, true},
	{"Absent", kv.Absent(now), true, false, true},
	{"Match of the tag", kv.Match(tag), false, true, true},
	{"Match of another tag", kv.Match("id/3"), false, false, false},
	{"Match of a shorter tag", kv.Match("id/"), false, false, false},
	{"Match of a longer tag", kv.Match("id/22"), false, false, false},
	{"Match in another case", kv.Match("ID/2"), false, false, false},
	{"Prefix", kv.Prefix("id/"), false, true, true},
	{"Prefix that is the tag", kv.Prefix(tag), false, true, true},
	{"Prefix longer than the tag", kv.Prefix("id/22"), false, false, false},
	{"Prefix of another tag", kv.Prefix("ie/"), false, false, false},
	{"Prefix from the middle", kv.Prefix("d/"), false, false, false},
}

// testConditions takes each verb under each condition to each state, alone and as the second operation of a transaction.
func testConditions(t *testing.T, b bed) {
	for _, row := range conditions {
		states := []struct {
			name   string
			stored bool
			expiry time.Time
			holds  bool
		}{
			{"nothing", false, time.Time{}, row.nothing},
			{"live", true, time.Time{}, row.live},
			{"not yet expired", true, now.Add(time.Second), row.live},
			{"expired", true, now.Add(-time.Second), row.expired},
		}
		for _, state := range states {
			t.Run(row.name+" on "+state.name, func(t *testing.T) {
				for _, verb := range []kv.Verb{kv.Put, kv.Delete, kv.Check} {
					for _, alone := range []bool{true, false} {
						if verb == kv.Check && (alone || row.name == "Always") {
							continue
						}
						c := trial{bed: b, verb: verb, cond: row.cond, alone: alone, holds: state.holds}
						c.target = key(t, verbName(verb)+map[bool]string{true: " alone", false: " second"}[alone])
						if state.stored {
							c.before = &kv.Item{Key: c.target, Tag: tag, Data: []byte("old"), Expires: state.expiry}
						}
						c.run(t)
					}
				}
			})
		}
	}
}

func verbName(v kv.Verb) string { return [...]string{"Put", "Delete", "Check"}[v] }

// trial is one operation on one state.
type trial struct {
	bed
	verb   kv.Verb
	cond   kv.Cond
	target kv.Key
	before *kv.Item // nil: nothing
	alone  bool
	holds  bool
}

func (c trial) run(t *testing.T) {
	t.Helper()
	if c.before != nil {
		c.mustPut(t, *c.before)
	}
	changed := item(c.target, "id/3", "new")
	beside := item(kv.Key{Partition: c.target.Partition, Sort: c.target.Sort + " beside"}, "t", "beside")
	ops := []kv.Op{{Verb: c.verb, Item: changed, If: c.cond}}
	index := 0
	if !c.alone {
		ops, index = append([]kv.Op{put(beside, kv.Always())}, ops...), 1
	}
	err := c.Write(t.Context(), ops)

	after, besideAfter := c.before, (*kv.Item)(nil)
	if c.holds {
		if err != nil {
			t.Errorf("%s: %v, want success", c.target.Sort, err)
		}
		switch c.verb {
		case kv.Put:
			after = &changed
		case kv.Delete:
			after = nil
		}
		if !c.alone {
			besideAfter = &beside
		}
	} else {
		wantRefused(t, err, index, c.before)
	}
	c.wantStored(t, c.target, after)
	c.wantStored(t, beside.Key, besideAfter)
}

func testRefusal(t *testing.T, b bed) {
	t.Run("names the first operation whose condition fails, and its item", func(t *testing.T) {
		second, fourth := item(key(t, "2"), "t2", "in the way"), item(key(t, "4"), "t4", "in the way")
		b.mustPut(t, second, fourth)
		ops := []kv.Op{
			put(item(key(t, "1"), "t", ""), kv.Absent(now)),
			put(item(second.Key, "t", ""), kv.Absent(now)),
			put(item(key(t, "3"), "t", ""), kv.Absent(now)),
			remove(fourth.Key, kv.Match("other")),
			check(key(t, "5"), kv.Match("missing")),
		}
		wantRefused(t, b.Write(t.Context(), ops), 1, &second)
		wantRefused(t, b.Write(t.Context(), append(ops[2:4:4], ops[1])), 1, &fourth)
		wantRefused(t, b.Write(t.Context(), []kv.Op{ops[4], ops[0]}), 0, nil)
	})
}
