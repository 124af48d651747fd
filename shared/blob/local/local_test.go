package local

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"firn/shared/blob"
	"firn/shared/blob/blobtest"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/s3local"
	"firn/shared/vend"
)

var embedded = &lake.Storage{Type: lake.S3}

// world is an embedded store with an hour hand.
type world struct {
	dir    string
	issuer *s3local.Issuer
	store  *s3local.Store
	mu     sync.Mutex
	at     time.Time
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), at: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	var err error
	if w.issuer, err = s3local.NewIssuer(bytes.Repeat([]byte("k"), 32), w.now); err != nil {
		t.Fatal(err)
	}
	if w.store, err = s3local.Open(s3local.Config{Dir: w.dir, Now: w.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	return w
}

func (w *world) mint(t *testing.T, actions s3local.Action) vend.Credential {
	t.Helper()
	minted, err := w.issuer.Mint(s3local.Claims{Realm: "r", Principal: "p1", Table: "t1", Scopes: []s3local.Scope{{Bucket: "lake", Prefix: "ns/t/", Actions: actions}}}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return vend.Credential{Expires: minted.Expires, S3: &vend.S3Credential{
		AccessKeyID: minted.AccessKeyID, SecretAccessKey: lake.Secret(minted.SecretAccessKey), SessionToken: lake.Secret(minted.SessionToken),
	}}
}

func (w *world) open(t *testing.T, cred vend.Credential, limit int64) blob.Bucket {
	t.Helper()
	o, err := New(Config{Store: w.store, Issuer: w.issuer, Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	b, err := o.Open(t.Context(), blob.Scope{Storage: embedded}, cred)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const everything = s3local.Read | s3local.List | s3local.Write | s3local.Delete

func folder(t *testing.T, text string) location.Prefix {
	t.Helper()
	p, err := location.ParsePrefix(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func uri(t *testing.T, text string) location.URI {
	t.Helper()
	u, err := location.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestBlobtest(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blobtest.Store {
		w := newWorld(t)
		cred := w.mint(t, everything)
		return blobtest.Store{
			Bucket: w.open(t, cred, 0), Limited: w.open(t, cred, blobtest.Limit),
			Folder: folder(t, "s3://lake/ns/t/"), Outside: folder(t, "s3://lake/ns/t2/"),
		}
	})
}

func TestACredentialBindsFirnToo(t *testing.T) {
	name := uri(t, "s3://lake/ns/t/v1.json")
	rows := []struct {
		name    string
		actions s3local.Action
		end     func(t *testing.T, w *world)
	}{
		{"expired", everything, func(_ *testing.T, w *world) { w.mu.Lock(); w.at = w.at.Add(time.Hour); w.mu.Unlock() }},
		{"revoked", everything, func(t *testing.T, w *world) {
			if err := w.issuer.Revoke("table:t1"); err != nil {
				t.Fatal(err)
			}
		}},
		{"for listing alone", s3local.List, func(*testing.T, *world) {}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			b := w.open(t, w.mint(t, row.actions), 0)
			row.end(t, w)
			_, err := b.Get(t.Context(), name)
			for what, err := range map[string]error{"get": err, "put": b.Put(t.Context(), name, nil), "delete": b.Delete(t.Context(), name)} {
				if !fault.Is(err, fault.Forbidden) {
					t.Errorf("%s: got %v, want forbidden", what, err)
				}
			}
		})
	}
}

func TestWhatIsNotOpened(t *testing.T) {
	w := newWorld(t)
	o, err := New(Config{Store: w.store, Issuer: w.issuer})
	if err != nil {
		t.Fatal(err)
	}
	foreign := newWorld(t).mint(t, everything)
	foreign.S3.AccessKeyID = w.mint(t, everything).S3.AccessKeyID
	rows := []struct {
		name    string
		storage *lake.Storage
		cred    vend.Credential
		want    fault.Kind
	}{
		{"another store", &lake.Storage{Type: lake.S3, Endpoint: "http://192.0.2.1"}, w.mint(t, everything), fault.Unsupported},
		{"no credential", embedded, vend.Credential{}, fault.Unsupported},
		{"a token of another key", embedded, foreign, fault.Forbidden},
	}
	for _, row := range rows {
		if _, err := o.Open(t.Context(), blob.Scope{Storage: row.storage}, row.cred); !fault.Is(err, row.want) {
			t.Errorf("%s: got %v, want %s", row.name, err, row.want)
		}
	}
	if _, err := New(Config{Store: w.store}); !fault.Is(err, fault.Argument) {
		t.Errorf("no issuer: got %v, want argument", err)
	}
}

func TestNamesThatTheStoreCannotHold(t *testing.T) {
	w := newWorld(t)
	b := w.open(t, w.mint(t, everything), 0)
	if err := b.Put(t.Context(), uri(t, "s3://lake/ns/t/a"), nil); err != nil {
		t.Fatal(err)
	}
	if err := b.Put(t.Context(), uri(t, "s3://lake/ns/t/a/b"), nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("a key below an object's: got %v, want invalid", err)
	}
}

// A store whose folder is taken away between the write and the answer cannot say what became of the object.
func TestAPutWithoutAClearAnswerIsUnknown(t *testing.T) {
	w := newWorld(t)
	b := w.open(t, w.mint(t, everything), 0)
	if err := os.RemoveAll(filepath.Join(w.dir, ".firn")); err != nil {
		t.Fatal(err)
	}
	if err := b.Put(t.Context(), uri(t, "s3://lake/ns/t/v1.json"), nil); !fault.Is(err, fault.StateUnknown) {
		t.Errorf("got %v, want state unknown", err)
	}
}
