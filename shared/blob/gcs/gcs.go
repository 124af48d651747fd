// Package gcs keeps blobs in Google Cloud Storage, over its JSON API, under the token that was vended for them.
//
// It refuses to work without one: nothing of firn's own identity reaches a bucket.
//
// # Why
//
// Plain HTTP, because four calls are needed of an API whose library brings gRPC and telemetry into every function.
//
// A put says ifGenerationMatch=0, so that the store itself lets one writer win. A put whose answer was lost is repeated,
// and may then meet its own object: 412. That is settled by reading: the same bytes under a name that is used once are
// ours. A put that ends without a clear answer is StateUnknown, never a failure.
//
// Objects are asked for as they are stored (Accept-Encoding: identity), so that a length is that of the object.
package gcs

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
)

// Config says how the store is asked.
type Config struct {
	Client   *http.Client  // nil: one with Go's defaults
	Endpoint string        // URL of the JSON API; empty: https://storage.googleapis.com
	Timeout  time.Duration // of one call with its retries; 0: 10 s
	Limit    int64         // bytes of an object; 0: blob.MaxObject
}

const defaultEndpoint = "https://storage.googleapis.com"

// Opener opens buckets. Safe for concurrent use.
type Opener struct {
	config Config
	client *http.Client
}

var _ blob.Opener = (*Opener)(nil)

// New makes an opener. It does no I/O.
func New(c Config) *Opener {
	if c.Endpoint == "" {
		c.Endpoint = defaultEndpoint
	}
	c.Endpoint = strings.TrimSuffix(c.Endpoint, "/")
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Limit == 0 {
		c.Limit = blob.MaxObject
	}
	client := http.Client{}
	if c.Client != nil {
		client = *c.Client
	}
	// A token is never sent where an answer says.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Opener{config: c, client: &client}
}

// Open gives a bucket that does what the token opens.
func (o *Opener) Open(_ context.Context, scope blob.Scope, cred vend.Credential) (blob.Bucket, error) {
	if scope.Storage.Type != lake.GCS {
		return nil, fault.New(fault.Unsupported, "Storage of type %s is not Google Cloud Storage.", scope.Storage.Type)
	}
	if cred.GCS == nil {
		return nil, fault.Of(fault.Unsupported, fault.Credential, "", "This server has no credential for the catalog's storage.")
	}
	return &Bucket{opener: o, token: cred.GCS.Token}, nil
}

// Bucket is what one token opens.
type Bucket struct {
	opener *Opener
	token  lake.Secret
}

var (
	_ blob.Bucket  = (*Bucket)(nil)
	_ blob.Sweeper = (*Bucket)(nil)
)

// Format prints nothing of the token, whatever the verb: fmt shows the text of a secret that is in an unexported field.
func (b *Bucket) Format(s fmt.State, _ rune) { fmt.Fprint(s, "bucket in Google Cloud Storage") }

// begin checks a call before any effect and bounds its time.
func (b *Bucket) begin(ctx context.Context, uri location.URI) (context.Context, context.CancelFunc, error) {
	if err := blob.Check(uri, location.GCS); err != nil {
		return nil, nil, err
	}
	if err := blob.Ended(ctx, uri.String()); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, b.opener.config.Timeout)
	return ctx, cancel, nil
}

// object is the path of one (JSON API, "Encoding URI path parts": its name is a single segment).
func object(bucket, key string) string {
	return "/storage/v1/b/" + url.PathEscape(bucket) + "/o/" + url.PathEscape(key)
}

// Get reads an object.
func (b *Bucket) Get(ctx context.Context, uri location.URI) ([]byte, error) {
	ctx, cancel, err := b.begin(ctx, uri)
	if err != nil {
		return nil, err
	}
	defer cancel()
	limit := b.opener.config.Limit
	data, err := b.send(ctx, request{method: http.MethodGet, target: object(uri.Bucket(), uri.Key()) + "?alt=media", limit: limit + 1}, nil)
	if err != nil {
		return nil, translate(ctx, uri.String(), err)
	}
	if err := blob.CheckSize(uri, int64(len(data)), limit); err != nil {
		return nil, err
	}
	return data, nil
}

// Put makes an object.
func (b *Bucket) Put(ctx context.Context, uri location.URI, data []byte) error {
	if err := blob.CheckSize(uri, int64(len(data)), b.opener.config.Limit); err != nil {
		return err
	}
	ctx, cancel, err := b.begin(ctx, uri)
	if err != nil {
		return err
	}
	defer cancel()
	query := url.Values{"uploadType": {"media"}, "name": {uri.Key()}, "ifGenerationMatch": {"0"}, "fields": {"name"}}
	doubt := false
	_, err = b.send(ctx, request{method: http.MethodPost, target: "/upload/storage/v1/b/" + url.PathEscape(uri.Bucket()) + "/o?" + query.Encode(), body: data, limit: maxAnswer},
		func(err error) { doubt = doubt || unclear(err) })
	if err == nil {
		return nil
	}
	failure := translate(ctx, uri.String(), err)
	switch {
	case !doubt && fault.Is(failure, fault.NotFound):
		return refused(uri.String(), err) // there is no such bucket
	case !doubt:
		return failure
	}
	return blob.Settle(ctx, b, uri, data, failure, err)
}

// Delete removes an object.
func (b *Bucket) Delete(ctx context.Context, uri location.URI) error {
	ctx, cancel, err := b.begin(ctx, uri)
	if err != nil {
		return err
	}
	defer cancel()
	return b.remove(ctx, uri.String(), uri.Bucket(), uri.Key())
}

func (b *Bucket) remove(ctx context.Context, name, bucket, key string) error {
	_, err := b.send(ctx, request{method: http.MethodDelete, target: object(bucket, key), limit: maxAnswer}, nil)
	if err = translate(ctx, name, err); fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}
