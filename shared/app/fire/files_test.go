package fire

import (
	"context"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/location"
	"firn/shared/vend"
)

// files is an object store that misbehaves.
type files struct {
	blob.Opener
	plan func() fileFault
}

// fileFault is what happens to one call.
type fileFault int

const (
	fine     fileFault = iota
	noEntry            // it does not reach the store
	loseCall           // a put does not arrive, and nobody says so
	loseWord           // a put arrives, and nobody says so; a deletion is reported to have failed
)

var _ blob.Opener = files{}

func (f files) Open(ctx context.Context, s blob.Scope, c vend.Credential) (blob.Bucket, error) {
	b, err := f.Opener.Open(ctx, s, c)
	if err != nil {
		return nil, err
	}
	return bucket{b, f.plan}, nil
}

type bucket struct {
	blob.Bucket
	plan func() fileFault
}

func (b bucket) Get(ctx context.Context, uri location.URI) ([]byte, error) {
	if b.plan() == noEntry {
		return nil, planned(fault.Unavailable, uri)
	}
	return b.Bucket.Get(ctx, uri)
}

func (b bucket) Put(ctx context.Context, uri location.URI, data []byte) error {
	switch b.plan() {
	case noEntry:
		return planned(fault.Unavailable, uri)
	case loseCall:
		return planned(fault.StateUnknown, uri)
	case loseWord:
		_ = b.Bucket.Put(ctx, uri, data)
		return planned(fault.StateUnknown, uri)
	}
	return b.Bucket.Put(ctx, uri, data)
}

func (b bucket) Delete(ctx context.Context, uri location.URI) error {
	switch b.plan() {
	case noEntry, loseCall:
		return planned(fault.Unavailable, uri)
	case loseWord:
		_ = b.Bucket.Delete(ctx, uri)
		return planned(fault.Unavailable, uri)
	}
	return b.Bucket.Delete(ctx, uri)
}

func planned(kind fault.Kind, uri location.URI) error {
	return fault.Of(kind, fault.File, uri.String(), "The store did not answer.")
}
