// Package token issues access tokens to principals and verifies them: client credentials and token exchange (RFC 6749,
// RFC 8693), as ES256 JSON Web Tokens of one hour.
//
// It refuses tokens of other realms, algorithms and keys, tokens without an end, and anything that is too long to be one
// of its own. It does not say whether the principal is still there, still has the secret and the roles: that is decided
// against the store on every request, from the Caller that Verify gives.
//
// # Why
//
// The algorithm is pinned, not read from the token. ES256 signs in 24 µs and verifies in 54 µs, its tokens are 450 bytes,
// and nothing that an Iceberg client does depends on the choice: to it a token is opaque.
//
// Issuer and audience both name the realm, so a token of one realm is nothing in another, even where the keys are shared.
//
// A token carries the generation of the secret that it was issued for, and exchange hands it on: when the secret is reset,
// or rotated out, every token that came from it dies. Polaris 1.7 lets them live; firn does not on purpose.
//
// A token carries when its session began (auth_time), and exchange hands that on too: where sessions are bounded, no token that
// came from a login outlives it by more. A long-lived job then needs the secret again, and a stolen token ends.
//
// Failed logins are recorded with client id and address. Where a memory of failures is given (package throttle), guessing slows
// down; an exchange is not slowed down, as a forged token is refused by arithmetic alone.
//
// Scope `catalog`, which Iceberg clients send when nobody configured a scope, stands for all roles. Polaris refuses it,
// and every new user stumbles over that.
//
// The caller of a verified token is remembered by the token's SHA-256 until the token ends. Nothing that can change is
// remembered: a token says the same for its whole life.
package token

import (
	"time"

	"firn/shared/fault"
)

// Lifetime is how long a token is good for.
const Lifetime = time.Hour

// The bounds of what comes from outside, in bytes.
const (
	MaxToken = 8 << 10 // fits a token with the longest scope
	MaxScope = 4 << 10
)

// The nouns of this package's errors beside fault.Principal (an unknown client, or a wrong secret).
const (
	Scope   fault.Noun = "scope"
	Subject fault.Noun = "subject token"
)
