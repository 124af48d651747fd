package catalog

import (
	"context"
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

// Check refuses what firn does not do.
func (d Delegation) Check() error {
	if d.Signed {
		return fault.New(fault.Argument, "Unsupported access delegation mode: REMOTE_SIGNING")
	}
	return nil
}

// Keys are what a client needs to reach a table's files.
type Keys struct {
	Credential *vend.Credential // nil: none was asked for, or the storage has none
	Prefix     string           // the folder that the credential is for, with its slash
	Storage    lake.Storage     // for the settings that are no secrets
	Refresh    string           // path of the table's credentials endpoint, relative to the catalog's uri
}

const (
	readActions  = vend.Read | vend.List
	writeActions = vend.Read | vend.List | vend.Write | vend.Delete
)

// vendable gives the folders that keys for a table open; none where there are no keys to vend. Whoever makes a table asks
// before any effect, so that a refusal leaves nothing behind.
func (x *session) vendable(ident lake.Identifier, loc string, paths []string, actions vend.Actions) ([]location.Prefix, error) {
	c := x.cat.Value
	switch {
	case actions == 0 || c.Storage.Type == lake.File:
		return nil, nil
	case c.Type == lake.External && !c.On(lake.CredentialVending, true):
		return nil, fault.New(fault.Argument, "Credential vending is not enabled for this external catalog. Please consult applicable documentation for the catalog config property '%s' to enable this feature", lake.CredentialVending)
	case unscopable(&c.Storage):
		return nil, fault.Of(fault.Argument, fault.Table, ident.String(), "Credential vending was requested for table %s, but no credentials are available", ident)
	}
	all, err := folders(loc, paths)
	if err != nil {
		return nil, err
	}
	return all, x.allowed(ident, all)
}

// allowed judges folders against what the catalog allows now: a location that was good once opens nothing, for clients
// and for firn itself, after the catalog was tightened.
func (x *session) allowed(ident lake.Identifier, all []location.Prefix) error {
	now := boundsOf(x.cat.Value.Storage.AllowedLocations)
	for _, p := range all {
		if !now.cover(p) {
			return refuseLocations(ident, p.String(), []string{p.String()}, now)
		}
	}
	return nil
}

// keys vends for a table.
func (x *session) keys(ctx context.Context, n *store.NamespaceSlot, id lake.ID, name, loc string, paths []string, actions vend.Actions) (Keys, error) {
	ident := lake.Identifier{Namespace: n.Levels(), Name: name}
	c := x.cat.Value
	k := Keys{Storage: c.Storage, Refresh: "v1/" + segment(c.Name) + "/namespaces/" + segment(strings.Join(n.Levels(), "\x1f")) + "/tables/" + segment(name) + "/credentials"}
	all, err := x.vendable(ident, loc, paths, actions)
	if err != nil || len(all) == 0 {
		return k, err
	}
	cred, err := x.Vendor.Vend(ctx, &c.Storage, vend.Grant{Realm: x.caller.Realm, CatalogID: c.ID, TableID: id, Table: ident.String(),
		Principal: x.who.Name, PrincipalID: x.who.ID, Prefixes: all, Actions: actions})
	if err != nil {
		return k, err
	}
	k.Credential = &cred
	own, err := location.ParsePrefix(loc)
	k.Prefix = own.String()
	return k, err
}

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

// Credentials gives fresh keys for a table. Access requirement:
// TABLE_WRITE_DATA, or TABLE_READ_DATA for keys that only read.
//
// A staged table is not there before its first commit: the keys that came with it are all there is for it.
func (s *Service) Credentials(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier) (Keys, error) {
	x, n, t, err := s.table(ctx, c, catalog, id, nil)
	if err != nil {
		return Keys{}, err
	}
	actions, err := x.loadActions(ctx, Delegation{Vended: true}, append(n.Path(), t.Value.ID))
	if err != nil {
		return Keys{}, err
	}
	return x.keys(ctx, n, t.Value.ID, id.Name, t.Value.Location, t.Value.Paths, actions)
}
