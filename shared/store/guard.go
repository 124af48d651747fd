package store

import (
	"math/rand/v2"

	"firn/shared/kv"
	"firn/shared/lake"
)

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
