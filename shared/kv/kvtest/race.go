package kvtest

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"firn/shared/fault"
	"firn/shared/kv"
)

func testAtomic(t *testing.T, b bed) {
	make100 := func(t *testing.T, tag string, cond kv.Cond) (ops []kv.Op) {
		for i := range kv.MaxOps {
			ops = append(ops, put(item(key(t, numbered("", i)), tag+numbered("/", i), tag), cond))
		}
		return ops
	}
	t.Run("100 operations land together", func(t *testing.T) {
		ops := make100(t, "new", kv.Absent(now))
		b.mustWrite(t, ops...)
		for _, op := range ops {
			b.wantStored(t, op.Item.Key, &op.Item)
		}
	})
	t.Run("100 operations fail together by the last", func(t *testing.T) {
		inTheWay := item(key(t, numbered("", 99)), "other", "")
		b.mustPut(t, inTheWay)
		wantRefused(t, b.Write(t.Context(), make100(t, "new", kv.Absent(now))), 99, &inTheWay)
		items, _ := b.pages(t, kv.Page{Partition: partition(t), Limit: kv.MaxList})
		if len(items) != 1 {
			t.Errorf("got %d items, want the one that was there", len(items))
		}
	})
	t.Run("put, delete and check of many partitions", func(t *testing.T) {
		old, guard := item(key(t, "old"), "o", ""), item(kv.Key{Partition: partition(t) + "guard", Sort: "g"}, "g/1", "")
		b.mustPut(t, old, guard)
		moved := item(kv.Key{Partition: partition(t) + "to", Sort: "new"}, "n", "moved")
		rename := []kv.Op{check(guard.Key, kv.Match("g/1")), remove(old.Key, kv.Match("o")), put(moved, kv.Absent(now))}
		b.mustWrite(t, rename...)
		b.wantStored(t, old.Key, nil)
		b.wantStored(t, guard.Key, &guard)
		b.wantStored(t, moved.Key, &moved)
		wantRefused(t, b.Write(t.Context(), rename), 1, nil)
	})
}

func testRaces(t *testing.T, b bed) {
	t.Run("one of 16 writers creates", func(t *testing.T) {
		var won atomic.Int32
		together(t, 16, func(i int) {
			if b.landed(t, put(item(key(t, "s"), numbered("t", i), ""), kv.Absent(now))) {
				won.Add(1)
			}
		})
		if won.Load() != 1 {
			t.Errorf("got %d winners, want 1", won.Load())
		}
	})
	t.Run("16 writers count by compare and set", func(t *testing.T) { testCount(t, b, false) })
	t.Run("16 writers count by transactions", func(t *testing.T) { testCount(t, b, true) })
	t.Run("transfers keep the sum", func(t *testing.T) { testTransfers(t, b) })
	t.Run("of two writes that check what the other changes one fails", func(t *testing.T) {
		for round := range 20 {
			a, z := item(key(t, numbered("a", round)), "old", ""), item(key(t, numbered("z", round)), "old", "")
			b.mustPut(t, a, z)
			var won atomic.Int32
			together(t, 2, func(i int) {
				mine, other := a, z
				if i == 1 {
					mine, other = z, a
				}
				if b.landed(t, check(other.Key, kv.Match("old")), put(item(mine.Key, "new", ""), kv.Match("old"))) {
					won.Add(1)
				}
			})
			if won.Load() != 1 {
				t.Fatalf("round %d: %d writes landed, want 1", round, won.Load())
			}
		}
	})
}

// testCount has 16 writers add 5 each to a counter whose tag is its value, alone or together with a witness.
func testCount(t *testing.T, b bed, transaction bool) {
	counter := key(t, "counter")
	b.mustPut(t, item(counter, "v/0", ""))
	together(t, 16, func(writer int) {
		for i := 0; i < 5; {
			there, err := b.read(counter)
			if err != nil {
				t.Errorf("get: %v", err)
				return
			}
			value, _ := strconv.Atoi(there[0].Tag[2:])
			ops := []kv.Op{put(item(counter, "v/"+strconv.Itoa(value+1), ""), kv.Match(there[0].Tag))}
			if transaction {
				ops = append(ops, put(item(key(t, numbered("witness", value)), numbered("w", writer), ""), kv.Absent(now)))
			}
			if b.landed(t, ops...) {
				i++
			}
			if t.Failed() {
				return
			}
		}
	})
	b.wantStored(t, counter, &kv.Item{Key: counter, Tag: "v/80"})
	if items, _ := b.pages(t, kv.Page{Partition: counter.Partition, Prefix: "witness", Limit: 100}); transaction && len(items) != 80 {
		t.Errorf("got %d witnesses, want 80", len(items))
	}
}

// testTransfers moves units between two items; tags hold the transfer's name, so a torn read fails its condition.
func testTransfers(t *testing.T, b bed) {
	both := keys(t, "left", "right")
	b.mustPut(t, item(both[0], "start", "1000"), item(both[1], "start", "1000"))
	together(t, 8, func(writer int) {
		for i := range 8 {
			for landed := false; !landed && !t.Failed(); {
				there, err := b.read(both...)
				if err != nil {
					t.Errorf("get: %v", err)
					return
				}
				name := numbered("w", writer) + numbered("/", i)
				ops := make([]kv.Op, 2)
				for side, sign := range []int{-1, 1} {
					units, _ := strconv.Atoi(string(there[side].Data))
					ops[side] = put(item(both[side], name, strconv.Itoa(units+sign*(writer+1))), kv.Match(there[side].Tag))
				}
				landed = b.landed(t, ops...)
			}
		}
	})
	sum := 0
	for _, side := range b.mustGet(t, both...) {
		units, _ := strconv.Atoi(string(side.Data))
		sum += units
	}
	if want := 1000 - 8*(1+2+3+4+5+6+7+8); sum != 2000 || string(b.mustGet(t, both[0])[0].Data) != strconv.Itoa(want) {
		t.Errorf("got a sum of %d, want 2000 with %d on the left", sum, want)
	}
}

func together(t *testing.T, n int, run func(i int)) {
	t.Helper()
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			run(i)
		})
	}
	close(start)
	all.Wait()
}

// read tries again while the driver says that nothing happened: that is allowed under load.
func (b bed) read(keys ...kv.Key) ([]*kv.Item, error) {
	for {
		items, err := b.Get(context.Background(), keys)
		if !fault.Is(err, fault.Throttled, fault.Unavailable) {
			return items, err
		}
	}
}

// landed writes until the driver decides.
func (b bed) landed(t *testing.T, ops ...kv.Op) bool {
	for {
		err := b.Write(context.Background(), ops)
		if fault.Is(err, fault.Throttled, fault.Unavailable) {
			continue
		}
		if _, refused := errors.AsType[*kv.ConditionError](err); err != nil && !refused {
			t.Errorf("write: %v", err)
		}
		return err == nil
	}
}
