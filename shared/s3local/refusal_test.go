package s3local

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// refusals runs rows of requests that must end with a code and without an effect.
func refusals(t *testing.T, rows []refusalRow) {
	t.Helper()
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.fill()
			c := w.mint(everyAction)
			if tt.actions != 0 {
				c = w.mint(tt.actions)
			}
			if tt.credential != nil {
				c = tt.credential(w, c)
			}
			var r *http.Request
			if tt.make != nil {
				r = tt.make(w, c)
			} else {
				r = w.request(c, tt.ask)
			}
			if tt.before != nil {
				tt.before(w, c)
			}
			rec := w.do(r)
			if rec.Code != tt.status || codeOf(rec) != tt.code {
				t.Errorf("got %d %s, want %d %s", rec.Code, rec.Body, tt.status, tt.code)
			}
			got := []string{w.read(prefix + "a"), w.read(prefix + "data/b"), w.read(prefix + "new"), w.read(sibling + "s"), w.read(sibling + "new"), w.read("lake/ns/top")}
			if diff := cmp.Diff([]string{"alpha", "beta", "", "secret", "", "secret"}, got); diff != "" || w.leftovers() != 0 {
				t.Errorf("objects after the refusal (-want +got): %s and %d work files", diff, w.leftovers())
			}
		})
	}
}

type refusalRow struct {
	name       string
	actions    Action // 0: every action
	ask        ask
	status     int
	code       string
	credential func(*world, Credential) Credential    // changes the credential
	make       func(*world, Credential) *http.Request // instead of ask
	before     func(*world, Credential)               // between signing and sending
}

func get(key string) ask { return ask{method: "GET", target: at(key)} }

func altered(a ask, alter func(*http.Request)) ask {
	a.alter = alter
	return a
}

