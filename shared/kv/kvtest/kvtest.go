// Package kvtest is the contract of kv as tests: Run takes every sentence of it to a driver.
//
// A driver's own test opens the driver and calls Run; what it tests besides is its own technology. Each test uses its own
// partitions, so the driver may be opened once on a shared table that is empty at the start.
//
// # Why
//
// Use-cases are tested over the embedded driver and run over DynamoDB: whatever the two do differently is a bug that no
// test of a use-case can see. So the suite asks for what firn relies on, and for nothing that a driver may choose.
package kvtest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/kv"
)

// Run tests the driver that open gives. open is called once per group of tests.
func Run(t *testing.T, open func(t *testing.T) kv.Driver) {
	t.Helper()
	groups := []struct {
		name string
		run  func(*testing.T, bed)
	}{
		{"Get", testGet},
		{"List", testList},
		{"Condition", testConditions},
		{"Refusal", testRefusal},
		{"Atomic", testAtomic},
		{"Value", testValues},
		{"Expiry", testExpiry},
		{"Limit", testLimits},
		{"Context", testContext},
		{"Race", testRaces},
	}
	for _, group := range groups {
		t.Run(group.name, func(t *testing.T) { group.run(t, bed{open(t)}) })
	}
}

// now is the time of every condition; nothing here reads a clock.
var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// sameBytes is quick on large data, and takes no bytes for nil.
var sameBytes = cmp.Comparer(bytes.Equal)

// bed is a driver with the steps that the tests are made of.
type bed struct{ kv.Driver }

// partition is the test's own.
func partition(t *testing.T) string { return "KVTEST#" + t.Name() }

func key(t *testing.T, sort string) kv.Key { return kv.Key{Partition: partition(t), Sort: sort} }

func keys(t *testing.T, sorts ...string) []kv.Key {
	all := make([]kv.Key, len(sorts))
	for i, sort := range sorts {
		all[i] = key(t, sort)
	}
	return all
}

func item(key kv.Key, tag, data string) kv.Item {
	i := kv.Item{Key: key, Tag: tag}
	if data != "" {
		i.Data = []byte(data)
	}
	return i
}

func put(i kv.Item, cond kv.Cond) kv.Op { return kv.Op{Verb: kv.Put, Item: i, If: cond} }
func remove(k kv.Key, cond kv.Cond) kv.Op {
	return kv.Op{Verb: kv.Delete, Item: kv.Item{Key: k}, If: cond}
}
func check(k kv.Key, cond kv.Cond) kv.Op {
	return kv.Op{Verb: kv.Check, Item: kv.Item{Key: k}, If: cond}
}
func numbered(prefix string, i int) string { return fmt.Sprintf("%s%03d", prefix, i) }
func bulk(k kv.Key, n int) kv.Item {
	return kv.Item{Key: k, Tag: "t", Data: bytes.Repeat([]byte{0xA5}, n)}
}

// sized is an item of exactly n bytes as the limits count them.
func sized(k kv.Key, n int) kv.Item { return bulk(k, n-bulk(k, 0).Size()) }

func (b bed) mustWrite(t *testing.T, ops ...kv.Op) {
	t.Helper()
	if err := b.Write(t.Context(), ops); err != nil {
		t.Fatalf("write: %v", err)
	}
}

func (b bed) mustPut(t *testing.T, items ...kv.Item) {
	t.Helper()
	for len(items) > 0 {
		n := min(len(items), kv.MaxOps)
		ops := make([]kv.Op, n)
		for i := range ops {
			ops[i] = put(items[i], kv.Always())
		}
		b.mustWrite(t, ops...)
		items = items[n:]
	}
}

func (b bed) mustGet(t *testing.T, keys ...kv.Key) []*kv.Item {
	t.Helper()
	items, err := b.Get(t.Context(), keys)
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	if len(items) != len(keys) {
		t.Fatalf("got %d entries, want one for each of %d keys", len(items), len(keys))
	}
	return items
}

// wantStored compares what is there with want; nil is nothing.
func (b bed) wantStored(t *testing.T, key kv.Key, want *kv.Item) {
	t.Helper()
	if diff := cmp.Diff(want, b.mustGet(t, key)[0], sameBytes); diff != "" {
		t.Errorf("stored under %s (-want +got):\n%s", key.Sort, diff)
	}
}

func wantRefused(t *testing.T, err error, index int, there *kv.Item) {
	t.Helper()
	refused, ok := errors.AsType[*kv.ConditionError](err)
	if !ok {
		t.Fatalf("got error %v, want a ConditionError", err)
	}
	if refused.Index != index {
		t.Errorf("got index %d, want %d", refused.Index, index)
	}
	if diff := cmp.Diff(there, refused.There, sameBytes); diff != "" {
		t.Errorf("item in the way (-want +got):\n%s", diff)
	}
}

func wantKind(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("got error %v, want kind %s", err, kind)
	}
}
