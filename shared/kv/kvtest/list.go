package kvtest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/kv"
)

func testList(t *testing.T, b bed) {
	t.Run("items come whole, in order of bytes", func(t *testing.T) {
		// UTF-16 would put U+10000 before U+FF5E; a collation would put a before B.
		sorted := []string{" ", "!", "0", "A", "B", "_", "a", "a ", "a!", "aa", "b", "~", "é", "\u65e5\u672c", "\uff5e", "\U00010000"}
		var want []kv.Item
		for i, sort := range sorted {
			want = append(want, item(key(t, sort), numbered("t", i), numbered("d", i)))
		}
		shuffled := slices.Clone(want)
		slices.Reverse(shuffled)
		b.mustPut(t, shuffled...)
		items, _ := b.pages(t, kv.Page{Partition: partition(t), Limit: kv.MaxList})
		if diff := cmp.Diff(want, items, sameBytes); diff != "" {
			t.Errorf("items (-want +got):\n%s", diff)
		}
	})
	t.Run("ranges", func(t *testing.T) { testRanges(t, b) })
	t.Run("pages hold no more than Limit and miss nothing", func(t *testing.T) { testPages(t, b) })
	t.Run("large items come in several pages, none missing", func(t *testing.T) {
		var want []string
		for i := range 12 {
			want = append(want, numbered("", i))
			b.mustPut(t, bulk(key(t, want[i]), 390_000))
		}
		items, _ := b.pages(t, kv.Page{Partition: partition(t), Limit: 100})
		if diff := cmp.Diff(want, sorts(items)); diff != "" {
			t.Errorf("sort keys (-want +got):\n%s", diff)
		}
	})
	t.Run("a list sees the write that was answered before", func(t *testing.T) {
		for i := range 20 {
			b.mustPut(t, item(key(t, numbered("", i)), "t", ""))
			items, _ := b.pages(t, kv.Page{Partition: partition(t), Limit: 100})
			if len(items) != i+1 {
				t.Fatalf("got %d items, want %d", len(items), i+1)
			}
			b.mustWrite(t, remove(key(t, numbered("", i)), kv.Always()))
			if items, _ = b.pages(t, kv.Page{Partition: partition(t), Limit: 100}); len(items) != i {
				t.Fatalf("got %d items after the delete, want %d", len(items), i)
			}
			b.mustPut(t, item(key(t, numbered("", i)), "t2", ""))
		}
	})
}

func testRanges(t *testing.T, b bed) {
	part := partition(t)
	for _, sort := range []string{"a", "a/", "a/1", "a/2", "a/2/x", "a/é", "a0", "b/1"} {
		b.mustPut(t, item(kv.Key{Partition: part, Sort: sort}, "t", ""))
	}
	b.mustPut(t, item(kv.Key{Partition: part + "!", Sort: "a/1"}, "t", ""), item(kv.Key{Partition: part[:len(part)-1], Sort: "a/3"}, "t", ""))
	rows := []struct {
		name, prefix, after string
		want                []string
	}{
		{"all", "", "", []string{"a", "a/", "a/1", "a/2", "a/2/x", "a/é", "a0", "b/1"}},
		{"prefix", "a/", "", []string{"a/", "a/1", "a/2", "a/2/x", "a/é"}},
		{"prefix that is a key", "a/2", "", []string{"a/2", "a/2/x"}},
		{"prefix of nothing", "c", "", nil},
		{"prefix outside ASCII", "a/é", "", []string{"a/é"}},
		{"behind an item", "", "a/2", []string{"a/2/x", "a/é", "a0", "b/1"}},
		{"behind no item", "", "a/11", []string{"a/2", "a/2/x", "a/é", "a0", "b/1"}},
		{"behind the last", "", "b/1", nil},
		{"behind an item of the prefix", "a/", "a/2", []string{"a/2/x", "a/é"}},
		{"behind no item of the prefix", "a/", "a/3", []string{"a/é"}},
		{"behind the last of the prefix", "a/", "a/é", nil},
		{"behind the prefix itself", "a/", "a/", []string{"a/1", "a/2", "a/2/x", "a/é"}},
		{"behind something before the prefix", "a/", "a", []string{"a/", "a/1", "a/2", "a/2/x", "a/é"}},
		{"behind something long before the prefix", "b/", "a/1", []string{"b/1"}},
		{"behind something after the prefix", "a/", "a0", nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			for _, limit := range []int{1, 2, 100} {
				items, _ := b.pages(t, kv.Page{Partition: part, Prefix: row.prefix, After: row.after, Limit: limit})
				if diff := cmp.Diff(row.want, sorts(items)); diff != "" {
					t.Errorf("sort keys in pages of %d (-want +got):\n%s", limit, diff)
				}
			}
		})
	}
	t.Run("partition of nothing", func(t *testing.T) {
		if items, n := b.pages(t, kv.Page{Partition: part + "none", Limit: 1}); len(items) != 0 || n != 1 {
			t.Errorf("got %d items in %d pages, want nothing in one", len(items), n)
		}
	})
}

func testPages(t *testing.T, b bed) {
	var want []string
	var items []kv.Item
	for i := range 230 {
		want = append(want, numbered("n", i))
		items = append(items, item(key(t, want[i]), "t", ""))
	}
	b.mustPut(t, items...)
	for _, limit := range []int{7, 23, 100, 230, kv.MaxList} {
		got, pages := b.pages(t, kv.Page{Partition: partition(t), Limit: limit})
		if diff := cmp.Diff(want, sorts(got)); diff != "" {
			t.Errorf("sort keys in pages of %d (-want +got):\n%s", limit, diff)
		}
		// Small items fill their pages, and no page is needed to find that nothing follows.
		if least := (len(want) + limit - 1) / limit; pages != least {
			t.Errorf("got %d pages of %d, want %d", pages, limit, least)
		}
	}
}

// pages lists to the end and counts the pages.
func (b bed) pages(t *testing.T, page kv.Page) (all []kv.Item, pages int) {
	t.Helper()
	for {
		items, next, err := b.List(t.Context(), page)
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		if len(items) > page.Limit {
			t.Fatalf("got a page of %d items, want at most %d", len(items), page.Limit)
		}
		all, pages = append(all, items...), pages+1
		if next == "" {
			return all, pages
		}
		if next <= page.After || len(items) > 0 && next < items[len(items)-1].Key.Sort {
			t.Fatalf("next %q does not lead on behind %q", next, page.After)
		}
		page.After = next
	}
}

func sorts(items []kv.Item) []string {
	var all []string
	for _, i := range items {
		all = append(all, i.Key.Sort)
	}
	return all
}
