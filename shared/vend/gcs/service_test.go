package gcs

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firn/shared/fault"
	"firn/shared/vend/gcs/gcstest"
)

func TestWhatGooglesRefusalsMean(t *testing.T) {
	rows := []struct {
		call    string
		status  int
		kind    fault.Kind
		message string
		calls   int
	}{
		{"impersonate", 400, fault.Invalid, notTaken, 1},
		{"impersonate", 401, fault.Forbidden, notKnown, 1},
		{"impersonate", 403, fault.Forbidden, notTrusted, 1},
		{"impersonate", 404, fault.Forbidden, notTrusted, 1},
		{"impersonate", 429, fault.Unavailable, busy, 3},
		{"impersonate", 500, fault.Unavailable, away, 3},
		{"impersonate", 503, fault.Unavailable, away, 3},
		{"exchange", 400, fault.Invalid, notTaken, 1},
		{"exchange", 401, fault.Forbidden, notKnown, 1},
		{"exchange", 403, fault.Forbidden, notTaken, 1},
		{"exchange", 307, fault.Invalid, notTaken, 1},
		{"exchange", 408, fault.Unavailable, away, 3},
		{"exchange", 429, fault.Unavailable, busy, 3},
		{"exchange", 502, fault.Unavailable, away, 3},
		{"intermediary", 403, fault.Forbidden, notTaken, 1},
		{"intermediary", 500, fault.Unavailable, away, 3},
	}
	for _, row := range rows {
		t.Run(row.call+" "+http.StatusText(row.status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, func(c *Config) { c.ClientSide = row.call == "intermediary" })
				w.Plan(down(row.call, row.status))
				_, err := w.vendor.Vend(t.Context(), storage(catalogSA), grant(t, reader, "gs://lake/t/"))
				fails(t, err, row.kind, row.message)
				if got := w.Take()[row.call]; got != row.calls {
					t.Errorf("got %d calls, want %d", got, row.calls)
				}
				if got := fault.From(err); row.kind == fault.Unavailable && got.RetryAfter != retryAfter {
					t.Errorf("got Retry-After %v, want %v", got.RetryAfter, retryAfter)
				}
				if shown := fault.From(err).Message; strings.Contains(shown, "lake@") || strings.Contains(shown, "planned") {
					t.Errorf("a client is told %q", shown)
				}
				if strings.Contains(err.Error(), "ya29") {
					t.Errorf("the log is told a token: %v", err)
				}
			})
		})
	}
}

func TestAnAccountThatDoesNotTrustFirn(t *testing.T) {
	w := newWorld(t, nil)
	_, err := w.vendor.Vend(t.Context(), storage("other@project.iam.gserviceaccount.com"), grant(t, reader, "gs://lake/t/"))
	fails(t, err, fault.Forbidden, notTrusted)
	if !strings.Contains(err.Error(), "PERMISSION_DENIED") || !strings.Contains(err.Error(), "getAccessToken") {
		t.Errorf("got %v, want Google's own words in the log", err)
	}
}

func TestACallThatFailsOnceIsRepeated(t *testing.T) {
	for name, f := range map[string]gcstest.Fault{"busy": {Status: 429}, "away": {Status: 503}, "lost": {Drop: true}, "its answer lost": {Lose: true},
		"no connection": {Dial: true}, "an answer that is no JSON": {Status: 200, Body: "<html>"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				failed := map[string]bool{}
				w.Plan(func(call string) gcstest.Fault {
					if failed[call] {
						return gcstest.Fault{}
					}
					failed[call] = true
					return f
				})
				w.vend(t, catalogSA, grant(t, reader, "gs://lake/t/"))
				if got := w.Take(); got["impersonate"] != 2 || got["exchange"] != 2 {
					t.Errorf("got %v, want two of each", got)
				}
			})
		})
	}
}

func TestRetryAfterIsGooglesOwnWithinBounds(t *testing.T) {
	for said, want := range map[time.Duration]time.Duration{0: retryAfter, time.Second: retryAfter, 30 * time.Second: 30 * time.Second, time.Hour: time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, nil)
			w.Plan(func(string) gcstest.Fault { return gcstest.Fault{Status: 429, RetryAfter: said} })
			_, err := w.vendor.Vend(t.Context(), storage(""), grant(t, reader, "gs://lake/t/"))
			if got := fault.From(err).RetryAfter; got != want {
				t.Errorf("said %v: got %v, want %v", said, got, want)
			}
		})
	}
}

