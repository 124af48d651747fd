package s3local

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"firn/shared/fault"
)

// Client is this process's own way to the objects, for metadata files: the same scope check as over HTTP, no signature
// and no expiry. Its writes and deletes are synced before they return. Errors are *fault.Error in the chain: Forbidden
// beyond the scopes, Argument for a bad key, NotFound and Exists with the noun File, Conflict for a key below an
// object's key, Unavailable for a full disk or quota.
type Client struct {
	store  tenant
	scopes []Scope
}

// As returns a client that may do what the scopes say to objects of the realm, and nothing else. To act under a minted
// credential open and check it with the Issuer and pass its claims' realm and scopes.
func (s *Store) As(realm string, scopes ...Scope) (*Client, error) {
	if err := checkRealm(realm); err != nil {
		return nil, err
	}
	if err := checkScopes(scopes); err != nil {
		return nil, err
	}
	return &Client{store: s.of(realm), scopes: append([]Scope(nil), scopes...)}, nil
}

// may checks before any effect that the caller still waits and that a scope allows it.
func (c *Client) may(ctx context.Context, a Action, bucket, key string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s %s/%s: %w", a, bucket, key, err)
	}
	if !allowed(c.scopes, a, bucket, key) {
		return fault.Of(fault.Forbidden, fault.File, bucket+"/"+key, "no scope allows to %s here", a)
	}
	return nil
}

// Get opens an object, which the caller closes. Access requirement: Read on the key.
func (c *Client) Get(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	if err := c.may(ctx, Read, bucket, key); err != nil {
		return nil, err
	}
	f, _, err := c.store.open(bucket, key)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Put writes an object. With ifAbsent it answers Exists if there is one, and of several at once exactly one wins.
// Access requirement: Write on the key.
func (c *Client) Put(ctx context.Context, bucket, key string, data []byte, ifAbsent bool) error {
	if err := c.may(ctx, Write, bucket, key); err != nil {
		return err
	}
	w, err := c.store.newWork(int64(len(data)))
	if err != nil {
		return err
	}
	defer w.discard()
	if _, err := copyBytes(w, bytes.NewReader(data)); err != nil {
		return fmt.Errorf("write object: %w", err)
	}
	_, err = w.publish(publication{to: c.store, bucket: bucket, key: key, ifAbsent: ifAbsent, sync: true, alive: ctx.Err})
	return err
}

// Delete removes an object; to remove none is fine. Access requirement: Delete on the key.
func (c *Client) Delete(ctx context.Context, bucket, key string) error {
	if err := c.may(ctx, Delete, bucket, key); err != nil {
		return err
	}
	return c.store.remove(bucket, key, true)
}

// List gives up to limit (1 to 1000) objects behind after, in byte order of their keys; fewer than limit are the last.
// Access requirement: List on the prefix.
func (c *Client) List(ctx context.Context, bucket, prefix, after string, limit int) ([]Object, error) {
	if err := c.may(ctx, List, bucket, prefix); err != nil {
		return nil, err
	}
	if limit < 1 || limit > maxListed {
		return nil, fault.Of(fault.Argument, fault.File, "", "a page has 1 to %d objects, not %d", maxListed, limit)
	}
	page, err := c.store.list(listing{bucket: bucket, prefix: prefix, after: after, limit: limit})
	return page.objects, err
}
