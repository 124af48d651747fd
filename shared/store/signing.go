package store

import (
	"context"
	"encoding/json"
	"fmt"

	"firn/shared/fault"
	"firn/shared/kv"
)

// The keys that tokens are verified with are public, so they are kept in the table: whoever only verifies needs no right
// to the secret that signs.

// PublishKeys stores the JWK set of the keys that tokens are verified with.
func (s *Store) PublishKeys(ctx context.Context, jwks json.RawMessage) error {
	op, err := put(signingKey(), tagOf("signing"), jwks, kv.Always())
	if err != nil {
		return err
	}
	if err := s.write(ctx, op); err != nil {
		return fmt.Errorf("publish the signing keys: %w", err)
	}
	return nil
}

// PublishedKeys gives the JWK set. Unavailable if none was published: the environment is not prepared yet.
func (s *Store) PublishedKeys(ctx context.Context) (json.RawMessage, error) {
	items, err := s.db.Get(ctx, []kv.Key{signingKey()})
	if err != nil {
		return nil, fmt.Errorf("read the signing keys: %w", err)
	}
	if items[0] == nil {
		return nil, fault.New(fault.Unavailable, "The server is not ready yet.").Because(fmt.Errorf("no signing keys are published: run `firn bootstrap`"))
	}
	var jwks json.RawMessage
	return jwks, decode(items[0], &jwks)
}
