package store

import (
	"context"
	"slices"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
	"firn/shared/location"
)

// CreateNamespace stores a namespace with its guards and its folder. n is its slot, whose parent must be there. Exists if
// the name is taken, Forbidden if the folder overlaps another's. A lost race, against the
// drop of the parent among others, is for Again.
func (s *Store) CreateNamespace(ctx context.Context, n *NamespaceSlot, ns *lake.Namespace, f location.Prefix, guarded Guards) error {
	parent := n.Parent()
	c := claimer{n: parent, folder: folder{Holder: ns.ID, Kind: fault.Namespace, Namespace: ns.Levels, Location: ns.Location}}
	claims, keys, err := s.claim(ctx, c, []location.Prefix{f}, guarded)
	if err != nil {
		return err
	}
	ns.Claims = keys
	first, err := put(n.place.namespaceKey(), tagOf(ns.ID), ns, kv.Absent(s.now()))
	if err != nil {
		return err
	}
	ops := append([]kv.Op{first}, claims...)
	err = s.write(ctx, append(ops, newGuards(n.place, seatOf(ns))...)...)
	if i, _ := failedAt(err); i == 0 {
		return fault.Taken(fault.Namespace, lake.Identifier{Namespace: parent.Levels(), Name: ns.Levels[len(ns.Levels)-1]}.String())
	}
	return err
}

// Parent gives the slot of the namespace's parent: the catalog's root at the first level.
func (n *NamespaceSlot) Parent() *NamespaceSlot {
	return &NamespaceSlot{Catalog: n.Catalog, chain: n.chain[:len(n.chain)-1], place: n.place.parent()}
}

// UpdateNamespace stores next in place of what the slot read. A new folder is claimed, and the old one given back, in the
// same transaction; one that the namespace holds already changes nothing. A lost race is for Again.
func (s *Store) UpdateNamespace(ctx context.Context, n *NamespaceSlot, next *lake.Namespace, moved *location.Prefix, guarded Guards) error {
	old := n.chain[len(n.chain)-1]
	var more []kv.Op
	if moved != nil && !slices.Contains(next.Claims, moved.Index()) {
		c := claimer{n: n.Parent(), folder: folder{Holder: next.ID, Kind: fault.Namespace, Namespace: next.Levels, Location: next.Location}}
		claims, keys, err := s.claim(ctx, c, []location.Prefix{*moved}, guarded)
		if err != nil {
			return err
		}
		more = append(claims, release(n.place, next.ID, next.Claims)...)
		next.Claims, next.Moves = keys, next.Moves+1
		more = append(more, newGuards(n.place, seatOf(next))...)
	}
	first, err := put(old.key, tagOf(next.ID), next, kv.Match(old.Tag))
	if err != nil {
		return err
	}
	return s.write(ctx, append([]kv.Op{first}, more...)...)
}

// DropNamespace removes a namespace that holds nothing: NotEmpty otherwise. Its guards, read in the batch before the look
// for children and deleted as read, close the race against a child that is being made. A lost race is for Again.
func (s *Store) DropNamespace(ctx context.Context, n *NamespaceSlot, guarded Guards) error {
	depth := len(n.chain)
	own := guarded.at[depth]
	if !owned(n.seatAt(depth), own) {
		return &kv.ConditionError{}
	}
	empty, err := s.empty(ctx, n.place)
	if err != nil {
		return err
	}
	if !empty {
		return fault.Of(fault.NotEmpty, fault.Namespace, lake.Identifier{Namespace: n.Parent().Levels(), Name: n.Levels()[depth-1]}.String(), "")
	}
	old := n.chain[depth-1]
	ops := append([]kv.Op{remove(old.key, kv.Match(old.Tag)), remove(objectKey(n.place.realm, n.ID()), kv.Always())}, dropGuards(own)...)
	return s.write(ctx, append(ops, release(n.place, n.ID(), old.Value.Claims)...)...)
}

// empty says whether a namespace, or a catalog's root, has no children.
func (s *Store) empty(ctx context.Context, p place) (bool, error) {
	for _, partition := range []string{p.children(), p.entries()} {
		items, next, err := s.db.List(ctx, kv.Page{Partition: partition, Limit: 1})
		if err != nil {
			return false, err
		}
		if len(items) > 0 || next != "" {
			return false, nil
		}
	}
	return true, nil
}

// ListNamespaces gives a page of the names of a namespace's children, or of a catalog's top level, and the name to go on
// behind.
func (s *Store) ListNamespaces(ctx context.Context, n *NamespaceSlot, p Page) ([]string, string, error) {
	return s.names(ctx, n.place.children(), "", p)
}
