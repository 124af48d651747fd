package s3

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"firn/shared/blob"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/s3local"
	"firn/shared/vend"
	vendlocal "firn/shared/vend/local"
)

// store is the embedded store behind a door that can be told to fail.
type store struct {
	*httptest.Server
	storage *lake.Storage
	cred    vend.Credential
	mu      sync.Mutex
	faults  []broken // of the next requests; nil: none
	seen    []string
}

func newStore(t *testing.T) *store {
	t.Helper()
	issuer, err := s3local.NewIssuer(bytes.Repeat([]byte("k"), 32), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	disk, err := s3local.Open(s3local.Config{Dir: t.TempDir(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	gate, err := s3local.NewGate(issuer, disk, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s := &store{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.seen = append(s.seen, r.Method)
		var fail broken
		if len(s.faults) > 0 {
			fail, s.faults = s.faults[0], s.faults[1:]
		}
		s.mu.Unlock()
		if fail != nil {
			fail(w, r, gate)
			return
		}
		gate.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { s.Close(); _ = disk.Close() })
	vendor, err := vendlocal.New(vendlocal.Config{Issuer: issuer, Endpoint: func() string { return s.URL }, Region: "local"})
	if err != nil {
		t.Fatal(err)
	}
	pathStyle := true
	s.storage = &lake.Storage{Type: lake.S3, Endpoint: "http://192.0.2.1", EndpointInternal: s.URL, PathStyleAccess: &pathStyle}
	s.cred = vended(t, vendor, &lake.Storage{Type: lake.S3}, folder(t, "s3://lake/ns/t/"))
	return s
}

func vended(t *testing.T, v vend.Vendor, storage *lake.Storage, prefix location.Prefix) vend.Credential {
	t.Helper()
	cred, err := v.Vend(t.Context(), storage, vend.Grant{
		Realm: "r", CatalogID: "c1", TableID: "t1", Table: "ns.t", Principal: "firn", PrincipalID: "p1",
		Prefixes: []location.Prefix{prefix}, Actions: everything,
	})
	if err != nil {
		t.Fatal(err)
	}
	return cred
}

func (s *store) open(t *testing.T, c Config) blob.Bucket {
	t.Helper()
	b, err := opener(t, c).Open(t.Context(), blob.Scope{Storage: s.storage}, s.cred)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// openOwn opens the store where the server finds AWS's: the storage names no endpoint.
func (s *store) openOwn(t *testing.T) *Bucket {
	t.Helper()
	storage := *s.storage
	storage.Endpoint, storage.EndpointInternal = "", ""
	b, err := opener(t, Config{Base: aws.Config{BaseEndpoint: aws.String(s.URL)}}).Open(t.Context(), blob.Scope{Storage: &storage}, s.cred)
	if err != nil {
		t.Fatal(err)
	}
	return b.(*Bucket)
}

// fail breaks the next requests and forgets the ones before.
func (s *store) fail(faults ...broken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.seen = faults, nil
}

// puts counts the puts since then.
func (s *store) puts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Count(strings.Join(s.seen, " "), http.MethodPut)
}

// broken is a way in which a request fails; next is the store.
type broken func(w http.ResponseWriter, r *http.Request, next http.Handler)

func lostRequest(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }

func lostAnswer(_ http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

func brokenServer(w http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(httptest.NewRecorder(), r)
	answer(500, "InternalError")(w, r, next)
}

func answer(status int, code string) broken {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`<Error><Code>` + code + `</Code><Message>m</Message></Error>`))
	}
}

// someoneElse puts another object of the name first, and the answer is lost.
func someoneElse(t *testing.T, b blob.Bucket, name location.URI) broken {
	return func(http.ResponseWriter, *http.Request, http.Handler) {
		if err := b.Put(context.WithoutCancel(t.Context()), name, []byte("theirs")); err != nil {
			t.Errorf("put of someone else: %v", err)
		}
		panic(http.ErrAbortHandler)
	}
}
