package catalog

import (
	"context"
	"slices"
	"strings"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/lake"
	"firn/shared/store"
)

// TableChange is the change of one table of a transaction.
type TableChange struct {
	Table lake.Identifier
	Change
}

// CommitTransaction applies changes to tables, or makes tables, all or none, in one write. Nothing is written before every
// requirement of every table holds. A table may be named once; a transaction moves no table to another location, as
// recorded, and is bounded by what one write can hold. Access requirement: TABLE_WRITE_PROPERTIES and TABLE_CREATE on each
// table that is there, TABLE_CREATE on the namespace of each that is made.
//
// A table that a change leaves as it is must still be so when the others change: its requirements are what they rest on.
func (s *Service) CommitTransaction(ctx context.Context, c lake.Caller, catalog string, changes []TableChange) error {
	wanted, err := partsOf(changes)
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		retries, err := s.commitAll(ctx, c, catalog, wanted)
		if !store.Raced(err) {
			return err
		}
		if try >= retries {
			return fault.New(fault.CommitFailed, "Cannot commit the transaction: too many concurrent commits; please retry")
		}
	}
}

// partsOf judges what can be judged without a look.
func partsOf(changes []TableChange) ([]part, error) {
	switch n := len(changes); {
	case n == 0:
		return nil, fault.New(fault.Argument, "Invalid table changes: empty")
	case n > store.MaxChanges:
		return nil, fault.New(fault.Malformed, "A transaction can change at most %d tables, not %d; commit them in several transactions", store.MaxChanges, n)
	}
	var parts []part
	seen := map[string]bool{}
	for _, c := range changes {
		create, err := iceberg.IsCreate(c.Requirements)
		if err != nil {
			return nil, err
		}
		if err := checkKeys(c.Updates); err != nil {
			return nil, err
		}
		if create {
			if err := lake.CheckName(c.Table.Name); err != nil {
				return nil, err
			}
		}
		name := strings.Join(append(slices.Clip(c.Table.Namespace), c.Table.Name), "\x00")
		if seen[name] {
			return nil, fault.New(fault.Malformed, "Invalid table changes: table %s is named twice; put its updates into one change", c.Table)
		}
		seen[name] = true
		parts = append(parts, part{attempt: attempt{id: c.Table, moves: moves(c.Updates)}, change: c.Change, create: create})
	}
	return parts, nil
}

// commitAll is one attempt, as commit is for one table. It says how often a lost race is tried again.
func (s *Service) commitAll(ctx context.Context, c lake.Caller, catalog string, wanted []part) (int, error) {
	x := s.open(c, catalog)
	var parts []*part
	for _, w := range wanted {
		parts = append(parts, w.begin(x))
	}
	if err := x.read(ctx); err != nil {
		return 0, err
	}
	for _, p := range parts {
		if err := p.placed(); err != nil {
			return 0, err
		}
	}
	if err := x.allowAll(ctx, parts); err != nil {
		return 0, err
	}
	if x.cat.Value.Type == lake.External {
		return 0, fault.New(fault.Malformed, "Cannot update table on static-facade external catalogs.")
	}
	now := s.Now()
	if err := each(parts, func(p *part) error { return p.prepare(ctx, now) }); err != nil {
		return 0, err
	}
	return x.cat.Value.Number(lake.CommitRetries, defaultRetries, 20), x.swapAll(ctx, parts)
}

// allowAll checks access to all tables that are there, and to make the others.
func (x *session) allowAll(ctx context.Context, parts []*part) error {
	var there, made []access.Path
	for _, p := range parts {
		if p.create {
			made = append(made, p.n.Path())
		} else {
			there = append(there, append(p.n.Path(), p.old.Value.ID))
		}
	}
	if len(there) > 0 {
		if err := x.allow(ctx, access.CommitTransaction, there...); err != nil {
			return err
		}
	}
	if len(made) > 0 {
		return x.allow(ctx, access.UpdateTableForStagedCreate, made...)
	}
	return nil
}

// swapAll puts the new metadata files and moves all pointers.
func (x *session) swapAll(ctx context.Context, parts []*part) error {
	var changed []*part
	var all []store.Part
	for _, p := range parts {
		all = append(all, p.stored())
		if p.next != nil {
			changed = append(changed, p)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	ctx, cancel := unbroken(ctx)
	defer cancel()
	err := x.Store.CommitTransaction(ctx, all, func() error {
		return each(changed, func(p *part) error { return p.put(ctx) })
	})
	switch {
	case err == nil:
	case fault.Is(err, fault.StateUnknown):
		if !x.anyInLog(ctx, changed) {
			return fault.New(fault.StateUnknown, "It is not known whether the transaction succeeded").Because(err)
		}
	default:
		_ = each(changed, func(p *part) error { x.withdraw(ctx, &p.file); return nil })
		if fault.Is(err, fault.Exists) {
			return fault.Of(fault.CommitFailed, fault.Table, fault.From(err).Name, "Requirement failed: table already exists")
		}
		return err
	}
	return each(changed, func(p *part) error { p.keep(ctx); return nil })
}

// anyInLog looks for the transaction in the metadata logs of its tables: what one of them has logged all have had.
func (x *session) anyInLog(ctx context.Context, changed []*part) bool {
	for _, p := range changed {
		if x.inLog(ctx, p.n, p.item, p.file.bucket) {
			return true
		}
	}
	return false
}
