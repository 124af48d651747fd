package store

import (
	"context"
	"fmt"
	"time"

	"firn/shared/kv"
	"firn/shared/lake"
)

// Credentials that instances share lie in the table as sealed texts, where a deployment turns that on (vend.Shared).

// maxSealed bounds a sealed credential, in bytes: an item is read in units of 4 KB.
const maxSealed = 16 << 10

// Sealed gives the sealed text that was kept under the key; nil if there is none, or it has expired.
func (s *Store) Sealed(ctx context.Context, realm lake.Realm, key string) ([]byte, error) {
	items, err := s.db.Get(ctx, []kv.Key{vendedKey(realm, key)})
	if err != nil {
		return nil, fmt.Errorf("read a shared credential: %w", err)
	}
	if items[0] == nil || items[0].Expired(s.now()) {
		return nil, nil
	}
	var sealed []byte
	return sealed, decode(items[0], &sealed)
}

// Keep stores a sealed text until it expires, in place of what was there. One that is too long is not kept.
func (s *Store) Keep(ctx context.Context, realm lake.Realm, key string, sealed []byte, expires time.Time) error {
	if len(sealed) > maxSealed {
		return fmt.Errorf("a shared credential has %d bytes, more than %d", len(sealed), maxSealed)
	}
	op, err := put(vendedKey(realm, key), tagOf("vended"), sealed, kv.Always())
	if err != nil {
		return err
	}
	op.Item.Expires = expires
	if err := s.db.Write(ctx, []kv.Op{op}); err != nil {
		return fmt.Errorf("keep a shared credential: %w", err)
	}
	return nil
}
