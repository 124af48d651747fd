// Package gcs vends for Google Cloud Storage by tokens that a Credential Access Boundary narrows.
//
// What firn's service account may do and what the boundary says are intersected, so a vended token opens the grant's
// prefixes and nothing else, whatever the account could. The boundary is boundary.go's; the token that it narrows is
// source.go's; how Google's services are asked is service.go's, and what their refusals mean is errors.go's.
//
// It refuses a boundary that Google would not take (more than 10 rules), rights that no role of Google's holds apart from
// wider ones, and a token with less than vend.MinRemaining left. The bucket must have uniform bucket-level access:
// Google evaluates conditions nowhere else.
//
// # What Google's roles cannot tell apart
//
// Reads, lists and writes are apart. A right to delete exists only together with one to write: Delete without Write is an
// error. Who may not delete cannot replace an object either, since Google takes replacing for deleting: Write alone makes
// new objects. Buckets with a hierarchical namespace have folders beside their objects: who lists sees the folders of the
// prefix, who writes makes them, who deletes removes and renames them within it. Managed folders are not opened: they
// carry access policies, and no engine makes them.
//
// # Why
//
// A downscoped token lives as long as the token that it was made of. So that a vended one has close to an hour, the token
// of a service account is used for ten minutes, not for its hour, and then asked for anew.
//
// A credential's ID is a random text, since nothing of it reaches Google: Data Access audit logs name the service account
// and, as serviceAccountDelegationInfo, who impersonated it, never the token. So one service account for each catalog
// (gcsServiceAccount) is all the attribution that there is; the way from an ID to a principal is firn's own audit record.
// For the same reason no single token can be revoked: what is out lives until it expires, at most an hour, unless the
// service account loses its rights on the bucket, and with it everyone's tokens do.
//
// The client-side boundary (Config.ClientSide) is Google's newer way: one exchange gives an intermediary token with a key,
// and boundaries are then sealed under that key without asking anyone. It is written from Google's published Java library
// and held to a verifier of our own, but was never tried on Google's servers. Until it was, it is off.
package gcs

import (
	"context"
	"net/http"
	"regexp"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/vend"
)

// Identity is who firn itself is to Google. Implementations are safe for concurrent use.
type Identity interface {
	// Token gives an access token of firn's own, as fresh as its issuer gives one. Errors are *fault.Error: Unsupported
	// (there is no identity), Forbidden (it is not accepted), Unavailable or Timeout (come again).
	Token(ctx context.Context) (Token, error)
}

// Token is an OAuth 2.0 access token.
type Token struct {
	Value   lake.Secret
	Expires time.Time
}

// Config says with what the vendor asks Google.
type Config struct {
	Identity   Identity
	Now        func() time.Time
	Client     *http.Client  // nil: one with Go's defaults
	STS        string        // URL of the Security Token Service; empty: https://sts.googleapis.com
	IAM        string        // URL of the IAM Service Account Credentials API; empty: https://iamcredentials.googleapis.com
	Timeout    time.Duration // of one minting with all of its calls; 0: 5 s
	ClientSide bool          // narrow tokens without asking Google: see the package comment
}

// Google's public endpoints.
const (
	defaultSTS = "https://sts.googleapis.com"
	defaultIAM = "https://iamcredentials.googleapis.com"
)

// Vendor narrows tokens. Safe for concurrent use.
type Vendor struct {
	config   Config
	service  *service
	accounts *accounts
}

var (
	_ vend.Vendor  = (*Vendor)(nil)
	_ vend.Checker = (*Vendor)(nil)
)

// New makes a vendor. It does no I/O.
func New(c Config) (*Vendor, error) {
	if c.Identity == nil || c.Now == nil {
		return nil, fault.New(fault.Argument, "A vendor for GCS needs an identity and a clock.")
	}
	if c.STS == "" {
		c.STS = defaultSTS
	}
	if c.IAM == "" {
		c.IAM = defaultIAM
	}
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
	}
	v := &Vendor{config: c, service: newService(c)}
	var err error
	v.accounts, err = newAccounts(v)
	return v, err
}

// rulesFor gives the boundary that narrows a token to the grant.
func rulesFor(storage *lake.Storage, g vend.Grant) ([]rule, error) {
	if err := vend.Validate(storage, g); err != nil {
		return nil, err
	}
	rules, err := boundary(g)
	if err != nil {
		return nil, err
	}
	return rules, checkAccount(storage.GCSServiceAccount)
}

// Check makes the boundary.
func (v *Vendor) Check(storage *lake.Storage, g vend.Grant) error {
	_, err := rulesFor(storage, g)
	return err
}

// Vend narrows the token of the catalog's service account, or of firn itself where the catalog names none.
func (v *Vendor) Vend(ctx context.Context, storage *lake.Storage, g vend.Grant) (vend.Credential, error) {
	rules, err := rulesFor(storage, g)
	if err != nil {
		return vend.Credential{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, v.config.Timeout)
	defer cancel()
	narrow := v.exchange
	if v.config.ClientSide {
		narrow = v.seal
	}
	token, err := narrow(ctx, v.accounts.of(storage.GCSServiceAccount), rules)
	if err != nil {
		return vend.Credential{}, err
	}
	if token.Expires.Sub(v.config.Now()) < vend.MinRemaining {
		return vend.Credential{}, fault.Of(fault.Unavailable, fault.Credential, "", shortLived).After(retryAfter)
	}
	return vend.Credential{ID: string(lake.NewID()), GCS: &vend.GCSCredential{Token: token.Value}, Expires: token.Expires}, nil
}

// exchange lets the Security Token Service narrow the account's token.
func (v *Vendor) exchange(ctx context.Context, a *account, rules []rule) (Token, error) {
	source, err := a.token.get(ctx)
	if err != nil {
		return Token{}, err
	}
	options, err := encodeOptions(rules)
	if err != nil {
		return Token{}, err
	}
	out, err := v.service.exchange(ctx, source, accessToken, options)
	return out.Token, err
}

// seal narrows without asking anyone, once the account's intermediary token is there.
func (v *Vendor) seal(ctx context.Context, a *account, rules []rule) (Token, error) {
	key, err := a.intermediary.get(ctx)
	if err != nil {
		return Token{}, err
	}
	return Token{Value: key.seal(rules), Expires: key.token.Expires}, nil
}

// serviceAccount is the address of one (IAM documentation, "Types of service accounts").
var serviceAccount = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*@[a-z0-9][a-z0-9.-]*\.gserviceaccount\.com$`)

// checkAccount refuses what is not the address of a service account: it becomes part of a URL to which a token is sent.
func checkAccount(address string) error {
	if address != "" && !serviceAccount.MatchString(address) {
		return fault.Of(fault.Invalid, fault.Credential, "", "The gcsServiceAccount of this catalog's storage is not the address of a service account.")
	}
	return nil
}
