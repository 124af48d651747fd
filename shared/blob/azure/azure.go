// Package azure keeps blobs in Azure Data Lake Storage Gen2, under the SAS that was vended for them.
//
// It refuses to work without one, and to send one to another account than it is for.
//
// # Why
//
// Objects are put, read and deleted at the Blob endpoint, where a put is one request that makes a whole object; at the DFS
// endpoint it would be three, and half a file could be seen. A put says If-None-Match: *, so that the store itself lets
// one writer win. What was sent again after a lost answer may meet its own object: then the object is read, and the same
// bytes under a name that is used once are ours. A put that ends without a clear answer is StateUnknown.
//
// Folders are things of their own here. A folder has no data, so reading one is as if nothing were there; a sweep
// (sweep.go) removes them too.
package azure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
	"firn/shared/vend/azure/adlsrest"
)

// Config says how the store is asked.
type Config struct {
	Transport http.RoundTripper // nil: net/http's own
	Timeout   time.Duration     // of one call with its retries; 0: 10 s
	Pause     time.Duration     // before a request is repeated, at first; 0: 100 ms
	Limit     int64             // bytes of an object; 0: blob.MaxObject
}

// Opener opens folders of Azure storage.
type Opener struct {
	config Config
	client *adlsrest.Client
}

var _ blob.Opener = (*Opener)(nil)

// New makes an opener. It does no I/O.
func New(c Config) *Opener {
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Limit == 0 {
		c.Limit = blob.MaxObject
	}
	return &Opener{config: c, client: adlsrest.New(c.Transport, c.Pause)}
}

// Open gives a bucket that does what the credential opens.
func (o *Opener) Open(_ context.Context, scope blob.Scope, cred vend.Credential) (blob.Bucket, error) {
	if scope.Storage.Type != lake.Azure {
		return nil, fault.New(fault.Unsupported, "Storage of type %s is not AZURE.", scope.Storage.Type)
	}
	if cred.Azure == nil || cred.Azure.SAS == "" {
		return nil, fault.Of(fault.Unsupported, fault.Credential, "", "This server has no credential for the catalog's storage.")
	}
	return &Bucket{Opener: o, account: adlsrest.Account{Label: cred.Azure.Account, Domain: cred.Azure.Domain}, sas: cred.Azure.SAS}, nil
}

// Bucket is what one SAS opens.
type Bucket struct {
	*Opener
	account adlsrest.Account
	sas     lake.Secret
}

var (
	_ blob.Bucket  = (*Bucket)(nil)
	_ blob.Sweeper = (*Bucket)(nil)
)

// Format prints the account, whatever the verb: fmt shows the text of a secret that is in an unexported field.
func (b *Bucket) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "bucket in account %s", b.account.Label) }

// begin checks a call before any effect and bounds its time.
func (b *Bucket) begin(ctx context.Context, uri location.URI) (context.Context, context.CancelFunc, error) {
	if err := blob.Check(uri, location.ADLS); err != nil {
		return nil, nil, err
	}
	return b.bound(ctx, uri.String(), uri.Account())
}

// bound refuses another account's host, where the SAS would be shown to whoever answers.
func (b *Bucket) bound(ctx context.Context, name, host string) (context.Context, context.CancelFunc, error) {
	if account, err := adlsrest.AccountOf(host); err != nil || account != b.account {
		return nil, nil, forbidden(name, errors.New("the credential is for another account"))
	}
	if err := blob.Ended(ctx, name); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, b.config.Timeout)
	return ctx, cancel, nil
}

// do makes one operation on an object at the Blob endpoint.
func (b *Bucket) do(ctx context.Context, method string, uri location.URI, header map[string]string, data []byte) (adlsrest.Answer, error) {
	return b.client.Do(ctx, adlsrest.Request{Method: method, URL: b.account.URL(adlsrest.Blob, uri.Bucket(), uri.Key(), b.sas.Reveal()),
		Header: header, Body: data, Limit: b.config.Limit})
}

// Get reads an object.
func (b *Bucket) Get(ctx context.Context, uri location.URI) ([]byte, error) {
	ctx, cancel, err := b.begin(ctx, uri)
	if err != nil {
		return nil, err
	}
	defer cancel()
	answer, err := b.do(ctx, http.MethodGet, uri, nil, nil)
	if err != nil {
		return nil, translate(ctx, uri.String(), err)
	}
	if answer.Header.Get("X-Ms-Meta-Hdi_isfolder") == "true" || answer.Header.Get("X-Ms-Resource-Type") == "directory" {
		return nil, fault.Missing(fault.File, uri.String())
	}
	if err := blob.CheckSize(uri, int64(len(answer.Body)), b.config.Limit); err != nil {
		return nil, err
	}
	return answer.Body, nil
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
	_, err = b.do(ctx, http.MethodPut, uri, map[string]string{"X-Ms-Blob-Type": "BlockBlob", "If-None-Match": "*"}, data)
	if err == nil {
		return nil
	}
	failure := translate(ctx, uri.String(), err)
	if !unclear(err) {
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
	_, err = b.do(ctx, http.MethodDelete, uri, nil, nil)
	if err = translate(ctx, uri.String(), err); fault.Is(err, fault.NotFound, fault.NotEmpty) { // the name of a folder is no object's
		return nil
	}
	return err
}
