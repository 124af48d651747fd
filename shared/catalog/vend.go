package catalog

import (
	"context"
	"slices"
	"strings"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/store"
	"firn/shared/vend"
)

// Delegation is what a client asks for beside a table (X-Iceberg-Access-Delegation).
type Delegation struct {
	Vended bool // vended-credentials
	Signed bool // remote-signing
}

// Asked says whether any access is asked for.
func (d Delegation) Asked() bool { return d.Vended || d.Signed }

// actions are those of the keys for a new table, whose maker writes it.
func (d Delegation) actions() vend.Actions {
	if d.Asked() {
		return writeActions
	}
	return 0
}

// Keys are what a client needs to reach a table's files.
type Keys struct {
	Credential *vend.Credential // nil: none was asked for, or the storage has none
	Signing    *Signing         // requests are signed one by one instead; nil: they are not
	Prefix     string           // the table's location, for which the credential is
	Storage    lake.Storage     // for the settings that are no secrets
	Refresh    string           // path of the table's credentials endpoint, relative to the catalog's uri
	scope      string           // what a tag must tell of them
}

const (
	readActions  = vend.Read | vend.List
	writeActions = vend.Read | vend.List | vend.Write | vend.Delete
)

// loadActions decides what a caller who asks for keys of a table gets: those to write if allowed, else those to read.
func (x *session) loadActions(ctx context.Context, d Delegation, path access.Path) (vend.Actions, error) {
	if !d.Asked() {
		return 0, x.allow(ctx, access.LoadTable, path)
	}
	op, err := x.who.CheckFirst(ctx, []access.Operation{access.LoadTableWithWriteDelegation, access.LoadTableWithReadDelegation}, path)
	if err != nil {
		return 0, err
	}
	if op == access.LoadTableWithWriteDelegation {
		return writeActions, nil
	}
	return readActions, nil
}

// Want is what a use-case of another protocol asks of a table's keys.
type Want struct {
	Actions vend.Actions // the most that is wanted; 0: whatever the caller's grants allow
	Within  string       // a folder of the table's, for keys that open no more; empty: all of them
	TableID lake.ID      // the table that is meant, whatever has its name now; empty: any
	Why     string       // the operation, for the audit record
}

// Credentials gives fresh keys for a table. Access requirement:
// TABLE_WRITE_DATA, or TABLE_READ_DATA for keys that only read.
//
// staged names a staged table (its uuid): before its first commit it is looked for too, and has keys for the principal
// that staged it, as long as it is kept. Afterwards the keys are the table's.
func (s *Service) Credentials(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, staged string) (Keys, error) {
	if staged == "" {
		return s.Vend(ctx, c, catalog, id, Want{Why: "refresh"})
	}
	x, n, h, actions, err := s.stagedHolder(ctx, c, catalog, id, staged)
	if err != nil {
		return Keys{}, err
	}
	return x.keys(ctx, n, h, actions, "refresh")
}

// Vend gives keys for a table: those that the caller's grants allow, and of these no more than is wanted. Forbidden if
// nothing is left. Access requirement: TABLE_WRITE_DATA, or TABLE_READ_DATA for keys that only read.
func (s *Service) Vend(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, want Want) (Keys, error) {
	x, n, t, err := s.table(ctx, c, catalog, id, nil)
	if err != nil {
		return Keys{}, err
	}
	if want.TableID != "" && t.Value.ID != want.TableID {
		return Keys{}, fault.Missing(fault.Table, id.String())
	}
	actions, err := x.loadActions(ctx, Delegation{Vended: true}, append(n.Path(), t.Value.ID))
	if err != nil {
		return Keys{}, err
	}
	if want.Actions != 0 {
		if actions &= want.Actions; actions == 0 {
			return Keys{}, fault.Of(fault.Forbidden, fault.Table, id.String(), "Principal '%s' may not do what was asked with table %s", x.who.Name, id)
		}
	}
	h := holderOf(t.Value)
	if want.Within == "" {
		return x.keys(ctx, n, h, actions, want.Why)
	}
	return x.within(ctx, n, h, actions, want)
}

// within vends for a folder of the table's.
func (x *session) within(ctx context.Context, n *store.NamespaceSlot, h holder, actions vend.Actions, want Want) (Keys, error) {
	ident := lake.Identifier{Namespace: n.Levels(), Name: h.name}
	all, err := x.vendable(ident, h, actions)
	if err != nil {
		return Keys{}, err
	}
	folder, err := location.ParsePrefix(want.Within)
	if err != nil {
		return Keys{}, err
	}
	if !slices.ContainsFunc(all, func(p location.Prefix) bool { return p.Covers(folder) }) {
		return Keys{}, fault.Of(fault.Invalid, fault.Location, want.Within, "Location %s is not within table %s", want.Within, ident)
	}
	k := Keys{Storage: x.cat.Value.Storage, Prefix: strings.TrimSuffix(want.Within, "/")}
	k.Credential, err = x.mint(ctx, ident, h, []location.Prefix{folder}, actions, want.Why)
	return k, err
}
