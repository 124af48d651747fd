package azure

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"firn/shared/fault"
	"firn/shared/vend"
)

func says(status int, header ...string) func(*http.Request) (*http.Response, error) {
	return body(status, "", header...)
}

func body(status int, text string, header ...string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		w := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: r}
		for i := 0; i < len(header); i += 2 {
			w.Header.Set(header[i], header[i+1])
		}
		return w, nil
	}
}

// What a failed request for a key becomes, and how often it is sent.
func TestFailures(t *testing.T) {
	const secret = "entra-token"
	rows := []struct {
		name  string
		fail  func(*http.Request) (*http.Response, error)
		kind  fault.Kind
		says  string
		sent  int
		after time.Duration
	}{
		{"not allowed", says(403, "X-Ms-Error-Code", "AuthorizationPermissionMismatch"), fault.Forbidden, notAllowed, 1, 0},
		{"not known", says(401), fault.Forbidden, notAllowed, 1, 0},
		{"not understood", says(400, "X-Ms-Error-Code", "InvalidXmlNodeValue"), fault.Invalid, notTaken, 1, 0},
		{"no such account", says(404), fault.Invalid, notTaken, 1, 0},
		{"a redirect is not followed", says(302, "Location", "https://evil.example/"), fault.Invalid, notTaken, 1, 0},
		{"throttled", says(429, "Retry-After", "7"), fault.Unavailable, busy, 1, 7 * time.Second},
		{"throttled for a moment", says(503, "X-Ms-Error-Code", "ServerBusy"), fault.Unavailable, busy, 3, 2 * time.Second},
		{"broken", says(500), fault.Unavailable, away, 3, 2 * time.Second},
		{"slow", says(408), fault.Unavailable, away, 3, 2 * time.Second},
		{"not reached", func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }, fault.Unavailable, away, 3, 2 * time.Second},
		{"no XML", body(200, "{}"), fault.Unavailable, incomplete, 1, 0},
		{"an empty answer", body(200, "<UserDelegationKey/>"), fault.Unavailable, incomplete, 1, 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w, b := newBetween(t, nil)
			b.answer = row.fail
			_, err := w.vendor.Vend(t.Context(), w.storage, w.grant(t, vend.Read, root+"ns/t"))
			f := fault.From(err)
			if f == nil || f.Kind != row.kind || f.Message != row.says || f.RetryAfter != row.after || b.asked != row.sent {
				t.Errorf("got %v after %s and %d attempts, want %s %q after %s and %d", err, f.RetryAfter, b.asked, row.kind, row.says, row.after, row.sent)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("got the token in %q", err)
			}
			b.answer = nil
			w.vend(t, root+"ns/t")
		})
	}
}

// goodKey is an answer as it must be.
const goodKey = `<UserDelegationKey><SignedOid>o</SignedOid><SignedTid>` + tenant + `</SignedTid><SignedStart>2026-11-21T09:55:00Z</SignedStart><SignedExpiry>2026-11-21T14:00:00Z</SignedExpiry>` +
	`<SignedService>b</SignedService><SignedVersion>2020-12-06</SignedVersion><Value>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=</Value></UserDelegationKey>`

// An answer in which one part is not as it must be.
func TestKeysThatAreNone(t *testing.T) {
	rows := []struct {
		name, old, next string
		kind            fault.Kind
	}{
		{"as it must be", "", "", 0},
		{"no identity", "<SignedOid>o<", "<SignedOid><", fault.Unavailable},
		{"no tenant", tenant, "", fault.Unavailable},
		{"another tenant", tenant, "00000000-1111-4222-8333-444455556666", fault.Forbidden},
		{"the tenant in capitals", tenant, strings.ToUpper(tenant), 0},
		{"no beginning", "2026-11-21T09:55:00Z", "", fault.Unavailable},
		{"no end", "2026-11-21T14:00:00Z", "", fault.Unavailable},
		{"a strange end", "2026-11-21T14:00:00Z", "tomorrow", fault.Unavailable},
		{"an end that is too soon", "2026-11-21T14:00:00Z", "2026-11-21T10:14:59Z", fault.Unavailable},
		{"another service", "<SignedService>b", "<SignedService>q", fault.Unavailable},
		{"no version", "2020-12-06", "", fault.Unavailable},
		{"no secret", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "", fault.Unavailable},
		{"a short secret", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AAAA", fault.Unavailable},
		{"a secret that is not base64", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", strings.Repeat("!", 44), fault.Unavailable},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w, b := newBetween(t, nil)
			text := goodKey
			if row.old != "" {
				text = strings.Replace(goodKey, row.old, row.next, 1)
			}
			b.answer = body(200, text)
			_, err := w.vendor.Vend(t.Context(), w.storage, w.grant(t, vend.Read, root+"ns/t"))
			if row.kind == 0 && err != nil || row.kind != 0 && !fault.Is(err, row.kind) {
				t.Errorf("got %v, want kind %s", err, row.kind)
			}
		})
	}
}

func TestASASIsNeverLongerThanItsKey(t *testing.T) {
	w, b := newBetween(t, nil)
	b.answer = body(200, strings.Replace(goodKey, "2026-11-21T14:00:00Z", "2026-11-21T10:20:00Z", 1))
	cred := w.vend(t, root+"ns/t")
	if got := cred.Expires.Sub(w.now); got != 20*time.Minute || !strings.Contains(cred.Azure.SAS.Reveal(), "se=2026-11-21T10%3A20%3A00Z&") {
		t.Errorf("got a life of %s, want the key's 20 minutes", got)
	}
}

func TestTheIdentitysRefusalIsTold(t *testing.T) {
	w := newWorld(t, nil)
	w.identity.err = fault.New(fault.Forbidden, "no")
	if _, err := w.vendor.Vend(t.Context(), w.storage, w.grant(t, vend.Read, root+"ns/t")); !fault.Is(err, fault.Forbidden) || len(w.cloud.Log()) != 0 {
		t.Errorf("got %v and %d requests, want forbidden and none", err, len(w.cloud.Log()))
	}
}

func TestRevokedKeysOpenNothing(t *testing.T) {
	w := newWorld(t, nil)
	w.cloud.Seed("lake", "data", "ns/t/a", "x")
	cred := w.vend(t, root+"ns/t")
	w.cloud.RevokeKeys("lake")
	if got, _ := w.send(t, http.MethodGet, address("data", "ns/t/a", "", cred.Azure.SAS), nil); got != http.StatusForbidden {
		t.Errorf("got %d, want 403", got)
	}
}

func TestTheKeyIsNeverPrinted(t *testing.T) {
	k := &delegationKey{secret: []byte("0123456789abcdef0123456789abcdef"), objectID: "oid"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{k, *k, []*delegationKey{k}} {
			if got := fmt.Sprintf(verb, value); strings.Contains(got, "0123") || strings.Contains(got, "30313233") || strings.Contains(got, "48 49") {
				t.Errorf("%s of %T shows the secret", verb, value)
			}
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("key", "key", k)
	if strings.Contains(log.String(), "0123") {
		t.Error("a log shows the secret")
	}
}

func TestAnAnswerHasABound(t *testing.T) {
	w, b := newBetween(t, nil)
	b.answer = body(200, "<UserDelegationKey>"+strings.Repeat(" ", maxKey)+"</UserDelegationKey>")
	if _, err := w.vendor.Vend(t.Context(), w.storage, w.grant(t, vend.Read, root+"ns/t")); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "not XML") {
		t.Errorf("got %v, want an answer that was not read to its end", err)
	}
}
