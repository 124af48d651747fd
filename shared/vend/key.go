package vend

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"strconv"

	"firn/shared/lake"
)

// cacheKey is a hash over everything that shapes a credential, and over whom it is for. Two requests share a credential
// only if all of it is equal; 256 bits make chance collisions no concern, so the material itself is not kept.
type cacheKey [sha256.Size]byte

// keyVersion is the first field of every key: it changes with the encoding below or with what drivers make of a grant.
const keyVersion = "1"

// keyOf encodes each field with its length before it, so that no two different lists of fields make the same bytes. The
// storage configuration goes in whole: a field that is added to it later is part of the key from the start.
func keyOf(storage *lake.Storage, g Grant) (cacheKey, error) {
	config, err := json.Marshal(storage)
	if err != nil {
		return cacheKey{}, fmt.Errorf("encode storage configuration: %w", err)
	}
	h := sha256.New()
	add(h, keyVersion)
	add(h, string(config))
	add(h, string(g.Realm))
	add(h, string(g.CatalogID))
	add(h, string(g.TableID))
	add(h, string(g.PrincipalID))
	add(h, g.Table)
	add(h, g.Principal) // names shape session names and the embedded store's claims
	add(h, string([]byte{byte(g.Actions)}))
	add(h, g.Epoch)
	add(h, strconv.FormatBool(g.Probe))
	for _, p := range g.Prefixes {
		add(h, p.String())
	}
	return cacheKey(h.Sum(nil)), nil
}

func add(h hash.Hash, field string) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(field)))
	h.Write(length[:])
	h.Write([]byte(field))
}