func TestWhoIsNotTheHolderIsRefused(t *testing.T) {
	replace := func(name, old, text string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, strings.Replace(r.Header.Get(name), old, text, 1)) }
	}
	refusals(t, []refusalRow{
		{name: "unsigned", status: 403, code: "AccessDenied", make: func(w *world, _ Credential) *http.Request { return w.plain("GET", at(prefix+"a"), nil, "") }},
		{name: "tampered token", ask: get(prefix + "a"), status: 400, code: "InvalidToken", credential: func(_ *world, c Credential) Credential {
			text := []byte(c.SessionToken)
			text[40] ^= 1
			c.SessionToken = Secret(text)
			return c
		}},
		{name: "token that is no base64", ask: get(prefix + "a"), status: 400, code: "InvalidToken", credential: func(_ *world, c Credential) Credential {
			c.SessionToken = "!" + c.SessionToken
			return c
		}},
		{name: "token that is too long", ask: get(prefix + "a"), status: 400, code: "InvalidToken", credential: func(_ *world, c Credential) Credential {
			c.SessionToken = Secret(strings.Repeat("A", maxToken+1))
			return c
		}},
		{name: "token of another access key", ask: get(prefix + "a"), status: 400, code: "InvalidToken", credential: func(w *world, c Credential) Credential {
			c.AccessKeyID = w.mint(everyAction).AccessKeyID
			return c
		}},
		{name: "token of another process", ask: get(prefix + "a"), status: 400, code: "InvalidToken", credential: func(w *world, _ Credential) Credential {
			other, err := NewIssuer(bytes.Repeat([]byte("o"), 32), w.clock.now)
			if err != nil {
				w.t.Fatal(err)
			}
			c, err := other.Mint(Claims{Scopes: []Scope{{bucket, prefix, everyAction}}}, time.Hour)
			if err != nil {
				w.t.Fatal(err)
			}
			return c
		}},
		{name: "secret of another credential", ask: get(prefix + "a"), status: 403, code: "SignatureDoesNotMatch", credential: func(w *world, c Credential) Credential {
			c.SecretAccessKey = w.mint(everyAction).SecretAccessKey
			return c
		}},
		{name: "no token", ask: altered(get(prefix+"a"), func(r *http.Request) { r.Header.Del("X-Amz-Security-Token") }), status: 403, code: "InvalidAccessKeyId"},
		{name: "changed signature", ask: altered(get(prefix+"a"), func(r *http.Request) {
			text := []byte(r.Header.Get("Authorization"))
			text[len(text)-1] ^= 1
			r.Header.Set("Authorization", string(text))
		}), status: 403, code: "SignatureDoesNotMatch"},
		{name: "signed for another path", ask: ask{method: "GET", target: at(prefix + "a"), signed: at(prefix + "data/b")}, status: 403, code: "SignatureDoesNotMatch"},
		{name: "replayed with another method", ask: altered(get(prefix+"a"), func(r *http.Request) { r.Method = "DELETE" }), status: 403, code: "SignatureDoesNotMatch"},
		{name: "replayed with another query", ask: altered(get(prefix+"a"), func(r *http.Request) { r.RequestURI += "?x-id=GetObject" }), status: 403, code: "SignatureDoesNotMatch"},
		{name: "replayed on another host", ask: altered(get(prefix+"a"), func(r *http.Request) { r.Host = "other:8182" }), status: 403, code: "SignatureDoesNotMatch"},
		{name: "signed for another host", ask: ask{method: "GET", target: at(prefix + "a"), host: "other:8182"}, status: 403, code: "SignatureDoesNotMatch"},
		{name: "too old", ask: ask{method: "GET", target: at(prefix + "a"), at: time.Now().Add(-16 * time.Minute)}, status: 403, code: "RequestTimeTooSkewed"},
		{name: "too new", ask: ask{method: "GET", target: at(prefix + "a"), at: time.Now().Add(16 * time.Minute)}, status: 403, code: "RequestTimeTooSkewed"},
		{name: "header added to what is signed", ask: altered(ask{method: "PUT", target: at(prefix + "new")}, func(r *http.Request) {
			r.Header.Set("X-Amz-Copy-Source", at(prefix+"a"))
		}), status: 403, code: "AccessDenied"},
		{name: "content-md5 not signed", ask: ask{method: "PUT", target: at(prefix + "new"), body: "x", header: map[string]string{"Content-MD5": "nd2k6gpELDs0dJqnfI8+Iw=="}, unsign: []string{"content-md5"}}, status: 403, code: "AccessDenied"},
		{name: "host not signed", ask: ask{method: "GET", target: at(prefix + "a"), unsign: []string{"host"}}, status: 403, code: "AccessDenied"},
		{name: "header twice", ask: altered(get(prefix+"a"), func(r *http.Request) { r.Header.Add("X-Amz-Date", "20000101T000000Z") }), status: 400, code: "InvalidRequest"},
		{name: "two Authorization headers", ask: altered(get(prefix+"a"), func(r *http.Request) { r.Header.Add("Authorization", r.Header.Get("Authorization")) }), status: 400, code: "InvalidArgument"},
		{name: "signed in headers and query", status: 400, code: "InvalidArgument", make: func(w *world, c Credential) *http.Request {
			r := w.request(c, get(prefix+"a"))
			r.RequestURI = w.presign(c, "GET", at(prefix+"a"), "", 60)
			return r
		}},
		{name: "version 2 in a header", status: 400, code: "InvalidRequest", make: func(w *world, c Credential) *http.Request {
			return w.plain("GET", at(prefix+"a"), map[string]string{"Authorization": "AWS " + c.AccessKeyID + ":c2ln"}, "")
		}},
		{name: "version 2 in the query", status: 400, code: "InvalidRequest", make: func(w *world, c Credential) *http.Request {
			return w.plain("GET", at(prefix+"a")+"?AWSAccessKeyId="+c.AccessKeyID+"&Signature=x&Expires=1", nil, "")
		}},
		{name: "another algorithm", ask: altered(get(prefix+"a"), replace("Authorization", "HMAC-SHA256", "HMAC-SHA1")), status: 400, code: "InvalidRequest"},
		{name: "another service", ask: altered(get(prefix+"a"), replace("Authorization", "/s3/", "/sts/")), status: 400, code: "AuthorizationHeaderMalformed"},
		{name: "a field is missing", ask: altered(get(prefix+"a"), replace("Authorization", ", Signature=", ", Signature")), status: 400, code: "AuthorizationHeaderMalformed"},
		{name: "a field comes twice", ask: altered(get(prefix+"a"), replace("Authorization", "SignedHeaders=", "Signature=x, SignedHeaders=")), status: 400, code: "AuthorizationHeaderMalformed"},
		{name: "a field too many", ask: altered(get(prefix+"a"), replace("Authorization", "SignedHeaders=", "Other=x, SignedHeaders=")), status: 400, code: "AuthorizationHeaderMalformed"},
		{name: "headers not sorted", ask: altered(get(prefix+"a"), replace("Authorization", "host;", "x-amz-zzz;host;")), status: 400, code: "AuthorizationHeaderMalformed"},
		{name: "a header named twice", ask: altered(get(prefix+"a"), replace("Authorization", "host;", "host;host;")), status: 400, code: "AuthorizationHeaderMalformed"},
		{name: "a header in upper case", ask: altered(get(prefix+"a"), replace("Authorization", "host;", "Host;")), status: 400, code: "AuthorizationHeaderMalformed"},
		{name: "no date", ask: altered(get(prefix+"a"), func(r *http.Request) { r.Header.Del("X-Amz-Date") }), status: 400, code: "AuthorizationHeaderMalformed"},
		{name: "key of another day", ask: altered(get(prefix+"a"), replace("X-Amz-Date", "20", "19")), status: 400, code: "AuthorizationHeaderMalformed"},
		{name: "no payload hash", ask: altered(get(prefix+"a"), func(r *http.Request) { r.Header.Del("X-Amz-Content-Sha256") }), status: 400, code: "InvalidRequest"},
	})
}

