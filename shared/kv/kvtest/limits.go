package kvtest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"firn/shared/fault"
	"firn/shared/kv"
)

func testLimits(t *testing.T, b bed) {
	t.Run("Get", func(t *testing.T) { testGetLimits(t, b) })
	t.Run("List", func(t *testing.T) { testListLimits(t, b) })
	t.Run("Write", func(t *testing.T) { testWriteLimits(t, b) })
	t.Run("the largest of everything fits", func(t *testing.T) { testLargest(t, b) })
}

// fill makes a part of a key of exactly n bytes, unlike any other test's.
func fill(t *testing.T, n int) string {
	part := partition(t)
	return part + strings.Repeat("k", n-len(part))
}

func badKeys(t *testing.T) map[string]kv.Key {
	return map[string]kv.Key{
		"empty partition":        {Partition: "", Sort: "s"},
		"empty sort key":         key(t, ""),
		"partition of 2049":      {Partition: fill(t, kv.MaxPartition+1), Sort: "s"},
		"sort key of 1025":       key(t, fill(t, kv.MaxSort+1)),
		"partition not UTF-8":    {Partition: "p\xff", Sort: "s"},
		"sort key not UTF-8":     key(t, "s\xc0\xaf"),
		"zero byte in partition": {Partition: "p\x00", Sort: "s"},
		"zero byte in sort key":  key(t, "s\x00"),
		"control character":      key(t, "s\x1f"),
		"C1 control character":   key(t, "s\u0085"),
	}
}

func testGetLimits(t *testing.T, b bed) {
	get := func(t *testing.T, asked ...kv.Key) {
		t.Helper()
		_, err := b.Get(t.Context(), asked)
		wantKind(t, err, fault.Argument)
	}
	for name, bad := range badKeys(t) {
		t.Run(name, func(t *testing.T) { get(t, key(t, "good"), bad) })
	}
	t.Run("no keys", func(t *testing.T) { get(t) })
	t.Run("101 keys", func(t *testing.T) {
		var asked []kv.Key
		for i := range kv.MaxGet + 1 {
			asked = append(asked, key(t, numbered("", i)))
		}
		get(t, asked...)
	})
	t.Run("a key twice", func(t *testing.T) { get(t, keys(t, "a", "b", "a")...) })
}

func testListLimits(t *testing.T, b bed) {
	rows := []struct {
		name string
		page kv.Page
	}{
		{"no partition", kv.Page{Limit: 1}},
		{"no limit", kv.Page{Partition: "p"}},
		{"negative limit", kv.Page{Partition: "p", Limit: -1}},
		{"limit of 1001", kv.Page{Partition: "p", Limit: kv.MaxList + 1}},
		{"partition of 2049", kv.Page{Partition: strings.Repeat("p", kv.MaxPartition+1), Limit: 1}},
		{"prefix of 1025", kv.Page{Partition: "p", Prefix: strings.Repeat("s", kv.MaxSort+1), Limit: 1}},
		{"after of 1025", kv.Page{Partition: "p", After: strings.Repeat("s", kv.MaxSort+1), Limit: 1}},
		{"prefix not UTF-8", kv.Page{Partition: "p", Prefix: "\xff", Limit: 1}},
		{"control character in after", kv.Page{Partition: "p", After: "a\x00", Limit: 1}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, _, err := b.List(t.Context(), row.page)
			wantKind(t, err, fault.Argument)
		})
	}
}

