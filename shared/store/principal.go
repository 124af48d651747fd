package store

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
)

// Client is all that the issue of a token needs, found by client id in one read.
type Client struct {
	PrincipalID lake.ID      `json:"id"`
	Principal   string       `json:"name"`
	ClientID    string       `json:"client"`
	Secrets     lake.Secrets `json:"secrets"`
}

const maxClientID = 256 // bytes

// Client finds a client by its id: NotFound if there is none.
func (s *Store) Client(ctx context.Context, realm lake.Realm, clientID string) (*Client, error) {
	if clientID == "" || len(clientID) > maxClientID || !utf8.ValidString(clientID) || strings.ContainsFunc(clientID, unicode.IsControl) {
		return nil, fault.Missing(fault.Principal, "") // it may not fit a key
	}
	b := s.Batch(realm)
	c := slot[Client](b, clientKey(realm, clientID))
	if err := b.Read(ctx); err != nil {
		return nil, err
	}
	if c.Value == nil {
		return nil, fault.Missing(fault.Principal, "")
	}
	return c.Value, nil
}

func clientOf(realm lake.Realm, p *lake.Principal, cond kv.Cond) (kv.Op, error) {
	return put(clientKey(realm, p.ClientID), tagOf(p.ID),
		Client{PrincipalID: p.ID, Principal: p.Name, ClientID: p.ClientID, Secrets: p.Secrets}, cond)
}

// CreatePrincipal stores a new principal with its client id. Exists if the name is taken, Conflict if the client id is.
func (s *Store) CreatePrincipal(ctx context.Context, realm lake.Realm, p *lake.Principal) error {
	first, err := put(principalKey(realm, p.Name), tagOf(p.ID), p, kv.Absent(s.now()))
	if err != nil {
		return err
	}
	second, err := clientOf(realm, p, kv.Absent(s.now()))
	if err != nil {
		return err
	}
	err = s.write(ctx, first, second)
	switch i, _ := failedAt(err); i {
	case 0:
		return fault.Taken(fault.Principal, p.Name)
	case 1:
		return clientTaken()
	}
	return err
}

func clientTaken() error {
	return fault.Of(fault.Exists, fault.Credential, "", "The client id is used by another principal")
}

// UpdatePrincipal stores next in place of what the slot read. Its client item changes with it, and moves when the client
// id does. Conflict if the principal changed meanwhile, Exists (of a Credential) if the new client id is taken.
func (s *Store) UpdatePrincipal(ctx context.Context, realm lake.Realm, old *Slot[lake.Principal], next *lake.Principal) error {
	first, err := put(old.key, tagOf(next.ID), next, kv.Match(old.Tag))
	if err != nil {
		return err
	}
	moved := next.ClientID != old.Value.ClientID
	cond := kv.Prefix(owner(next.ID))
	if moved {
		cond = kv.Absent(s.now())
	}
	second, err := clientOf(realm, next, cond)
	if err != nil {
		return err
	}
	ops := []kv.Op{first, second}
	if moved {
		ops = append(ops, remove(clientKey(realm, old.Value.ClientID), kv.Prefix(owner(next.ID))))
	}
	err = s.write(ctx, ops...)
	switch i, _ := failedAt(err); {
	case i == 1 && moved:
		return clientTaken()
	case i >= 0:
		return fault.Of(fault.Conflict, fault.Principal, next.Name, "")
	}
	return err
}

// DeletePrincipal removes a principal with its client id, and the recipient that it may be. Its tokens are dead from the
// next request on. What names it as a role's holder is inert. Conflict if it changed meanwhile.
func (s *Store) DeletePrincipal(ctx context.Context, realm lake.Realm, old *Slot[lake.Principal]) error {
	ops := []kv.Op{remove(old.key, kv.Match(old.Tag)), remove(clientKey(realm, old.Value.ClientID), kv.Prefix(owner(old.Value.ID))),
		remove(recipientKey(realm, old.Value.ID), kv.Always())}
	for _, role := range old.Value.Roles {
		if len(ops) == kv.MaxOps {
			break // the rest is inert
		}
		ops = append(ops, remove(holderKey(realm, role.ID, old.Value.Name), kv.Always()))
	}
	err := s.write(ctx, ops...)
	if i, _ := failedAt(err); i >= 0 {
		return fault.Of(fault.Conflict, fault.Principal, old.Value.Name, "")
	}
	return err
}

// ListPrincipals gives all principals of a realm, by name.
func (s *Store) ListPrincipals(ctx context.Context, realm lake.Realm) ([]lake.Principal, error) {
	return listAll[lake.Principal](ctx, s, partition("principal", realm), "")
}

