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
		g.at = append(g.at, b.guardSlots(n.place.at(depth)))
	}
	return g
}

// guardSlots asks for all guards of a namespace or root.
func (b *Batch) guardSlots(p place) []*Slot[nothing] {
	var out []*Slot[nothing]
	for i := range guards {
		out = append(out, slot[nothing](b, p.guardKey(i)))
	}
	return out
}

// ops gives the writes by depth: of all guards, or of any one.
func (g Guards) ops(n *NamespaceSlot, needed map[int]bool) ([]kv.Op, error) {
	var ops []kv.Op
	for depth, all := range needed {
		switch {
		case !all:
			ops = append(ops, bump(n.place.at(depth), n.seatAt(depth)))
			continue
		case depth >= len(g.at):
			return nil, fmt.Errorf("the guards of %v were not read", n.Levels()) // a mistake of the caller's
		case !owned(n.seatAt(depth), g.at[depth]):
			return nil, &kv.ConditionError{} // a torn read, or the container goes: plan anew
		}
		ops = append(ops, bumpAll(n.seatAt(depth), g.at[depth])...)
	}
	return ops, nil
}

// seat is what the tags of a container's guards begin with: its id and how often its folders have changed. Whoever
// writes a guard on that condition also says that the container is there and holds the folders that were read.
type seat = lake.ID

func seatOf(ns *lake.Namespace) seat { return seat(fmt.Sprintf("%s:%d", ns.ID, ns.Moves)) }

// seatAt gives the seat of the container at a depth. A catalog's root claims no folder here.
func (n *NamespaceSlot) seatAt(depth int) seat {
	if depth == 0 || n.idAt(depth) == "" {
		return n.idAt(depth)
	}
	return seatOf(n.chain[depth-1].Value)
}

// bump says that a child of the container comes: one guard, at random, gets a new tag. It fails if the container is gone
// or has moved.
func bump(p place, of seat) kv.Op {
	return mark(p.guardKey(rand.IntN(guards)), tagOf(of), kv.Prefix(owner(of)))
}

// newGuards makes the guards of a container that is new, or whose folders change.
func newGuards(p place, of seat) []kv.Op {
	var ops []kv.Op
	for i := range guards {
		ops = append(ops, mark(p.guardKey(i), tagOf(of), kv.Always()))
	}
	return ops
}

// bumpAll says that something comes which no other newcomer may have crossed: all guards get new tags, if they are as
// they were read.
func bumpAll(of seat, read []*Slot[nothing]) []kv.Op {
	var ops []kv.Op
	for _, g := range read {
		ops = append(ops, mark(g.key, tagOf(of), kv.Match(g.Tag)))
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

// owned says whether the guards that were read are those of the container in this seat: only then do they guard it.
func owned(of seat, read []*Slot[nothing]) bool {
	for _, g := range read {
		if g.Value == nil || !owns(of, g.Tag) {
			return false
		}
	}
	return true
}
