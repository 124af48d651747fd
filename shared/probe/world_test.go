package probe_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firn/shared/blob"
	bloblocal "firn/shared/blob/local"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/probe"
	"firn/shared/s3local"
	"firn/shared/vend"
	vendlocal "firn/shared/vend/local"
)

// world is a store that enforces its keys (the embedded one), behind whatever a test puts between: the storage is told to
// the prober as one of AWS's.
type world struct {
	t      *testing.T
	vendor vend.Vendor
	files  blob.Opener

	widen func(g *vend.Grant)                                       // what the store makes of a grant
	mint  func(s *lake.Storage, g vend.Grant) error                 // what the token service answers instead
	fail  func(op string, name string, a vend.Actions, n int) error // what the store answers instead; n counts its calls
	calls int
	left  int // a test's count of objects that were put beside
	asked []vend.Grant
}

const base = "s3://lake/base/"

func newWorld(t *testing.T) *world {
	t.Helper()
	store, err := s3local.Open(s3local.Config{Dir: filepath.Join(t.TempDir(), "objects"), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	issuer, err := s3local.NewIssuer(make([]byte, 32), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	vendor, err := vendlocal.New(vendlocal.Config{Issuer: issuer, Endpoint: func() string { return "http://127.0.0.1:1" }, Region: "eu-west-1"})
	if err != nil {
		t.Fatal(err)
	}
	files, err := bloblocal.New(bloblocal.Config{Store: store, Issuer: issuer})
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, vendor: vendor, files: files}
}

// embedded is the storage as the embedded store's drivers want it.
var embedded = &lake.Storage{Type: lake.S3}

// Vend mints a key of the store.
func (w *world) Vend(ctx context.Context, s *lake.Storage, g vend.Grant) (vend.Credential, error) {
	w.asked = append(w.asked, g)
	if w.mint != nil {
		if err := w.mint(s, g); err != nil {
			return vend.Credential{}, err
		}
	}
	if strings.HasPrefix(s.ExternalID, "firn-probe-") && w.mint == nil {
		return vend.Credential{}, denied("")
	}
	if w.widen != nil {
		w.widen(&g)
	}
	return w.vendor.Vend(ctx, embedded, g)
}

// Open opens the store.
func (w *world) Open(ctx context.Context, scope blob.Scope, cred vend.Credential) (blob.Bucket, error) {
	scope.Storage = embedded
	b, err := w.files.Open(ctx, scope, cred)
	if err != nil {
		return nil, err
	}
	return &bucket{w, b, w.asked[len(w.asked)-1].Actions}, nil
}

// bucket is the store as a test has it answer.
type bucket struct {
	w *world
	blob.Bucket
	actions vend.Actions // of the grant that its key was minted for
}

func (b *bucket) answer(op, name string) error {
	b.w.calls++
	if b.w.fail == nil {
		return nil
	}
	return b.w.fail(op, name, b.actions, b.w.calls)
}

func (b *bucket) Get(ctx context.Context, uri location.URI) ([]byte, error) {
	if err := b.answer("get", uri.String()); err != nil {
		return nil, err
	}
	return b.Bucket.Get(ctx, uri)
}

func (b *bucket) Put(ctx context.Context, uri location.URI, data []byte) error {
	if err := b.answer("put", uri.String()); err != nil {
		return err
	}
	return b.Bucket.Put(ctx, uri, data)
}

func (b *bucket) Delete(ctx context.Context, uri location.URI) error {
	if err := b.answer("delete", uri.String()); err != nil {
		return err
	}
	return b.Bucket.Delete(ctx, uri)
}

func (b *bucket) DeleteAll(ctx context.Context, folder location.Prefix, limit int) (bool, error) {
	if err := b.answer("list", folder.String()); err != nil {
		return false, err
	}
	return b.Bucket.(blob.Sweeper).DeleteAll(ctx, folder, limit)
}

// said is an answer of AWS's.
type said struct{ code, message string }

func (s said) Error() string        { return "api error " + s.code + ": " + s.message }
func (s said) ErrorCode() string    { return s.code }
func (s said) ErrorMessage() string { return s.message }

// denied is what the vendor makes of STS's AccessDenied.
func denied(message string) error {
	return fault.Of(fault.Forbidden, fault.Credential, "", "not trusted").Because(fmt.Errorf("assume: %w", said{"AccessDenied", message}))
}

// refused is what the driver of the store makes of an answer.
func refused(kind fault.Kind, code, message string) error {
	return fault.Of(kind, fault.File, "s3://x", "The storage refused.").Because(fmt.Errorf("put: %w", said{code, message}))
}

func catalog() *lake.Catalog {
	return &lake.Catalog{ID: "catalogid", Name: "sales", Type: lake.Internal, Facts: lake.Facts{Properties: lake.Properties{"default-base-location": base}},
		Storage: lake.Storage{Type: lake.S3, RoleARN: "arn:aws:iam::111122223333:role/firn-vending/lake", Region: "eu-west-1", AllowedLocations: []string{base}}}
}

var asker = probe.Asker{Realm: "R", Principal: "ann", PrincipalID: "p1"}

// try probes, on a clock that stands where the test's does.
func (w *world) try(ctx context.Context, change func(*probe.Config)) probe.Report {
	c := probe.Config{Vendor: w, Files: w, Now: time.Now}
	if change != nil {
		change(&c)
	}
	return probe.New(c).Probe(ctx, asker, catalog())
}

// leftovers says whether any object is in the folder of probes.
func (w *world) leftovers() bool {
	w.t.Helper()
	folder, err := location.ParsePrefix(base + probe.Folder)
	if err != nil {
		w.t.Fatal(err)
	}
	cred, err := w.vendor.Vend(context.Background(), embedded, vend.Grant{Realm: "R", CatalogID: "c", TableID: "t", PrincipalID: "p",
		Prefixes: []location.Prefix{folder}, Actions: vend.List | vend.Delete})
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := w.files.Open(context.Background(), blob.Scope{Storage: embedded}, cred)
	if err != nil {
		w.t.Fatal(err)
	}
	more, err := b.(blob.Sweeper).DeleteAll(context.Background(), folder, 1) // of one object it takes it, and says that more may be
	if err != nil {
		w.t.Fatal(err)
	}
	return more
}
