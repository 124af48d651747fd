package store

import (
	"context"
	"fmt"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
)

// Revocation asks for the revocation with the id.
func (b *Batch) Revocation(id lake.ID) *Slot[lake.Revocation] {
	return slot[lake.Revocation](b, revocationKey(b.realm, lake.ID(possible(string(id)))))
}

// Subject is what a revocation changes beside itself: the state of a principal's keys, or of a table's.
type Subject func() (kv.Op, error)

// KeysOf is the state of a principal's keys from now on.
func (s *Store) KeysOf(p *Slot[lake.Principal], state lake.KeyState) Subject {
	return func() (kv.Op, error) {
		next := *p.Value
		next.Keys = state
		return put(p.key, tagOf(next.ID), &next, kv.Match(p.Tag))
	}
}

// KeysFor is the state of the keys for a table from now on. It is a version of the table: a commit under way is planned anew,
// and keeps it.
func (s *Store) KeysFor(t *Slot[lake.Table], state lake.KeyState) Subject {
	return func() (kv.Op, error) {
		next := *t.Value
		next.Keys, next.Version = state, next.Version+1
		return put(t.key, tableTag(&next), &next, kv.Match(t.Tag))
	}
}

// SaveRevocation stores next in place of what the slot read, or as a new one, and changes its subjects with it: all or
// nothing. Conflict if one of them changed meanwhile.
func (s *Store) SaveRevocation(ctx context.Context, old *Slot[lake.Revocation], next *lake.Revocation, subjects ...Subject) error {
	cond := kv.Absent(s.now())
	if old.Value != nil {
		cond = kv.Match(old.Tag)
	}
	first, err := put(old.key, tagOf(next.ID), next, cond)
	if err != nil {
		return err
	}
	ops := []kv.Op{first}
	for _, subject := range subjects {
		op, err := subject()
		if err != nil {
			return err
		}
		ops = append(ops, op)
	}
	if err := s.write(ctx, ops...); err != nil {
		return conflictOf(err, fault.Credential, string(next.ID))
	}
	old.Value, old.Tag = next, first.Item.Tag
	return nil
}

// RemoveRevocation forgets a revocation. Conflict if it changed meanwhile.
func (s *Store) RemoveRevocation(ctx context.Context, old *Slot[lake.Revocation]) error {
	return conflictOf(s.write(ctx, remove(old.key, kv.Match(old.Tag))), fault.Credential, string(old.Value.ID))
}

// ListRevocations gives the revocations of a realm, by id. An empty realm: those of all.
func (s *Store) ListRevocations(ctx context.Context, realm lake.Realm) ([]*Slot[lake.Revocation], error) {
	prefix := ""
	if realm != "" {
		prefix = revocationPrefix(realm)
	}
	var out []*Slot[lake.Revocation]
	err := s.pages(ctx, revocationKey(realm, "").Partition, prefix, func(items []kv.Item) error {
		for i := range items {
			found := &Slot[lake.Revocation]{key: items[i].Key}
			if err := found.load(s.items, &items[i]); err != nil {
				return err
			}
			out = append(out, found)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list revocations: %w", err)
	}
	return out, nil
}