// MaxRoles bounds the principal roles of one principal: each is read, cold, with its requests.
const MaxRoles = 64

// AssignRole gives a principal role to a principal; a second time changes nothing. Conflict if either changed meanwhile.
func (s *Store) AssignRole(ctx context.Context, realm lake.Realm, p *Slot[lake.Principal], role *Slot[lake.PrincipalRole]) error {
	next := *p.Value
	next.Roles = nil
	for _, r := range p.Value.Roles {
		if r.ID == role.Value.ID {
			return nil
		}
		if r.Name != role.Value.Name { // else: a dropped role of the same name
			next.Roles = append(next.Roles, r)
		}
	}
	if len(next.Roles) >= MaxRoles {
		living, err := s.living(ctx, realm, next.Roles)
		if err != nil {
			return err
		}
		if next.Roles = living; len(living) >= MaxRoles {
			return fault.New(fault.Invalid, "A principal has at most %d principal roles", MaxRoles)
		}
	}
	next.Roles = append(next.Roles, lake.AssignedRole{ID: role.Value.ID, Name: role.Value.Name})
	first, err := put(p.key, tagOf(next.ID), &next, kv.Match(p.Tag))
	if err != nil {
		return err
	}
	err = s.write(ctx, first,
		mark(holderKey(realm, role.Value.ID, next.Name), tagOf(next.ID), kv.Always()),
		check(role.key, kv.Prefix(owner(role.Value.ID))))
	return conflictOf(err, fault.Principal, next.Name)
}

// living leaves out the roles that were dropped.
func (s *Store) living(ctx context.Context, realm lake.Realm, roles []lake.AssignedRole) ([]lake.AssignedRole, error) {
	b := s.Batch(realm)
	var lives []*Slot[alive]
	for _, r := range roles {
		lives = append(lives, slot[alive](b, aliveKey(realm, r.ID)))
	}
	if err := b.Read(ctx); err != nil {
		return nil, fmt.Errorf("read assigned roles: %w", err)
	}
	var out []lake.AssignedRole
	for i, r := range roles {
		if lives[i].Value != nil {
			out = append(out, r)
		}
	}
	return out, nil
}

// RevokeRole takes a principal role from a principal. NotFound of a Grant if the principal does not have it.
func (s *Store) RevokeRole(ctx context.Context, realm lake.Realm, p *Slot[lake.Principal], role *Slot[lake.PrincipalRole]) error {
	next := *p.Value
	next.Roles = nil
	for _, r := range p.Value.Roles {
		if r.ID != role.Value.ID {
			next.Roles = append(next.Roles, r)
		}
	}
	if len(next.Roles) == len(p.Value.Roles) {
		return fault.Missing(fault.Grant, role.Value.Name)
	}
	first, err := put(p.key, tagOf(next.ID), &next, kv.Match(p.Tag))
	if err != nil {
		return err
	}
	err = s.write(ctx, first, remove(holderKey(realm, role.Value.ID, next.Name), kv.Always()))
	return conflictOf(err, fault.Principal, next.Name)
}

// conflictOf says that a condition did not hold because someone else was faster.
func conflictOf(err error, noun fault.Noun, name string) error {
	if i, _ := failedAt(err); i >= 0 {
		return fault.Of(fault.Conflict, noun, name, "")
	}
	return err
}

// PrincipalsOf gives the principals that have the role. Holders that are gone, or are namesakes, are left out.
func (s *Store) PrincipalsOf(ctx context.Context, realm lake.Realm, role lake.ID) ([]lake.Principal, error) {
	var out []lake.Principal
	err := s.holders(ctx, realm, role, func(b *Batch, name string) func() {
		p := b.Principal(name)
		return func() {
			if p.Value == nil {
				return
			}
			for _, r := range p.Value.Roles {
				if r.ID == role {
					out = append(out, *p.Value)
				}
			}
		}
	})
	return out, err
}

// holders walks the holders of a role in batches: ask names what to read of each, and gives what to do once it is read.
func (s *Store) holders(ctx context.Context, realm lake.Realm, role lake.ID, ask func(b *Batch, name string) func()) error {
	return s.pages(ctx, partition("holders", realm, string(role)), "", func(items []kv.Item) error {
		for len(items) > 0 {
			n := min(len(items), kv.MaxGet/2)
			b := s.Batch(realm)
			var then []func()
			for _, item := range items[:n] {
				then = append(then, ask(b, unescaped(item.Key.Sort, "")))
			}
			if err := b.Read(ctx); err != nil {
				return err
			}
			for _, do := range then {
				do()
			}
			items = items[n:]
		}
		return nil
	})
}
