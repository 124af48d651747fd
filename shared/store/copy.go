package store

import (
	"bytes"
	"context"

	"firn/shared/budget"
	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
	"firn/shared/packed"
)

// The metadata copy is a cache beside a table's item: the current document, compressed, so that a load needs no object
// store. It proves by itself what it is (table id and metadata location) and that it is whole, and is never the truth: a
// reader that finds another version's copy, or none, reads the file.
const (
	maxCopy     = 32 << 10 // bytes, compressed
	maxDocument = 64 << 20 // bytes, inflated: more is not believed
)

// A copy is: formatCopy, the table's id, a line feed, the metadata location, a line feed, the document as package packed
// stores it. Neither id nor location holds a line feed.
const formatCopy = '3'

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

// Packed returns the metadata document of the table as it was read, compressed, if it is remembered so or the
// copy is its copy; else nil. Errors: those of budget.Borrow.
func (c *CopySlot) Packed(ctx context.Context, t *lake.Table) (*packed.Text, error) {
	if text, ok := c.s.packs.get(t.ID, t.MetadataLocation); ok {
		return text, budget.Borrow(ctx, text.Blocks())
	}
	if c.item == nil {
		return nil, nil
	}
	stored, ok := bytes.CutPrefix(c.item.Data, copyHead(t))
	if !ok {
		return nil, nil
	}
	text, err := packed.Parse(stored, maxDocument)
	if err != nil {
		return nil, nil
	}
	c.s.packs.add(t.ID, t.MetadataLocation, text, len(c.item.Data))
	return text, nil
}

// Document returns the metadata document of the table as it was read, if it is remembered or the copy is its
// copy; else nil. It must not be changed. Errors: those of budget.Take and budget.Borrow.
func (c *CopySlot) Document(ctx context.Context, t *lake.Table) ([]byte, error) {
	if doc, ok := c.s.docs.get(t.ID, t.MetadataLocation); ok {
		return doc, budget.Borrow(ctx, doc)
	}
	text, err := c.Packed(ctx, t)
	if text == nil || err != nil {
		return nil, err
	}
	if err := budget.Take(ctx, int64(text.Size())); err != nil {
		return nil, err
	}
	doc, err := text.Plain()
	if err != nil {
		return nil, nil
	}
	c.s.docs.add(t.ID, t.MetadataLocation, doc, cap(doc))
	return doc, nil
}

// Pack gives the table's document compressed, and remembers it so.
func (s *Store) Pack(t *lake.Table, doc []byte) *packed.Text {
	if text, ok := s.packs.get(t.ID, t.MetadataLocation); ok {
		return text
	}
	text := packed.Pack(doc)
	s.packs.add(t.ID, t.MetadataLocation, text, text.Held())
	return text
}

// worthCopying is the size in bytes up to which a document is packed to see whether it fits a copy.
const worthCopying = 40 * maxCopy

func copyOp(n *NamespaceSlot, t *lake.Table, doc []byte) (kv.Op, bool) {
	if doc == nil || len(doc) > worthCopying {
		return kv.Op{}, false
	}
	return packedOp(n, t, packed.Pack(doc))
}

func packedOp(n *NamespaceSlot, t *lake.Table, text *packed.Text) (kv.Op, bool) {
	data := text.AppendTo(copyHead(t))
	if len(data) > maxCopy {
		return kv.Op{}, false
	}
	return kv.Op{Verb: kv.Put, Item: kv.Item{Key: n.place.copyKey(t.Name), Tag: tagOf(t.ID), Data: data}, If: kv.Always()}, true
}

// KeepCopy remembers the table's current document, which nobody may change from then on, and stores it as its copy, best
// effort: what is lost is read from the file again.
func (s *Store) KeepCopy(ctx context.Context, n *NamespaceSlot, t *lake.Table, doc []byte) {
	s.docs.add(t.ID, t.MetadataLocation, doc, cap(doc))
	if len(doc) > worthCopying {
		return
	}
	if op, ok := packedOp(n, t, s.Pack(t, doc)); ok {
		// Losing it costs one read of the file.
		if later, ok := s.db.(kv.Later); ok {
			_ = fault.From(later.WriteLater(op.Item))
			return
		}
		_ = fault.From(s.db.Write(ctx, []kv.Op{op}))
	}
}
