package admin

import (
	"context"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/store"
)

// ListShares gives all shares of the realm. Access requirement: SERVICE_MANAGE_ACCESS on the realm.
func (s *Service) ListShares(ctx context.Context, c lake.Caller) ([]lake.Share, error) {
	x := s.open(c)
	if err := x.read(ctx); err != nil {
		return nil, err
	}
	if err := x.allow(ctx, access.ListShares, wholeRealm); err != nil {
		return nil, err
	}
	return s.Store.ListShares(ctx, c.Realm)
}

// CreateShare makes an empty share that nobody has. Exists if the name is taken, in whatever case. Access requirement:
// SERVICE_MANAGE_ACCESS on the realm.
func (s *Service) CreateShare(ctx context.Context, c lake.Caller, name string) (*lake.Share, error) {
	if err := lake.CheckShareName("name", name); err != nil {
		return nil, err
	}
	x := s.open(c)
	if err := x.read(ctx); err != nil {
		return nil, err
	}
	if err := x.allow(ctx, access.CreateShare, wholeRealm); err != nil {
		return nil, err
	}
	share := &lake.Share{ID: lake.NewID(), Name: name, Created: s.moment()}
	return share, s.Store.CreateShare(ctx, c.Realm, share)
}

// share opens a request on a share that must be there, for an operation on it.
func (s *Service) share(ctx context.Context, c lake.Caller, name string, op access.Operation) (*store.Slot[lake.Share], error) {
	x := s.open(c)
	share := x.batch.Share(name)
	if err := x.read(ctx); err != nil {
		return nil, err
	}
	if share.Value == nil {
		return nil, fault.Missing(fault.Share, name)
	}
	return share, x.allow(ctx, op, path(share.Value.ID))
}

// LoadShare gives a share. Access requirement: SERVICE_MANAGE_ACCESS on the realm.
func (s *Service) LoadShare(ctx context.Context, c lake.Caller, name string) (*lake.Share, error) {
	share, err := s.share(ctx, c, name, access.GetShare)
	if err != nil {
		return nil, err
	}
	return share.Value, nil
}

// DeleteShare removes a share with what it holds; the tables themselves stay. Access requirement: SERVICE_MANAGE_ACCESS
// on the realm.
func (s *Service) DeleteShare(ctx context.Context, c lake.Caller, name string) error {
	return again(func() error {
		share, err := s.share(ctx, c, name, access.DeleteShare)
		if err != nil {
			return err
		}
		return s.takeFromHolders(ctx, s.members(ctx, c.Realm, share.Value),
			func() error { return s.Store.DeleteShare(ctx, c.Realm, share) })
	})
}

// members looks up the principals that have a share.
func (s *Service) members(ctx context.Context, realm lake.Realm, share *lake.Share) func() ([]lake.ID, error) {
	return func() ([]lake.ID, error) {
		all, err := s.Store.MembersOf(ctx, realm, share)
		var ids []lake.ID
		for _, r := range all {
			ids = append(ids, r.PrincipalID)
		}
		return ids, err
	}
}

// ListMembers gives the recipients that have a share. Access requirement: SERVICE_MANAGE_ACCESS on the realm.
func (s *Service) ListMembers(ctx context.Context, c lake.Caller, share string) ([]lake.Recipient, error) {
	found, err := s.share(ctx, c, share, access.GetShare)
	if err != nil {
		return nil, err
	}
	return s.Store.MembersOf(ctx, c.Realm, found.Value)
}

// membership opens a request on a share and a recipient, both of which must be there, for an operation on both.
func (s *Service) membership(ctx context.Context, c lake.Caller, share, recipient string, op access.Operation) (*store.Slot[lake.Share], *store.Slot[lake.Recipient], error) {
	x := s.open(c)
	found, p := x.batch.Share(share), x.batch.Principal(recipient)
	if err := x.read(ctx); err != nil {
		return nil, nil, err
	}
	if found.Value == nil {
		return nil, nil, fault.Missing(fault.Share, share)
	}
	r, err := x.findRecipient(ctx, p, recipient)
	if err != nil {
		return nil, nil, err
	}
	return found, r, x.allow(ctx, op, path(found.Value.ID), path(p.Value.ID))
}

// GrantShare gives a recipient a share; a second time changes nothing. Access requirement: SERVICE_MANAGE_ACCESS on the
// realm.
func (s *Service) GrantShare(ctx context.Context, c lake.Caller, share, recipient string) error {
	return again(func() error {
		found, r, err := s.membership(ctx, c, share, recipient, access.GrantShare)
		if err != nil {
			return err
		}
		return s.Store.AddMember(ctx, c.Realm, found, r)
	})
}

// RevokeShare takes a share from a recipient. NotFound of a Grant if it does not have it. Access requirement:
// SERVICE_MANAGE_ACCESS on the realm.
func (s *Service) RevokeShare(ctx context.Context, c lake.Caller, share, recipient string) error {
	found, r, err := s.membership(ctx, c, share, recipient, access.RevokeShare)
	if err != nil {
		return err
	}
	return s.takeFrom([]lake.ID{r.Value.PrincipalID}, func() error { return s.Store.RemoveMember(ctx, c.Realm, found.Value, r.Value) })
}
