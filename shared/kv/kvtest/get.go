package kvtest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/kv"
)

func testGet(t *testing.T, b bed) {
	t.Run("nothing stored is nil", func(t *testing.T) {
		b.wantStored(t, key(t, "none"), nil)
	})
	t.Run("answers follow the order of the keys with nil between", func(t *testing.T) {
		one, two := item(key(t, "1"), "t1", "one"), item(key(t, "2"), "t2", "two")
		b.mustPut(t, one, two)
		got := b.mustGet(t, key(t, "none"), two.Key, key(t, "0"), one.Key, key(t, "3"))
		if diff := cmp.Diff([]*kv.Item{nil, &two, nil, &one, nil}, got); diff != "" {
			t.Errorf("items (-want +got):\n%s", diff)
		}
	})
	t.Run("keys of many partitions", func(t *testing.T) {
		left, right := item(key(t, "s"), "left", "l"), item(kv.Key{Partition: partition(t) + "2", Sort: "s"}, "right", "r")
		b.mustPut(t, left, right)
		got := b.mustGet(t, right.Key, left.Key)
		if diff := cmp.Diff([]*kv.Item{&right, &left}, got); diff != "" {
			t.Errorf("items (-want +got):\n%s", diff)
		}
	})
	t.Run("the border between partition and sort key counts", func(t *testing.T) {
		b.mustPut(t, item(kv.Key{Partition: partition(t) + "a", Sort: "b"}, "t", ""))
		b.wantStored(t, kv.Key{Partition: partition(t), Sort: "ab"}, nil)
	})
	t.Run("100 keys backwards", func(t *testing.T) {
		var items []kv.Item
		var asked []kv.Key
		for i := range kv.MaxGet {
			items = append(items, item(key(t, numbered("", i)), numbered("tag", i), numbered("data", i)))
			asked = append(asked, items[i].Key)
		}
		b.mustPut(t, items...)
		slices.Reverse(asked)
		for i, got := range b.mustGet(t, asked...) {
			if diff := cmp.Diff(&items[len(items)-1-i], got); diff != "" {
				t.Fatalf("item %d (-want +got):\n%s", i, diff)
			}
		}
	})
	t.Run("17 MB in one get", func(t *testing.T) { testGetLarge(t, b) })
	t.Run("a get sees the write that was answered before", func(t *testing.T) {
		beside := item(key(t, "beside"), "t", "")
		b.mustPut(t, beside)
		for i := range 20 {
			want := item(key(t, "hot"), numbered("t", i), numbered("d", i))
			b.mustPut(t, want)
			b.wantStored(t, want.Key, &want)
			if got := b.mustGet(t, beside.Key, want.Key)[1]; got == nil || got.Tag != want.Tag {
				t.Fatalf("a batch got %v, want tag %s", got, want.Tag)
			}
		}
	})
}

// DynamoDB answers at most 16 MB and names the rest.
func testGetLarge(t *testing.T, b bed) {
	var asked []kv.Key
	for range 9 {
		var ops []kv.Op
		for range 5 {
			k := key(t, numbered("", len(asked)))
			asked = append(asked, k)
			ops = append(ops, put(bulk(k, 380_000), kv.Always()))
		}
		b.mustWrite(t, ops...)
	}
	for i, got := range b.mustGet(t, asked...) {
		if got == nil || got.Key != asked[i] || len(got.Data) != 380_000 {
			t.Errorf("entry %d is not the item of %s", i, asked[i].Sort)
		}
	}
}
