package admin

import (
	"context"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/store"
)

// ListPrincipalRoles gives all principal roles of the realm. Access requirement: PRINCIPAL_ROLE_LIST on the realm.
func (s *Service) ListPrincipalRoles(ctx context.Context, c lake.Caller) ([]lake.PrincipalRole, error) {
	x := s.open(c)
	if err := x.read(ctx); err != nil {
		return nil, err
	}
	if err := x.allow(ctx, access.ListPrincipalRoles, wholeRealm); err != nil {
		return nil, err
	}
	return s.Store.ListRoles(ctx, c.Realm)
}

// NewRole is a role that is to be made.
type NewRole struct {
	Name       string
	Properties lake.Properties
	Federated  bool // of a principal role: an identity provider says who has it
}

// CreatePrincipalRole makes a principal role. Exists if the name is taken. Access requirement: PRINCIPAL_ROLE_CREATE on
// the realm.
func (s *Service) CreatePrincipalRole(ctx context.Context, c lake.Caller, n NewRole) (*lake.PrincipalRole, error) {
	if err := lake.CheckEntityName("name", n.Name); err != nil {
		return nil, err
	}
	x := s.open(c)
	if err := x.read(ctx); err != nil {
		return nil, err
	}
	if err := x.allow(ctx, access.CreatePrincipalRole, wholeRealm); err != nil {
		return nil, err
	}
	facts, err := s.newFacts(n.Properties)
	if err != nil {
		return nil, err
	}
	r := &lake.PrincipalRole{ID: lake.NewID(), Name: n.Name, Facts: facts, Federated: n.Federated}
	if err := s.Store.CreateRole(ctx, c.Realm, r); err != nil {
		return nil, err
	}
	return r, nil
}

// principalRole opens a request on a principal role that must be there, for an operation on it.
func (s *Service) principalRole(ctx context.Context, c lake.Caller, name string, op access.Operation) (*store.Slot[lake.PrincipalRole], error) {
	x := s.open(c)
	r := x.batch.Role(name)
	if err := x.read(ctx); err != nil {
		return nil, err
	}
	if r.Value == nil {
		return nil, fault.Missing(fault.PrincipalRole, name)
	}
	return r, x.allow(ctx, op, path(r.Value.ID))
}

// LoadPrincipalRole gives a principal role. Access requirement: PRINCIPAL_ROLE_READ_PROPERTIES on it.
func (s *Service) LoadPrincipalRole(ctx context.Context, c lake.Caller, name string) (*lake.PrincipalRole, error) {
	r, err := s.principalRole(ctx, c, name, access.GetPrincipalRole)
	if err != nil {
		return nil, err
	}
	return r.Value, nil
}

// UpdatePrincipalRole replaces a principal role's properties. Conflict if the version is not the current one. Access
// requirement: PRINCIPAL_ROLE_WRITE_PROPERTIES on it.
func (s *Service) UpdatePrincipalRole(ctx context.Context, c lake.Caller, name string, change Change) (*lake.PrincipalRole, error) {
	var next lake.PrincipalRole
	err := again(func() error {
		r, err := s.principalRole(ctx, c, name, access.UpdatePrincipalRole)
		if err != nil {
			return err
		}
		next = *r.Value
		if next.Facts, err = s.changed(next.Facts, "PrincipalRole", change); err != nil {
			return err
		}
		return s.Store.UpdateRole(ctx, r, &next)
	})
	if err != nil {
		return nil, err
	}
	return &next, nil
}

// DeletePrincipalRole removes a principal role and with it what it held and who had it. service_admin stays. Access
// requirement: PRINCIPAL_ROLE_DROP on it.
func (s *Service) DeletePrincipalRole(ctx context.Context, c lake.Caller, name string) error {
	return again(func() error {
		r, err := s.principalRole(ctx, c, name, access.DeletePrincipalRole)
		if err != nil {
			return err
		}
		if name == lake.ServiceAdmin {
			return fault.New(fault.Malformed, "Polaris service admin principal role cannot be dropped")
		}
		return s.takeFromHolders(ctx,
			func() ([]lake.ID, error) { return s.principalsOf(ctx, c.Realm, r.Value.ID) },
			func() error { return s.Store.DeleteRole(ctx, c.Realm, r) })
	})
}
