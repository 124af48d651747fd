package gcs

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firn/shared/blob"
	"firn/shared/blob/blobtest"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/vend"
	"firn/shared/vend/gcs/gcstest"
)

func TestBlobtest(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blobtest.Store {
		w := newWorld(t)
		return blobtest.Store{Bucket: w.open(t, Config{}), Limited: w.open(t, Config{Limit: blobtest.Limit}),
			Folder: folder(t, "gs://lake/ns/t/"), Outside: folder(t, "gs://lake/ns/t2/")}
	})
}

func TestASweepOfAnotherStoreIsRefused(t *testing.T) {
	w := newWorld(t)
	if _, err := w.open(t, Config{}).DeleteAll(t.Context(), folder(t, "s3://lake/ns/t/"), 1); !fault.Is(err, fault.Invalid) {
		t.Errorf("got %v, want an error of kind invalid", err)
	}
	if got := w.Take(); len(got) != 0 {
		t.Errorf("got calls %v, want none", got)
	}
}

func TestWhatDoesNotOpen(t *testing.T) {
	o := New(Config{})
	rows := map[string]struct {
		storage lake.Storage
		cred    vend.Credential
	}{
		"another kind of storage":       {lake.Storage{Type: lake.S3}, vend.Credential{GCS: &vend.GCSCredential{Token: "t"}}},
		"no credential":                 {lake.Storage{Type: lake.GCS}, vend.Credential{}},
		"a credential of another store": {lake.Storage{Type: lake.GCS}, vend.Credential{S3: &vend.S3Credential{AccessKeyID: "k"}}},
	}
	for name, row := range rows {
		if b, err := o.Open(t.Context(), blob.Scope{Storage: &row.storage}, row.cred); b != nil || !fault.Is(err, fault.Unsupported) {
			t.Errorf("%s: got %v and %v, want an error of kind unsupported", name, b, err)
		}
	}
}

func TestWhatTheStoreRefuses(t *testing.T) {
	name := uri(t, "gs://lake/ns/t/v1.json")
	rows := []struct {
		fault  gcstest.Fault
		want   fault.Kind // of a get and a delete
		put    fault.Kind
		repeat bool
	}{
		{gcstest.Fault{Status: 400}, fault.Invalid, fault.Invalid, false},
		{gcstest.Fault{Status: 401}, fault.Forbidden, fault.Forbidden, false},
		{denied, fault.Forbidden, fault.Forbidden, false},
		{gcstest.Fault{Status: 404}, fault.NotFound, fault.Invalid, false},
		{gcstest.Fault{Status: 408}, fault.Unavailable, fault.StateUnknown, true},
		{gcstest.Fault{Status: 307}, fault.Invalid, fault.Invalid, false},
		{throttled, fault.Unavailable, fault.Unavailable, true},
		{broken, fault.Unavailable, fault.StateUnknown, true},
		{gcstest.Fault{Status: 503, Body: "<html>"}, fault.Unavailable, fault.StateUnknown, true},
		{dropped, fault.Unavailable, fault.StateUnknown, true},
		{nobody, fault.Unavailable, fault.Unavailable, true},
	}
	for _, row := range rows {
		t.Run(fmt.Sprintf("%+v", row.fault), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				b := w.open(t, Config{})
				w.Plan(func(string) gcstest.Fault { return row.fault })
				_, err := b.Get(t.Context(), name)
				got := map[string]error{"get": err, "put": b.Put(t.Context(), name, nil), "delete": b.Delete(t.Context(), name)}
				for what, err := range got {
					want := row.want
					if what == "put" {
						want = row.put
					}
					if what == "delete" && want == fault.NotFound {
						if err != nil {
							t.Errorf("delete: got %v, want no error", err)
						}
						continue
					}
					if !fault.Is(err, want) {
						t.Errorf("%s: got %v, want an error of kind %s", what, err, want)
					}
					if f := fault.From(err); want == fault.Unavailable && f.RetryAfter != retryAfter {
						t.Errorf("%s: got Retry-After %v, want %v", what, f.RetryAfter, retryAfter)
					}
					if strings.Contains(err.Error(), "ya29") {
						t.Errorf("%s: the log is told the token: %v", what, err)
					}
				}
				calls := 1
				if row.repeat {
					calls = attempts
				}
				for call, n := range w.Take() {
					if n != calls {
						t.Errorf("got %d calls of %s, want %d", n, call, calls)
					}
				}
			})
		})
	}
}

