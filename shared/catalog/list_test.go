package catalog_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
)

func TestListsInPages(t *testing.T) {
	rows := []struct {
		name   string
		paging string
		page   catalog.Page
		want   string // names and the name to go on behind
		kind   fault.Kind
	}{
		{"nothing asked", "true", catalog.Page{}, "n1 n2 n3 | ", 0},
		{"a size", "true", catalog.Page{Asked: true, Size: 2}, "n1 n2 | n2", 0},
		{"the rest", "true", catalog.Page{After: "n2", Asked: true, Size: 2}, "n3 | ", 0},
		{"no names", "true", catalog.Page{Asked: true}, " | ", 0},
		{"a negative size", "true", catalog.Page{Asked: true, Size: -1}, " | ", fault.Argument},
		{"another's token", "true", catalog.Page{Bad: true}, " | ", fault.Argument},
		{"turned off", "false", catalog.Page{After: "n2", Asked: true, Size: 1, Bad: true}, "n1 n2 n3 | ", 0},
	}
	w := newWorld(t)
	for _, name := range []string{"n1", "n2", "n3"} {
		w.must(w.namespace("a", name))
		w.must(makeTable(name, "s3://lake/c/a/tables/"+name)(w))
	}
	for _, row := range rows {
		w.set("polaris.config.list-pagination-enabled", row.paging)
		names, next, err := w.ListTables(t.Context(), w.admin, "c", []string{"a"}, row.page)
		expect(t, row.name+", tables", err, row.kind)
		if got := strings.Join(names, " ") + " | " + next; got != row.want {
			t.Errorf("%s, tables: got %s, want %s", row.name, got, row.want)
		}
		names, next, err = w.ListNamespaces(t.Context(), w.admin, "c", []string{"a"}, row.page)
		expect(t, row.name+", namespaces", err, row.kind)
		if got := strings.Join(names, " ") + " | " + next; got != row.want {
			t.Errorf("%s, namespaces: got %s, want %s", row.name, got, row.want)
		}
	}
}

// However many are asked for, a page is one look into the table; everything is as many as there are.
func TestPagesAreBounded(t *testing.T) {
	w := newWorld(t)
	w.set("polaris.config.list-pagination-enabled", "true")
	var ops []kv.Op
	for i := range catalog.MaxPage + 1 {
		ops = append(ops, kv.Op{Item: kv.Item{Key: kv.Key{Partition: "entry/R/c/a", Sort: fmt.Sprintf("t/%05d", i)}, Tag: "x:1"}})
	}
	for some := range slices.Chunk(ops, kv.MaxOps) {
		w.must(w.calls.Write(t.Context(), some))
	}
	for _, row := range []struct {
		name string
		page catalog.Page
		want int
		next string
	}{
		{"as many as a page holds", catalog.Page{Asked: true, Size: catalog.MaxPage}, catalog.MaxPage, "00999"},
		{"more than that", catalog.Page{Asked: true, Size: math.MaxInt32}, catalog.MaxPage, "00999"},
		{"the rest", catalog.Page{Asked: true, Size: math.MaxInt32, After: "00999"}, 1, ""},
		{"everything", catalog.Page{Size: catalog.MaxPage}, catalog.MaxPage + 1, ""},
	} {
		names, next, err := w.ListTables(t.Context(), w.admin, "c", []string{"a"}, row.page)
		expect(t, row.name, err, 0)
		if len(names) != row.want || next != row.next {
			t.Errorf("%s: got %d names and %q, want %d and %q", row.name, len(names), next, row.want, row.next)
		}
	}
}

func TestFunctions(t *testing.T) {
	w := newWorld(t)
	w.set("polaris.config.list-pagination-enabled", "true")
	bob := w.person("bob")
	for _, row := range []struct {
		name  string
		who   lake.Caller
		space string
		page  catalog.Page
		list  fault.Kind
		load  fault.Kind
		noun  fault.Noun
	}{
		{"there are none", w.admin, "a", catalog.Page{}, 0, fault.NotFound, fault.Function},
		{"no namespace", w.admin, "b", catalog.Page{}, fault.NotFound, fault.NotFound, fault.Namespace},
		{"no right to it", bob, "a", catalog.Page{}, fault.Forbidden, fault.Forbidden, ""},
		{"another's token", w.admin, "a", catalog.Page{Bad: true}, fault.Argument, fault.NotFound, fault.Function},
	} {
		names, next, err := w.ListFunctions(t.Context(), row.who, "c", []string{row.space}, row.page)
		expect(t, row.name+", list", err, row.list)
		if len(names) > 0 || next != "" {
			t.Errorf("%s: got %v and %q, want none", row.name, names, next)
		}
		err = w.LoadFunction(t.Context(), row.who, "c", lake.Identifier{Namespace: []string{row.space}, Name: "f"})
		expect(t, row.name+", load", err, row.load)
		if row.noun != "" && fault.From(err).Noun != row.noun {
			t.Errorf("%s: got %s missing, want %s", row.name, fault.From(err).Noun, row.noun)
		}
	}
}
