// Package iceberggo holds firn to iceberg-go: the suite that its own catalogs pass, and what users of its REST client do with tables and
// views, with the keys that firn vends. localstack/iceberggo/run starts it.
//
// # Why
//
// It is a module of its own: iceberg-go brings the clients of three clouds and an engine, none of which firn links.
package iceberggo

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog/rest"
	_ "github.com/apache/iceberg-go/io/gocloud/s3" // the store
	"github.com/apache/iceberg-go/table"
)

// schema is that of the tests' tables.
var schema = iceberg.NewSchema(0,
	iceberg.NestedField{ID: 1, Name: "id", Type: iceberg.PrimitiveTypes.Int64},
	iceberg.NestedField{ID: 2, Name: "city", Type: iceberg.PrimitiveTypes.String},
)

// connect gives a client of the warehouse that localstack/iceberggo/run made. It has no key to the storage.
func connect(t *testing.T) *rest.Catalog {
	t.Helper()
	at := os.Getenv("FIRN_BASE_URL")
	if at == "" {
		t.Skip("FIRN_BASE_URL is not set: localstack/iceberggo/run sets it")
	}
	c, err := rest.NewCatalog(t.Context(), "firn", at+"/api/catalog",
		rest.WithWarehouseLocation("iceberggo"), rest.WithScope("PRINCIPAL_ROLE:ALL"),
		rest.WithCredential(os.Getenv("FIRN_CLIENT_ID")+":"+os.Getenv("FIRN_CLIENT_SECRET")))
	must(t, err)
	return c
}

// namespace makes one of the test's own, named after it.
func namespace(t *testing.T, c *rest.Catalog) string {
	t.Helper()
	name := strings.ToLower(strings.TrimPrefix(t.Name(), "Test"))
	must(t, c.CreateNamespace(t.Context(), table.Identifier{name}, nil))
	return name
}

func create(t *testing.T, c *rest.Catalog, id ...string) *table.Table {
	t.Helper()
	made, err := c.CreateTable(t.Context(), id, schema)
	must(t, err)
	return made
}

func load(t *testing.T, c *rest.Catalog, id ...string) *table.Table {
	t.Helper()
	loaded, err := c.LoadTable(t.Context(), id)
	must(t, err)
	return loaded
}

// records are rows of ids from one on up to another.
func records(t *testing.T, from, to int64) arrow.Table {
	t.Helper()
	fields, err := table.SchemaToArrowSchema(schema, nil, false, false)
	must(t, err)
	var rows []string
	for id := from; id < to; id++ {
		rows = append(rows, fmt.Sprintf(`{"id": %d, "city": "c%d"}`, id, id%3))
	}
	out, err := array.TableFromJSON(memory.DefaultAllocator, fields, []string{"[" + strings.Join(rows, ",") + "]"})
	must(t, err)
	t.Cleanup(out.Release)
	return out
}

// appended commits rows of ids to the table and gives it as it then is.
func appended(t *testing.T, to *table.Table, from, until int64) *table.Table {
	t.Helper()
	out, err := to.AppendTable(t.Context(), records(t, from, until), 1024, nil)
	must(t, err)
	return out
}

// ids reads the table's ids back from the store, in order.
func ids(t *testing.T, of *table.Table, opts ...table.ScanOption) []int64 {
	t.Helper()
	read, err := of.Scan(opts...).ToArrowTable(context.Background())
	must(t, err)
	defer read.Release()
	var out []int64
	for _, chunk := range read.Column(int(read.Schema().FieldIndices("id")[0])).Data().Chunks() {
		out = append(out, chunk.(*array.Int64).Int64Values()...)
	}
	slices.Sort(out)
	return out
}

// upTo are the ids from one on up to another.
func upTo(from, until int64) []int64 {
	var out []int64
	for ; from < until; from++ {
		out = append(out, from)
	}
	return out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