// An answer that lacks a part is worth nothing.
func TestIncompleteAnswers(t *testing.T) {
	rows := []struct{ name, call, body, message string }{
		{"no token", "exchange", `{"expires_in":3600}`, partial},
		{"a life below nothing", "exchange", `{"access_token":"t","expires_in":-1}`, partial},
		{"no session key", "intermediary", `{"access_token":"t","expires_in":3600}`, partial},
		{"no token of the account", "impersonate", `{"expireTime":"2026-05-04T13:00:00Z"}`, partial},
		{"no end of it", "impersonate", `{"accessToken":"t"}`, partial},
		{"no JSON, ever", "exchange", `<html>`, away},
		{"more than a token can be", "exchange", `{"expires_in":3600,"access_token":"` + strings.Repeat("t", maxAnswer) + `"}`, away},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, func(c *Config) { c.ClientSide = row.call == "intermediary" })
				w.Plan(func(call string) gcstest.Fault {
					if call == row.call {
						return gcstest.Fault{Status: 200, Body: row.body}
					}
					return gcstest.Fault{}
				})
				_, err := w.vendor.Vend(t.Context(), storage(catalogSA), grant(t, reader, "gs://lake/t/"))
				fails(t, err, fault.Unavailable, row.message)
			})
		})
	}
}

// Google tells how long a token lives of service accounts' alone, and may say less than its source.
func TestExpiryIsTheIssuersOwn(t *testing.T) {
	for body, want := range map[string]time.Duration{
		`{"access_token":"t"}`:                     time.Hour,
		`{"access_token":"t","expires_in":1800}`:   30 * time.Minute,
		`{"access_token":"t","expires_in":360000}`: time.Hour,
	} {
		w := newWorld(t, nil)
		w.Plan(func(string) gcstest.Fault { return gcstest.Fault{Status: 200, Body: body} })
		cred := w.vend(t, "", grant(t, reader, "gs://lake/t/"))
		if got := cred.Expires.Sub(start); got != want {
			t.Errorf("%s: got %v, want %v", body, got, want)
		}
	}
}

func TestAMintingEndsInItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *Config) {
			c.Timeout = time.Second
			c.Client = &http.Client{Transport: stuck{}}
		})
		_, err := w.vendor.Vend(t.Context(), storage(""), grant(t, reader, "gs://lake/t/"))
		fails(t, err, fault.Timeout, late)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want its cause in the log", err)
		}
	})
}

// stuck is a network that answers nothing.
type stuck struct{}

func (stuck) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestTheLogIsToldARefusalInBounds(t *testing.T) {
	w := newWorld(t, nil)
	w.Plan(func(string) gcstest.Fault {
		return gcstest.Fault{Status: 400, Body: `{"error":"invalid_request","error_description":"` + strings.Repeat("why ", 1000) + `"}`}
	})
	_, err := w.vendor.Vend(t.Context(), storage(""), grant(t, reader, "gs://lake/t/"))
	if n := len(err.Error()); !strings.Contains(err.Error(), "invalid_request: why") || n > 1000 {
		t.Errorf("got %d characters, want the reason in at most 1,000: %.80s", n, err)
	}
}

// What the identity says goes to the caller as it is; an account of its own is not asked for.
func TestFirnsOwnIdentityFails(t *testing.T) {
	w := newWorld(t, nil)
	w.err = fault.Of(fault.Unsupported, fault.Credential, "", "There is no identity.")
	_, err := w.vendor.Vend(t.Context(), storage(catalogSA), grant(t, reader, "gs://lake/t/"))
	fails(t, err, fault.Unsupported, "There is no identity.")
	if got := w.Take(); len(got) != 0 {
		t.Errorf("got %v, want no calls", got)
	}
}

func TestEndpointsAreTheConfiguredOnes(t *testing.T) {
	var hosts []string
	record := func(c *Config) {
		inner := c.Client.Transport
		c.Client.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			hosts = append(hosts, r.URL.Scheme+"://"+r.URL.Host)
			return inner.RoundTrip(r)
		})
	}
	newWorld(t, record).vend(t, catalogSA, grant(t, reader, "gs://lake/t/"))
	newWorld(t, func(c *Config) { record(c); c.STS, c.IAM = "http://sts.test/", "http://iam.test" }).vend(t, catalogSA, grant(t, reader, "gs://lake/t/"))
	want := "https://iamcredentials.googleapis.com https://sts.googleapis.com http://iam.test http://sts.test"
	if got := strings.Join(hosts, " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A token goes where the configuration says, and nowhere else.
func TestAnAnswerSendsNoTokenElsewhere(t *testing.T) {
	asked := 0
	w := newWorld(t, func(c *Config) {
		c.Client.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			asked++
			return &http.Response{StatusCode: http.StatusTemporaryRedirect, Header: http.Header{"Location": {"https://elsewhere.test/"}}, Body: http.NoBody, Request: r}, nil
		})
	})
	if _, err := w.vendor.Vend(t.Context(), storage(catalogSA), grant(t, reader, "gs://lake/t/")); !fault.Is(err, fault.Invalid) || asked != 1 {
		t.Errorf("got %v and %d requests, want an error of kind invalid and one", err, asked)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
