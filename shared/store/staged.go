package store

import (
	"context"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
	"firn/shared/location"
)

// Stage stores a staged table with its claims before any credential is vended for it. The claims outlive the staged table by
// the life of a credential, as one may be vended until its last moment. Several can be staged under one name; the first that
// is committed has the name. Those of one principal may share a folder: the last holds the claim, and any of them can take
// it over. A lost race is for Again.
func (s *Store) Stage(ctx context.Context, n *NamespaceSlot, t *lake.Staged, folders []location.Prefix, alone bool, guarded Guards) error {
	c := claimer{n: n, alone: alone, expires: t.Expires.Add(lake.CredentialLife), folder: folder{Holder: lake.ID(t.UUID), Kind: fault.Table,
		Namespace: n.Levels(), Name: t.Name, Principal: t.PrincipalID, Location: t.Location, Staged: true}}
	claims, keys, err := s.claim(ctx, c, folders, guarded)
	if err != nil {
		return err
	}
	t.Claims = keys
	first, err := put(n.place.stagedKey(t.Name, t.UUID), tagOf(lake.ID(t.UUID)), t, kv.Absent(s.now()))
	if err != nil {
		return err
	}
	first.Item.Expires = t.Expires
	return s.write(ctx, append([]kv.Op{first}, claims...)...)
}
