package attack

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"firn/shared/blob"
	"firn/shared/catalog"
	"firn/shared/kv"
	"firn/shared/lake"
	place "firn/shared/location"
	"firn/shared/vend"
)

// tap sees what a server does behind its door: writes to the table, writes to the object store, keys that it gets.
type tap struct {
	mu     sync.Mutex
	writes int // to the table
	puts   int // of objects, and deletes
	grants []vend.Grant
}

// effects are what a refused request must not have.
type effects struct{ Writes, Puts, Keys int }

func (p *tap) take() (effects, []vend.Grant) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := effects{Writes: p.writes, Puts: p.puts}
	for _, g := range p.grants {
		if g.PrincipalID != catalog.OwnID {
			e.Keys++
		}
	}
	grants := slices.Clone(p.grants)
	p.writes, p.puts, p.grants = 0, 0, nil
	return e, grants
}

func (p *tap) see(what func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	what()
}

type tappedTable struct {
	kv.Driver
	tap *tap
}

func (d tappedTable) Write(ctx context.Context, ops []kv.Op) error {
	err := d.Driver.Write(ctx, ops)
	if err == nil {
		d.tap.see(func() { d.tap.writes++ })
	}
	return err
}

type tappedVendor struct {
	vend.Vendor
	tap *tap
}

func (v tappedVendor) Vend(ctx context.Context, s *lake.Storage, g vend.Grant) (vend.Credential, error) {
	c, err := v.Vendor.Vend(ctx, s, g)
	if err == nil {
		v.tap.see(func() { v.tap.grants = append(v.tap.grants, g) })
	}
	return c, err
}

// Check asks the vendor: what it refuses must have no effect.
func (v tappedVendor) Check(s *lake.Storage, g vend.Grant) error { return vend.Check(v.Vendor, s, g) }

type tappedOpener struct {
	blob.Opener
	tap *tap
}

func (o tappedOpener) Open(ctx context.Context, s blob.Scope, c vend.Credential) (blob.Bucket, error) {
	b, err := o.Opener.Open(ctx, s, c)
	if err != nil {
		return nil, err
	}
	return tappedBucket{b, b.(blob.Sweeper), o.tap}, nil
}

type tappedBucket struct {
	blob.Bucket
	blob.Sweeper
	tap *tap
}

func (b tappedBucket) Put(ctx context.Context, uri place.URI, data []byte) error {
	b.tap.see(func() { b.tap.puts++ })
	return b.Bucket.Put(ctx, uri, data)
}

func (b tappedBucket) Delete(ctx context.Context, uri place.URI) error {
	b.tap.see(func() { b.tap.puts++ })
	return b.Bucket.Delete(ctx, uri)
}

func (b tappedBucket) DeleteAll(ctx context.Context, p place.Prefix, limit int) (bool, error) {
	b.tap.see(func() { b.tap.puts++ })
	return b.Sweeper.DeleteAll(ctx, p, limit)
}

// record is a log that can be searched.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) has(text string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Contains(r.text.Bytes(), []byte(text))
}
