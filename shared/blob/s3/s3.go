// Package s3 keeps blobs in S3 and stores that speak its protocol, under the credential that was vended for them.
//
// It refuses to work without one: firn's own rights are used only where a catalog says that its storage has no STS, and
// only if the server was given a key for that.
//
// # Why
//
// A put says If-None-Match: *, so that the store itself lets one writer win. The SDK repeats what failed, and a put whose
// first answer was lost then meets its own object: 412. So each attempt's error is watched, and a 412 behind an attempt
// without a clear answer is settled by reading: the same bytes under a name that is used once are ours. A put that ends
// without a clear answer is StateUnknown, never a failure.
//
// AWS says 403 for an object that is missing unless the key may list: vend firn's reading keys with List, or a missing
// file looks forbidden.
//
// The endpoint of a catalog's storage is what an administrator of the catalog wrote. Config.Base has the HTTP
// client that judges its address (package outbound), and its answers are never quoted: errors.go knows S3's
// codes, and has one error for all that is none. A success without an ETag is none either.
//
// Clients are kept per endpoint and Region, with their connections; the credential belongs to each call.
package s3

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	lru "github.com/hashicorp/golang-lru/v2"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
)

// Config says how the store is asked.
type Config struct {
	Base     aws.Config              // HTTP client for addresses that a caller may influence, retries, and the Region where storage names none; its credentials are not used
	Unscoped aws.CredentialsProvider // for storage without STS (stsUnavailable); nil: such storage is refused
	// Named gives the credentials for storage without STS that has a storageName, or nil: such storage is refused.
	Named   func(storageName string) aws.CredentialsProvider
	Timeout time.Duration // of one call with its retries; 0: 10 s
	Limit   int64         // bytes of an object; 0: blob.MaxObject
}

// maxClients bounds the kept clients: endpoints are what administrators wrote into catalogs.
const maxClients = 64

// Opener opens buckets of S3 and compatible stores.
type Opener struct {
	config  Config
	clients *lru.Cache[target, *s3.Client]
}

var _ blob.Opener = (*Opener)(nil)

// target is what one client is for.
type target struct {
	region, endpoint string
	pathStyle        bool
}

// New makes an opener. It does no I/O.
func New(c Config) (*Opener, error) {
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Limit == 0 {
		c.Limit = blob.MaxObject
	}
	clients, err := lru.New[target, *s3.Client](maxClients)
	if err != nil {
		return nil, fmt.Errorf("make client cache: %w", err)
	}
	return &Opener{config: c, clients: clients}, nil
}

// Open gives a bucket that does what the credential opens.
func (o *Opener) Open(_ context.Context, scope blob.Scope, cred vend.Credential) (blob.Bucket, error) {
	storage := scope.Storage
	if storage.Type != lake.S3 {
		return nil, fault.New(fault.Unsupported, "Storage of type %s is not S3.", storage.Type)
	}
	provider := aws.CredentialsProvider(nil)
	switch {
	case cred.S3 != nil:
		provider = credentials.NewStaticCredentialsProvider(cred.S3.AccessKeyID, cred.S3.SecretAccessKey.Reveal(), cred.S3.SessionToken.Reveal())
	case storage.STSUnavailable == nil || !*storage.STSUnavailable:
	case storage.Name == "":
		provider = o.config.Unscoped
	case o.config.Named != nil:
		provider = o.config.Named(storage.Name)
	}
	if provider == nil {
		return nil, fault.Of(fault.Unsupported, fault.Credential, "", "This server has no credential for the catalog's storage.")
	}
	custom := storage.Endpoint != "" || storage.EndpointInternal != ""
	return &Bucket{client: o.client(storage), credentials: provider, config: &o.config, custom: custom}, nil
}

