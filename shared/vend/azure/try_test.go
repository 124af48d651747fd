package azure

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
	"firn/shared/vend/azure/azuretest"
	"firn/shared/vend/vendtest"
)

const (
	tenant = "7e2a47d0-1111-4222-8333-444455556666"
	root   = "abfss://data@lake.dfs.core.windows.net/"
)

// someone is an identity with one token, which counts how often it is asked.
type someone struct {
	token lake.Secret
	err   error
	asked int
	where string // tenant and domain of the last call
}

func (s *someone) Token(_ context.Context, tenant, domain string) (lake.Secret, error) {
	s.asked++
	s.where = tenant + " " + domain
	return s.token, s.err
}

// world is a vendor, the account it vends for, and a clock.
type world struct {
	now      time.Time
	cloud    *azuretest.Cloud
	wire     http.RoundTripper
	identity *someone
	vendor   *Vendor
	storage  *lake.Storage
}

func newWorld(t testing.TB, change func(*Config)) *world {
	t.Helper()
	w := &world{now: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC), identity: &someone{token: "entra-token"}}
	clock := func() time.Time { return w.now }
	w.cloud = azuretest.New(t, clock)
	w.wire = w.cloud.Transport()
	w.cloud.Trust("entra-token", tenant)
	w.cloud.Seed("lake", "data", "", "")
	w.cloud.Seed("lake", "firn-elsewhere", "", "")
	c := Config{Identity: w.identity, Now: clock, Transport: w.wire, Pause: time.Nanosecond}
	if change != nil {
		change(&c)
	}
	var err error
	if w.vendor, err = New(c); err != nil {
		t.Fatal(err)
	}
	yes := true
	w.storage = &lake.Storage{Type: lake.Azure, TenantID: tenant, Hierarchical: &yes, AllowedLocations: []string{root + "ns/"}}
	return w
}

func (w *world) grant(t testing.TB, actions vend.Actions, folders ...string) vend.Grant {
	t.Helper()
	g := vend.Grant{Realm: "r", CatalogID: "c1", TableID: "t1", Table: "ns.t", Principal: "ann", PrincipalID: "p1", Actions: actions}
	for _, folder := range folders {
		p, err := location.ParsePrefix(folder)
		if err != nil {
			t.Fatal(err)
		}
		g.Prefixes = append(g.Prefixes, p)
	}
	return g
}

func (w *world) vend(t testing.TB, folder string) vend.Credential {
	t.Helper()
	cred, err := w.vendor.Vend(t.Context(), w.storage, w.grant(t, vend.Read|vend.List, folder))
	if err != nil {
		t.Fatal(err)
	}
	return cred
}

// keysAsked counts the requests for delegation keys.
func (w *world) keysAsked() (n int) {
	for _, e := range w.cloud.Log() {
		if e.Operation == "GetUserDelegationKey" {
			n++
		}
	}
	return n
}

// address spells a URL at the Blob endpoint, with the parameters and the SAS.
func address(container, key, parameters string, sas lake.Secret) string {
	u := url.URL{Scheme: "https", Host: "lake.blob.core.windows.net", Path: "/" + container}
	if key != "" {
		u.Path += "/" + key
	}
	u.RawQuery = strings.Trim(parameters+"&"+sas.Reveal(), "&")
	return u.String()
}

// send makes one request and gives its status and body.
func (w *world) send(t *testing.T, method, target string, header map[string]string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	answer, err := w.wire.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// try makes vendtest's attempts. Blob Batch takes no directory's SAS, so a client deletes one by one.
func (w *world) try(t *testing.T, cred vend.Credential, a vendtest.Attempt) (denied []string) {
	t.Helper()
	sas := cred.Azure.SAS
	keys, method, header, parameters := []string{a.Key}, http.MethodGet, map[string]string{}, ""
	switch a.Verb {
	case vendtest.Put:
		method, header = http.MethodPut, map[string]string{"X-Ms-Blob-Type": "BlockBlob"}
	case vendtest.Copy:
		method, header = http.MethodPut, map[string]string{"X-Ms-Copy-Source": address(a.Bucket, a.From, "", sas)}
	case vendtest.Remove:
		method = http.MethodDelete
	case vendtest.RemoveMany:
		method, keys = http.MethodDelete, a.Keys
	case vendtest.List:
		parameters = "restype=container&comp=list&prefix=" + url.QueryEscape(a.Key)
	}
	for _, key := range keys {
		path := key
		if a.Verb == vendtest.List {
			path = ""
		}
		switch status, body := w.send(t, method, address(a.Bucket, path, parameters, sas), header); {
		case status == http.StatusForbidden:
			denied = append(denied, key)
		case status > 299:
			t.Fatalf("%s %s: got status %d", a.Verb, key, status)
		case strings.Contains(body, "orders2"):
			t.Errorf("%s %s: shows the sibling", a.Verb, key)
		}
	}
	return denied
}
