package iceberggo

import (
	"errors"
	"strings"
	"testing"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog"
	"github.com/apache/iceberg-go/table"
	"github.com/apache/iceberg-go/view"
	"github.com/google/go-cmp/cmp"
)

// over makes a view of SQL for a dialect.
func over(t *testing.T, ns, sql, dialect string) *view.Version {
	t.Helper()
	v, err := view.NewVersion(1, 0, []view.Representation{view.NewRepresentation(sql, dialect)}, table.Identifier{ns})
	must(t, err)
	return v
}

func TestViewsAreCreatedReplacedRenamedAndDropped(t *testing.T) {
	c := connect(t)
	ns := namespace(t, c)
	id := table.Identifier{ns, "v"}
	made, err := c.CreateView(t.Context(), id, over(t, ns, "SELECT 1", "trino"), schema, catalog.WithViewProperties(iceberg.Properties{"owner": "etl"}))
	must(t, err)
	if _, err := c.CreateView(t.Context(), id, over(t, ns, "SELECT 1", "trino"), schema); !errors.Is(err, catalog.ErrViewAlreadyExists) {
		t.Errorf("created twice: got %v, want %v", err, catalog.ErrViewAlreadyExists)
	}

	builder, err := view.MetadataBuilderFromBase(made.Metadata())
	must(t, err)
	next := made.Metadata().CurrentVersion().Clone()
	next.Representations = append(next.Representations, view.NewRepresentation("SELECT 2", "spark"))
	built, err := builder.AddVersion(next).SetCurrentVersionID(view.LastAddedID).Build()
	must(t, err)
	replaced, err := c.UpdateView(t.Context(), id, view.Requirements{view.AssertViewUUID(made.Metadata().ViewUUID())}, built.Changes)
	must(t, err)
	if got := replaced.Metadata().CurrentVersion().Representations; len(got) != 2 {
		t.Errorf("replaced: got %v, want two dialects", got)
	}

	renamed, err := c.RenameView(t.Context(), id, table.Identifier{ns, "w"})
	must(t, err)
	if !renamed.Metadata().Equals(replaced.Metadata()) || renamed.MetadataLocation() != replaced.MetadataLocation() {
		t.Errorf("renamed: got %s, want %s as it was", renamed.MetadataLocation(), replaced.MetadataLocation())
	}
	if there, err := c.CheckViewExists(t.Context(), id); err != nil || there {
		t.Errorf("its old name: got %t %v, want it to be free", there, err)
	}
	must(t, c.DropView(t.Context(), renamed.Identifier()))
	if _, err := c.LoadView(t.Context(), renamed.Identifier()); !errors.Is(err, catalog.ErrNoSuchView) {
		t.Errorf("dropped: got %v, want %v", err, catalog.ErrNoSuchView)
	}
	again, err := c.RegisterView(t.Context(), table.Identifier{ns, "again"}, renamed.MetadataLocation())
	must(t, err)
	if !again.Metadata().Equals(renamed.Metadata()) {
		t.Error("registered: another view than was dropped")
	}
}

func TestViewsAndTablesShareTheirNames(t *testing.T) {
	c := connect(t)
	ns := namespace(t, c)
	create(t, c, ns, "orders")
	if _, err := c.CreateView(t.Context(), table.Identifier{ns, "orders"}, over(t, ns, "SELECT 1", "trino"), schema); !errors.Is(err, catalog.ErrViewAlreadyExists) {
		t.Errorf("a view of a table's name: got %v, want %v", err, catalog.ErrViewAlreadyExists)
	}
	_, err := c.CreateView(t.Context(), table.Identifier{ns, "v"}, over(t, ns, "SELECT 1", "trino"), schema)
	must(t, err)
	if _, err := c.CreateTable(t.Context(), table.Identifier{ns, "v"}, schema); !errors.Is(err, catalog.ErrTableAlreadyExists) {
		t.Errorf("a table of a view's name: got %v, want %v", err, catalog.ErrTableAlreadyExists)
	}
	var views []string
	for id, err := range c.ListViews(t.Context(), table.Identifier{ns}) {
		must(t, err)
		views = append(views, strings.Join(id, "."))
	}
	if want := []string{ns + ".v"}; !cmp.Equal(views, want) {
		t.Errorf("got views %v, want %v", views, want)
	}
}

func TestNoFunctionsAreListed(t *testing.T) {
	c := connect(t)
	for id, err := range c.ListFunctions(t.Context(), table.Identifier{namespace(t, c)}) {
		t.Errorf("got %v %v, want none", id, err)
	}
}