// client gives the client for the storage: at the endpoint that is meant for servers, if there is one.
func (o *Opener) client(storage *lake.Storage) *s3.Client {
	t := target{region: storage.Region, endpoint: storage.EndpointInternal}
	if t.region == "" && storage.S3Profile() == lake.ProfileR2 {
		t.region = "auto" // R2 takes no Region of AWS's
	}
	if t.endpoint == "" {
		t.endpoint = storage.Endpoint
	}
	if t.region == "" {
		t.region = o.config.Base.Region
	}
	if t.region == "" {
		t.region = "us-east-1" // compatible stores sign with a Region and have none
	}
	t.pathStyle = storage.PathStyleAccess != nil && *storage.PathStyleAccess
	if client, ok := o.clients.Get(t); ok {
		return client
	}
	client := s3.NewFromConfig(o.config.Base, func(s *s3.Options) {
		s.Region, s.UsePathStyle, s.Credentials = t.region, t.pathStyle, aws.AnonymousCredentials{}
		if t.endpoint != "" {
			s.BaseEndpoint, s.Retryer = aws.String(t.endpoint), patient{s.Retryer}
			// Not every compatible store knows the checksums that AWS came to want.
			s.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
			s.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		}
	})
	o.clients.Add(t, client)
	return client
}

// Bucket is what one credential opens.
type Bucket struct {
	client      *s3.Client
	credentials aws.CredentialsProvider
	config      *Config
	custom      bool // the endpoint is one that the catalog's storage names
}

var (
	_ blob.Bucket  = (*Bucket)(nil)
	_ blob.Sweeper = (*Bucket)(nil)
)

func (b *Bucket) sign(o *s3.Options) { o.Credentials = b.credentials }

// begin checks a call before any effect and bounds its time.
func (b *Bucket) begin(ctx context.Context, uri location.URI) (context.Context, context.CancelFunc, error) {
	if err := blob.Check(uri, location.S3); err != nil {
		return nil, nil, err
	}
	if err := blob.Ended(ctx, uri.String()); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, b.config.Timeout)
	return ctx, cancel, nil
}

// Get reads an object.
func (b *Bucket) Get(ctx context.Context, uri location.URI) ([]byte, error) {
	ctx, cancel, err := b.begin(ctx, uri)
	if err != nil {
		return nil, err
	}
	defer cancel()
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(uri.Bucket()), Key: aws.String(uri.Key())}, b.sign)
	if err != nil {
		return nil, b.translate(ctx, uri.String(), err)
	}
	defer out.Body.Close()
	if b.custom && aws.ToString(out.ETag) == "" {
		return nil, unlikeS3(uri.String(), errNoTag)
	}
	size := int64(-1)
	if out.ContentLength != nil {
		size = *out.ContentLength
	}
	data, err := blob.ReadAll(ctx, uri, out.Body, size, b.config.Limit)
	return data, b.translate(ctx, uri.String(), err)
}

// Put makes an object.
func (b *Bucket) Put(ctx context.Context, uri location.URI, data []byte) error {
	if err := blob.CheckSize(uri, int64(len(data)), b.config.Limit); err != nil {
		return err
	}
	ctx, cancel, err := b.begin(ctx, uri)
	if err != nil {
		return err
	}
	defer cancel()
	var w *watch
	out, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(uri.Bucket()), Key: aws.String(uri.Key()), Body: bytes.NewReader(data), IfNoneMatch: aws.String("*"),
	}, b.sign, func(o *s3.Options) { w = &watch{Retryer: o.Retryer}; o.Retryer = w })
	if err == nil && b.custom && aws.ToString(out.ETag) == "" {
		err = errNoTag
	}
	if err == nil {
		return nil
	}
	failure := b.translate(ctx, uri.String(), err)
	if !w.unclear && !unclear(err) {
		return failure
	}
	cause := err
	if b.custom && !answered(err) {
		cause = unheard{err.Error()}
	}
	return blob.Settle(ctx, b, uri, data, failure, cause)
}

// Delete removes an object.
func (b *Bucket) Delete(ctx context.Context, uri location.URI) error {
	ctx, cancel, err := b.begin(ctx, uri)
	if err != nil {
		return err
	}
	defer cancel()
	_, err = b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String(uri.Bucket()), Key: aws.String(uri.Key())}, b.sign)
	if err = b.translate(ctx, uri.String(), err); fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}
