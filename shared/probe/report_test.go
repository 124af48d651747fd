package probe_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/probe"
	"firn/shared/vend"
)

func TestStorageWithoutKeysIsSkipped(t *testing.T) {
	yes := true
	rows := []struct {
		name   string
		change func(*lake.Catalog)
		mint   error
		want   string
	}{
		{"files", func(c *lake.Catalog) { c.Storage.Type = lake.File }, nil, "Storage of type FILE has no keys."},
		{"the embedded store", func(c *lake.Catalog) { c.Storage = *embedded }, nil, "The embedded object store"},
		{"no STS", func(c *lake.Catalog) { c.Storage.STSUnavailable = &yes }, nil, "stsUnavailable"},
		{"an external catalog without vending", func(c *lake.Catalog) {
			c.Type, c.Properties[string(lake.CredentialVending)] = lake.External, "false"
		}, nil, "external catalog"},
		{"a store that cannot scope", func(*lake.Catalog) {}, fault.Of(fault.Unsupported, fault.Credential, "", "This store cannot narrow keys."), "This store cannot narrow keys."},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			if row.mint != nil {
				w.mint = func(*lake.Storage, vend.Grant) error { return row.mint }
			}
			c := catalog()
			row.change(c)
			got := probe.New(probe.Config{Vendor: w, Files: w, Now: time.Now}).Probe(t.Context(), asker, c)
			if got.State != lake.ProbeSkipped || !strings.Contains(got.Reason, row.want) || got.Findings != nil || w.calls > 0 {
				t.Errorf("got %+v after %d calls, want it skipped because %s", got, w.calls, row.want)
			}
		})
	}
}

func TestABaseThatIsNoFolder(t *testing.T) {
	c := catalog()
	c.Properties["default-base-location"] = "s3://lake"
	w := newWorld(t)
	got := probe.New(probe.Config{Vendor: w, Files: w, Now: time.Now}).Probe(t.Context(), asker, c)
	if diff := cmp.Diff(told(got), []string{"broken storage.invalid key"}); diff != "" || len(w.asked) > 0 {
		t.Errorf("%d keys were asked for; (-got +want):\n%s", len(w.asked), diff)
	}
}

// A role that other catalogs of this server could name is told, and keeps no keys back.
func TestARoleThatTakesAnyExternalID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.mint = func(*lake.Storage, vend.Grant) error { return nil }
		got := w.try(t.Context(), nil)
		if diff := cmp.Diff(told(got), []string{"warning trust.any-external-id trust"}); diff != "" || got.State != lake.ProbePassed || got.Codes() != nil {
			t.Errorf("got %s (-got +want):\n%s", got.State, diff)
		}
		other := w.asked[len(w.asked)-1]
		if folder := other.Prefixes[0].String(); folder != base+"firn-probe/catalogid/own/" || other.Actions.Has(vend.Write) {
			t.Errorf("got a grant of %s on %s, want one that reads the folder of the probe", other.Actions, folder)
		}
	})
}

type browser struct{ err error }

func (b browser) Preflight(context.Context, *lake.Storage, location.Prefix) error { return b.err }

func TestBrowsersAreAWarning(t *testing.T) {
	for name, row := range map[string]struct {
		err  error
		want []string
	}{
		"let in":       {nil, nil},
		"kept out":     {fault.New(fault.Forbidden, "no"), []string{"warning cors.closed cors"}},
		"not answered": {fault.New(fault.Unavailable, "away"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := newWorld(t).try(t.Context(), func(c *probe.Config) { c.Browser = browser{row.err} })
			if diff := cmp.Diff(told(got), row.want); diff != "" || got.State != lake.ProbePassed {
				t.Errorf("got %s (-got +want):\n%s", got.State, diff)
			}
		})
	}
}

// What the store says is for the administrator, and holds no signature of a URL and nothing that steers a terminal.
func TestTheWordsOfTheStore(t *testing.T) {
	rows := []struct {
		name        string
		err         error
		has, hasNot string
	}{
		{"AWS's", denied("User: arn:aws:sts::1:assumed-role/firn/x is not authorized"), "AccessDenied: User: arn:aws:sts::1:assumed-role/firn/x is not authorized", ""},
		{"the network's", fault.Of(fault.Unavailable, fault.Credential, "", "away").Because(&url.Error{Op: "Get", URL: "https://x/y?sig=secret",
			Err: &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}}), "dial tcp: connection refused", "sig="},
		{"a URL's", fault.Of(fault.Unavailable, fault.Credential, "", "away").Because(errors.New("get https://x/y?sig=secret&se=1 failed")), "get https://x/y failed", "secret"},
		{"a terminal's", denied("\x1b[2Jred"), "AccessDenied:  [2Jred", "\x1b"},
		{"endless", denied(strings.Repeat("long ", 1000)), "…", strings.Repeat("long ", 200)},
		{"none", fault.Of(fault.Timeout, fault.Credential, "", "late"), "the answer: late", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.mint = func(*lake.Storage, vend.Grant) error { return row.err }
				got := w.try(t.Context(), func(c *probe.Config) { c.Apart = true }).Findings[0]
				for _, part := range []string{row.has, "role arn:aws:iam::111122223333:role/firn-vending/lake", "external id firn-catalogid/probe", "region eu-west-1", "folder s3://lake/base/firn-probe/catalogid/own/"} {
					if !strings.Contains(got.Detail, part) {
						t.Errorf("got %q, want %q in it", got.Detail, part)
					}
				}
				if row.hasNot != "" && strings.Contains(got.Detail, row.hasNot) {
					t.Errorf("got %q, want no %q in it", got.Detail, row.hasNot)
				}
			})
		})
	}
}
