package catalog

import (
	"context"
	"strconv"
	"strings"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/store"
	"firn/shared/vend"
)

// holder is what keys are vended for: a table, or a staged one.
type holder struct {
	id       lake.ID
	name     string
	location string
	paths    []string
	keys     lake.KeyState
	staged   string // uuid of a staged table; empty: it is a table
}

func holderOf(t *lake.Table) holder {
	return holder{id: t.ID, name: t.Name, location: t.Location, paths: t.Paths, keys: t.Keys}
}

// planned is the holder of a table that is not there yet.
func planned(name string, t metadata) holder {
	return holder{id: lake.NewID(), name: name, location: t.Location(), paths: pathsOf(t.Property)}
}

// vendable gives the folders that keys for a table open; none where there are no keys to vend. Whoever makes a table asks
// before any effect, so that a refusal leaves nothing behind.
func (x *session) vendable(ident lake.Identifier, h holder, actions vend.Actions) ([]location.Prefix, error) {
	c := x.cat.Value
	switch {
	case actions == 0 || c.Storage.Type == lake.File:
		return nil, nil
	case c.Type == lake.External && !c.On(lake.CredentialVending, true):
		return nil, fault.New(fault.Argument, "Credential vending is not enabled for this external catalog. Please consult applicable documentation for the catalog config property '%s' to enable this feature", lake.CredentialVending)
	case unscopable(&c.Storage) && x.signs == nil:
		return nil, fault.Of(fault.Argument, fault.Table, ident.String(), "Credential vending was requested for table %s, but no credentials are available", ident)
	case c.Unproven() && x.signs == nil:
		return nil, fault.Of(fault.Invalid, fault.Credential, "", "No keys are handed out for catalog '%s': its storage did not pass the probe (%s). `firn catalogs probe %s` tells its administrator why, and tries it again",
			c.Name, strings.Join(c.Probe.Findings, ", "), c.Name)
	}
	return x.openable(ident, h)
}

// openable gives the folders of a table that the caller may reach with keys or signatures at all: nobody halted them, and
// the catalog allows the folders now.
func (x *session) openable(ident lake.Identifier, h holder) ([]location.Prefix, error) {
	switch {
	case x.me.Principal.Value.Keys.Halted:
		return nil, fault.Of(fault.Forbidden, fault.Credential, "", "Access to storage is halted for principal %s by an administrator", x.who.Name)
	case h.keys.Halted:
		return nil, fault.Of(fault.Forbidden, fault.Credential, "", "Access to storage is halted for table %s by an administrator", ident)
	}
	all, err := folders(h.location, h.paths)
	if err != nil {
		return nil, err
	}
	return all, x.allowed(ident, all)
}

// allowed judges folders against what the catalog allows now: a location that was good once opens nothing, for clients
// and for firn itself, after the catalog was tightened.
func (x *session) allowed(ident lake.Identifier, all []location.Prefix) error {
	now := allowedBy(x.cat.Value)
	for _, p := range all {
		if !now.cover(p) {
			return refuseLocations(ident, p.String(), []string{p.String()}, now)
		}
	}
	return nil
}

// keys vends for a table.
func (x *session) keys(ctx context.Context, n *store.NamespaceSlot, h holder, actions vend.Actions, why string) (Keys, error) {
	ident := lake.Identifier{Namespace: n.Levels(), Name: h.name}
	k := Keys{Storage: x.cat.Value.Storage, Refresh: x.path(ident, "credentials", h), scope: x.scope(h, actions)}
	all, err := x.vendable(ident, h, actions)
	if err != nil || len(all) == 0 {
		return k, err
	}
	if x.signs != nil {
		k.Signing = &Signing{Path: x.path(ident, "sign", h), Site: *x.signs}
		return k, nil
	}
	k.Prefix = strings.TrimSuffix(h.location, "/")
	k.Credential, err = x.mint(ctx, ident, h, all, actions, why)
	return k, err
}

// path spells a path below a table's, relative to the catalog's uri. One of a staged table names it.
func (x *session) path(ident lake.Identifier, leaf string, h holder) string {
	path := "v1/" + PathSegment(x.cat.Value.Name) + "/namespaces/" + PathSegment(strings.Join(ident.Namespace, "\x1f")) + "/tables/" + PathSegment(ident.Name) + "/" + leaf
	if h.staged != "" {
		path += "?staged=" + PathSegment(h.staged)
	}
	return path
}

// mint gets a credential of the caller's for folders of a table that were found vendable.
func (x *session) mint(ctx context.Context, ident lake.Identifier, h holder, all []location.Prefix, actions vend.Actions, why string) (*vend.Credential, error) {
	cred, err := x.Vendor.Vend(ctx, &x.cat.Value.Storage, x.grant(ident, h, all, actions, why))
	if err != nil {
		return nil, err
	}
	return &cred, nil
}

// grant says what the caller's key opens.
func (x *session) grant(ident lake.Identifier, h holder, all []location.Prefix, actions vend.Actions, why string) vend.Grant {
	return vend.Grant{Realm: x.caller.Realm, CatalogID: x.cat.Value.ID, TableID: h.id, Table: ident.String(), Principal: x.who.Name, PrincipalID: x.who.ID,
		Prefixes: all, Actions: actions, Epoch: epoch(x.me.Principal.Value.Keys, h.keys), Why: why}
}

// epoch tells apart what was minted before and after a revocation.
func epoch(states ...lake.KeyState) string {
	var all []string
	for _, s := range states {
		all = append(all, strconv.Itoa(s.Epoch))
	}
	return strings.Join(all, ".")
}
