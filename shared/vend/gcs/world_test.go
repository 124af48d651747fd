package gcs

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
	"firn/shared/vend/gcs/gcstest"
	"firn/shared/vend/vendtest"
)

var start = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

const (
	reader    = vend.Read | vend.List
	readWrite = vend.Read | vend.List | vend.Write | vend.Delete
	catalogSA = "lake@project.iam.gserviceaccount.com"
)

// world is a vendor before the fake Google, with a clock that tests turn.
type world struct {
	*gcstest.Server
	vendor *Vendor

	mu   sync.Mutex
	now  time.Time
	life time.Duration // of firn's own tokens
	asks int           // for them
	err  error         // instead of one
}

func newWorld(t *testing.T, change func(*Config)) *world {
	t.Helper()
	w := &world{now: start, life: time.Hour}
	w.Server = gcstest.New(t, w.clock)
	w.Trust(catalogSA)
	c := Config{Identity: w, Now: w.clock, Client: w.Client()}
	if change != nil {
		change(&c)
	}
	var err error
	if w.vendor, err = New(c); err != nil {
		t.Fatal(err)
	}
	return w
}

func clientSide(c *Config) { c.ClientSide = true }

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// Token is firn's own.
func (w *world) Token(context.Context) (Token, error) {
	w.mu.Lock()
	w.asks++
	life, err := w.life, w.err
	w.mu.Unlock()
	if err != nil {
		return Token{}, err
	}
	value, expires := w.Identity(life)
	return Token{Value: lake.Secret(value), Expires: expires}, nil
}

func (w *world) vend(t *testing.T, account string, g vend.Grant) vend.Credential {
	t.Helper()
	cred, err := w.vendor.Vend(t.Context(), storage(account), g)
	if err != nil {
		t.Fatal(err)
	}
	return cred
}

func storage(account string) *lake.Storage {
	return &lake.Storage{Type: lake.GCS, GCSServiceAccount: account}
}

func grant(t testing.TB, actions vend.Actions, prefixes ...string) vend.Grant {
	t.Helper()
	g := vend.Grant{Realm: "test", CatalogID: "c1", TableID: "t1", Table: "ns.t", Principal: "ann", PrincipalID: "p1", Actions: actions}
	for _, text := range prefixes {
		p, err := location.ParsePrefix(text)
		if err != nil {
			t.Fatal(err)
		}
		g.Prefixes = append(g.Prefixes, p)
	}
	return g
}

func fails(t *testing.T, err error, want fault.Kind, message string) {
	t.Helper()
	if got := fault.From(err); got == nil || got.Kind != want || got.Message != message {
		t.Errorf("got %v, want %s: %s", err, want, message)
	}
}

// store is the fake as the suite of all drivers tries it.
func (w *world) store(account string) vendtest.Store {
	return vendtest.Store{Vendor: w.vendor, Storage: storage(account), Bucket: "lake", Root: "gs://lake/", Now: w.clock,
		Refused: []vend.Actions{vend.Delete},
		Seed:    func(_ *testing.T, key string) { w.Seed("lake", key, "seed") },
		Try:     w.try,
	}
}

// try makes an attempt over the JSON API. Cloud Storage has no request that deletes many.
func (w *world) try(t *testing.T, cred vend.Credential, a vendtest.Attempt) (denied []string) {
	t.Helper()
	object := "/storage/v1/b/" + a.Bucket + "/o/" + url.PathEscape(a.Key)
	verbs := map[vendtest.Verb][2]string{
		vendtest.Get:    {http.MethodGet, object + "?alt=media"},
		vendtest.Put:    {http.MethodPost, "/upload/storage/v1/b/" + a.Bucket + "/o?uploadType=media&name=" + url.QueryEscape(a.Key)},
		vendtest.Remove: {http.MethodDelete, object},
		vendtest.List:   {http.MethodGet, "/storage/v1/b/" + a.Bucket + "/o?prefix=" + url.QueryEscape(a.Key)},
		vendtest.Copy:   {http.MethodPost, "/storage/v1/b/" + a.Bucket + "/o/" + url.PathEscape(a.From) + "/rewriteTo/b/" + a.Bucket + "/o/" + url.PathEscape(a.Key)},
	}
	if a.Verb == vendtest.RemoveMany {
		for _, key := range a.Keys {
			denied = append(denied, w.try(t, cred, vendtest.Attempt{Verb: vendtest.Remove, Bucket: a.Bucket, Key: key})...)
		}
		return denied
	}
	status, body := w.ask(t, cred, verbs[a.Verb][0], verbs[a.Verb][1], "tried")
	switch {
	case status == http.StatusForbidden:
		return []string{a.Key}
	case status >= 300:
		t.Fatalf("%v: %d %s", a, status, body)
	}
	return nil
}

func (w *world) ask(t *testing.T, cred vend.Credential, method, target, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "https://storage.googleapis.com"+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+cred.GCS.Token.Reveal())
	resp, err := w.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(out)
}

func indent(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(text), "", "  "); err != nil {
		t.Fatal(err)
	}
	return out.String() + "\n"
}
