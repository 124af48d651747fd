package store

import (
	"context"
	"fmt"
	"strings"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
)

// roleKey names what a role holds. Its version is that of the heads.
type roleKey struct {
	role, catalog lake.ID // catalog: whose roles a principal role was asked for; empty for a catalog role
}

type roleGrants struct {
	dead         bool
	role         access.Role
	catalogRoles []lake.ID
}

// size returns the bytes of memory that it takes.
func (g *roleGrants) size() int { return grantSize*len(g.role.Grants) + idSize*len(g.catalogRoles) }

// Authority authenticates the caller against the principal as it is now, and gathers what the activated roles hold in the
// catalog (none, or one that is not there: on the realm's root alone). Unauthenticated if the principal is gone, is another of the same name, has no
// longer the secret that the token was issued for, or lacks a role that the token names. The subject's Log is the asker's
// to set, and MustRotate his to heed.
//
// What a role holds is remembered for the version of the heads that was read with the request, so a change that was
// acknowledged before the request began is always seen.
func (s *Store) Authority(ctx context.Context, c *CallerSlot, in *CatalogSlot) (*access.Subject, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	p := c.Principal.Value
	if in != nil && in.Value == nil {
		in = nil
	}
	active, err := activated(p, c.Caller)
	if err != nil {
		return nil, err
	}
	a := &access.Subject{ID: p.ID, Name: p.Name, MustRotate: p.MustRotate, AllRoles: c.Caller.AllRoles}
	var catalogRoles []lake.ID
	seen := map[lake.ID]bool{}
	for _, role := range active {
		g, err := s.principalRole(ctx, c, role.ID, in)
		if err != nil {
			return nil, err
		}
		if g.dead {
			if !c.Caller.AllRoles {
				return nil, notGranted()
			}
			continue
		}
		a.PrincipalRoles = append(a.PrincipalRoles, g.role)
		for _, id := range g.catalogRoles {
			if !seen[id] {
				seen[id] = true
				catalogRoles = append(catalogRoles, id)
			}
		}
	}
	for _, id := range catalogRoles {
		g, err := s.catalogRole(ctx, c.Caller.Realm, id, in)
		if err != nil {
			return nil, err
		}
		if !g.dead {
			a.CatalogRoles = append(a.CatalogRoles, g.role)
		}
	}
	return a, nil
}

// activated gives the principal's roles that the token is in scope of.
func activated(p *lake.Principal, c lake.Caller) ([]lake.AssignedRole, error) {
	if c.AllRoles {
		return p.Roles, nil
	}
	has := map[string]lake.AssignedRole{}
	for _, r := range p.Roles {
		has[r.Name] = r
	}
	var out []lake.AssignedRole
	for _, name := range c.Roles {
		r, ok := has[name]
		if !ok {
			return nil, notGranted()
		}
		out = append(out, r)
	}
	return out, nil
}

func notGranted() error {
	return fault.New(fault.Unauthenticated, "A role in the token's scope is not granted to the principal")
}

func (s *Store) principalRole(ctx context.Context, c *CallerSlot, role lake.ID, in *CatalogSlot) (*roleGrants, error) {
	k, version := roleKey{role: role}, c.head.Tag
	if in != nil && in.Value != nil {
		k.catalog, version = in.Value.ID, c.head.Tag+"/"+in.head.Tag
	}
	if g, ok := s.roles.get(k, version); ok {
		return g, nil
	}
	realm := c.Caller.Realm
	b := s.Batch(realm)
	lives := slot[alive](b, aliveKey(realm, role))
	if err := b.Read(ctx); err != nil {
		return nil, fmt.Errorf("read role: %w", err)
	}
	g := &roleGrants{dead: lives.Value == nil}
	if !g.dead {
		g.role = access.Role{Name: lives.Value.Name, Grants: access.Grants{}}
		for _, privilege := range lives.Value.Root {
			hold(g.role.Grants, lake.RootID, privilege)
		}
		if k.catalog != "" {
			prefix := usagePrefix(k.catalog)
			err := s.pages(ctx, lives.key.Partition, prefix, func(items []kv.Item) error {
				for _, item := range items {
					g.catalogRoles = append(g.catalogRoles, lake.ID(strings.TrimPrefix(item.Key.Sort, prefix)))
				}
				return nil
			})
			if err != nil {
				return nil, fmt.Errorf("read role: %w", err)
			}
		}
	}
	s.roles.add(k, version, g, g.size())
	return g, nil
}

func (s *Store) catalogRole(ctx context.Context, realm lake.Realm, role lake.ID, in *CatalogSlot) (*roleGrants, error) {
	k := roleKey{role: role}
	if g, ok := s.roles.get(k, in.head.Tag); ok {
		return g, nil
	}
	g := &roleGrants{dead: true, role: access.Role{Grants: access.Grants{}}}
	err := s.pages(ctx, partition("grants", realm, string(role)), "", func(items []kv.Item) error {
		for i := range items {
			if items[i].Key.Sort == dot {
				var a alive
				if err := decode(&items[i], &a); err != nil {
					return err
				}
				g.dead, g.role.Name = false, a.Name
			} else if rest, ok := strings.CutPrefix(items[i].Key.Sort, "g/"); ok {
				on, privilege, _ := strings.Cut(rest, "/")
				hold(g.role.Grants, lake.ID(on), privilege)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read role: %w", err)
	}
	s.roles.add(k, in.head.Tag, g, g.size())
	return g, nil
}

// hold notes a stored grant. A privilege that this version of firn does not know grants nothing.
func hold(g access.Grants, on lake.ID, privilege string) {
	if p, err := access.ParsePrivilege(privilege); err == nil {
		g.Add(on, p)
	}
}
