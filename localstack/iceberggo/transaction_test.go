package iceberggo

import (
	"errors"
	"testing"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog"
	"github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"
)

// two begins a transaction over two tables, each of which gets rows.
func two(t *testing.T, c catalog.Catalog, a, b *table.Table) *catalog.MultiTableTransaction {
	t.Helper()
	both, err := catalog.NewMultiTableTransaction(c)
	must(t, err)
	for _, to := range []*table.Table{a, b} {
		tx := to.NewTransaction()
		must(t, tx.AppendTable(t.Context(), records(t, 0, 10), 1024, nil))
		must(t, both.AddTransaction(tx))
	}
	return both
}

func TestTwoTablesAreCommittedTogether(t *testing.T) {
	c := connect(t)
	ns := namespace(t, c)
	tables, err := two(t, c, create(t, c, ns, "a"), create(t, c, ns, "b")).CommitAndReload(t.Context())
	must(t, err)
	for _, got := range tables {
		if got, want := ids(t, got), upTo(0, 10); !cmp.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func TestOfTwoTablesNoneIsCommittedIfOneIsLate(t *testing.T) {
	c := connect(t)
	ns := namespace(t, c)
	a, b := create(t, c, ns, "a"), create(t, c, ns, "b")
	both := two(t, c, a, b)
	appended(t, b, 100, 101)
	if err := both.Commit(t.Context()); !errors.Is(err, table.ErrCommitFailed) {
		t.Errorf("got %v, want %v", err, table.ErrCommitFailed)
	}
	if got := load(t, c, ns, "a").CurrentSnapshot(); got != nil {
		t.Errorf("the other table: got snapshot %v, want none", got)
	}
	if got, want := ids(t, load(t, c, ns, "b")), upTo(100, 101); !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAStagedTableIsThereOnceItIsCommitted(t *testing.T) {
	c := connect(t)
	id := table.Identifier{namespace(t, c), "staged"}
	made, err := c.CreateTable(t.Context(), id, schema, catalog.WithStagedUpdates(table.NewSetPropertiesUpdate(iceberg.Properties{"owner": "etl"})))
	must(t, err)
	if got := made.Properties()["owner"]; got != "etl" {
		t.Errorf("got owner %q, want etl", got)
	}
	if got, want := ids(t, appended(t, made, 0, 10)), upTo(0, 10); !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
