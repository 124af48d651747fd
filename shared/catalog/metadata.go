package catalog

import (
	"strings"

	"firn/shared/iceberg"
	"firn/shared/lake"
)

// metadata is one version of a table's or a view's metadata: a commit is the same for both from here on.
type metadata interface {
	Bytes() []byte
	UUID() string
	Location() string
	FormatVersion() int
	Property(key string) (string, bool)
	References() []iceberg.Reference
	Added() []iceberg.Reference
}

var (
	_ metadata = (*iceberg.Table)(nil)
	_ metadata = (*iceberg.View)(nil)
)

// parse reads a document of a kind that was read from a store and that anyone may have written. The error
// quotes none of its values.
func parse(kind lake.Kind, doc []byte) (metadata, error) {
	if kind == lake.ViewKind {
		return iceberg.ParseForeignView(doc)
	}
	return iceberg.ParseForeign(doc)
}

// metadataFile names the next metadata file of a table or view. FILE locations lose the empty authority, as Hadoop's file
// system spells them and as clients of a Polaris see them.
func metadataFile(m metadata, version int) string {
	var file string
	switch m := m.(type) {
	case *iceberg.Table:
		file = iceberg.MetadataFile(m, version, newUUID())
	case *iceberg.View:
		file = iceberg.ViewMetadataFile(m, version, newUUID())
	}
	if rest, ok := strings.CutPrefix(file, "file:///"); ok {
		return "file:/" + rest
	}
	return file
}
