package oauth_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/protocol/oauth"
	"firn/shared/rest"
	"firn/shared/throttle"
	"firn/shared/token"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// people are the principals of every realm, by client id.
type people map[string]*lake.Principal

func (p people) Client(_ context.Context, _ lake.Realm, clientID string) (*token.Client, error) {
	if clientID == "down" {
		return nil, fault.New(fault.Unavailable, "")
	}
	known := p[clientID]
	if known == nil {
		return nil, fault.Missing(fault.Principal, "")
	}
	return &token.Client{PrincipalID: known.ID, Principal: known.Name, Secrets: known.Secrets}, nil
}

func (p people) Principal(_ context.Context, caller lake.Caller) (*lake.Principal, error) {
	for _, known := range p {
		if known.ID == caller.PrincipalID {
			return known, nil
		}
	}
	return nil, fault.Missing(fault.Principal, caller.Principal)
}

func principal(name, clientID string, secret lake.Secret) *lake.Principal {
	return &lake.Principal{ID: lake.ID("id-of-" + name), Name: name, ClientID: clientID, Secrets: lake.Secrets{}.Rotate(secret, true)}
}

// office is the protocol behind a door, with what it logs.
type office struct {
	door     *rest.Door
	verifier *token.Verifier
	tokens   map[string]string // by name, for ${name} in forms
	log      *strings.Builder
	from     string // address and port of the client; empty: whatever it is
}

