package store

import (
	"fmt"
	"math/rand/v2"

	"firn/shared/kv"
	"firn/shared/lake"
)

// Guards are the guards of a namespace, its ancestors and the catalog's root, read in the request's batch. The zero
// value serves who claims nothing that a client chose.
type Guards struct {
	at [][]*Slot[nothing] // by depth: 0 is the root
}

// Guards asks for all guards of the chain: whoever may claim a folder that a client chose needs them.
func (b *Batch) Guards(n *NamespaceSlot) Guards {
	var g Guards
	for depth := 0; depth <= len(n.place.levels); depth++ {
		g.at = append(g.at, b.guardSlots(place{n.place.realm, n.place.catalog, n.place.levels[:depth]}))
	}
	return g
}

// ops gives the writes: all guards at the depths that are needed, and one of the parent that gets a child.
func (g Guards) ops(n *NamespaceSlot, needed map[int]bool) ([]kv.Op, error) {
	var ops []kv.Op
	for depth := range needed {
		if depth >= len(g.at) {
			return nil, fmt.Errorf("the guards of %v were not read", n.Levels()) // a mistake of the caller's
		}
		if !owned(n.idAt(depth), g.at[depth]) {
			return nil, &kv.ConditionError{} // a torn read, or the container goes: plan anew
		}
		ops = append(ops, bumpAll(n.idAt(depth), g.at[depth])...)
	}
	if !needed[len(n.chain)] {
		ops = append(ops, bump(n.place, n.ID()))
	}
	return ops, nil
}

// bump says that a child of the container comes: one guard, at random, gets a new tag. It fails if the container, which
// has this id, is gone.
func bump(p place, id lake.ID) kv.Op {
	return mark(p.guardKey(rand.IntN(guards)), tagOf(id), kv.Prefix(owner(id)))
}

// newGuards makes the guards of a new container.
func newGuards(p place, id lake.ID) []kv.Op {
	var ops []kv.Op
	for i := range guards {
		ops = append(ops, mark(p.guardKey(i), tagOf(id), kv.Always()))
	}
	return ops
}

// bumpAll says that something comes which no other newcomer may have crossed: all guards get new tags, if they are as
// they were read.
func bumpAll(id lake.ID, read []*Slot[nothing]) []kv.Op {
	var ops []kv.Op
	for _, g := range read {
		ops = append(ops, mark(g.key, tagOf(id), kv.Match(g.Tag)))
	}
	return ops
}

// dropGuards removes the guards of a container that goes, if no child came since they were read.
func dropGuards(read []*Slot[nothing]) []kv.Op {
	var ops []kv.Op
	for _, g := range read {
		ops = append(ops, remove(g.key, kv.Match(g.Tag)))
	}
	return ops
}

// owned says whether the guards that were read are those of the container with this id: only then do they guard it.
func owned(id lake.ID, read []*Slot[nothing]) bool {
	for _, g := range read {
		if g.Value == nil || !owns(id, g.Tag) {
			return false
		}
	}
	return true
}
