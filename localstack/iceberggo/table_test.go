package iceberggo

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog"
	"github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"
)

func TestRowsAreWrittenAndReadWithVendedKeys(t *testing.T) {
	c := connect(t)
	ns := namespace(t, c)
	orders := appended(t, create(t, c, ns, "orders"), 0, 100)
	orders = appended(t, orders, 100, 150)
	if got, want := ids(t, load(t, c, ns, "orders")), upTo(0, 150); !cmp.Equal(got, want) {
		t.Errorf("read %d rows, want %d", len(got), len(want))
	}
	first := orders.Metadata().Snapshots()[0].SnapshotID
	if got, want := ids(t, orders, table.WithSnapshotID(first)), upTo(0, 100); !cmp.Equal(got, want) {
		t.Errorf("as of the first snapshot read %d rows, want %d", len(got), len(want))
	}
	filter := iceberg.GreaterThanEqual(iceberg.Reference("id"), int64(140))
	if got, want := ids(t, orders, table.WithRowFilter(filter)), upTo(140, 150); !cmp.Equal(got, want) {
		t.Errorf("with a filter read %v, want %v", got, want)
	}
	orders, err := orders.Delete(t.Context(), iceberg.LessThan(iceberg.Reference("id"), int64(10)), nil)
	must(t, err)
	if got, want := ids(t, orders), upTo(10, 150); !cmp.Equal(got, want) {
		t.Errorf("after a delete read %d rows, want %d", len(got), len(want))
	}
	_, err = orders.OverwriteTable(t.Context(), records(t, 500, 510), 1024, nil)
	must(t, err)
	if got, want := ids(t, load(t, c, ns, "orders")), upTo(500, 510); !cmp.Equal(got, want) {
		t.Errorf("after an overwrite read %v, want %v", got, want)
	}
}

func TestKeysOfOneTableDoNotOpenAnother(t *testing.T) {
	c := connect(t)
	ns := namespace(t, c)
	mine, other := create(t, c, ns, "mine"), appended(t, create(t, c, ns, "other"), 0, 5)
	fs, err := mine.FS(t.Context())
	must(t, err)
	theirs, err := other.FS(t.Context())
	must(t, err)
	if f, err := theirs.Open(other.MetadataLocation()); err != nil {
		t.Errorf("a table's own key: got %v, want no error", err)
	} else {
		must(t, f.Close())
	}
	if _, err := fs.Open(other.MetadataLocation()); err == nil || !strings.Contains(err.Error(), "StatusCode: 403") {
		t.Errorf("another table's key: got %v, want a refusal", err)
	}
}

func TestSchemaSpecAndPropertiesChangeInOneCommit(t *testing.T) {
	c := connect(t)
	ns := namespace(t, c)
	tx := appended(t, create(t, c, ns, "shape"), 0, 10).NewTransaction()
	must(t, tx.UpdateSchema(true, false).AddColumn([]string{"note"}, iceberg.PrimitiveTypes.String, "late", false, nil).RenameColumn([]string{"city"}, "town").Commit())
	must(t, tx.UpdateSpec(true).AddField("id", iceberg.BucketTransform{NumBuckets: 4}, "shard").Commit())
	must(t, tx.SetProperties(iceberg.Properties{"owner": "etl"}))
	_, err := tx.Commit(t.Context())
	must(t, err)
	got := load(t, c, ns, "shape")
	var columns []string
	for _, f := range got.Schema().Fields() {
		columns = append(columns, f.Name)
	}
	if want := []string{"id", "town", "note"}; !cmp.Equal(columns, want) {
		t.Errorf("columns: got %v, want %v", columns, want)
	}
	spec := got.Spec()
	if spec.NumFields() != 1 || spec.Field(0).Name != "shard" || got.Properties()["owner"] != "etl" {
		t.Errorf("got spec %v and properties %v, want shard and owner", spec, got.Properties())
	}
	if got, want := ids(t, got), upTo(0, 10); !cmp.Equal(got, want) {
		t.Errorf("read %v, want %v", got, want)
	}
}

