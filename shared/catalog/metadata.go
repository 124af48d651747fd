package catalog

import (
	"bytes"
	"context"
	"strings"

	"firn/shared/budget"
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

// parse reads a document of a kind that was read from a store and that anyone may have written, within the budget of the
// request. The error quotes none of its values.
func parse(ctx context.Context, kind lake.Kind, doc []byte) (m metadata, err error) {
	if err := forParsing(ctx, doc); err != nil {
		return nil, err
	}
	if kind == lake.ViewKind {
		m, err = iceberg.ParseForeignView(doc)
	} else {
		m, err = iceberg.ParseForeign(doc)
	}
	if err == nil && len(m.Bytes()) != len(doc) { // it was completed, in a copy
		err = budget.Take(ctx, int64(len(m.Bytes())))
	}
	return m, err
}

// valueSize is about how many bytes it takes to parse a value of a document, beside the document: 16 of those
// that engines write, some 100 of the worst that can be thought of.
const valueSize = 48

// forParsing takes what it needs to parse a document.
func forParsing(ctx context.Context, doc []byte) error {
	return budget.Take(ctx, int64(valueSize*(bytes.Count(doc, []byte(","))+1)))
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
