package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
	"firn/shared/location"
)

// folder is a claim in the location index: who holds a folder.
type folder struct {
	Holder    lake.ID    `json:"holder"` // id of a namespace, table or piece of work; uuid of a staged table
	Kind      fault.Noun `json:"kind"`
	Namespace []string   `json:"ns"`
	Name      string     `json:"name,omitempty"`
	Principal lake.ID    `json:"by,omitempty"` // who staged the table
	Location  string     `json:"location"`     // as clients see it
	Staged    bool       `json:"staged,omitempty"`
}

// claimer wants folders for an object.
type claimer struct {
	folder
	n       *NamespaceSlot // the parent namespace, or the catalog's root
	expires time.Time
	alone   bool // the folder ends in a random leaf: nothing can overlap it, nothing need be looked for
}

// ops plans the claims: it looks for what overlaps, refuses with Forbidden and the words of Polaris, and gives the writes
// that claim the folders and guard against newcomers. guarded are the guards of all containers in the chain that were
// read before; they must have been read before this looks.
//
// The race of two overlapping folders claimed at once is closed by the guards of the innermost container in the chain
// whose own folder contains the folder (the catalog's root, if none does): whoever could claim something that overlaps
// must write all of those same guards.
func (s *Store) ops(ctx context.Context, c claimer, folders []location.Prefix, guarded Guards) (ops []kv.Op, keys []string, err error) {
	realm, catalog := c.n.place.realm, c.n.place.catalog
	for _, f := range folders {
		keys = append(keys, f.Index())
		cond := kv.Absent(s.now())
		if !c.alone {
			mine, err := s.overlaps(ctx, c, f)
			if err != nil {
				return nil, nil, err
			}
			if mine != nil {
				cond = kv.Match(mine.Tag)
			}
			guarded.need(c.n, f)
		}
		op, err := put(locationKey(realm, catalog, f.Index()), tagOf(c.Holder), c.folder, cond)
		if err != nil {
			return nil, nil, err
		}
		op.Item.Expires = c.expires
		ops = append(ops, op)
	}
	return ops, keys, nil
}

// overlaps looks for a claim that folder would overlap. It gives the claim on the very folder that may be taken over: the
// claimer's own, or that of the same table staged by the same principal.
func (s *Store) overlaps(ctx context.Context, c claimer, f location.Prefix) (mine *kv.Item, err error) {
	realm, catalog := c.n.place.realm, c.n.place.catalog
	judge := func(item *kv.Item) error {
		if item == nil || item.Expired(s.now()) {
			return nil
		}
		var there folder
		if err := decode(item, &there); err != nil {
			return err
		}
		same := item.Key.Sort == f.Index()
		switch {
		case there.Holder == c.Holder, there.Staged && there.Principal == c.Principal && there.Name == c.Name && slices.Equal(there.Namespace, c.Namespace):
			if same {
				mine = item
			}
			return nil
		case there.Kind == fault.Namespace && !same && len(item.Key.Sort) < len(f.Index()) && c.n.holds(there.Holder):
			return nil // a container of its own
		}
		return fault.Of(fault.Forbidden, fault.Location, c.Location,
			"Unable to create entity at location '%s' because it conflicts with existing table or namespace at location '%s'", c.Location, there.Location)
	}
	above := append(f.Ancestors(), f.Index())
	for len(above) > 0 {
		n := min(len(above), kv.MaxGet)
		var ks []kv.Key
		for _, index := range above[:n] {
			ks = append(ks, locationKey(realm, catalog, index))
		}
		items, err := s.db.Get(ctx, ks)
		if err != nil {
			return nil, fmt.Errorf("read claims: %w", err)
		}
		for _, item := range items {
			if err := judge(item); err != nil {
				return nil, err
			}
		}
		above = above[n:]
	}
	below := f.Index()
	err = s.pages(ctx, partition("location", realm, catalog), below, func(items []kv.Item) error {
		for i := range items {
			if err := judge(&items[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return mine, err
}

// holds says whether the id is of a namespace in the chain.
func (n *NamespaceSlot) holds(id lake.ID) bool {
	for _, ns := range n.Chain() {
		if ns.ID == id {
			return true
		}
	}
	return false
}

// Guards are the guards of a namespace, its ancestors and the catalog's root, read in the request's batch. The zero
// value serves who claims nothing that a client chose.
type Guards struct {
	at     [][]*Slot[nothing] // by depth: 0 is the root
	needed map[int]bool       // depths whose guards must all be written
}

// Guards asks for all guards of the chain: whoever may claim a folder that a client chose needs them.
func (b *Batch) Guards(n *NamespaceSlot) Guards {
	g := Guards{needed: map[int]bool{}}
	for depth := 0; depth <= len(n.place.levels); depth++ {
		g.at = append(g.at, b.guardSlots(place{n.place.realm, n.place.catalog, n.place.levels[:depth]}))
	}
	return g
}

// need marks the container that guards the folder.
func (g Guards) need(n *NamespaceSlot, f location.Prefix) {
	chain := n.Chain()
	for depth := len(chain); depth > 0; depth-- {
		own, err := location.ParsePrefix(chain[depth-1].Location)
		if err == nil && own.Covers(f) && own != f {
			g.needed[depth] = true
			return
		}
	}
	g.needed[0] = true
}

// ops gives the writes: all guards of the containers that are needed, and one of the parent that gets a child.
func (g Guards) ops(n *NamespaceSlot) ([]kv.Op, error) {
	var ops []kv.Op
	for depth := range g.needed {
		if !owned(n.idAt(depth), g.at[depth]) {
			return nil, &kv.ConditionError{Index: 0} // a torn read, or the container goes: plan anew
		}
		ops = append(ops, bumpAll(n.idAt(depth), g.at[depth])...)
	}
	if !g.needed[len(n.chain)] {
		ops = append(ops, bump(n.place, n.ID()))
	}
	return ops, nil
}

// release gives claims back.
func release(p place, holder lake.ID, keys []string) []kv.Op {
	var ops []kv.Op
	for _, index := range keys {
		ops = append(ops, remove(locationKey(p.realm, p.catalog, index), kv.Prefix(owner(holder))))
	}
	return ops
}