func TestABranchIsWrittenWhileMainStays(t *testing.T) {
	c := connect(t)
	ns := namespace(t, c)
	forked := appended(t, create(t, c, ns, "forked"), 0, 10)
	head := forked.CurrentSnapshot().SnapshotID
	must(t, commit(t, c, forked, table.AssertTableUUID(forked.Metadata().TableUUID()),
		table.NewSetSnapshotRefUpdate("audit", head, table.BranchRef, 0, 0, 0), table.NewSetSnapshotRefUpdate("v1", head, table.TagRef, 0, 0, 0)))
	tx, err := load(t, c, ns, "forked").NewTransactionOnBranchWithError("audit")
	must(t, err)
	must(t, tx.AppendTable(t.Context(), records(t, 10, 15), 1024, nil))
	_, err = tx.Commit(t.Context())
	must(t, err)
	forked = load(t, c, ns, "forked")
	branch := forked.SnapshotByName("audit")
	if got, want := [][]int64{ids(t, forked), ids(t, forked, table.WithSnapshotID(branch.SnapshotID))}, [][]int64{upTo(0, 10), upTo(0, 15)}; !cmp.Equal(got, want) {
		t.Errorf("main and branch: %s", cmp.Diff(want, got))
	}
	tx = forked.NewTransaction()
	must(t, tx.AppendTable(t.Context(), records(t, 20, 25), 1024, nil))
	_, err = tx.Commit(t.Context())
	must(t, err)
	tx = load(t, c, ns, "forked").NewTransaction()
	must(t, tx.RollbackToSnapshot(head))
	back, err := tx.Commit(t.Context())
	must(t, err)
	if got, want := ids(t, back), upTo(0, 10); !cmp.Equal(got, want) {
		t.Errorf("rolled back: got %v, want %v", got, want)
	}
	if got := back.SnapshotByName("v1"); got == nil || got.SnapshotID != head {
		t.Errorf("tag: got %v, want snapshot %d", got, head)
	}
}

// commit sends a requirement and updates as they are.
func commit(t *testing.T, c catalog.Catalog, to *table.Table, require table.Requirement, updates ...table.Update) error {
	t.Helper()
	_, _, err := c.CommitTable(t.Context(), to.Identifier(), []table.Requirement{require}, updates)
	return err
}

func TestALateWriterIsRefused(t *testing.T) {
	c := connect(t)
	ns := namespace(t, c)
	stale := create(t, c, ns, "raced")
	appended(t, stale, 0, 10)
	err := commit(t, c, stale, table.AssertRefSnapshotID("main", nil), table.NewSetPropertiesUpdate(iceberg.Properties{"late": "yes"}))
	if !errors.Is(err, table.ErrCommitFailed) {
		t.Errorf("got %v, want %v", err, table.ErrCommitFailed)
	}
	if got := load(t, c, ns, "raced").Properties()["late"]; got != "" {
		t.Errorf("got property %q, want none", got)
	}
}

func TestTablesAreRenamedRegisteredAndPurged(t *testing.T) {
	c := connect(t)
	ns := namespace(t, c)
	must(t, c.CreateNamespace(t.Context(), table.Identifier{ns, "inner"}, nil))
	appended(t, create(t, c, ns, "old"), 0, 10)
	moved, err := c.RenameTable(t.Context(), table.Identifier{ns, "old"}, table.Identifier{ns, "inner", "new"})
	must(t, err)
	if got, want := ids(t, moved), upTo(0, 10); !cmp.Equal(got, want) {
		t.Errorf("renamed: got %v, want %v", got, want)
	}
	must(t, c.DropTable(t.Context(), moved.Identifier()))
	if _, err := c.LoadTable(t.Context(), moved.Identifier()); !errors.Is(err, catalog.ErrNoSuchTable) {
		t.Errorf("dropped: got %v, want %v", err, catalog.ErrNoSuchTable)
	}
	again, err := c.RegisterTable(t.Context(), table.Identifier{ns, "again"}, moved.MetadataLocation())
	must(t, err)
	if got, want := ids(t, appended(t, again, 10, 15)), upTo(0, 15); !cmp.Equal(got, want) {
		t.Errorf("registered: got %v, want %v", got, want)
	}
	var names []string
	for id, err := range c.ListTables(c.SetPageSize(t.Context(), 1), table.Identifier{ns}) {
		must(t, err)
		names = append(names, strings.Join(id, "."))
	}
	create(t, c, ns, "another")
	for id, err := range c.ListTables(c.SetPageSize(t.Context(), 1), table.Identifier{ns}) {
		must(t, err)
		names = append(names, strings.Join(id, "."))
	}
	slices.Sort(names)
	if want := []string{ns + ".again", ns + ".again", ns + ".another"}; !cmp.Equal(names, want) {
		t.Errorf("listed by pages of one: got %v, want %v", names, want)
	}
	must(t, c.PurgeTable(t.Context(), again.Identifier()))
	if _, err := c.RegisterTable(t.Context(), table.Identifier{ns, "purged"}, moved.MetadataLocation()); err == nil {
		t.Error("registered a table whose files were purged")
	}
}
