package admin

import (
	"context"
	"regexp"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/store"
)

// embeddedKey is the id of a key of the embedded store: its access key.
var embeddedKey = regexp.MustCompile(`^FIRN[A-Z2-7]{16}$`)

func (s *Service) revokeKey(ctx context.Context, c lake.Caller, t TakeBack) (*store.Slot[lake.Revocation], error) {
	x := s.open(c)
	if err := x.read(ctx); err != nil {
		return nil, err
	}
	if err := x.allow(ctx, access.RevokeKey, wholeRealm); err != nil {
		return nil, err
	}
	here := s.EndKey != nil && embeddedKey.MatchString(t.Credential)
	if !here && (s.Ender == nil || !s.Ender.Names(t.Credential)) {
		return nil, fault.Of(fault.Invalid, fault.Credential, t.Credential,
			"No single key of this id can be ended. Ids of AWS keys are names of sessions (firn-...), those of the embedded store begin with FIRN; "+
				"a single key of Google Cloud Storage or Azure cannot be ended by anyone: revoke its principal's keys, so that there are no new ones")
	}
	slot, next, err := s.record(ctx, c, t, lake.Revoked{Credential: t.Credential})
	if err != nil || here {
		if err == nil {
			err = s.Store.SaveRevocation(ctx, slot, next)
		}
		return slot, err
	}
	p, err := s.holderOf(ctx, c.Realm, t.Credential)
	if err != nil {
		return nil, err
	}
	next.Principal = p.Value.Name
	keys := p.Value.Keys
	keys.Epoch++ // no cache serves this key again
	return slot, s.Store.SaveRevocation(ctx, slot, next, s.Store.KeysOf(p, keys))
}

// holderOf finds the principal whose key it is.
func (s *Service) holderOf(ctx context.Context, realm lake.Realm, key string) (*store.Slot[lake.Principal], error) {
	all, err := s.Store.ListPrincipals(ctx, realm)
	if err != nil {
		return nil, err
	}
	names := map[lake.ID]string{}
	var ids []lake.ID
	for _, p := range all {
		names[p.ID] = p.Name
		ids = append(ids, p.ID)
	}
	id, ok := s.Ender.Holder(key, realm, ids)
	if !ok {
		return nil, fault.Of(fault.NotFound, fault.Credential, key, "No principal of this realm has a key of this id")
	}
	b := s.Store.Batch(realm)
	p := b.Principal(names[id])
	if err := b.Read(ctx); err != nil {
		return nil, err
	}
	if p.Value == nil || p.Value.ID != id {
		return nil, fault.Of(fault.Conflict, fault.Principal, names[id], "") // it went or came meanwhile
	}
	return p, nil
}