func open(t *testing.T) *office {
	t.Helper()
	keys, err := token.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	lines := &strings.Builder{}
	log := slog.New(slog.NewTextHandler(lines, nil))
	service := token.NewService(token.Config{Keys: keys, Log: log, Failures: throttle.New(), MaxSession: 2 * time.Hour, Clients: people{
		"root": principal("root", "root", "s3cr3t"),
		"odd":  principal("odd", "odd", "a:b c%+ü"),
		"raw":  principal("raw", "raw", "100%"),
	}})
	api := oauth.New(service, keys)
	old, err := token.NewIssuer(keys).Issue("POLARIS", principal("root", "root", ""),
		token.Session{Generation: 1, Scopes: []string{"PRINCIPAL_ROLE:ALL"}, Began: noon.Add(-110 * time.Minute)}, noon.Add(-30*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	o := &office{verifier: token.NewVerifier(keys), tokens: map[string]string{"old": old.Token.Reveal()}, log: lines}
	o.door, err = rest.New(rest.Config{
		Protocols: []rest.Protocol{api.Protocol()}, Realms: []lake.Realm{"POLARIS", "OTHER"}, Verifier: o.verifier,
		Log: log, Now: func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	gone := &lake.Principal{ID: "id-of-gone", Name: "gone"}
	for name, made := range map[string]struct {
		realm  lake.Realm
		p      *lake.Principal
		scopes []string
		at     time.Time
	}{
		"all":   {"POLARIS", principal("root", "root", ""), []string{"PRINCIPAL_ROLE:ALL"}, noon},
		"named": {"POLARIS", principal("root", "root", ""), []string{"PRINCIPAL_ROLE:service_admin"}, noon},
		"other": {"OTHER", principal("root", "root", ""), []string{"PRINCIPAL_ROLE:ALL"}, noon},
		"ended": {"POLARIS", principal("root", "root", ""), []string{"PRINCIPAL_ROLE:ALL"}, noon.Add(-time.Hour)},
		"gone":  {"POLARIS", gone, []string{"PRINCIPAL_ROLE:ALL"}, noon},
	} {
		raw, err := token.NewIssuer(keys).Issue(made.realm, made.p, token.Session{Generation: 1, Scopes: made.scopes}, made.at)
		if err != nil {
			t.Fatal(err)
		}
		o.tokens[name] = raw.Token.Reveal()
	}
	return o
}

func (o *office) ask(method, path, body string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if o.from != "" {
		r.RemoteAddr = o.from
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	o.door.ServeHTTP(w, r)
	return w.Result()
}

func basic(pair string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
}

// form encodes "a=b&c=d" with no escapes but ${name}, which is one of the office's tokens.
func (o *office) form(plain string) string {
	values := url.Values{}
	for pair := range strings.SplitSeq(plain, "&") {
		name, value, ok := strings.Cut(pair, "=")
		if inner, is := strings.CutPrefix(value, "${"); is {
			value = o.tokens[strings.TrimSuffix(inner, "}")]
		}
		if ok {
			values.Add(name, value)
		}
	}
	return values.Encode()
}

const (
	path     = "/api/catalog/v1/oauth/tokens"
	good     = "grant_type=client_credentials&client_id=root&client_secret=s3cr3t&scope=PRINCIPAL_ROLE:ALL"
	byBasic  = "grant_type=client_credentials&scope=PRINCIPAL_ROLE:ALL"
	exchange = "grant_type=urn:ietf:params:oauth:grant-type:token-exchange"
	typed    = "&subject_token_type=urn:ietf:params:oauth:token-type:access_token"
	swap     = exchange + typed + "&subject_token=${all}"
	bearer   = "Authorization: Bearer garbage"
)

// The refusals, as recorded.
const (
	badScope     = `400 {"error":"invalid_scope","error_description":"The scope is invalid","error_uri":null}`
	badClient    = `400 {"error":"invalid_client","error_description":"The Client is invalid","error_uri":null}`
	badRequest   = `400 {"error":"invalid_request","error_description":"The request is invalid","error_uri":null}`
	badGrant     = `400 {"error":"unsupported_grant_type","error_description":"The grant type is invalid","error_uri":null}`
	unauthorized = `401 {"error":"unauthorized_client","error_description":"The client is not authorized","error_uri":null}`
	badForm      = `400 {"error":{"message":"Failed to decode the form","type":"IllegalArgumentException","code":400}}`
	badMethod    = `405 {"error":{"message":"HTTP 405 Method Not Allowed","type":"NotAllowedException","code":405}}`
	badMedia     = `415 {"error":{"message":"The content-type header value did not match the value in @Consumes","type":"NotSupportedException","code":415}}`
	badRealm     = `404 {"error":{"message":"Missing or invalid realm","type":"MissingOrInvalidRealm","code":404}}`
	unavailable  = `503 {"error":{"message":"Service unavailable","type":"ServiceUnavailableException","code":503}}`
)

func TestTokenRequests(t *testing.T) {
	all := lake.Caller{Realm: "POLARIS", AllRoles: true}
	roles := func(names ...string) lake.Caller { return lake.Caller{Realm: "POLARIS", Roles: names} }
	for _, test := range []struct {
		name   string
		form   string
		header string
		want   string      // the refusal; empty: a token
		caller lake.Caller // realm and roles of the token
	}{
		{name: "client credentials in the form", form: good, caller: all},
		{name: "a named role", form: good + "x", caller: roles("ALLx")},
		{name: "two roles", form: strings.Replace(good, "ALL", "a PRINCIPAL_ROLE:b", 1), caller: roles("a", "b")},
		{name: "Iceberg's default scope", form: strings.Replace(good, "PRINCIPAL_ROLE:ALL", "catalog", 1), caller: all},
		{name: "fields that nobody knows", form: good + "&audience=x&audience=y&resource=z", caller: all},
		{name: "a requested type with client credentials", form: good + "&requested_token_type=urn:ietf:params:oauth:token-type:access_token", caller: all},
		{name: "another realm", form: good, header: "Polaris-Realm: OTHER", caller: lake.Caller{Realm: "OTHER", AllRoles: true}},
		{name: "no scope", form: "grant_type=client_credentials&client_id=root&client_secret=s3cr3t", want: badScope},
		{name: "empty scope", form: strings.Replace(good, "PRINCIPAL_ROLE:ALL", "", 1), want: badScope},
		{name: "one good and one bad scope", form: good + " catalog", want: badScope},
		{name: "wrong secret", form: strings.Replace(good, "s3cr3t", "wr0ng", 1), want: unauthorized},
		{name: "unknown client", form: strings.Replace(good, "=root", "=nobody", 1), want: unauthorized},
		{name: "no client id", form: "grant_type=client_credentials&client_secret=s3cr3t&scope=PRINCIPAL_ROLE:ALL", want: badClient},
		{name: "no secret", form: "grant_type=client_credentials&client_id=root&scope=PRINCIPAL_ROLE:ALL", want: badClient},
		{name: "no secret, but a bearer", form: "grant_type=client_credentials&client_id=root&scope=PRINCIPAL_ROLE:ALL", header: bearer, want: badClient},
		{name: "empty secret", form: strings.Replace(good, "s3cr3t", "", 1), want: badClient},
		{name: "no grant type", form: "client_id=root&client_secret=s3cr3t&scope=PRINCIPAL_ROLE:ALL", want: badRequest},
		{name: "empty grant type", form: strings.Replace(good, "client_credentials", "", 1), want: badGrant},
		{name: "password grant", form: strings.Replace(good, "client_credentials", "password", 1), want: badGrant},
		{name: "grant type in capitals", form: strings.Replace(good, "client_credentials", "CLIENT_CREDENTIALS", 1), want: badGrant},
		{name: "a parameter twice", form: good + "&client_id=root", want: badRequest},
		{name: "an empty form", form: "", want: badRequest},
		{name: "the store is out of order", form: strings.Replace(good, "=root", "=down", 1), want: unavailable},

		{name: "Basic", form: byBasic, header: basic("root:s3cr3t"), caller: all},
		{name: "Basic in lower case", form: byBasic, header: strings.Replace(basic("root:s3cr3t"), "Basic", "basic", 1), caller: all},
		{name: "Basic, form-encoded", form: byBasic, header: basic("odd:a%3Ab+c%25%2B%C3%BC"), caller: all},
		{name: "Basic, a secret that nobody encoded", form: byBasic, header: basic("raw:100%"), caller: all},
		{name: "Basic, wrong secret", form: byBasic, header: basic("root:wr0ng"), want: unauthorized},
		{name: "Basic, unknown client", form: byBasic, header: basic("nobody:x"), want: unauthorized},
		{name: "Basic, no client", form: byBasic, header: basic(":x"), want: badClient},
		{name: "Basic, no secret", form: byBasic, header: basic("root:"), want: badClient},
		{name: "Basic, not base64", form: byBasic, header: "Authorization: Basic !!!notbase64",
			want: `400 {"error":{"message":"Illegal base64 character 21","type":"IllegalArgumentException","code":400}}`},
		{name: "Basic, base64 cut off", form: byBasic, header: "Authorization: Basic cm9vdDpzM2NyM3",
			want: `400 {"error":{"message":"The Basic credentials are not base64","type":"IllegalArgumentException","code":400}}`},
		{name: "Basic, no colon", form: byBasic, header: basic("root"), want: badRequest},
		{name: "Basic wrong but form right", form: good, header: basic("root:wr0ng"), caller: all},
		{name: "Basic right but form wrong", form: strings.Replace(good, "s3cr3t", "wr0ng", 1), header: basic("root:s3cr3t"), want: unauthorized},
		{name: "Basic with token exchange", form: exchange + typed + "&subject_token=x&scope=PRINCIPAL_ROLE:ALL", header: basic("root:s3cr3t"), caller: all},
		{name: "Basic with password grant", form: "grant_type=password&scope=PRINCIPAL_ROLE:ALL", header: basic("root:s3cr3t"), want: badGrant},
		{name: "Basic without grant type", form: "scope=PRINCIPAL_ROLE:ALL", header: basic("root:s3cr3t"), want: badRequest},
		{name: "Basic without scope", form: "grant_type=client_credentials", header: basic("root:s3cr3t"), want: badScope},

		{name: "exchange", form: swap, header: bearer, caller: all},
		{name: "exchange for fewer roles", form: swap + "&scope=PRINCIPAL_ROLE:a", header: bearer, caller: roles("a")},
		{name: "exchange with Iceberg's default scope", form: swap + "&scope=catalog", header: bearer, caller: all},
		{name: "exchange with an actor", form: swap + "&actor_token=x&actor_token_type=y", header: bearer, caller: all},
		{name: "exchange for an access token", form: swap + "&requested_token_type=urn:ietf:params:oauth:token-type:access_token", header: bearer, caller: all},
		{name: "exchange of a named role", form: exchange + typed + "&subject_token=${named}", header: bearer, caller: roles("service_admin")},
		{name: "exchange for more roles", form: exchange + typed + "&subject_token=${named}&scope=PRINCIPAL_ROLE:ALL", header: bearer, want: badScope},
		{name: "exchange for a scope that is none", form: swap + "&scope=x", header: bearer, want: badScope},
		{name: "exchange without Authorization", form: swap, want: badClient},
		{name: "exchange with credentials in the form", form: swap + "&client_id=root&client_secret=s3cr3t", want: badScope},
		{name: "exchange with a secret alone", form: swap + "&client_secret=s3cr3t", want: badClient},
		{name: "exchange for a jwt", form: swap + "&requested_token_type=urn:ietf:params:oauth:token-type:jwt", header: bearer, want: badRequest},
		{name: "exchange of a jwt", form: exchange + "&subject_token=${all}&subject_token_type=urn:ietf:params:oauth:token-type:jwt", header: bearer, want: badRequest},
		{name: "exchange without a subject type", form: exchange + "&subject_token=${all}", header: bearer, want: badRequest},
		{name: "exchange without a subject", form: exchange + typed, header: bearer, want: badRequest},
		{name: "exchange of an empty subject", form: exchange + typed + "&subject_token=", header: bearer, want: badRequest},
		{name: "exchange of garbage", form: exchange + typed + "&subject_token=abc.def.ghi", header: bearer, want: badClient},
		{name: "exchange of a token that has ended", form: exchange + typed + "&subject_token=${ended}", header: bearer, want: badClient},
		{name: "exchange of another realm's token", form: exchange + typed + "&subject_token=${other}", header: bearer, want: badClient},
		{name: "exchange when the principal is gone", form: exchange + typed + "&subject_token=${gone}", header: bearer, want: unauthorized},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := open(t)
			headers := []string{"Content-Type: application/x-www-form-urlencoded", test.header}
			if test.header == "" {
				headers = headers[:1]
			}
			got := o.ask("POST", path, o.form(test.form), headers...)
			if cache := got.Header.Get("Cache-Control"); cache != "no-store" {
				t.Errorf("Cache-Control: got %q, want no-store", cache)
			}
			if got.StatusCode == 200 {
				o.check(t, got, test.caller)
			}
			if body := text(t, got); (test.want != "" || got.StatusCode != 200) && got.Status[:4]+body != test.want {
				t.Errorf("got %s%s, want %s", got.Status[:4], body, test.want)
			}
			for _, secret := range append([]string{"s3cr3t", "wr0ng", "notbase"}, o.tokens["all"], o.tokens["gone"]) {
				if strings.Contains(o.log.String(), secret) {
					t.Errorf("log: got %q, want no secret in it", o.log.String())
				}
			}
		})
	}
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// check holds a good answer against what is recorded, and its token against the caller that it should stand for.
func (o *office) check(t *testing.T, r *http.Response, want lake.Caller) {
	t.Helper()
	var answer map[string]any
	if err := json.Unmarshal([]byte(text(t, r)), &answer); err != nil {
		t.Fatal(err)
	}
	raw, _ := answer["access_token"].(string)
	delete(answer, "access_token")
	rest := map[string]any{"token_type": "bearer", "issued_token_type": "urn:ietf:params:oauth:token-type:access_token", "expires_in": 3600.0}
	if diff := cmp.Diff(rest, answer); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	got, err := o.verifier.Verify(want.Realm, raw, noon)
	if err != nil {
		t.Fatal(err)
	}
	if got.AllRoles != want.AllRoles || !cmp.Equal(got.Roles, want.Roles) {
		t.Errorf("got all roles %v or %v, want %v or %v", got.AllRoles, got.Roles, want.AllRoles, want.Roles)
	}
	if pragma := r.Header.Get("Pragma"); pragma != "no-cache" {
		t.Errorf("Pragma: got %q, want no-cache", pragma)
	}
	if typ := r.Header.Get("Content-Type"); typ != "application/json;charset=UTF-8" {
		t.Errorf("content type: got %q", typ)
	}
}

// A client that guesses waits; the answer is the envelope of Iceberg, whose clients come again after Retry-After.
func TestGuessingSlowsDown(t *testing.T) {
	o := open(t)
	o.from = "192.0.2.7:1111"
	wrong, ask := strings.Replace(good, "s3cr3t", "wr0ng", 1), func(form string, headers ...string) *http.Response {
		return o.ask("POST", path, o.form(form), append(headers, "Content-Type: application/x-www-form-urlencoded")...)
	}
	for i := range throttle.Free + 1 {
		if got := ask(wrong, fmt.Sprintf("X-Forwarded-For: 203.0.113.%d", i)); got.StatusCode != 401 {
			t.Fatalf("got %s, want 401", got.Status)
		}
	}
	for name, form := range map[string]string{"a wrong secret": wrong, "the right secret": good} {
		const want = `{"error":{"message":"Too many failed logins of this client from this address","type":"TooManyRequestsException","code":429}}`
		got := ask(form, "X-Forwarded-For: 203.0.113.99")
		if body := text(t, got); got.StatusCode != 429 || body != want || got.Header.Get("Retry-After") != "1" {
			t.Errorf("%s: got %d %s after %q, want 429 %s after 1", name, got.StatusCode, body, got.Header.Get("Retry-After"), want)
		}
	}
	o.from = "192.0.2.8:1111"
	if got := ask(good); got.StatusCode != 200 {
		t.Errorf("from another address: got %s, want 200", got.Status)
	}
	if strings.Contains(o.log.String(), "wr0ng") || !strings.Contains(o.log.String(), "address=192.0.2.7") {
		t.Errorf("got the log %s, want the address and no secret", o.log)
	}
}

// expires_in is what is left of the session.
func TestExchangeOfAnOldSession(t *testing.T) {
	o := open(t)
	got := o.ask("POST", path, o.form(exchange+typed+"&subject_token=${old}"), bearer, "Content-Type: application/x-www-form-urlencoded")
	var answer struct {
		Lifetime int `json:"expires_in"`
	}
	if err := json.Unmarshal([]byte(text(t, got)), &answer); err != nil || answer.Lifetime != 600 {
		t.Errorf("got %s with %+v, %v, want ten minutes", got.Status, answer, err)
	}
}

func TestRefusalsBeforeTheForm(t *testing.T) {
	for _, test := range []struct {
		name, method, path, body, header, want string
	}{
		{"a JSON body", "POST", path, `{"grant_type":"client_credentials"}`, "Content-Type: application/json", badMedia},
		{"no body and no type", "POST", path, "", "X: y", badRequest},
		{"a broken form", "POST", path, "%%%", "Content-Type: application/x-www-form-urlencoded", badForm},
		{"GET", "GET", path, "", "X: y", badMethod},
		{"DELETE with a token", "DELETE", path, "", bearer, badMethod},
		{"unknown realm", "POST", path, good, "Polaris-Realm: nope", badRealm},
		{"a trailing slash is none", "POST", path + "/", "", "X: y", badRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := open(t).ask(test.method, test.path, test.body, test.header)
			if body := text(t, got); got.Status[:4]+body != test.want {
				t.Errorf("got %s%s, want %s", got.Status[:4], body, test.want)
			}
		})
	}
}

func TestKeysArePublished(t *testing.T) {
	o := open(t)
	got := o.ask("GET", "/.well-known/jwks.json", "")
	var set struct {
		Keys []struct{ KTY, Kid, X, Y, D string }
	}
	if err := json.Unmarshal([]byte(text(t, got)), &set); err != nil {
		t.Fatal(err)
	}
	if len(set.Keys) != 1 || set.Keys[0].KTY != "EC" || set.Keys[0].D != "" {
		t.Errorf("got %+v, want one public key", set.Keys)
	}
	if cache := got.Header.Get("Cache-Control"); cache != "public, max-age=300" {
		t.Errorf("Cache-Control: got %q, want five minutes", cache)
	}
	head, _, _ := strings.Cut(o.tokens["all"], ".")
	header, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil || !strings.Contains(string(header), `"kid":"`+set.Keys[0].Kid+`"`) {
		t.Errorf("got header %s, want kid %s", header, set.Keys[0].Kid)
	}
}

func TestTheTablesRoutesAreTheTokenFunctions(t *testing.T) {
	for _, r := range open(t).door.Protocols()[0].Routes {
		if r.Function != rest.Token || !r.Public {
			t.Errorf("%s: got function %s, public %v, want token, true", r.Operation, r.Function, r.Public)
		}
	}
}
