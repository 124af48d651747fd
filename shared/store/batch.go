package store

import (
	"context"
	"fmt"

	"firn/shared/access"
	"firn/shared/kv"
	"firn/shared/lake"
)

// Slot is what a batch read found under one key. Value is nil where nothing is; else it is lent and must not be changed,
// nor anything in it: other requests see it too.
type Slot[T any] struct {
	Value *T
	Tag   string
	key   kv.Key
}

func (s *Slot[T]) load(remembered *memory[itemVersion, any], item *kv.Item) error {
	s.Value, s.Tag = nil, ""
	if item == nil {
		return nil
	}
	version := itemVersion{item.Key, item.Tag}
	known, _ := remembered.get(version)
	v, ok := known.(*T)
	if !ok {
		v = new(T)
		if err := decode(item, v); err != nil {
			return err
		}
		remembered.add(version, v, item.Size())
	}
	s.Value, s.Tag = v, item.Tag
	return nil
}

// nothing is the value of items that say all by their key and tag.
type nothing struct{}

// Batch gathers what one request needs, to be read at once. Name everything first, then Read, then look into the slots.
type Batch struct {
	s     *Store
	realm lake.Realm
	keys  []kv.Key
	at    map[kv.Key]int
	loads []func([]*kv.Item) error
	links []link
}

// link is a relation that items of one batch must have to each other.
type link struct {
	holds func() bool // also where the child is not there
	drop  func()      // treats the child as not there
}

// Batch begins a batch read in a realm.
func (s *Store) Batch(realm lake.Realm) *Batch {
	return &Batch{s: s, realm: realm, at: map[kv.Key]int{}}
}

// index is the key's place in the batch: a key is read once.
func (b *Batch) index(k kv.Key) int {
	i, there := b.at[k]
	if !there {
		i = len(b.keys)
		b.at[k] = i
		b.keys = append(b.keys, k)
	}
	return i
}

func slot[T any](b *Batch, k kv.Key) *Slot[T] {
	i := b.index(k)
	s := &Slot[T]{key: k}
	b.loads = append(b.loads, func(items []*kv.Item) error { return s.load(b.s.items, items[i]) })
	return s
}

// tornReads bounds how often a batch is read again because its items do not belong together.
const tornReads = 4

// Read fills the slots with one strongly consistent batch read. Items that do not belong together (a child of another
// parent: a torn read, or the rest of a dropped object) are read again, and in the end treated as not there.
func (b *Batch) Read(ctx context.Context) error {
	for try := 1; ; try++ {
		items, err := b.s.db.Get(ctx, b.keys)
		if err != nil {
			return fmt.Errorf("read batch: %w", err)
		}
		for _, load := range b.loads {
			if err := load(items); err != nil {
				return err
			}
		}
		whole := true
		for _, l := range b.links {
			if l.holds() {
				continue
			}
			whole = false
			if try == tornReads {
				l.drop()
			}
		}
		if whole || try == tornReads {
			return nil
		}
	}
}

// CallerSlot is the caller's principal and the version of the realm's roles.
type CallerSlot struct {
	Caller    lake.Caller
	Principal *Slot[lake.Principal]
	head      *Slot[nothing]
}

// Caller asks for what authentication and authorization need of the caller.
func (b *Batch) Caller(c lake.Caller) *CallerSlot {
	return &CallerSlot{Caller: c,
		Principal: slot[lake.Principal](b, principalKey(b.realm, c.Principal)),
		head:      slot[nothing](b, realmHeadKey(b.realm))}
}

// CatalogSlot is a catalog and the version of its roles and grants.
type CatalogSlot struct {
	*Slot[lake.Catalog]
	Name string
	head *Slot[nothing]
}

// nobody is a name that nothing can have.
const nobody = "SYSTEM$"

// possible keeps names that no rule would have let in from making keys, which they may not fit.
func possible(name string) string {
	if lake.CheckEntityName("name", name) != nil {
		return nobody
	}
	return name
}

// Catalog asks for a catalog.
func (b *Batch) Catalog(name string) *CatalogSlot {
	name = possible(name)
	c := &CatalogSlot{Slot: slot[lake.Catalog](b, catalogKey(b.realm, name)), Name: name, head: slot[nothing](b, headKey(b.realm, name))}
	b.links = append(b.links, link{
		holds: func() bool {
			return (c.Value == nil) == (c.head.Value == nil) && (c.Value == nil || owns(c.Value.ID, c.head.Tag))
		},
		drop: func() { c.Value = nil },
	})
	return c
}

func owns(id lake.ID, tag string) bool {
	return len(tag) > len(id) && tag[:len(id)] == string(id) && tag[len(id)] == ':'
}

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

// guardSlots asks for all guards of a namespace or root.
func (b *Batch) guardSlots(p place) []*Slot[nothing] {
	var out []*Slot[nothing]
	for i := range guards {
		out = append(out, slot[nothing](b, p.guardKey(i)))
	}
	return out
}

// Role asks for a principal role.
func (b *Batch) Role(name string) *Slot[lake.PrincipalRole] {
	return slot[lake.PrincipalRole](b, roleKeyOf(b.realm, possible(name)))
}

// Principal asks for a principal.
func (b *Batch) Principal(name string) *Slot[lake.Principal] {
	return slot[lake.Principal](b, principalKey(b.realm, possible(name)))
}

// CatalogRole asks for a role of a catalog.
func (b *Batch) CatalogRole(c *CatalogSlot, name string) *Slot[lake.CatalogRole] {
	s := slot[lake.CatalogRole](b, catalogRoleKey(b.realm, c.Name, possible(name)))
	b.links = append(b.links, link{
		holds: func() bool { return s.Value == nil || c.Value != nil && s.Value.CatalogID == c.Value.ID },
		drop:  func() { s.Value = nil },
	})
	return s
}
