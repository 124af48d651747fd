package local

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/s3local"
	"firn/shared/vend"
	"firn/shared/vend/vendtest"
	"firn/shared/vend/vendtest/s3try"
)

func newIssuer(t *testing.T) *s3local.Issuer {
	t.Helper()
	issuer, err := s3local.NewIssuer(bytes.Repeat([]byte("k"), 32), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return issuer
}

func newVendor(t *testing.T, issuer *s3local.Issuer, endpoint string) *Vendor {
	t.Helper()
	v, err := New(Config{Issuer: issuer, Endpoint: func() string { return endpoint }, Region: "local"})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVendtestOverHTTP(t *testing.T) {
	vendtest.Run(t, func(t *testing.T) vendtest.Store {
		issuer := newIssuer(t)
		store, err := s3local.Open(s3local.Config{Dir: t.TempDir(), Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		gate, err := s3local.NewGate(issuer, store, time.Now, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(gate)
		t.Cleanup(func() { server.Close(); _ = store.Close() })
		owner, err := store.As("test", s3local.Scope{Bucket: "lake", Prefix: "ns/", Actions: s3local.Write})
		if err != nil {
			t.Fatal(err)
		}
		return vendtest.Store{
			Vendor: newVendor(t, issuer, server.URL), Storage: &lake.Storage{Type: lake.S3}, Bucket: "lake", Now: time.Now, Try: s3try.Try,
			Seed: func(t *testing.T, key string) {
				t.Helper()
				// The store holds no object and folder of one name; where the suite wants both, the object was not there.
				if key == "ns/orders" {
					return
				}
				if err := owner.Put(t.Context(), "lake", key, []byte("seed"), false); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}

func grant(t *testing.T, prefixes int) vend.Grant {
	t.Helper()
	g := vend.Grant{Realm: "r", CatalogID: "c1", TableID: "t1", Table: "ns.t", Principal: "ann", PrincipalID: "p1", Actions: vend.Read | vend.Delete}
	for i := range prefixes {
		p, err := location.ParsePrefix(fmt.Sprintf("s3://lake/ns/t%d/", i))
		if err != nil {
			t.Fatal(err)
		}
		g.Prefixes = append(g.Prefixes, p)
	}
	return g
}

func TestTheKeyHoldsTheGrant(t *testing.T) {
	issuer := newIssuer(t)
	cred, err := newVendor(t, issuer, "http://192.0.2.1").Vend(t.Context(), &lake.Storage{Type: lake.S3}, grant(t, 2))
	if err != nil {
		t.Fatal(err)
	}
	c := cred.S3
	if c.Region != "local" || c.Endpoint != "http://192.0.2.1" || !c.PathStyle {
		t.Errorf("got region %q, endpoint %q, path style %v", c.Region, c.Endpoint, c.PathStyle)
	}
	claims, secret, err := issuer.Open(c.AccessKeyID, c.SessionToken.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	want := []s3local.Scope{{Bucket: "lake", Prefix: "ns/t0/", Actions: s3local.Read | s3local.Delete}, {Bucket: "lake", Prefix: "ns/t1/", Actions: s3local.Read | s3local.Delete}}
	if !slices.Equal(claims.Scopes, want) || claims.Realm != "r" || claims.Principal != "p1" || claims.Table != "t1" || string(secret) != c.SecretAccessKey.Reveal() || !claims.Expires.Equal(cred.Expires) {
		t.Errorf("got claims %+v until %v, want scopes %v of p1 on t1", claims, cred.Expires, want)
	}
	for _, subject := range []string{"principal:p1", "table:t1"} {
		cred, err := newVendor(t, issuer, "").Vend(t.Context(), &lake.Storage{Type: lake.S3}, grant(t, 1))
		if err != nil {
			t.Fatal(err)
		}
		claims, _, err := issuer.Open(cred.S3.AccessKeyID, cred.S3.SessionToken.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		if err := issuer.Revoke(subject); err != nil {
			t.Fatal(err)
		}
		if err := issuer.Check(claims); !fault.Is(err, fault.Forbidden) {
			t.Errorf("after revoking %s: got %v, want forbidden", subject, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	v := newVendor(t, newIssuer(t), "")
	if _, err := v.Vend(t.Context(), &lake.Storage{Type: lake.S3}, grant(t, 17)); !fault.Is(err, fault.Invalid) {
		t.Errorf("17 locations: got %v, want invalid", err)
	}
	if _, err := v.Vend(t.Context(), &lake.Storage{Type: lake.S3, Endpoint: "http://192.0.2.1"}, grant(t, 1)); !fault.Is(err, fault.Unsupported) {
		t.Errorf("another store: got %v, want unsupported", err)
	}
}

func TestConfigs(t *testing.T) {
	issuer, endpoint := newIssuer(t), func() string { return "" }
	rows := map[string]Config{
		"no issuer":   {Endpoint: endpoint, Region: "local"},
		"no endpoint": {Issuer: issuer, Region: "local"},
		"no region":   {Issuer: issuer, Endpoint: endpoint},
		"too short":   {Issuer: issuer, Endpoint: endpoint, Region: "local", Duration: time.Minute},
		"too long":    {Issuer: issuer, Endpoint: endpoint, Region: "local", Duration: 13 * time.Hour},
	}
	for name, config := range rows {
		if _, err := New(config); !fault.Is(err, fault.Argument) {
			t.Errorf("%s: got %v, want argument", name, err)
		}
	}
}