func testWriteLimits(t *testing.T, b bed) {
	good := func(t *testing.T) kv.Item { return item(key(t, "good"), "t", "") }
	puts := func(t *testing.T, n, size int) (ops []kv.Op) {
		for i := range n {
			ops = append(ops, put(sized(key(t, numbered("", i)), size), kv.Always()))
		}
		return ops
	}
	rows := []struct {
		name string
		ops  func(t *testing.T) []kv.Op
		kind fault.Kind
	}{
		{"nothing", func(t *testing.T) []kv.Op { return nil }, fault.Argument},
		{"101 operations", func(t *testing.T) []kv.Op { return puts(t, kv.MaxOps+1, 1000) }, fault.Argument},
		{"a key twice", func(t *testing.T) []kv.Op {
			return []kv.Op{put(good(t), kv.Always()), remove(good(t).Key, kv.Always())}
		}, fault.Argument},
		{"a check alone", func(t *testing.T) []kv.Op { return []kv.Op{check(good(t).Key, kv.Absent(now))} }, fault.Argument},
		{"a check that always holds", func(t *testing.T) []kv.Op { return []kv.Op{put(good(t), kv.Always()), check(key(t, "c"), kv.Always())} }, fault.Argument},
		{"an unknown verb", func(t *testing.T) []kv.Op { return []kv.Op{{Verb: kv.Check + 1, Item: good(t)}} }, fault.Argument},
		{"no tag", func(t *testing.T) []kv.Op { return []kv.Op{put(kv.Item{Key: key(t, "good")}, kv.Always())} }, fault.Argument},
		{"tag not UTF-8", func(t *testing.T) []kv.Op { return []kv.Op{put(item(key(t, "good"), "\xff", ""), kv.Always())} }, fault.Argument},
		{"match of no tag", func(t *testing.T) []kv.Op { return []kv.Op{put(good(t), kv.Match(""))} }, fault.Argument},
		{"match not UTF-8", func(t *testing.T) []kv.Op { return []kv.Op{put(good(t), kv.Match("\xff"))} }, fault.Argument},
		{"prefix of no tag", func(t *testing.T) []kv.Op { return []kv.Op{remove(good(t).Key, kv.Prefix(""))} }, fault.Argument},
		{"absent at no time", func(t *testing.T) []kv.Op { return []kv.Op{put(good(t), kv.Absent(time.Time{}))} }, fault.Argument},
		{"expiry before 1970", func(t *testing.T) []kv.Op {
			return []kv.Op{put(kv.Item{Key: key(t, "good"), Tag: "t", Expires: time.Unix(0, 999)}, kv.Always())}
		}, fault.Argument},
		{"item of 400,001 bytes", func(t *testing.T) []kv.Op { return puts(t, 1, kv.MaxItem+1) }, fault.TooLarge},
		{"transaction of 4,000,001 bytes", func(t *testing.T) []kv.Op {
			return append(puts(t, 9, kv.MaxItem), put(sized(key(t, "x"), kv.MaxItem-999), kv.Always()), put(sized(key(t, "y"), 1000), kv.Always()))
		}, fault.TooLarge},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			wantKind(t, b.Write(t.Context(), row.ops(t)), row.kind)
			b.wantStored(t, key(t, "good"), nil)
		})
	}
	t.Run("of a delete and a check the key alone counts", func(t *testing.T) {
		rest := sized(key(t, "rest"), kv.MaxItem+1)
		rest.Tag, rest.Expires = "", time.Unix(0, 0)
		b.mustWrite(t, kv.Op{Verb: kv.Delete, Item: rest})
		ops := []kv.Op{put(item(key(t, "put"), "t", ""), kv.Absent(now))}
		for i := range 11 {
			rest.Key = key(t, numbered("rest", i))
			ops = append(ops, kv.Op{Verb: kv.Check, Item: rest, If: kv.Absent(now)})
		}
		b.mustWrite(t, ops...)
	})
	for name, bad := range badKeys(t) {
		t.Run(name, func(t *testing.T) {
			for _, op := range []kv.Op{put(item(bad, "t", ""), kv.Always()), remove(bad, kv.Always()), check(bad, kv.Absent(now))} {
				wantKind(t, b.Write(t.Context(), []kv.Op{put(good(t), kv.Always()), op}), fault.Argument)
			}
			b.wantStored(t, key(t, "good"), nil)
		})
	}
}

func testLargest(t *testing.T, b bed) {
	widest := kv.Key{Partition: fill(t, kv.MaxPartition), Sort: fill(t, kv.MaxSort)}
	largest := sized(widest, kv.MaxItem)
	b.mustPut(t, largest)
	b.wantStored(t, widest, &largest)
	wantRefused(t, b.Write(t.Context(), []kv.Op{put(item(widest, "t2", ""), kv.Absent(now))}), 0, &largest)
	items, _ := b.pages(t, kv.Page{Partition: widest.Partition, Prefix: widest.Sort[:kv.MaxSort-1], Limit: 1})
	if len(items) != 1 || items[0].Key != widest {
		t.Errorf("got %d items in the widest partition, want the one", len(items))
	}
	if _, next, err := b.List(t.Context(), kv.Page{Partition: widest.Partition, After: widest.Sort, Limit: kv.MaxList}); err != nil || next != "" {
		t.Errorf("got next %q and error %v behind the last item, want neither", next, err)
	}
	b.mustWrite(t, remove(widest, kv.Match("t")))
	// In tags, because some emulators count data as base64.
	var ops []kv.Op
	for i := range 10 {
		i := item(key(t, numbered("", i)), "", "")
		i.Tag = strings.Repeat("t", kv.MaxWrite/10-i.Size())
		ops = append(ops, put(i, kv.Absent(now)))
	}
	b.mustWrite(t, ops...)
	for _, op := range ops {
		b.wantStored(t, op.Item.Key, &op.Item)
	}
}

func testContext(t *testing.T, b bed) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	stored := item(key(t, "stored"), "t", "")
	b.mustPut(t, stored)
	calls := map[string]func() error{
		"Get":         func() error { _, err := b.Get(ended, []kv.Key{stored.Key}); return err },
		"Get of many": func() error { _, err := b.Get(ended, keys(t, "stored", "x")); return err },
		"List":        func() error { _, _, err := b.List(ended, kv.Page{Partition: partition(t), Limit: 1}); return err },
		"Write":       func() error { return b.Write(ended, []kv.Op{remove(stored.Key, kv.Always())}) },
		"Write of many": func() error {
			return b.Write(ended, []kv.Op{remove(stored.Key, kv.Always()), put(item(key(t, "x"), "t", ""), kv.Always())})
		},
	}
	for name, call := range calls {
		err := call()
		wantKind(t, err, fault.Unavailable)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want the context's error as cause", name, err)
		}
	}
	b.wantStored(t, stored.Key, &stored)
	b.wantStored(t, key(t, "x"), nil)
}
