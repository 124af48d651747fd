package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"sync"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
)

// The metadata copy is a cache beside a table's item: the current document, compressed, so that a load needs no object
// store. It proves by itself what it is (table id and metadata location) and is never the truth: a reader that finds
// another version's copy, or none, reads the file.
const (
	maxCopy     = 32 << 10 // bytes, compressed
	maxDocument = 64 << 20 // bytes, inflated: more is not believed
)

type document struct {
	TableID  lake.ID `json:"id"`
	Location string  `json:"meta"`
	Gzip     []byte  `json:"gz"`
}

// CopySlot is a table's metadata copy.
type CopySlot struct{ slot *Slot[document] }

// Copy asks for the metadata copy of a table.
func (b *Batch) Copy(n *NamespaceSlot, name string) CopySlot {
	return CopySlot{slot[document](b, n.place.copyKey(name))}
}

// Document gives the metadata document if the copy is that of the table as it was read.
func (c CopySlot) Document(t *lake.Table) ([]byte, bool) {
	d := c.slot.Value
	if d == nil || d.TableID != t.ID || d.Location != t.MetadataLocation {
		return nil, false
	}
	r, err := gzip.NewReader(bytes.NewReader(d.Gzip))
	if err != nil {
		return nil, false
	}
	doc, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	return doc, err == nil && len(doc) <= maxDocument
}

var writers = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}

func copyOp(n *NamespaceSlot, t *lake.Table, doc []byte) (kv.Op, bool) {
	if doc == nil || len(doc) > 40*maxCopy {
		return kv.Op{}, false
	}
	var b bytes.Buffer
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	w.Reset(&b)
	if _, err := w.Write(doc); err != nil || w.Close() != nil || b.Len() > maxCopy {
		return kv.Op{}, false
	}
	op, err := put(n.place.copyKey(t.Name), tagOf(t.ID), document{t.ID, t.MetadataLocation, b.Bytes()}, kv.Always())
	return op, err == nil
}

// KeepCopy stores the table's current document as its copy, best effort: what is lost is read from the file again.
func (s *Store) KeepCopy(ctx context.Context, n *NamespaceSlot, t *lake.Table, doc []byte) {
	if op, ok := copyOp(n, t, doc); ok {
		// Losing it costs one read of the file.
		_ = fault.From(s.db.Write(ctx, []kv.Op{op}))
	}
}
