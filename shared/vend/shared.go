package vend

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"firn/shared/lake"
)

// Shelf keeps sealed texts for all instances of a server. What has expired is not there. Implementations are safe for
// concurrent use.
type Shelf interface {
	// Sealed gives what was kept under the key; nil if nothing is.
	Sealed(ctx context.Context, realm lake.Realm, key string) ([]byte, error)
	// Keep stores a text, in place of what was there, until it expires.
	Keep(ctx context.Context, realm lake.Realm, key string, sealed []byte, expires time.Time) error
}

// Sealer encrypts and authenticates a text together with what it belongs to, which is not kept in it. Implementations are
// safe for concurrent use.
type Sealer interface {
	Seal(ctx context.Context, text []byte, belongs string) ([]byte, error)
	Open(ctx context.Context, sealed []byte, belongs string) ([]byte, error)
}

// Shared is a Vendor that shares what it mints with the other instances of a server: a scope that is cold here may be warm
// on the shelf. It stands between a Cache and an issuer that is far away. It is off unless a deployment turns it on.
//
// A shelf that fails, or holds what does not open, costs a minting and a line in the log, never a request.
//
// # Why
//
// Functions do not share memory, so the same scope is minted once by each instance; where many instances come and go, STS's
// quota (600 requests a second in an account and Region) is what ends first. But a table of credentials is worth stealing:
// each is encrypted under a key that whoever only reads the table does not have, and bound to its place, to its realm and
// to everything that shaped it, so that none can be moved to where another grant would find it. A revocation changes the
// epoch, so what was shelved before is never looked for again.
type Shared struct {
	Vendor Vendor
	Shelf  Shelf
	Sealer Sealer
	Now    func() time.Time
	Log    *slog.Logger
}

var (
	_ Vendor  = Shared{}
	_ Checker = Shared{}
)

// Vend gives what another instance has minted, as long as it is to be served, or mints.
func (s Shared) Vend(ctx context.Context, storage *lake.Storage, g Grant) (Credential, error) {
	key, err := keyOf(storage, g)
	if err != nil {
		return Credential{}, err
	}
	if cred, ok := s.find(ctx, key, g.Realm); ok {
		return cred, nil
	}
	cred, err := s.Vendor.Vend(ctx, storage, g)
	if err == nil {
		s.keep(ctx, key, g.Realm, cred)
	}
	return cred, err
}

func (s Shared) find(ctx context.Context, key cacheKey, realm lake.Realm) (Credential, bool) {
	name := hex.EncodeToString(key[:])
	sealed, err := s.Shelf.Sealed(ctx, realm, name)
	if err != nil || sealed == nil {
		s.warn(ctx, "look for a shared credential", err)
		return Credential{}, false
	}
	text, err := s.Sealer.Open(ctx, sealed, belongs(realm, name))
	if err != nil {
		s.warn(ctx, "open a shared credential", err)
		return Credential{}, false
	}
	var p shelved
	if err := json.Unmarshal(text, &p); err != nil {
		s.warn(ctx, "read a shared credential", err)
		return Credential{}, false
	}
	now := s.Now().Round(0)
	return p.credential(), !now.Before(p.Until.Add(-shelfLife)) && now.Before(p.Until)
}

// shelfLife is longer than any credential is served: a clock that far behind knows nothing.
const shelfLife = 12 * time.Hour

func (s Shared) keep(ctx context.Context, key cacheKey, realm lake.Realm, cred Credential) {
	now := s.Now().Round(0)
	until := servedUntil(key, now, cred.Expires)
	if !now.Before(until) {
		return
	}
	name := hex.EncodeToString(key[:])
	text, err := json.Marshal(shelve(cred, until))
	if err != nil {
		s.warn(ctx, "write a shared credential", err)
		return
	}
	sealed, err := s.Sealer.Seal(ctx, text, belongs(realm, name))
	if err != nil {
		s.warn(ctx, "seal a shared credential", err)
		return
	}
	s.warn(ctx, "keep a shared credential", s.Shelf.Keep(ctx, realm, name, sealed, until))
}

func belongs(realm lake.Realm, name string) string { return fmt.Sprintf("%q/%s", string(realm), name) }

func (s Shared) warn(ctx context.Context, doing string, err error) {
	if err != nil {
		s.Log.WarnContext(ctx, "the shared cache of credentials does not work", "doing", doing, "error", err.Error())
	}
}

// Check asks the vendor.
func (s Shared) Check(storage *lake.Storage, g Grant) error { return Check(s.Vendor, storage, g) }
