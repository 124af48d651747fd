package store

import (
	"context"
	"fmt"
	"slices"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
	"firn/shared/location"
)

// MaxChanges bounds the tables of one transaction: each takes an operation at least.
const MaxChanges = kv.MaxOps

// Part is what a transaction does with one table: a next version of one that is there, a new one, or, without Next,
// nothing but to hold it as it was read.
type Part struct {
	Namespace *NamespaceSlot
	Old       *Slot[lake.Table] // nil: the table is new
	Next      *lake.Table
	Folders   []location.Prefix  // that Next makes vendable
	Guards    Guards             // read in the batch, where there are folders or the table is new
	Principal lake.ID            // who commits
	Staged    *Slot[lake.Staged] // the staged table that a new one comes from; nil: none
}

func (p *Part) claimer() claimer {
	return claimer{n: p.Namespace, folder: folder{Holder: p.Next.ID, Kind: fault.Table, Namespace: p.Namespace.Levels(),
		Name: p.Next.Name, Principal: p.Principal, Location: p.Next.Location}}
}

// CommitTransaction stores all parts, or none, in one write; ready puts the metadata files, once all is planned. Exists if
// the name of a new table is taken, Forbidden if a folder overlaps another's, or another part's; Malformed if it is more
// than one write can hold. The error is else as UpdateTable's: a lost race (Raced), StateUnknown, or one without effect.
//
// The race of two parts of one transaction for one folder is seen here, as no claim of the one is there for the other to
// find. Guards that several parts need are written once, all of them if one part needs all.
func (s *Store) CommitTransaction(ctx context.Context, parts []Part, ready func() error) error {
	ops, takes, err := s.transaction(ctx, parts)
	if err != nil {
		return err
	}
	if err := s.fits(ops, len(parts)); err != nil {
		return err
	}
	if err := ready(); err != nil {
		return err
	}
	err = s.send(ctx, ops)
	if i, there := failedAt(err); i >= 0 && takes[i] != nil {
		return taken(there, takes[i].Namespace, takes[i].Next.Name, lake.TableKind)
	}
	if fault.Is(err, fault.StateUnknown) && s.anyLanded(ctx, parts) {
		return nil
	}
	return err
}

// transaction plans the operations; takes tells which of them take the name of a new table.
func (s *Store) transaction(ctx context.Context, parts []Part) (ops []kv.Op, takes map[int]*Part, err error) {
	takes = map[int]*Part{}
	var claims []kv.Op
	var all bumps
	for i := range parts {
		p := &parts[i]
		if p.Next == nil {
			ops = append(ops, check(p.Old.key, kv.Match(p.Old.Tag)))
			continue
		}
		if err := apart(parts[:i], p); err != nil {
			return nil, nil, err
		}
		if p.Old == nil || len(p.Folders) > 0 {
			planned, err := s.plan(ctx, p.claimer(), p.Folders)
			if err != nil {
				return nil, nil, err
			}
			claims = append(claims, planned.ops...)
			if p.Next.Claims = append(slices.Clone(p.Next.Claims), planned.keys...); len(p.Next.Claims) > maxClaims {
				return nil, nil, tooManyFolders(p.Next)
			}
			all.add(p, planned.needed)
		}
		more, err := s.partOps(p)
		if err != nil {
			return nil, nil, err
		}
		if p.Old == nil {
			takes[len(ops)], takes[len(ops)+1] = p, p
		}
		ops = append(ops, more...)
	}
	guarded, err := all.ops()
	return slices.Concat(ops, claims, guarded), takes, err
}

