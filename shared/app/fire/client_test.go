package fire

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// markHeader names a request, so that its client can be told to go away.
const markHeader = "X-Fire"

// client asks servers as root. It may be used concurrently.
type client struct {
	http    http.Client
	bearer  string
	started func(mark string, hangUp func()) (ended func()) // nil: clients wait
}

func newClient(t testing.TB) *client {
	c := &client{http: http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	t.Cleanup(c.http.CloseIdleConnections)
	return c
}

// request is one, and may be sent several times.
type request struct {
	method, path, body string
	key                string // its Idempotency-Key; empty: none
}

// login gets a token.
func (c *client) login(t testing.TB, base string) {
	t.Helper()
	answer, err := c.http.PostForm(base+"/api/catalog/v1/oauth/tokens", url.Values{"grant_type": {"client_credentials"},
		"scope": {"PRINCIPAL_ROLE:ALL"}, "client_id": {"root"}, "client_secret": {"s3cr3t"}})
	must(t, err)
	defer answer.Body.Close()
	var out struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil || out.Token == "" {
		t.Fatalf("no token: %d %v", answer.StatusCode, err)
	}
	c.bearer = out.Token
}

// send sends a request and reads the whole answer. The error is that of the connection.
func (c *client) send(base string, r request) (status int, body []byte, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out, err := http.NewRequestWithContext(ctx, r.method, base+r.path, strings.NewReader(r.body))
	if err != nil {
		return 0, nil, err
	}
	out.GetBody = nil // or the transport would repeat a request with a key by itself, and tell nobody
	mark := uuid.NewString()
	if c.started != nil {
		defer c.started(mark, cancel)()
	}
	out.Header.Set(markHeader, mark)
	out.Header.Set("Authorization", "Bearer "+c.bearer)
	if r.key != "" {
		out.Header.Set("Idempotency-Key", r.key)
	}
	if r.body != "" {
		out.Header.Set("Content-Type", "application/json")
	}
	in, err := c.http.Do(out)
	if err != nil {
		return 0, nil, err
	}
	defer in.Body.Close()
	body, err = io.ReadAll(in.Body)
	return in.StatusCode, body, err
}

// must is send for what has to be done.
func (c *client) must(t testing.TB, base string, r request) []byte {
	t.Helper()
	status, body, err := c.send(base, r)
	if err != nil || status/100 != 2 {
		t.Fatalf("%s %s: got %d %s %v, want 2xx", r.method, r.path, status, body, err)
	}
	return body
}

// setUp makes the catalog lake with the namespace n. storage is its storageConfigInfo, at where its tables are.
func (c *client) setUp(t testing.TB, base, storage, at string) {
	t.Helper()
	c.must(t, base, request{method: "POST", path: "/api/management/v1/catalogs",
		body: fmt.Sprintf(`{"catalog":{"type":"INTERNAL","name":"lake","properties":{"default-base-location":%q},"storageConfigInfo":%s}}`, at, storage)})
	c.must(t, base, request{method: "PUT", path: "/api/management/v1/catalogs/lake/catalog-roles/catalog_admin/grants",
		body: `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`})
	c.must(t, base, request{method: "POST", path: "/api/catalog/v1/lake/namespaces", body: `{"namespace":["n"]}`})
}
