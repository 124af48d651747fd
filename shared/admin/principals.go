package admin

import (
	"context"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/store"
)

// ListPrincipals gives all principals of the realm. Access requirement: PRINCIPAL_LIST on the realm.
func (s *Service) ListPrincipals(ctx context.Context, c lake.Caller) ([]lake.Principal, error) {
	x := s.open(c)
	if err := x.read(ctx); err != nil {
		return nil, err
	}
	if err := x.allow(ctx, access.ListPrincipals, wholeRealm); err != nil {
		return nil, err
	}
	return s.Store.ListPrincipals(ctx, c.Realm)
}

// NewPrincipal is a principal that is to be made.
type NewPrincipal struct {
	Name       string
	Properties lake.Properties
	MustRotate bool // may do nothing before it has rotated its credentials, where the server asks for that
}

// CreatePrincipal makes a principal with credentials, which are shown this once. Exists if the name is taken. Access
// requirement: PRINCIPAL_CREATE on the realm.
func (s *Service) CreatePrincipal(ctx context.Context, c lake.Caller, n NewPrincipal) (*lake.Principal, lake.Credentials, error) {
	var none lake.Credentials
	if err := lake.CheckEntityName("name", n.Name); err != nil {
		return nil, none, err
	}
	x := s.open(c)
	if err := x.read(ctx); err != nil {
		return nil, none, err
	}
	if err := x.allow(ctx, access.CreatePrincipal, wholeRealm); err != nil {
		return nil, none, err
	}
	facts, err := s.newFacts(n.Properties)
	if err != nil {
		return nil, none, err
	}
	made := lake.Credentials{ClientID: lake.NewClientID(), ClientSecret: lake.NewSecret()}
	p := &lake.Principal{ID: lake.NewID(), Name: n.Name, ClientID: made.ClientID, Facts: facts,
		Secrets: lake.Secrets{}.Rotate(made.ClientSecret, true), MustRotate: n.MustRotate}
	if err := s.Store.CreatePrincipal(ctx, c.Realm, p); err != nil {
		return nil, none, err
	}
	return p, made, nil
}

// principal opens a request on a principal that must be there, for an operation on it.
func (s *Service) principal(ctx context.Context, c lake.Caller, name string, op access.Operation) (*session, *store.Slot[lake.Principal], error) {
	x := s.open(c)
	p := x.batch.Principal(name)
	if err := x.read(ctx); err != nil {
		return nil, nil, err
	}
	if p.Value == nil {
		return nil, nil, fault.Missing(fault.Principal, name)
	}
	return x, p, x.allow(ctx, op, path(p.Value.ID))
}

// LoadPrincipal gives a principal. Access requirement: PRINCIPAL_READ_PROPERTIES on it.
func (s *Service) LoadPrincipal(ctx context.Context, c lake.Caller, name string) (*lake.Principal, error) {
	_, p, err := s.principal(ctx, c, name, access.GetPrincipal)
	if err != nil {
		return nil, err
	}
	return p.Value, nil
}

// UpdatePrincipal replaces a principal's properties. Conflict if the version is not the current one. Access requirement:
// PRINCIPAL_WRITE_PROPERTIES on it.
func (s *Service) UpdatePrincipal(ctx context.Context, c lake.Caller, name string, change Change) (*lake.Principal, error) {
	var next lake.Principal
	err := again(func() error {
		_, p, err := s.principal(ctx, c, name, access.UpdatePrincipal)
		if err != nil {
			return err
		}
		next = *p.Value
		if next.Facts, err = s.changed(next.Facts, "Principal", change); err != nil {
			return err
		}
		return s.Store.UpdatePrincipal(ctx, c.Realm, p, &next)
	})
	if err != nil {
		return nil, err
	}
	return &next, nil
}

// DeletePrincipal removes a principal; its tokens and keys are dead from then on. The realm's root principal stays. Access
// requirement: PRINCIPAL_DROP on it.
func (s *Service) DeletePrincipal(ctx context.Context, c lake.Caller, name string) error {
	return again(func() error {
		_, p, err := s.principal(ctx, c, name, access.DeletePrincipal)
		if err != nil {
			return err
		}
		if name == lake.RootPrincipal {
			return fault.New(fault.Malformed, "Root principal cannot be dropped")
		}
		return s.takeFrom([]lake.ID{p.Value.ID}, func() error { return s.Store.DeletePrincipal(ctx, c.Realm, p) })
	})
}
