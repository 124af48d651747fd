package token

import (
	"crypto/sha256"
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"
	lru "github.com/hashicorp/golang-lru/v2"

	"firn/shared/fault"
	"firn/shared/lake"
)

// The bounds of what a Verifier remembers: tokens, and the bytes of one. Most have 500; 4,096 of the longest
// take 8 MB.
const (
	remembered      = 4096
	rememberedToken = 2 << 10
)

// Verifier says who a token's bearer is. It is safe for concurrent use.
type Verifier struct {
	keys Source
	seen *lru.Cache[[sha256.Size]byte, verified]
}

type verified struct {
	caller lake.Caller
	began  time.Time // the session
	end    time.Time
	keys   *Keys // that it was verified with: others may lack its key
}

// NewVerifier makes a Verifier that takes tokens signed by any of the keys.
func NewVerifier(keys Source) *Verifier {
	seen, err := lru.New[[sha256.Size]byte, verified](remembered)
	if err != nil {
		panic(err) // the size is a constant
	}
	return &Verifier{keys: keys, seen: seen}
}

// Verify gives the caller that a realm's token stands for. The error is Unauthenticated: the token is not one of this
// realm and these keys, or it has ended at now.
func (v *Verifier) Verify(realm lake.Realm, raw string, now time.Time) (lake.Caller, error) {
	known, err := v.verify(realm, raw, now)
	return known.caller, err
}

func (v *Verifier) verify(realm lake.Realm, raw string, now time.Time) (verified, error) {
	if len(raw) > MaxToken {
		return verified{}, refused(errors.New("the token is too long"))
	}
	sum, keys := sha256.Sum256([]byte(raw)), v.keys.Keys()
	if known, ok := v.seen.Get(sum); ok && known.caller.Realm == realm && known.keys == keys && now.Before(known.end) {
		return known, nil
	}
	c, err := parse(keys, realm, raw, now)
	if err != nil {
		return verified{}, refused(err)
	}
	scopes, err := scopesOf(c.Scope)
	if err != nil || c.PrincipalID == "" || c.Subject == "" {
		return verified{}, refused(errors.New("the token's claims are incomplete"))
	}
	caller := lake.Caller{Realm: realm, PrincipalID: c.PrincipalID, Principal: c.Subject, Generation: c.Generation}
	activate(&caller, scopes)
	fresh := verified{caller: caller, began: c.began(), end: c.ExpiresAt.Time, keys: keys}
	if len(raw) <= rememberedToken {
		v.seen.Add(sum, fresh)
	}
	return fresh, nil
}

func parse(keys *Keys, realm lake.Realm, raw string, now time.Time) (*claims, error) {
	c := &claims{}
	_, err := jwt.ParseWithClaims(raw, c, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		if key := keys.find(id); key != nil {
			return key, nil
		}
		return nil, errors.New("the token's key is not known")
	},
		jwt.WithValidMethods([]string{jwt.SigningMethodES256.Alg()}),
		jwt.WithIssuer(authority(realm)),
		jwt.WithAudience(authority(realm)),
		jwt.WithExpirationRequired(),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(func() time.Time { return now }))
	return c, err
}

func refused(cause error) error {
	return fault.New(fault.Unauthenticated, "Not authorized").Because(cause)
}
