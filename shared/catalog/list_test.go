package catalog_test

import (
	"strings"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
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
