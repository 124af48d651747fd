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

// A copy is: formatCopy, the table's id, a line feed, the metadata location, a line feed, the document compressed by gzip.
// Neither id nor location holds a line feed.
const formatCopy = '2'

func copyHead(t *lake.Table) []byte {
	return []byte(string(formatCopy) + string(t.ID) + "\n" + t.MetadataLocation + "\n")
}

// CopySlot is a table's metadata copy.
type CopySlot struct {
	s    *Store
	item *kv.Item
}

// Copy asks for the metadata copy of a table.
func (b *Batch) Copy(n *NamespaceSlot, name string) *CopySlot {
	c := &CopySlot{s: b.s}
	i := b.index(n.place.copyKey(name))
	b.loads = append(b.loads, func(items []*kv.Item) error {
		c.item = items[i]
		return nil
	})
	return c
}

// Document gives the metadata document of the table as it was read, if it is remembered or the copy is its copy. It must
// not be changed.
func (c *CopySlot) Document(t *lake.Table) ([]byte, bool) {
	version := tableVersion{t.ID, t.MetadataLocation}
	if doc, ok := c.s.docs.get(version); ok {
		return doc, true
	}
	if c.item == nil {
		return nil, false
	}
	packed, ok := bytes.CutPrefix(c.item.Data, copyHead(t))
	if !ok {
		return nil, false
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, false
	}
	doc, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err != nil || len(doc) > maxDocument {
		return nil, false
	}
	c.s.docs.add(version, doc, len(doc))
	return doc, true
}

var writers = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}

func copyOp(n *NamespaceSlot, t *lake.Table, doc []byte) (kv.Op, bool) {
	if doc == nil || len(doc) > 40*maxCopy {
		return kv.Op{}, false
	}
	b := bytes.NewBuffer(copyHead(t))
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	w.Reset(b)
	if _, err := w.Write(doc); err != nil || w.Close() != nil || b.Len() > maxCopy {
		return kv.Op{}, false
	}
	return kv.Op{Verb: kv.Put, Item: kv.Item{Key: n.place.copyKey(t.Name), Tag: tagOf(t.ID), Data: b.Bytes()}, If: kv.Always()}, true
}

// KeepCopy remembers the table's current document, which nobody may change from then on, and stores it as its copy, best
// effort: what is lost is read from the file again.
func (s *Store) KeepCopy(ctx context.Context, n *NamespaceSlot, t *lake.Table, doc []byte) {
	s.docs.add(tableVersion{t.ID, t.MetadataLocation}, doc, len(doc))
	if op, ok := copyOp(n, t, doc); ok {
		// Losing it costs one read of the file.
		_ = fault.From(s.db.Write(ctx, []kv.Op{op}))
	}
}
