// Package r2 vends for Cloudflare R2, which has no STS: it signs temporary credentials itself, without asking anyone (R2
// documentation, "Temporary credentials", Locally).
//
// A key is a JSON Web Token that names one bucket, the operations and the prefixes; it is signed with the secret of an R2 API
// token, the parent, which the catalog's storageName names. R2 holds each request against it, and against what the parent
// may do. A key dies with its parent, and at its own end; there is no other way to take it back.
//
// It refuses a grant over several buckets, which one key cannot have, and storage without a storageName: firn's own
// credentials are not R2's.
//
// # Why
//
// Operations are listed one by one and no preset scope is named: presets allow listing, writing and deleting together. What
// is not needed is left out. So is copying, of which the documentation does not say that the source is held against the
// prefixes too.
//
// The issuer of these keys is firn, so it tells their end from its own clock, cut to the second.
package r2

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/golang-jwt/jwt/v5"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
)

// Config says with what keys are signed.
type Config struct {
	// Named gives the access key of the API token that a storageName names, or nil: such storage is refused.
	Named func(storageName string) aws.CredentialsProvider
	// Now must give wall-clock time.
	Now func() time.Time
	// Duration of the vended keys: 15 minutes to 12 hours; 0: an hour.
	Duration time.Duration
}

// The bounds of a key: R2 takes up to seven days; firn's keys of all stores end within half a day.
const (
	minDuration = 15 * time.Minute
	maxDuration = 12 * time.Hour
	maxToken    = 8 << 10 // bytes: it is a header of every request
)

// retryAfter is what clients are told while whoever keeps the credentials of a storageName does not answer.
const retryAfter = 2 * time.Second

// Vendor signs keys. Safe for concurrent use.
type Vendor struct{ config Config }

var _ vend.Vendor = (*Vendor)(nil)

// New makes a vendor. It does no I/O.
func New(c Config) (*Vendor, error) {
	if c.Duration == 0 {
		c.Duration = time.Hour
	}
	if c.Duration < minDuration || c.Duration > maxDuration {
		return nil, fault.New(fault.Argument, "The duration of vended credentials must be %s to %s, not %s.", minDuration, maxDuration, c.Duration)
	}
	return &Vendor{config: c}, nil
}

// Vend signs a key. R2's logs name it by its parent alone, so its ID is a random text.
func (v *Vendor) Vend(ctx context.Context, storage *lake.Storage, g vend.Grant) (vend.Credential, error) {
	if err := vend.Validate(storage, g); err != nil {
		return vend.Credential{}, err
	}
	account, host, err := accountOf(storage)
	if err != nil {
		return vend.Credential{}, err
	}
	scope, err := scopeOf(g)
	if err != nil {
		return vend.Credential{}, err
	}
	parent, err := v.parent(ctx, storage.Name)
	if err != nil {
		return vend.Credential{}, err
	}
	now := v.config.Now().Truncate(time.Second)
	expires := now.Add(v.config.Duration)
	scope["iss"], scope["sub"], scope["aud"], scope["iat"], scope["exp"] = parent.AccessKeyID, account, host, now.Unix(), expires.Unix()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, scope).SignedString([]byte(parent.SecretAccessKey))
	if err != nil {
		return vend.Credential{}, fmt.Errorf("sign a key for R2: %w", err)
	}
	if len(token) > maxToken {
		return vend.Credential{}, fault.Of(fault.Invalid, fault.Credential, "", "The key for %d locations has %d bytes; at most %d are made. Shorten the table's location.",
			len(g.Prefixes), len(token), maxToken)
	}
	secret := sha256.Sum256([]byte(token))
	return vend.Credential{
		ID: string(lake.NewID()),
		S3: &vend.S3Credential{
			AccessKeyID:     parent.AccessKeyID,
			SecretAccessKey: lake.Secret(hex.EncodeToString(secret[:])),
			SessionToken:    lake.Secret(base64.StdEncoding.EncodeToString([]byte("jwt/" + token))),
			Region:          region(storage),
			Endpoint:        storage.Endpoint,
			PathStyle:       storage.PathStyleAccess != nil && *storage.PathStyleAccess,
		},
		Expires: expires,
	}, nil
}

// endpoint is where an account's buckets are, perhaps in a jurisdiction (R2 documentation, "S3 API compatibility").
var endpoint = regexp.MustCompile(`^https://(([0-9a-f]{32})\.(?:[a-z]+\.)?r2\.cloudflarestorage\.com)/?$`)

func accountOf(storage *lake.Storage) (account, host string, err error) {
	parts := endpoint.FindStringSubmatch(storage.Endpoint)
	if parts == nil {
		return "", "", fault.Of(fault.Invalid, fault.Credential, "", "The endpoint of this catalog's storage is not that of an account of R2 (https://ACCOUNT.r2.cloudflarestorage.com).")
	}
	return parts[2], parts[1], nil
}

// parent fetches the access key that signs. A session's key could not: R2 knows its own API tokens alone.
func (v *Vendor) parent(ctx context.Context, name string) (aws.Credentials, error) {
	var provider aws.CredentialsProvider
	if name != "" && v.config.Named != nil {
		provider = v.config.Named(name)
	}
	if provider == nil {
		return aws.Credentials{}, fault.Of(fault.Invalid, fault.Credential, "", "This server has no credentials for storageName %q.", name)
	}
	c, err := provider.Retrieve(ctx)
	if own, ok := errors.AsType[*fault.Error](err); ok { // there are none after all
		return aws.Credentials{}, own
	}
	if err != nil {
		return aws.Credentials{}, fault.Of(fault.Unavailable, fault.Credential, "", "The credentials of storageName %q cannot be read now. Try again.", name).Because(err).After(retryAfter)
	}
	if c.AccessKeyID == "" || c.SecretAccessKey == "" || c.SessionToken != "" {
		return aws.Credentials{}, fault.Of(fault.Invalid, fault.Credential, "", "The credentials of storageName %q are not the access key of an R2 API token.", name)
	}
	return c, nil
}

// region is what clients sign with: R2 has the one, auto.
func region(storage *lake.Storage) string {
	if storage.Region == "" {
		return "auto"
	}
	return storage.Region
}

// operations are what each action needs of R2's list ("Scope of a credential", Actions). Listing the uploads of a bucket is
// not among them: it shows every table's keys.
var operations = []struct {
	action vend.Actions
	names  []string
}{
	{vend.Read, []string{"GetObject", "HeadObject"}},
	{vend.List, []string{"ListObjectsV1", "ListObjectsV2"}},
	{vend.Write, []string{"PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload", "ListParts"}},
	{vend.Delete, []string{"DeleteObject", "DeleteObjects"}},
}

// scopeOf gives the claims that narrow a key. Without prefixes it would open the bucket, so there is always one.
func scopeOf(g vend.Grant) (jwt.MapClaims, error) {
	prefixes, bucket := location.Reduce(g.Prefixes), g.Prefixes[0].Bucket()
	keys := make([]string, 0, len(prefixes))
	for _, p := range prefixes {
		if p.Bucket() != bucket {
			return nil, fault.Of(fault.Invalid, fault.Location, p.String(), "Location %s is in another bucket than %s: a key of R2 opens one.", p, g.Prefixes[0])
		}
		keys = append(keys, p.Key())
	}
	actions := []string{"GetBucketLocation"}
	for _, o := range operations {
		if g.Actions.Has(o.action) {
			actions = append(actions, o.names...)
		}
	}
	return jwt.MapClaims{"bucket": bucket, "actions": actions, "paths": map[string][]string{"prefixPaths": keys, "objectPaths": {}}}, nil
}
