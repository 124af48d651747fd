package token

import (
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"firn/shared/lake"
)

// claims are what a token says (RFC 7519, section 4; client_id and scope: RFC 9068, section 2.2).
type claims struct {
	jwt.RegisteredClaims
	ClientID    string  `json:"client_id"`
	PrincipalID lake.ID `json:"principal_id"`
	Scope       string  `json:"scope"`
	Generation  int     `json:"secret_generation"`
}

// authority is both issuer and audience of a realm's tokens.
func authority(realm lake.Realm) string { return "firn/" + string(realm) }

// Issuer signs tokens.
type Issuer struct{ keys Source }

// NewIssuer makes an Issuer that signs with the first of the keys.
func NewIssuer(keys Source) *Issuer { return &Issuer{keys: keys} }

// Issue makes a token for a principal, of which ID, Name and ClientID count. It is bound to the generation of a secret and
// to scopes that ParseScope has taken, and good from now for Lifetime.
func (i *Issuer) Issue(realm lake.Realm, p *lake.Principal, generation int, scopes []string, now time.Time) (lake.Secret, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodES256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			ID:        string(lake.NewID()),
			Issuer:    authority(realm),
			Audience:  jwt.ClaimStrings{authority(realm)},
			Subject:   p.Name,
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(Lifetime)),
		},
		ClientID:    p.ClientID,
		PrincipalID: p.ID,
		Scope:       strings.Join(scopes, " "),
		Generation:  generation,
	})
	keys := i.keys.Keys()
	if keys.private == nil {
		return "", fmt.Errorf("signing a token: %w", errVerifyOnly)
	}
	t.Header["kid"] = keys.public[0].id
	raw, err := t.SignedString(keys.private)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return lake.Secret(raw), nil
}
