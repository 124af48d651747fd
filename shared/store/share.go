package store

import (
	"context"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
)

// possibleShared keeps names that no rule would have let in from making keys, which they may not fit.
func possibleShared(name string) string {
	if lake.CheckShareName("name", name) != nil {
		return nobody
	}
	return name
}

// Share asks for a share.
func (b *Batch) Share(name string) *Slot[lake.Share] {
	return slot[lake.Share](b, shareKey(b.realm, possibleShared(name)))
}

// SharedTable asks for a table of a share. One of an earlier share of that name is not there.
func (b *Batch) SharedTable(share *Slot[lake.Share], shareName, schema, name string) *SharedTableSlot {
	k := aliasKey(b.realm, possibleShared(shareName), possibleShared(schema), possibleShared(name))
	return &SharedTableSlot{share: share, Slot: slot[lake.SharedTable](b, k)}
}

// SharedTableSlot is a table of a share, or what an earlier share of that name left in its place.
type SharedTableSlot struct {
	*Slot[lake.SharedTable]
	share *Slot[lake.Share]
}

// There says whether the table is in the share.
func (t *SharedTableSlot) There() bool {
	return t.Value != nil && t.share.Value != nil && t.Value.ShareID == t.share.Value.ID
}

// Member is a recipient that has a share.
type Member struct {
	ShareID     lake.ID `json:"share"`
	RecipientID lake.ID `json:"recipient"`
}

// Shared is all that a recipient's request for a shared table needs, found by names in one batch read. What belongs
// together is told by ids: an item that an earlier share or recipient left is nobody's. A torn read looks the same, and is
// not read again: these items change by requests of their own, each acknowledged before the next begins.
type Shared struct {
	Recipient *Slot[lake.Recipient]
	share     *Slot[lake.Share]
	member    *Slot[Member]
	table     *SharedTableSlot
}

// Shared asks for a shared table, for the recipient that the principal is.
func (b *Batch) Shared(principal lake.ID, share, schema, name string) *Shared {
	s := &Shared{Recipient: b.Recipient(principal), share: b.Share(share),
		member: slot[Member](b, memberKey(b.realm, possibleShared(share), principal))}
	s.table = b.SharedTable(s.share, share, schema, name)
	return s
}

// Table gives the table if it is in the share and the recipient has the share; else nil.
func (s *Shared) Table() *lake.SharedTable {
	if s.Recipient.Value == nil || s.member.Value == nil || !s.table.There() {
		return nil
	}
	if *s.member.Value != (Member{s.share.Value.ID, s.Recipient.Value.ID}) {
		return nil
	}
	return s.table.Value
}

// CreateShare stores a new share. Exists if the name is taken, in whatever case.
func (s *Store) CreateShare(ctx context.Context, realm lake.Realm, share *lake.Share) error {
	op, err := put(shareKey(realm, share.Name), tagOf(share.ID), share, kv.Absent(s.now()))
	if err != nil {
		return err
	}
	err = s.write(ctx, op)
	if i, _ := failedAt(err); i >= 0 {
		return fault.Taken(fault.Share, share.Name)
	}
	return err
}

// DeleteShare removes a share. What it held and who had it is dead from the next request on, and swept.
func (s *Store) DeleteShare(ctx context.Context, realm lake.Realm, old *Slot[lake.Share]) error {
	err := s.write(ctx, remove(old.key, kv.Match(old.Tag)))
	if err := conflictOf(err, fault.Share, old.Value.Name); err != nil {
		return err
	}
	name := lake.FoldName(old.Value.Name)
	s.sweep(ctx, partition("alias", realm, name), old.Value.ID)
	s.sweep(ctx, partition("member", realm, name), old.Value.ID)
	return nil
}

// sweep removes a bounded part of what a dead object left in a partition: items whose tags begin with its id, since a
// namesake may have begun to fill the partition anew. It cannot fail what has happened.
func (s *Store) sweep(ctx context.Context, partition string, dead lake.ID) {
	after := ""
	for range sweptAtOnce / kv.MaxOps {
		items, next, err := s.db.List(ctx, kv.Page{Partition: partition, After: after, Limit: kv.MaxOps})
		if err != nil {
			return
		}
		var ops []kv.Op
		for _, item := range items {
			if owns(dead, item.Tag) {
				ops = append(ops, remove(item.Key, kv.Match(item.Tag)))
			}
		}
		if len(ops) > 0 && s.db.Write(ctx, ops) != nil || next == "" {
			return
		}
		after = next
	}
}

// ListShares gives all shares of a realm, by name.
func (s *Store) ListShares(ctx context.Context, realm lake.Realm) ([]lake.Share, error) {
	return listAll[lake.Share](ctx, s, partition("share", realm), "")
}

// AddSharedTable puts a table into a share. The checks close the races against the end of the share and the drop or rename
// of the table; in the place of old, which must not be there, may be what an earlier share left. Exists if the name is
// taken, Conflict if another was faster.
func (s *Store) AddSharedTable(ctx context.Context, old *SharedTableSlot, of *Slot[lake.Table], t *lake.SharedTable) error {
	cond := kv.Absent(s.now())
	if old.Value != nil {
		cond = kv.Match(old.Tag)
	}
	op, err := put(old.key, tagOf(t.ShareID), t, cond)
	if err != nil {
		return err
	}
	err = s.write(ctx, op, check(old.share.key, kv.Prefix(owner(t.ShareID))), check(of.key, kv.Prefix(owner(t.TableID))))
	return conflictOf(err, fault.SharedTable, t.Schema+"."+t.Name)
}

// RemoveSharedTable takes a table out of a share. Conflict if it changed meanwhile.
func (s *Store) RemoveSharedTable(ctx context.Context, old *SharedTableSlot) error {
	err := s.write(ctx, remove(old.key, kv.Match(old.Tag)))
	return conflictOf(err, fault.SharedTable, old.Value.Schema+"."+old.Value.Name)
}

// ListSharedTables gives the tables of a share, by schema and name.
func (s *Store) ListSharedTables(ctx context.Context, realm lake.Realm, share *lake.Share) ([]lake.SharedTable, error) {
	all, err := listAll[lake.SharedTable](ctx, s, partition("alias", realm, lake.FoldName(share.Name)), "")
	var out []lake.SharedTable
	for _, t := range all {
		if t.ShareID == share.ID {
			out = append(out, t)
		}
	}
	return out, err
}
