// Package sigv4 signs requests to S3 and compatible stores with AWS Signature Version 4.
//
// It refuses to sign with anything but the key it is given, except where a catalog says that its storage has no STS: then
// it takes the credentials that the catalog's storageName names, or without one firn's own, if the server has any. Storage
// of other types it does not sign for.
//
// # Why
//
// AWS refuses a request with an x-amz-* header that was not signed. MinIO does not: a client could make a signed put a copy
// of any object, or have its body unpacked anywhere. A scoped key may not do that; firn's own may. So what is signed with
// those carries headers (guards) which such an addition contradicts.
//
// The headers that the client gets back are the new ones alone. Iceberg's Java client lays its own over them, and
// PyIceberg adds each that it gets to those that it has: what came from the client must not come back twice.
package sigv4

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/sign"
	"firn/shared/storagepolicy"
	"firn/shared/vend"
)

// Config says for which stores requests are signed, and with what.
type Config struct {
	Region   string                  // where storage names none; empty: us-east-1, which compatible stores without Regions take
	Embedded func() string           // endpoint of the embedded store, for clients; nil: there is none
	Unscoped aws.CredentialsProvider // for storage without STS (stsUnavailable); nil: such storage is refused
	// Named gives the credentials for storage without STS that has a storageName, or nil: such storage is refused.
	Named func(storageName string) aws.CredentialsProvider
	Now   func() time.Time
	// Policy permits the use of Unscoped and Named; nil: the default, which permits none.
	Policy *storagepolicy.Policy
}

// Signer signs. Safe for concurrent use.
type Signer struct {
	config Config
	v4     *v4.Signer
}

var _ sign.Signer = (*Signer)(nil)

// New makes a signer.
func New(c Config) *Signer {
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	return &Signer{config: c, v4: v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })}
}

// Site says where clients of the storage send their requests.
func (s *Signer) Site(storage *lake.Storage) (sign.Site, error) {
	site := sign.Site{Endpoint: storage.Endpoint, Region: storage.Region, KMSKeys: slices.Clone(storage.AllowedKMSKeys)}
	if storage.CurrentKMSKey != "" {
		site.KMSKeys = append(site.KMSKeys, storage.CurrentKMSKey)
	}
	site.VirtualHosts = storage.PathStyleAccess != nil && !*storage.PathStyleAccess
	switch {
	case site.Region != "":
	case storage.S3Profile() == lake.ProfileR2:
		site.Region = "auto" // R2 takes no Region of AWS's
	default:
		site.Region = s.config.Region
	}
	switch {
	case storage.Type != lake.S3:
		return sign.Site{}, fault.New(fault.Argument, "Requests to storage of type %s cannot be signed remotely.", storage.Type)
	case storage.Embedded() && s.config.Embedded != nil:
		site.Endpoint, site.VirtualHosts = s.config.Embedded(), false
	case storage.Embedded():
		return sign.Site{}, fault.New(fault.Argument, "Requests to this catalog's storage cannot be signed remotely: this server has no object store of its own.")
	}
	return site, nil
}

// Sign signs.
func (s *Signer) Sign(ctx context.Context, realm lake.Realm, storage *lake.Storage, key *vend.Credential, c *sign.Checked) (sign.Signed, error) {
	if key == nil {
		if err := s.config.Policy.Permit(realm, storage, c.Folders()...); err != nil {
			return sign.Signed{}, err
		}
	}
	with, err := s.credentials(ctx, storage, key)
	if err != nil {
		return sign.Signed{}, err
	}
	parts := c.Parts()
	r, err := http.NewRequestWithContext(ctx, parts.Method, parts.URI, nil)
	if err != nil {
		return sign.Signed{}, fault.New(fault.Argument, "Cannot sign a request to this URI.").Because(err)
	}
	for name, value := range parts.Headers {
		r.Header.Set(name, value)
	}
	r.Header.Set("X-Amz-Content-Sha256", parts.Payload)
	if _, copies := parts.Headers["x-amz-copy-source"]; key == nil && parts.Method == http.MethodPut && !copies {
		for name, value := range guards {
			r.Header.Set(name, value)
		}
	}
	if err := s.v4.SignHTTP(ctx, with, r, parts.Payload, "s3", parts.Region, s.config.Now()); err != nil {
		return sign.Signed{}, fault.New(fault.Internal, "The request could not be signed.").Because(err)
	}
	added := map[string][]string{}
	for name, values := range r.Header {
		if !sent(parts.Headers, name) {
			added[name] = values
		}
	}
	return sign.Signed{URI: parts.URI, Headers: added}, nil
}

// guards keep a put what it is, at stores that heed headers which were not signed: no object has the ETag that a copy's
// source would need, and a body is unpacked only if the header says "true" (MinIO's documentation, "Snowball").
var guards = map[string]string{
	"X-Amz-Copy-Source-If-Match":       `"this-is-no-copy"`,
	"X-Amz-Meta-Snowball-Auto-Extract": "false",
}

// sent says whether the client has the header already.
func sent(headers map[string]string, name string) bool {
	for own := range headers {
		if http.CanonicalHeaderKey(own) == name {
			return true
		}
	}
	return false
}

// credentials are the key's, or firn's own.
func (s *Signer) credentials(ctx context.Context, storage *lake.Storage, key *vend.Credential) (aws.Credentials, error) {
	if key != nil && key.S3 != nil {
		return aws.Credentials{AccessKeyID: key.S3.AccessKeyID, SecretAccessKey: key.S3.SecretAccessKey.Reveal(), SessionToken: key.S3.SessionToken.Reveal()}, nil
	}
	provider := aws.CredentialsProvider(nil)
	switch {
	case key != nil || storage.STSUnavailable == nil || !*storage.STSUnavailable:
	case storage.Name == "":
		provider = s.config.Unscoped
	case s.config.Named != nil:
		provider = s.config.Named(storage.Name)
	}
	if provider == nil {
		return aws.Credentials{}, fault.Of(fault.Unsupported, fault.Credential, "", "This server has no credential for the catalog's storage.")
	}
	own, err := provider.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, fault.Of(fault.Unavailable, fault.Credential, "", "This server has no credential for the catalog's storage at the moment.").Because(err)
	}
	return own, nil
}
