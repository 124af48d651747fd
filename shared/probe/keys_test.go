package probe_test

import (
	"context"
	"strings"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/location"
	"firn/shared/vend"
)

type opener func(context.Context, blob.Scope, vend.Credential) (blob.Bucket, error)

func (o opener) Open(ctx context.Context, s blob.Scope, cred vend.Credential) (blob.Bucket, error) {
	return o(ctx, s, cred)
}

// picky is a key that in the sibling's folder is denied everything but one thing.
type picky struct {
	*bucket
	may string
}

func (p *picky) deny(op, name string) error {
	if strings.HasPrefix(name, sibling) && op != p.may {
		return refused(fault.Forbidden, "AccessDenied", "")
	}
	return nil
}

func (p *picky) Get(ctx context.Context, uri location.URI) ([]byte, error) {
	if err := p.deny("get", uri.String()); err != nil {
		return nil, err
	}
	return p.bucket.Get(ctx, uri)
}

func (p *picky) Put(ctx context.Context, uri location.URI, data []byte) error {
	if err := p.deny("put", uri.String()); err != nil {
		return err
	}
	return p.bucket.Put(ctx, uri, data)
}

func (p *picky) Delete(ctx context.Context, uri location.URI) error {
	if err := p.deny("delete", uri.String()); err != nil {
		return err
	}
	return p.bucket.Delete(ctx, uri)
}

func (p *picky) DeleteAll(ctx context.Context, folder location.Prefix, limit int) (bool, error) {
	if err := p.deny("list", folder.String()); err != nil {
		return false, err
	}
	return p.bucket.DeleteAll(ctx, folder, limit)
}

// lister may list the sibling's folder and not delete there: what it finds it is denied.
type lister struct{ picky }

func (l *lister) DeleteAll(ctx context.Context, folder location.Prefix, _ int) (bool, error) {
	found, err := l.picky.DeleteAll(ctx, folder, 1)
	if err == nil && found && strings.HasPrefix(folder.String(), sibling) {
		err = refused(fault.Forbidden, "AccessDenied", "")
	}
	return false, err
}

// forgetful is a key that says that it did one thing to its own folder, and did not.
type forgetful struct {
	*bucket
	forgets string
}

func (f *forgetful) skips(op, name string) bool {
	return op == f.forgets && strings.Contains(name, "/own/") && f.actions.Has(vend.Write)
}

func (f *forgetful) Put(ctx context.Context, uri location.URI, data []byte) error {
	if f.skips("put", uri.String()) {
		return nil
	}
	return f.bucket.Put(ctx, uri, data)
}

func (f *forgetful) Delete(ctx context.Context, uri location.URI) error {
	if f.skips("delete", uri.String()) {
		return nil
	}
	return f.bucket.Delete(ctx, uri)
}

func (f *forgetful) DeleteAll(ctx context.Context, folder location.Prefix, limit int) (bool, error) {
	if f.skips("list", folder.String()) {
		return false, nil
	}
	return f.bucket.DeleteAll(ctx, folder, limit)
}
