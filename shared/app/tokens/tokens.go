// Package tokens is the part of a server that issues tokens.
package tokens

import (
	"context"

	"firn/shared/app/base"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/protocol/oauth"
	"firn/shared/rest"
	"firn/shared/store"
	"firn/shared/token"
)

// Protocol gives the routes of the token endpoint and of the keys.
func Protocol(b *base.Base) rest.Protocol {
	service := token.NewService(token.Config{Clients: clients{b.Store}, Keys: b.Keys, Log: b.Log, Failures: b.Failures, MaxSession: b.MaxSession})
	return oauth.New(service, b.Keys).Protocol()
}

// clients lets the token service find who may have tokens in the store.
type clients struct{ *store.Store }

var _ token.Clients = clients{}

// Client finds a client by its id.
func (c clients) Client(ctx context.Context, realm lake.Realm, clientID string) (*token.Client, error) {
	found, err := c.Store.Client(ctx, realm, clientID)
	if err != nil {
		return nil, err
	}
	return &token.Client{PrincipalID: found.PrincipalID, Principal: found.Principal, Secrets: found.Secrets}, nil
}

// Principal finds the principal that a token was issued to, as it is now.
func (c clients) Principal(ctx context.Context, caller lake.Caller) (*lake.Principal, error) {
	b := c.Batch(caller.Realm)
	p := b.Principal(caller.Principal)
	if err := b.Read(ctx); err != nil {
		return nil, err
	}
	if p.Value == nil || p.Value.ID != caller.PrincipalID {
		return nil, fault.Missing(fault.Principal, caller.Principal)
	}
	return p.Value, nil
}
