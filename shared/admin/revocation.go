package admin

import (
	"context"
	"log/slog"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/store"
)

// takeFrom does a write that takes something away from the principals, and ends their keys once it may have landed.
func (s *Service) takeFrom(principals []lake.ID, write func() error) error {
	err := write()
	if s.Revoked != nil && (err == nil || fault.Is(err, fault.StateUnknown)) {
		s.Revoked(principals...)
	}
	return err
}

// takeFromHolders is takeFrom for all whom a look-up finds, before the write or after it. Where nobody can end keys nobody
// is looked for.
func (s *Service) takeFromHolders(ctx context.Context, holders func() ([]lake.ID, error), write func() error) error {
	if s.Revoked == nil {
		return write()
	}
	held, err := holders()
	if err != nil {
		return err
	}
	err = s.takeFrom(held, write)
	if err != nil {
		return err
	}
	since, err := holders()
	if err != nil {
		s.Log.LogAttrs(ctx, slog.LevelError, "who got a right while it was taken away is not known: their keys live on until they expire",
			slog.String("error", err.Error()))
		return nil
	}
	s.Revoked(since...)
	return nil
}

// principalsOf looks up who has a principal role.
func (s *Service) principalsOf(ctx context.Context, realm lake.Realm, role lake.ID) ([]lake.ID, error) {
	found, err := s.Store.PrincipalsOf(ctx, realm, role)
	var ids []lake.ID
	for _, p := range found {
		ids = append(ids, p.ID)
	}
	return ids, err
}

// principalsWith looks up who has a catalog role, by any principal role.
func (s *Service) principalsWith(ctx context.Context, realm lake.Realm, in *store.CatalogSlot, role lake.ID) ([]lake.ID, error) {
	roles, err := s.Store.RolesOf(ctx, realm, in, role)
	if err != nil {
		return nil, err
	}
	var ids []lake.ID
	for _, r := range roles {
		more, err := s.principalsOf(ctx, realm, r.ID)
		if err != nil {
			return nil, err
		}
		ids = append(ids, more...)
	}
	return ids, nil
}
