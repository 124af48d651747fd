package azure

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"firn/shared/blob"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
	vendazure "firn/shared/vend/azure"
	"firn/shared/vend/azure/azuretest"
)

const (
	tenant = "7e2a47d0-1111-4222-8333-444455556666"
	root   = "abfss://data@lake.dfs.core.windows.net/"
)

type token struct{}

func (token) Token(context.Context, string, string) (lake.Secret, error) { return "entra-token", nil }

// broken stands between and answers some requests in the store's place, in their order; nil: the store's answer.
type broken func(next http.RoundTripper, r *http.Request) (*http.Response, error)

// store is an account, reached over a wire that can be cut.
type store struct {
	cloud   *azuretest.Cloud
	storage *lake.Storage
	wire    http.RoundTripper

	mu     sync.Mutex
	faults []broken
	sent   []string // methods
}

func (s *store) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.sent = append(s.sent, r.Method)
	fail := broken(nil)
	if len(s.faults) > 0 {
		fail, s.faults = s.faults[0], s.faults[1:]
	}
	s.mu.Unlock()
	if fail != nil {
		return fail(s.wire, r)
	}
	return s.wire.RoundTrip(r)
}

func newStore(t *testing.T) *store {
	t.Helper()
	cloud := azuretest.New(t, time.Now)
	cloud.Trust("entra-token", tenant)
	cloud.Seed("lake", "data", "", "")
	yes := true
	return &store{cloud: cloud, wire: cloud.Transport(),
		storage: &lake.Storage{Type: lake.Azure, TenantID: tenant, Hierarchical: &yes, AllowedLocations: []string{root + "ns/"}}}
}

// open gives a bucket with a vended key for the folder ns/t.
func (s *store) open(t *testing.T, actions vend.Actions, c Config) blob.Bucket {
	t.Helper()
	vendor, err := vendazure.New(vendazure.Config{Identity: token{}, Now: time.Now, Transport: s.wire})
	if err != nil {
		t.Fatal(err)
	}
	cred, err := vendor.Vend(t.Context(), s.storage, vend.Grant{Realm: "r", CatalogID: "c1", TableID: "t1", PrincipalID: "p1",
		Actions: actions, Prefixes: []location.Prefix{prefix(t, root+"ns/t/")}})
	if err != nil {
		t.Fatal(err)
	}
	c.Transport, c.Pause = s, time.Nanosecond
	b, err := New(c).Open(t.Context(), blob.Scope{Storage: s.storage}, cred)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const all = vend.Read | vend.List | vend.Write | vend.Delete

func prefix(t *testing.T, text string) location.Prefix {
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
