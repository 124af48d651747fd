package gcs

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
	vendgcs "firn/shared/vend/gcs"
	"firn/shared/vend/gcs/gcstest"
)

const everything = vend.Read | vend.List | vend.Write | vend.Delete

// world is the fake Google with a token for gs://lake/ns/t/.
type world struct {
	*gcstest.Server
	storage *lake.Storage
	cred    vend.Credential
}

type identity struct{ *gcstest.Server }

func (i identity) Token(context.Context) (vendgcs.Token, error) {
	value, expires := i.Identity(time.Hour)
	return vendgcs.Token{Value: lake.Secret(value), Expires: expires}, nil
}

func newWorld(t *testing.T) *world {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC) }
	w := &world{Server: gcstest.New(t, now), storage: &lake.Storage{Type: lake.GCS}}
	vendor, err := vendgcs.New(vendgcs.Config{Identity: identity{w.Server}, Now: now, Client: w.Client()})
	if err != nil {
		t.Fatal(err)
	}
	w.cred, err = vendor.Vend(t.Context(), w.storage, vend.Grant{Realm: "r", CatalogID: "c", TableID: "t", Table: "ns.t", Principal: "firn", PrincipalID: "p",
		Actions: everything, Prefixes: []location.Prefix{folder(t, "gs://lake/ns/t/")}})
	if err != nil {
		t.Fatal(err)
	}
	w.Take()
	return w
}

func (w *world) open(t *testing.T, c Config) *Bucket {
	t.Helper()
	c.Client = w.Client()
	b, err := New(c).Open(t.Context(), blob.Scope{Storage: w.storage}, w.cred)
	if err != nil {
		t.Fatal(err)
	}
	return b.(*Bucket)
}

// fail plans the faults of the next calls, whatever they are.
func (w *world) fail(faults ...gcstest.Fault) {
	var mu sync.Mutex
	w.Plan(func(string) gcstest.Fault {
		mu.Lock()
		defer mu.Unlock()
		if len(faults) == 0 {
			return gcstest.Fault{}
		}
		f := faults[0]
		faults = faults[1:]
		return f
	})
}

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

var (
	broken    = gcstest.Fault{Status: http.StatusInternalServerError}
	throttled = gcstest.Fault{Status: http.StatusTooManyRequests}
	denied    = gcstest.Fault{Status: http.StatusForbidden}
	lost      = gcstest.Fault{Lose: true}
	dropped   = gcstest.Fault{Drop: true}
	nobody    = gcstest.Fault{Dial: true}
)