// partOps are the operations on the table itself; those that take a new table's name come first.
func (s *Store) partOps(p *Part) ([]kv.Op, error) {
	if p.Old != nil {
		op, err := put(p.Old.key, tableTag(p.Next), p.Next, kv.Match(p.Old.Tag))
		return []kv.Op{op}, err
	}
	at := p.Namespace.place
	first, err := put(at.entryKey(lake.TableKind, p.Next.Name), tableTag(p.Next), p.Next, kv.Absent(s.now()))
	if err != nil {
		return nil, err
	}
	second, err := put(at.nameKey(p.Next.Name), tagOf(p.Next.ID), Claim{lake.TableKind, p.Next.ID}, kv.Absent(s.now()))
	if err != nil {
		return nil, err
	}
	ops := []kv.Op{first, second}
	if p.Staged != nil && p.Staged.Value != nil {
		ops = append(ops, remove(p.Staged.key, kv.Always()))
	}
	return ops, nil
}

// apart refuses a part with a folder that overlaps another part's, unless the catalog lets tables share them.
func apart(others []Part, p *Part) error {
	if p.Namespace.Catalog.Value.On(lake.OverlappingLocations, false) {
		return nil
	}
	for i := range others {
		for _, there := range others[i].Folders {
			for _, f := range p.Folders {
				if there.Covers(f) || f.Covers(there) {
					return overlapping(p.Next.Location, others[i].Next.Location)
				}
			}
		}
	}
	return nil
}

// fits refuses what one write cannot hold, before any effect.
func (s *Store) fits(ops []kv.Op, tables int) error {
	if n := len(ops) + s.reserved(); n > kv.MaxOps {
		return fault.New(fault.Malformed, "A transaction of these %d tables takes %d operations, more than the %d that can be done at once; commit them in several transactions", tables, n, kv.MaxOps)
	}
	if err := kv.CheckWrite(ops); fault.Is(err, fault.TooLarge) {
		return fault.New(fault.Malformed, "A transaction of these %d tables is larger than what can be done at once; commit them in several transactions", tables).Because(err)
	}
	return nil
}

// anyLanded says whether any part can be seen to have landed: then all have.
func (s *Store) anyLanded(ctx context.Context, parts []Part) bool {
	b := s.Batch(parts[0].Namespace.place.realm)
	now := make([]*Slot[lake.Table], len(parts))
	for i := range parts {
		if parts[i].Next != nil {
			now[i] = slot[lake.Table](b, parts[i].Namespace.place.entryKey(lake.TableKind, parts[i].Next.Name))
		}
	}
	if err := b.Read(ctx); err != nil {
		return false
	}
	for i := range parts {
		if now[i] != nil && holds(now[i].Value, parts[i].Next) {
			return true
		}
	}
	return false
}

// bumps are the guards that the parts of a transaction write, by their container.
type bumps struct {
	order []kv.Key
	by    map[kv.Key]*bumped
}

type bumped struct {
	place place
	seat  seat
	all   bool
	read  []*Slot[nothing]
}

func (b *bumps) add(p *Part, needed map[int]bool) {
	for depth, all := range needed {
		at := p.Namespace.place.at(depth)
		one := b.by[at.guardKey(0)]
		if one == nil {
			one = &bumped{place: at, seat: p.Namespace.seatAt(depth)}
			if b.by == nil {
				b.by = map[kv.Key]*bumped{}
			}
			b.by[at.guardKey(0)], b.order = one, append(b.order, at.guardKey(0))
		}
		if one.all = one.all || all; all && depth < len(p.Guards.at) {
			one.read = p.Guards.at[depth]
		}
	}
}

func (b *bumps) ops() (ops []kv.Op, err error) {
	for _, key := range b.order {
		one := b.by[key]
		switch {
		case !one.all:
			ops = append(ops, bump(one.place, one.seat))
		case one.read == nil:
			return nil, fmt.Errorf("the guards of %v were not read", one.place.levels) // a mistake of the caller's
		case !owned(one.seat, one.read):
			return nil, &kv.ConditionError{} // a torn read, or the container goes: plan anew
		default:
			ops = append(ops, bumpAll(one.seat, one.read)...)
		}
	}
	return ops, nil
}
