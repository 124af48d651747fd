package store

import (
	"context"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
)

// Bootstrap makes a realm: its root principal with the principal role service_admin, which holds the privilege on the
// realm's root. made is false where the realm is there already; then nothing changes. One transaction: a realm is whole
// or not there.
func (s *Store) Bootstrap(ctx context.Context, realm lake.Realm, root *lake.Principal, admin *lake.PrincipalRole, privilege string) (made bool, err error) {
	root.Roles = []lake.AssignedRole{{ID: admin.ID, Name: admin.Name}}
	first, err := put(principalKey(realm, root.Name), tagOf(root.ID), root, kv.Absent(s.now()))
	if err != nil {
		return false, err
	}
	client, err := clientOf(realm, root, kv.Absent(s.now()))
	if err != nil {
		return false, err
	}
	// The role claims the realm: unlike the root principal it can never be dropped.
	role, err := s.newRole(realm, admin, []string{privilege})
	if err != nil {
		return false, err
	}
	ops := append(role, first, client,
		mark(holderKey(realm, admin.ID, root.Name), tagOf(root.ID), kv.Always()),
		mark(realmHeadKey(realm), tagOf(lake.RootID), kv.Always()), markIndexed(realm, kv.Always()))
	err = s.write(ctx, ops...)
	switch i, _ := failedAt(err); {
	case i == 0:
		return false, nil
	case i > 0:
		return false, fault.Of(fault.Conflict, fault.Realm, string(realm), "The realm %s is half made", realm)
	}
	return err == nil, err
}
