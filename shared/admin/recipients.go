package admin

import (
	"context"
	"time"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/store"
)

// ListRecipients gives all recipients of the realm. Access requirement: SERVICE_MANAGE_ACCESS on the realm.
func (s *Service) ListRecipients(ctx context.Context, c lake.Caller) ([]lake.Recipient, error) {
	x := s.open(c)
	if err := x.read(ctx); err != nil {
		return nil, err
	}
	if err := x.allow(ctx, access.ListRecipients, wholeRealm); err != nil {
		return nil, err
	}
	return s.Store.ListRecipients(ctx, c.Realm)
}

// CreateRecipient makes a principal a recipient, without shares and bearer tokens. Exists if it is one. Access
// requirement: SERVICE_MANAGE_ACCESS on the realm.
func (s *Service) CreateRecipient(ctx context.Context, c lake.Caller, principal string) (*lake.Recipient, error) {
	var made *lake.Recipient
	err := again(func() error {
		_, p, err := s.principal(ctx, c, principal, access.CreateRecipient)
		if err != nil {
			return err
		}
		made = &lake.Recipient{ID: lake.NewID(), PrincipalID: p.Value.ID, Principal: p.Value.Name, Created: s.moment()}
		return s.Store.CreateRecipient(ctx, c.Realm, p, made)
	})
	return made, err
}

// findRecipient reads the recipient that a principal is: its key is the principal's id, by which recipients themselves come.
func (x *session) findRecipient(ctx context.Context, p *store.Slot[lake.Principal], name string) (*store.Slot[lake.Recipient], error) {
	if p.Value == nil {
		return nil, fault.Missing(fault.Recipient, name)
	}
	b := x.Store.Batch(x.caller.Realm)
	r := b.Recipient(p.Value.ID)
	if err := b.Read(ctx); err != nil {
		return nil, err
	}
	if r.Value == nil {
		return nil, fault.Missing(fault.Recipient, name)
	}
	return r, nil
}

// recipient opens a request on a recipient that must be there, for an operation on it. It gives the principal too.
func (s *Service) recipient(ctx context.Context, c lake.Caller, name string, op access.Operation) (*store.Slot[lake.Recipient], *lake.Principal, error) {
	x := s.open(c)
	p := x.batch.Principal(name)
	if err := x.read(ctx); err != nil {
		return nil, nil, err
	}
	r, err := x.findRecipient(ctx, p, name)
	if err != nil {
		return nil, nil, err
	}
	return r, p.Value, x.allow(ctx, op, path(p.Value.ID))
}

// LoadRecipient gives a recipient. Access requirement: SERVICE_MANAGE_ACCESS on the realm.
func (s *Service) LoadRecipient(ctx context.Context, c lake.Caller, name string) (*lake.Recipient, error) {
	r, _, err := s.recipient(ctx, c, name, access.GetRecipient)
	if err != nil {
		return nil, err
	}
	return r.Value, nil
}

// DeleteRecipient ends a recipient with its bearer tokens; the principal stays. Access requirement: SERVICE_MANAGE_ACCESS
// on the realm.
func (s *Service) DeleteRecipient(ctx context.Context, c lake.Caller, name string) error {
	return again(func() error {
		r, p, err := s.recipient(ctx, c, name, access.DeleteRecipient)
		if err != nil {
			return err
		}
		return s.takeFrom([]lake.ID{p.ID}, func() error { return s.Store.DeleteRecipient(ctx, r) })
	})
}

// How long a bearer token is good for. It cannot be made to last: a profile file that was lost must end by itself.
const (
	bearerLifetime    = 90 * 24 * time.Hour
	maxBearerLifetime = 366 * 24 * time.Hour
)

// Issue says how a bearer token is made.
type Issue struct {
	Lifetime time.Duration // 0: 90 days; at most 366
	Alone    bool          // the token before it dies at once, instead of at the next issue or its own end
}

// IssueToken makes a recipient's bearer token, shown this once. The one before it stays good, the one before that dies. It
// dies with the principal's secret of the time: two rotations or one reset later. Access requirement:
// SERVICE_MANAGE_ACCESS on the realm.
func (s *Service) IssueToken(ctx context.Context, c lake.Caller, recipient string, i Issue) (*lake.Recipient, lake.Secret, error) {
	if i.Lifetime == 0 {
		i.Lifetime = bearerLifetime
	}
	if i.Lifetime < time.Second || i.Lifetime > maxBearerLifetime {
		return nil, "", fault.New(fault.Argument, "Invalid value: lifetimeSeconds: must be between 1 and %d", int(maxBearerLifetime.Seconds()))
	}
	var next lake.Recipient
	var made lake.Secret
	err := again(func() error {
		r, p, err := s.recipient(ctx, c, recipient, access.IssueRecipientToken)
		if err != nil {
			return err
		}
		next, made = *r.Value, lake.NewBearer(p.ID)
		now := s.moment()
		next.Tokens = []lake.BearerToken{{SecretHash: lake.HashSecret(made, p.Secrets.Current.Generation), Created: now, Expires: now.Add(i.Lifetime)}}
		var losers []lake.ID
		if !i.Alone {
			next.Tokens = append(next.Tokens, r.Value.Tokens[:min(len(r.Value.Tokens), lake.MaxBearers-1)]...)
		}
		if len(next.Tokens) <= len(r.Value.Tokens) {
			losers = []lake.ID{p.ID}
		}
		return s.takeFrom(losers, func() error { return s.Store.UpdateRecipient(ctx, r, &next) })
	})
	if err != nil {
		return nil, "", err
	}
	return &next, made, nil
}

// RevokeTokens ends all bearer tokens of a recipient. Access requirement: SERVICE_MANAGE_ACCESS on the realm.
func (s *Service) RevokeTokens(ctx context.Context, c lake.Caller, recipient string) error {
	return again(func() error {
		r, p, err := s.recipient(ctx, c, recipient, access.RevokeRecipientTokens)
		if err != nil {
			return err
		}
		next := *r.Value
		next.Tokens = nil
		return s.takeFrom([]lake.ID{p.ID}, func() error { return s.Store.UpdateRecipient(ctx, r, &next) })
	})
}