func TestAnExpiredTokenIsRefused(t *testing.T) {
	w := newWorld(t)
	w.cred.GCS = &vend.GCSCredential{Token: "ya29.other"}
	if _, err := w.open(t, Config{}).Get(t.Context(), uri(t, "gs://lake/ns/t/v1.json")); !fault.Is(err, fault.Forbidden) {
		t.Errorf("got %v, want an error of kind forbidden", err)
	}
}

func TestACallEndsInItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		name := uri(t, "gs://lake/ns/t/v1.json")
		b, err := New(Config{Timeout: time.Second, Client: &http.Client{Transport: stuck{}}}).Open(t.Context(), blob.Scope{Storage: w.storage}, w.cred)
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.Get(t.Context(), name)
		_, sweepErr := b.(blob.Sweeper).DeleteAll(t.Context(), folder(t, "gs://lake/ns/t/"), 1)
		for what, err := range map[string]error{"get": err, "delete": b.Delete(t.Context(), name), "sweep": sweepErr} {
			if !fault.Is(err, fault.Timeout) {
				t.Errorf("%s: got %v, want an error of kind timeout", what, err)
			}
		}
		if err := b.Put(t.Context(), name, nil); !fault.Is(err, fault.StateUnknown) {
			t.Errorf("put: got %v, want an error of kind state unknown", err)
		}
	})
}

// stuck is a network that answers nothing.
type stuck struct{}

func (stuck) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestTheEndpointIsTheConfiguredOne(t *testing.T) {
	w := newWorld(t)
	for endpoint, want := range map[string]string{"": "storage.googleapis.com", "http://store.test/": "store.test"} {
		var host, encoding string
		b, err := New(Config{Endpoint: endpoint, Client: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			host, encoding = r.URL.Host, r.Header.Get("Accept-Encoding")
			return w.Client().Transport.RoundTrip(r)
		})}}).Open(t.Context(), blob.Scope{Storage: w.storage}, w.cred)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Delete(t.Context(), uri(t, "gs://lake/ns/t/v1.json")); err != nil || host != want || encoding != "identity" {
			t.Errorf("got %s, encoding %q and %v, want %s and what is stored as it is", host, encoding, err, want)
		}
	}
}

// A token goes to the store and nowhere else.
func TestAnAnswerSendsNoTokenElsewhere(t *testing.T) {
	asked := 0
	o := New(Config{Client: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		asked++
		return &http.Response{StatusCode: http.StatusTemporaryRedirect, Header: http.Header{"Location": {"https://elsewhere.test/"}}, Body: http.NoBody, Request: r}, nil
	})}})
	b, err := o.Open(t.Context(), blob.Scope{Storage: &lake.Storage{Type: lake.GCS}}, vend.Credential{GCS: &vend.GCSCredential{Token: "t"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Get(t.Context(), uri(t, "gs://lake/ns/t/v1.json")); !fault.Is(err, fault.Invalid) || asked != 1 {
		t.Errorf("got %v and %d requests, want an error of kind invalid and one", err, asked)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestABucketPrintsNoToken(t *testing.T) {
	b, err := New(Config{}).Open(t.Context(), blob.Scope{Storage: &lake.Storage{Type: lake.GCS}}, vend.Credential{GCS: &vend.GCSCredential{Token: "t0ken"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		if text := fmt.Sprintf(verb, b); strings.Contains(text, "t0ken") {
			t.Errorf("%s prints the token", verb)
		}
	}
}
