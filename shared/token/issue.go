package token

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"firn/shared/lake"
)

// claims are what a token says (RFC 7519, section 4; client_id, scope and auth_time: RFC 9068, section 2.2).
type claims struct {
	jwt.RegisteredClaims
	ClientID    string  `json:"client_id"`
	PrincipalID lake.ID `json:"principal_id"`
	Scope       string  `json:"scope"`
	Generation  int     `json:"secret_generation"`

	AuthTime *jwt.NumericDate `json:"auth_time,omitempty"` // when the client proved its secret; exchange keeps it
}

// began returns when the session began: of a token from before auth_time, when it was issued.
func (c *claims) began() time.Time {
	switch {
	case c.AuthTime != nil:
		return c.AuthTime.Time
	case c.IssuedAt != nil:
		return c.IssuedAt.Time
	}
	return time.Time{}
}

// Session is what a token carries of the login that it comes from.
type Session struct {
	Generation int           // of the secret
	Scopes     []string      // PRINCIPAL_ROLE:<name>, or PRINCIPAL_ROLE:ALL
	Began      time.Time     // when the client proved the secret
	Max        time.Duration // how long after that the last token ends; 0: never
}

// Issued is a token, and how long it is good from now on, in whole seconds.
type Issued struct {
	Token    lake.Secret
	Lifetime time.Duration
}

// authority is both issuer and audience of a realm's tokens.
func authority(realm lake.Realm) string { return "firn/" + string(realm) }

// Issuer signs tokens.
type Issuer struct{ keys Source }

// NewIssuer makes an Issuer that signs with the first of the keys.
func NewIssuer(keys Source) *Issuer { return &Issuer{keys: keys} }

// Issue makes a token for a principal, of which ID, Name and ClientID count. It is good from now for Lifetime, or until the
// session ends. Unauthenticated of a Subject if that has ended.
func (i *Issuer) Issue(realm lake.Realm, p *lake.Principal, s Session, now time.Time) (Issued, error) {
	if s.Began.IsZero() && s.Max == 0 {
		s.Began = now // of a token that does not say
	}
	lifetime := Lifetime
	if s.Max > 0 {
		lifetime = min(lifetime, s.Began.Add(s.Max).Sub(now).Truncate(time.Second))
	}
	if lifetime < time.Second {
		return Issued{}, invalidSubject(errors.New("the session of the token has ended"))
	}
	t := jwt.NewWithClaims(jwt.SigningMethodES256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			ID:        string(lake.NewID()),
			Issuer:    authority(realm),
			Audience:  jwt.ClaimStrings{authority(realm)},
			Subject:   p.Name,
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(lifetime)),
		},
		ClientID:    p.ClientID,
		PrincipalID: p.ID,
		Scope:       strings.Join(s.Scopes, " "),
		Generation:  s.Generation,
		AuthTime:    jwt.NewNumericDate(s.Began),
	})
	keys := i.keys.Keys()
	if keys.private == nil {
		return Issued{}, fmt.Errorf("signing a token: %w", errVerifyOnly)
	}
	t.Header["kid"] = keys.public[0].id
	raw, err := t.SignedString(keys.private)
	if err != nil {
		return Issued{}, fmt.Errorf("signing a token: %w", err)
	}
	return Issued{lake.Secret(raw), lifetime}, nil
}