func TestACredentialEnds(t *testing.T) {
	revoke := func(subject string) func(*world, Credential) {
		return func(w *world, c Credential) {
			if err := w.issuer.Revoke(strings.Replace(subject, "ID", c.AccessKeyID, 1)); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	refusals(t, []refusalRow{
		{name: "at its expiry", status: 400, code: "ExpiredToken", make: func(w *world, c Credential) *http.Request {
			w.clock.add(time.Hour)
			return w.request(c, get(prefix+"a"))
		}},
		{name: "when it is revoked", ask: get(prefix + "a"), before: revoke("id:/ID"), status: 403, code: "AccessDenied"},
		{name: "when its principal is revoked", ask: get(prefix + "a"), before: revoke("principal:p1"), status: 403, code: "AccessDenied"},
		{name: "when its table is revoked", ask: get(prefix + "a"), before: revoke("table:t1"), status: 403, code: "AccessDenied"},
		{name: "when all are revoked", ask: get(prefix + "a"), before: revoke("all"), status: 403, code: "AccessDenied"},
		{name: "and its holder alone is told so", ask: altered(get(prefix+"a"), func(r *http.Request) { r.Host = "other" }), before: revoke("all"), status: 403, code: "SignatureDoesNotMatch"},
		{name: "with its presigned requests", status: 403, code: "AccessDenied", before: revoke("id:/ID"), make: func(w *world, c Credential) *http.Request {
			return w.plain("GET", w.presign(c, "GET", at(prefix+"a"), "", 60), nil, "")
		}},
	})
}

func TestPresignedRequests(t *testing.T) {
	w := newWorld(t)
	w.fill()
	c := w.mint(Read | Write)
	if rec := w.do(w.plain("GET", w.presign(c, "GET", at(prefix+"a"), "x-id=GetObject", 60), nil, "")); rec.Body.String() != "alpha" {
		t.Errorf("get: got %d %s, want alpha", rec.Code, rec.Body)
	}
	if rec := w.do(w.plain("PUT", w.presign(c, "PUT", at(prefix+"new"), "", 60), nil, "body")); rec.Code != 200 || w.read(prefix+"new") != "body" {
		t.Errorf("put: got %d %s, want 200", rec.Code, rec.Body)
	}
	presigned := func(method, key, extra string, life int, then func(*world, *http.Request)) func(*world, Credential) *http.Request {
		return func(w *world, c Credential) *http.Request {
			r := w.plain(method, w.presign(c, method, at(key), extra, life), nil, "")
			if then != nil {
				then(w, r)
			}
			return r
		}
	}
	refusals(t, []refusalRow{
		{name: "beyond the scope", make: presigned("GET", sibling+"s", "", 60, nil), status: 403, code: "AccessDenied"},
		{name: "expired", make: presigned("GET", prefix+"a", "", 60, func(w *world, _ *http.Request) { w.clock.add(time.Minute) }), status: 403, code: "AccessDenied"},
		{name: "older than the skew and still alive", make: presigned("GET", prefix+"none", "", 3000, func(w *world, _ *http.Request) { w.clock.add(40 * time.Minute) }), status: 404, code: "NoSuchKey"},
		{name: "from the future", make: presigned("GET", prefix+"a", "", 3000, func(w *world, _ *http.Request) { w.clock.add(-16 * time.Minute) }), status: 403, code: "RequestTimeTooSkewed"},
		{name: "dead with its credential", make: presigned("GET", prefix+"a", "", 7200, func(w *world, _ *http.Request) { w.clock.add(time.Hour) }), status: 400, code: "ExpiredToken"},
		{name: "for too long", make: presigned("GET", prefix+"a", "", 7*24*3600+1, nil), status: 400, code: "AuthorizationQueryParametersError"},
		{name: "for no time", make: presigned("GET", prefix+"a", "", 0, nil), status: 400, code: "AuthorizationQueryParametersError"},
		{name: "with a hash in the query", make: presigned("GET", prefix+"a", "X-Amz-Content-Sha256="+emptySHA256, 60, nil), status: 400, code: "AuthorizationQueryParametersError"},
		{name: "with another parameter", make: presigned("GET", prefix+"a", "versionId=1", 60, nil), status: 501, code: "NotImplemented"},
		{name: "for another method", make: presigned("GET", prefix+"a", "", 60, func(_ *world, r *http.Request) { r.Method = "DELETE" }), status: 403, code: "SignatureDoesNotMatch"},
		{name: "with an added copy source", make: presigned("GET", prefix+"a", "", 60, func(_ *world, r *http.Request) {
			r.Header.Set("X-Amz-Copy-Source", at(sibling+"s"))
		}), status: 403, code: "AccessDenied"},
		{name: "with a name in another case", make: presigned("GET", prefix+"a", "", 60, func(_ *world, r *http.Request) {
			r.RequestURI = strings.Replace(r.RequestURI, "X-Amz-Signature", "x-amz-signature", 1)
		}), status: 403, code: "AccessDenied"},
		{name: "parameters of presigning on a request signed in headers", ask: ask{method: "GET", target: at(prefix+"a") + "?X-Amz-Expires=60"}, status: 501, code: "NotImplemented"},
	})
}
