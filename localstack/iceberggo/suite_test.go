package iceberggo

import (
	"testing"

	"github.com/apache/iceberg-go/catalog"
	"github.com/apache/iceberg-go/catalog/catalogtest"
)

// TestCatalogs is iceberg-go's own suite for catalogs.
func TestCatalogs(t *testing.T) {
	catalogtest.RunCatalogTests(t, catalogtest.Config{
		NewCatalog:                  func(t *testing.T) catalog.Catalog { return connect(t) },
		SupportsNamespaceProperties: true,
	})
}
