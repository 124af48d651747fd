package kvtest

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"firn/shared/kv"
)

func testValues(t *testing.T, b bed) {
	everyByte := make([]byte, 256)
	for i := range everyByte {
		everyByte[i] = byte(i)
	}
	rows := []struct {
		name string
		tag  string
		data []byte
	}{
		{"every byte", "t", everyByte},
		{"no data", "t", nil},
		{"empty data", "t", []byte{}},
		{"one zero byte", "t", []byte{0}},
		{"not UTF-8", "t", []byte{0xff, 0xfe, 0xc0}},
		{"tag with signs of every syntax", `a/"b'#c:d\<e>&{f}` + "\t\n\x00", []byte("x")},
		{"tag outside ASCII", "été 日本 \U0001F9CA", []byte("x")},
		{"long tag", string(bytes.Repeat([]byte("t"), 10_000)), []byte("x")},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			want := kv.Item{Key: key(t, "s"), Tag: row.tag, Data: row.data}
			b.mustPut(t, want)
			b.wantStored(t, want.Key, &want)
			if got := b.mustGet(t, want.Key)[0]; len(row.data) == 0 && got.Data != nil {
				t.Error("got empty data, want nil")
			}
			wantRefused(t, b.Write(t.Context(), []kv.Op{put(item(want.Key, row.tag+"2", "x"), kv.Absent(now))}), 0, &want)
			b.mustWrite(t, remove(want.Key, kv.Match(row.tag)))
			b.wantStored(t, want.Key, nil)
		})
	}
	t.Run("keys with every printable sign stay apart", func(t *testing.T) {
		var all []kv.Item
		for c := rune(' '); c <= '~'; c++ {
			all = append(all, item(key(t, string(c)), string(c), string(c)), item(kv.Key{Partition: partition(t) + string(c), Sort: "s"}, string(c), ""))
		}
		b.mustPut(t, all...)
		for _, want := range all {
			b.wantStored(t, want.Key, &want)
		}
	})
	t.Run("a put replaces the whole item", func(t *testing.T) {
		old := kv.Item{Key: key(t, "s"), Tag: "old", Data: []byte("old data"), Expires: now.Add(time.Hour)}
		b.mustPut(t, old)
		b.mustPut(t, kv.Item{Key: old.Key, Tag: "new"})
		b.wantStored(t, old.Key, &kv.Item{Key: old.Key, Tag: "new"})
	})
	t.Run("the caller keeps its bytes", func(t *testing.T) {
		data := []byte("abc")
		b.mustPut(t, kv.Item{Key: key(t, "s"), Tag: "t", Data: data})
		data[0] = 'X'
		got := b.mustGet(t, key(t, "s"))[0]
		got.Data[1] = 'Y'
		if again := b.mustGet(t, key(t, "s"))[0]; !slices.Equal(again.Data, []byte("abc")) {
			t.Errorf("got %q, want the bytes that were put", again.Data)
		}
	})
}

func testExpiry(t *testing.T, b bed) {
	t.Run("expired items are answered as they are", func(t *testing.T) {
		gone := kv.Item{Key: key(t, "gone"), Tag: "t", Data: []byte("d"), Expires: now.Add(-time.Hour)}
		later := kv.Item{Key: key(t, "later"), Tag: "t", Data: []byte("d"), Expires: now.Add(time.Hour)}
		b.mustPut(t, gone, later)
		b.wantStored(t, gone.Key, &gone)
		b.wantStored(t, later.Key, &later)
		if items, _ := b.pages(t, kv.Page{Partition: partition(t), Limit: 10}); len(items) != 2 || !items[0].Expires.Equal(gone.Expires) {
			t.Errorf("got %v, want both items with their expiry", items)
		}
	})
	t.Run("parts of a second are cut off, in any zone", func(t *testing.T) {
		zone := time.FixedZone("east", 2*60*60)
		b.mustPut(t, kv.Item{Key: key(t, "s"), Tag: "t", Expires: now.Add(999 * time.Millisecond).In(zone)})
		b.wantStored(t, key(t, "s"), &kv.Item{Key: key(t, "s"), Tag: "t", Expires: now})
	})
	rows := []struct {
		name    string
		at      time.Time
		allowed bool
	}{
		{"an hour before", now.Add(-time.Hour), false},
		{"a nanosecond before", now.Add(-time.Nanosecond), false},
		{"at the second", now, true},
		{"at the second in another zone", now.In(time.FixedZone("west", -5*60*60)), true},
		{"a nanosecond after", now.Add(time.Nanosecond), true},
		{"an hour after", now.Add(time.Hour), true},
	}
	for _, row := range rows {
		t.Run("Absent "+row.name, func(t *testing.T) {
			old := kv.Item{Key: key(t, "s"), Tag: "old", Expires: now}
			fresh := kv.Item{Key: old.Key, Tag: "new"}
			b.mustPut(t, old)
			err := b.Write(t.Context(), []kv.Op{put(fresh, kv.Absent(row.at))})
			if !row.allowed {
				wantRefused(t, err, 0, &old)
				b.wantStored(t, old.Key, &old)
				return
			}
			if err != nil {
				t.Fatalf("write: %v", err)
			}
			b.wantStored(t, old.Key, &fresh)
		})
	}
	t.Run("Absent fails on an item that never expires, at any time", func(t *testing.T) {
		forever := item(key(t, "s"), "t", "")
		b.mustPut(t, forever)
		wantRefused(t, b.Write(t.Context(), []kv.Op{put(item(forever.Key, "u", ""), kv.Absent(now.AddDate(1000, 0, 0)))}), 0, &forever)
	})
}
