package store

import (
	"firn/shared/access"
	"firn/shared/lake"
)

// NamespaceSlot is a namespace with all its ancestors, or a catalog's root where there are no levels.
type NamespaceSlot struct {
	Catalog *CatalogSlot
	chain   []*Slot[lake.Namespace] // outermost first
	place   place
}

// Namespace asks for a namespace and its ancestors. No levels: the catalog's root.
func (b *Batch) Namespace(c *CatalogSlot, levels []string) *NamespaceSlot {
	n := &NamespaceSlot{Catalog: c, place: place{b.realm, c.Name, levels}}
	for i := range levels {
		child := slot[lake.Namespace](b, place{b.realm, c.Name, levels[:i+1]}.namespaceKey())
		n.chain = append(n.chain, child)
		b.links = append(b.links, link{
			holds: func() bool { return child.Value == nil || child.Value.ParentID == n.idAt(i) },
			drop:  func() { child.Value = nil },
		})
	}
	return n
}

// idAt gives the id of the container at a depth: the catalog at 0; empty where it is not there.
func (n *NamespaceSlot) idAt(depth int) lake.ID {
	switch {
	case depth == 0 && n.Catalog.Value != nil:
		return n.Catalog.Value.ID
	case depth > 0 && n.chain[depth-1].Value != nil:
		return n.chain[depth-1].Value.ID
	}
	return ""
}

// There says whether the namespace, or the catalog for its root, exists.
func (n *NamespaceSlot) There() bool { return n.ID() != "" }

// ID gives the namespace's id, the catalog's for its root; empty if it is not there.
func (n *NamespaceSlot) ID() lake.ID { return n.idAt(len(n.chain)) }

// Value gives the namespace; nil if it is not there, and for a catalog's root.
func (n *NamespaceSlot) Value() *lake.Namespace {
	if len(n.chain) == 0 {
		return nil
	}
	return n.chain[len(n.chain)-1].Value
}

// Chain gives the namespaces from the outermost to this one, as far as they are there.
func (n *NamespaceSlot) Chain() []*lake.Namespace {
	var out []*lake.Namespace
	for _, s := range n.chain {
		if s.Value == nil {
			break
		}
		out = append(out, s.Value)
	}
	return out
}

// Path gives the ids from the realm's root to the namespace, for access checks.
func (n *NamespaceSlot) Path() access.Path {
	path := access.Path{lake.RootID, n.idAt(0)}
	for _, ns := range n.Chain() {
		path = append(path, ns.ID)
	}
	return path
}

// Levels gives the names that were asked for.
func (n *NamespaceSlot) Levels() []string { return n.place.levels }

// entry asks for a table-like object of a namespace.
func entry[T any](b *Batch, n *NamespaceSlot, kind lake.Kind, name string, parent func(*T) lake.ID) *Slot[T] {
	s := slot[T](b, n.place.entryKey(kind, name))
	b.links = append(b.links, link{
		holds: func() bool { return s.Value == nil || parent(s.Value) == n.ID() },
		drop:  func() { s.Value = nil },
	})
	return s
}

// Table asks for a table.
func (b *Batch) Table(n *NamespaceSlot, name string) *Slot[lake.Table] {
	return entry(b, n, lake.TableKind, name, func(t *lake.Table) lake.ID { return t.NamespaceID })
}

// View asks for a view.
func (b *Batch) View(n *NamespaceSlot, name string) *Slot[lake.Table] {
	return entry(b, n, lake.ViewKind, name, func(t *lake.Table) lake.ID { return t.NamespaceID })
}

// Claim is what holds a name in a namespace's name space.
type Claim struct {
	Kind lake.Kind `json:"kind"`
	ID   lake.ID   `json:"id"`
}

// Name asks for what holds a name, whatever its kind.
func (b *Batch) Name(n *NamespaceSlot, name string) *Slot[Claim] {
	return slot[Claim](b, n.place.nameKey(name))
}

// Staged asks for a staged table. One that has expired is not there.
func (b *Batch) Staged(n *NamespaceSlot, name, uuid string) *Slot[lake.Staged] {
	s := slot[lake.Staged](b, n.place.stagedKey(name, uuid))
	b.links = append(b.links, link{
		holds: func() bool {
			if s.Value != nil && !b.s.now().Before(s.Value.Expires) {
				s.Value = nil
			}
			return s.Value == nil || s.Value.NamespaceID == n.ID()
		},
		drop: func() { s.Value = nil },
	})
	return s
}
