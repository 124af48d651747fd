package doors_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"firn/shared/fault"
	"firn/shared/kv/counted"
	"firn/shared/kv/faulty"
)

// shared makes the share Sales for the recipients ann, bob and eve (who has no right to read), with a table of each catalog, and
// a share Other, which nobody has.
func (w *world) shared() {
	w.t.Helper()
	w.must(`POST /shares {"name":"Sales"}`, `POST /shares {"name":"Other"}`)
	for c := range storages {
		w.must(`POST /shares/Sales/tables {"schema":"Daily","name":"` + c + `","catalogName":"` + c + `","namespace":["n"],"tableName":"t"}`)
	}
	w.must(`POST /shares/Other/tables {"schema":"Daily","name":"lake","catalogName":"lake","namespace":["n"],"tableName":"t"}`)
	for _, who := range []string{"ann", "bob", "eve"} {
		w.must(`POST /recipients {"name":"`+who+`"}`, `PUT /shares/Sales/recipients {"name":"`+who+`"}`)
	}
}

// table is a request for temporary credentials.
func table(share, schema, name string) string {
	return "POST /api/sharing/shares/" + share + "/schemas/" + schema + "/tables/" + name + "/temporary-table-credentials"
}

// bearer gives a recipient a bearer token.
func (w *world) bearer(who, how string) string {
	w.t.Helper()
	var made struct{ BearerToken string }
	if err := json.Unmarshal(w.manage("POST /recipients/"+who+"/tokens "+how), &made); err != nil || made.BearerToken == "" {
		w.t.Fatalf("no token: %v", err)
	}
	return made.BearerToken
}

const bothFolders = " read,list [s3://b/lake/n/t/ s3://b/lake/n/t-data/]"

func TestTemporaryTableCredentials(t *testing.T) {
	w := newWorld(t)
	w.shared()
	lake := table("Sales", "Daily", "lake")
	const s3 = `"awsTempCredentials":{"accessKeyId":"AKIA","secretAccessKey":"s3-secret","sessionToken":"s3-session"},"expirationTime":1777900500123}}`
	at := func(location, rest string) string { return `{"credentials":{"location":"` + location + `",` + rest }
	refused := func(code, message string) string { return `{"errorCode":"` + code + `","message":"` + message }
	missing := func(name string) string {
		return refused("RESOURCE_DOES_NOT_EXIST", "Table '"+name+`' does not exist, or is not shared with you"}`)
	}
	within := func(location string) string { return lake + ` {"location":"` + location + `"}` }
	misplaced := func(location string) string {
		return refused("INVALID_PARAMETER_VALUE", "Location '"+location+`' is not a folder of table Sales.Daily.lake"}`)
	}
	rows := []struct {
		name, who, request string
		status             int
		body               string // or how it begins
		scope              string // of the key
	}{
		{"S3", "ann", lake, 200, at("s3://b/lake/n/t", s3), "ann" + bothFolders},
		{"who may write gets keys that read", "bob", lake, 200, at("s3://b/lake/n/t", s3), "bob" + bothFolders},
		{"GCS", "ann", table("Sales", "Daily", "gcs"), 200, at("gs://b/gcs/n/t", `"gcpOauthToken":{"oauthToken":"gcs-token-text"},"expirationTime":1777900500123}}`), "ann read,list [gs://b/gcs/n/t/ gs://b/gcs/n/t-data/]"},
		{"ADLS", "ann", table("Sales", "Daily", "adls"), 200, at("abfss://c@acc.dfs.core.windows.net/adls/n/t", `"azureUserDelegationSas":{"sasToken":"sv=1&sig=x"},"expirationTime":1777900500123}}`),
			"ann read,list [abfss://c@acc.dfs.core.windows.net/adls/n/t/ abfss://c@acc.dfs.core.windows.net/adls/n/t-data/]"},
		{"storage without keys", "ann", table("Sales", "Daily", "disk"), 400, refused("UNSUPPORTED_OPERATION", `Table Sales.Daily.disk is in a storage that has no temporary credentials"}`), ""},
		{"names in other letters", "ann", table("sALES", "dAILY", "LAKE"), 200, at("s3://b/lake/n/t", s3), "ann" + bothFolders},
		{"an empty object", "ann", lake + " {}", 200, at("s3://b/lake/n/t", s3), "ann" + bothFolders},
		{"null", "ann", lake + " null", 200, at("s3://b/lake/n/t", s3), "ann" + bothFolders},
		{"no location", "ann", lake + ` {"location":null}`, 200, at("s3://b/lake/n/t", s3), "ann" + bothFolders},
		{"what the server does not know", "ann", lake + ` {"idempotency_key":"x"}`, 200, at("s3://b/lake/n/t", s3), "ann" + bothFolders},

		{"the root", "ann", within("s3://b/lake/n/t"), 200, at("s3://b/lake/n/t", s3), "ann read,list [s3://b/lake/n/t/]"},
		{"the root with a slash", "ann", within("s3://b/lake/n/t/"), 200, at("s3://b/lake/n/t", s3), "ann read,list [s3://b/lake/n/t/]"},
		{"the root by another scheme", "ann", within("s3a://b/lake/n/t"), 200, at("s3a://b/lake/n/t", s3), "ann read,list [s3a://b/lake/n/t/]"},
		{"a folder of it", "ann", within("s3://b/lake/n/t/data/x"), 200, at("s3://b/lake/n/t/data/x", s3), "ann read,list [s3://b/lake/n/t/data/x/]"},
		{"its other folder", "ann", within("s3://b/lake/n/t-data"), 200, at("s3://b/lake/n/t-data", s3), "ann read,list [s3://b/lake/n/t-data/]"},
		{"a folder around it", "ann", within("s3://b/lake/n"), 400, misplaced("s3://b/lake/n"), ""},
		{"a sibling whose name begins so", "ann", within("s3://b/lake/n/t2"), 400, misplaced("s3://b/lake/n/t2"), ""},
		{"a table of the neighbourhood", "ann", within("s3://b/lake/n/m/t"), 400, misplaced("s3://b/lake/n/m/t"), ""},
		{"the bucket", "ann", within("s3://b/"), 400, misplaced("s3://b/"), ""},
		{"a way out", "ann", within("s3://b/lake/n/t/../m"), 400, misplaced("s3://b/lake/n/t/../m"), ""},
		{"a hidden way out", "ann", within("s3://b/lake/n/t/%2e%2e/m"), 400, misplaced("s3://b/lake/n/t/%2e%2e/m"), ""},
		{"a pattern", "ann", within("s3://b/lake/n/t/*"), 400, misplaced("s3://b/lake/n/t/*"), ""},
		{"another bucket", "ann", within("s3://other/lake/n/t"), 400, misplaced("s3://other/lake/n/t"), ""},
		{"another store", "ann", within("gs://b/lake/n/t"), 400, misplaced("gs://b/lake/n/t"), ""},
		{"nothing", "ann", within(""), 400, misplaced(""), ""},

		{"no JSON", "ann", lake + " {", 400, refused("MALFORMED_REQUEST", "Invalid JSON"), ""},
		{"another shape", "ann", lake + " []", 400, refused("MALFORMED_REQUEST", "Invalid JSON"), ""},
		{"a location that is no text", "ann", lake + ` {"location":7}`, 400, refused("MALFORMED_REQUEST", "Invalid JSON"), ""},
		{"nobody", "", lake, 401, refused("UNAUTHENTICATED", "Not authorized"), ""},
		{"without the right to read", "eve", lake, 403, refused("PERMISSION_DENIED", `Reading table Sales.Daily.lake is not permitted"}`), ""},
		{"a share that the caller does not have", "ann", table("Other", "Daily", "lake"), 404, missing("Other.Daily.lake"), ""},
		{"a share that is not there", "ann", table("gone", "Daily", "lake"), 404, missing("gone.Daily.lake"), ""},
		{"a schema that is not there", "ann", table("Sales", "gone", "lake"), 404, missing("Sales.gone.lake"), ""},
		{"a table that is not there", "ann", table("Sales", "Daily", "gone"), 404, missing("Sales.Daily.gone"), ""},
		{"a name that cannot be", "ann", table("Sales", "Daily", "%07"), 404, refused("RESOURCE_DOES_NOT_EXIST", "Table 'Sales.Daily."), ""},
		{"a name that no key holds", "ann", table("Sales", "Daily", strings.Repeat("x", 3000)), 404, refused("RESOURCE_DOES_NOT_EXIST", "Table 'Sales.Daily.x"), ""},
		{"a principal that is no recipient", "root", lake, 404, missing("Sales.Daily.lake"), ""},
		{"another path", "ann", "GET /api/sharing/shares", 404, refused("RESOURCE_DOES_NOT_EXIST", ""), ""},
		{"another method", "ann", strings.Replace(lake, "POST", "GET", 1), 405, refused("UNSUPPORTED_OPERATION", ""), ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			a := w.ask(w.tokens[row.who], row.request)
			got := a.Body.String()
			if a.Code != row.status || !strings.HasPrefix(got, row.body) {
				t.Errorf("got %d %s, want %d %s", a.Code, got, row.status, row.body)
			}
			if strings.ContainsRune(got, '\n') || !strings.HasPrefix(a.Header().Get("Content-Type"), "application/json") {
				t.Errorf("got %s %q, want one line of JSON", a.Header().Get("Content-Type"), got)
			}
			if got := a.Header().Get("Cache-Control"); row.status == 200 && got != "no-store" {
				t.Errorf("Cache-Control: got %q, want no-store", got)
			}
			if got := a.Header().Get("WWW-Authenticate"); (got != "") != (row.status == 401) {
				t.Errorf("WWW-Authenticate: got %q", got)
			}
			if got := w.vendor.scopes(); got != row.scope {
				t.Errorf("got keys for %q, want %q", got, row.scope)
			}
		})
	}
	if a := w.ask(w.tokens["ann"], lake+" a=b", "Content-Type: text/plain"); a.Code != 400 || !strings.Contains(a.Body.String(), "MALFORMED_REQUEST") {
		t.Errorf("a body that is not JSON: got %d %s", a.Code, a.Body)
	}
	for _, hidden := range []string{"lake.n", "eves", "TABLE_READ_DATA"} {
		if a := w.ask(w.tokens["eve"], lake); strings.Contains(a.Body.String(), hidden) {
			t.Errorf("got %s, which tells a recipient %s", a.Body, hidden)
		}
	}
	if !strings.Contains(w.log.String(), "LOAD_TABLE_WITH_READ_DELEGATION") {
		t.Error("the log does not say why eve was refused")
	}
}

// What passes keeps a status at which clients come again; what does not gets another.
func TestWhatPassesIsToldToRecipients(t *testing.T) {
	w := newWorld(t)
	w.shared()
	for _, row := range []struct {
		err    error
		status int
		body   string
		retry  string
	}{
		{fault.New(fault.Unavailable, "busy").After(3 * time.Second), 503, `{"errorCode":"TEMPORARILY_UNAVAILABLE","message":"busy"}`, "3"},
		{fault.New(fault.Timeout, "slow"), 504, `{"errorCode":"TEMPORARILY_UNAVAILABLE","message":"slow"}`, ""},
		{fault.New(fault.Throttled, "often"), 429, `{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"often"}`, ""},
		{fault.New(fault.Unsupported, "role arn:aws:iam::1:role/x"), 400, `{"errorCode":"UNSUPPORTED_OPERATION","message":"Table Sales.Daily.lake is in a storage that has no temporary credentials"}`, ""},
		{fault.New(fault.Forbidden, "role arn:aws:iam::1:role/x"), 403, `{"errorCode":"PERMISSION_DENIED","message":"Reading table Sales.Daily.lake is not permitted"}`, ""},
		{fault.New(fault.Internal, "Internal error."), 500, `{"errorCode":"INTERNAL_ERROR","message":"Internal error."}`, ""},
	} {
		w.vendor.err = row.err
		a := w.ask(w.tokens["ann"], table("Sales", "Daily", "lake"))
		if a.Code != row.status || a.Body.String() != row.body || a.Header().Get("Retry-After") != row.retry {
			t.Errorf("got %d %s, come again in %q; want %d %s, %q", a.Code, a.Body, a.Header().Get("Retry-After"), row.status, row.body, row.retry)
		}
	}
}

// What an administrator does holds from the next request on, and for the one it was done to alone.
func TestWhatEndsARecipientsAccess(t *testing.T) {
	lake := table("Sales", "Daily", "lake")
	rows := []struct {
		name     string
		do       func(w *world)
		ann, bob int // what they get then
		bearer   int // what ann's bearer token gets
	}{
		{"nothing", func(*world) {}, 200, 200, 200},
		{"the right is revoked", func(w *world) {
			w.must(`POST /catalogs/lake/catalog-roles/ann/grants {"type":"catalog","privilege":"TABLE_READ_DATA"}`)
		}, 403, 200, 403},
		{"the role is revoked", func(w *world) { w.must("DELETE /principals/ann/principal-roles/anns") }, 403, 200, 403},
		{"the share is taken away", func(w *world) { w.must("DELETE /shares/Sales/recipients/ann") }, 404, 200, 404},
		{"the share ends", func(w *world) { w.must("DELETE /shares/Sales") }, 404, 404, 404},
		{"the share ends and is made again", func(w *world) { w.must("DELETE /shares/Sales", `POST /shares {"name":"SALES"}`) }, 404, 404, 404},
		{"the table is taken out", func(w *world) { w.must("DELETE /shares/sales/schemas/daily/tables/lake") }, 404, 404, 404},
		{"the table is dropped", func(w *world) { w.drop("lake", "t") }, 404, 404, 404},
		{"the table is dropped and made again", func(w *world) { w.drop("lake", "t"); w.create("lake", []string{"n"}, "t", "n/t") }, 404, 404, 404},
		{"the table is renamed", func(w *world) { w.rename("lake", "t", "moved") }, 200, 200, 200},
		{"another table has its name", func(w *world) {
			w.rename("lake", "t", "moved")
			w.create("lake", []string{"n"}, "t", "n/new")
		}, 200, 200, 200},
		{"the table is renamed there and back", func(w *world) { w.rename("lake", "t", "moved"); w.rename("lake", "moved", "t") }, 200, 200, 200},
		{"the table is renamed and dropped", func(w *world) { w.rename("lake", "t", "moved"); w.drop("lake", "moved") }, 404, 404, 404},
		{"the recipient ends", func(w *world) { w.must("DELETE /recipients/ann") }, 404, 200, 401},
		{"the recipient ends and is made again", func(w *world) { w.must("DELETE /recipients/ann", `POST /recipients {"name":"ann"}`) }, 404, 200, 401},
		{"the principal ends", func(w *world) { w.must("DELETE /principals/ann") }, 401, 200, 401},
		{"the client secret is reset", func(w *world) { w.must("POST /principals/ann/reset") }, 401, 200, 401},
		{"the client secret is rotated once", func(w *world) { w.rotate("ann") }, 200, 200, 200},
		{"the client secret is rotated twice", func(w *world) { w.rotate("ann"); w.rotate("ann") }, 401, 200, 401},
		{"the bearer tokens are revoked", func(w *world) { w.must("DELETE /recipients/ann/tokens") }, 200, 200, 401},
		{"another bearer token is made", func(w *world) { w.bearer("ann", "") }, 200, 200, 200},
		{"two other bearer tokens are made", func(w *world) { w.bearer("ann", ""); w.bearer("ann", "") }, 200, 200, 401},
		{"another bearer token is made to stand alone", func(w *world) { w.bearer("ann", `{"endPrevious":true}`) }, 200, 200, 401},
		{"a moment before the bearer token ends", func(w *world) { w.now = noon.Add(59 * time.Second) }, 200, 200, 200},
		{"the bearer token ends", func(w *world) { w.now = noon.Add(time.Minute) }, 200, 200, 401},
		{"the catalog's locations are tightened", func(w *world) {
			w.must(`PUT /catalogs/lake {"currentEntityVersion":1,"properties":{"default-base-location":"s3://b/lake/else"},"storageConfigInfo":{"storageType":"S3","roleArn":"arn:aws:iam::123456789012:role/firn","region":"eu-west-1","allowedLocations":["s3://b/lake/else"]}}`)
		}, 403, 403, 403},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.shared()
			bearer := w.bearer("ann", `{"lifetimeSeconds":60}`)
			for _, token := range []string{w.tokens["ann"], w.tokens["bob"], bearer} {
				if a := w.ask(token, lake); a.Code != 200 {
					t.Fatalf("before: got %d %s", a.Code, a.Body)
				}
			}
			row.do(w)
			w.vendor.scopes()
			for _, ask := range []struct {
				name, token string
				want        int
			}{{"ann", w.tokens["ann"], row.ann}, {"bob", w.tokens["bob"], row.bob}, {"ann's bearer token", bearer, row.bearer}} {
				a := w.ask(ask.token, lake)
				if a.Code != ask.want {
					t.Errorf("%s: got %d %s, want %d", ask.name, a.Code, a.Body, ask.want)
				}
				if got := w.vendor.scopes(); a.Code == 200 && !strings.HasSuffix(got, bothFolders) || a.Code != 200 && got != "" {
					t.Errorf("%s: got keys for %q", ask.name, got)
				}
			}
		})
	}
}

func (w *world) rotate(who string) {
	w.t.Helper()
	w.login(who) // with the secret that it had first
	if a := w.ask(w.tokens[who], "POST /api/management/v1/principals/"+who+"/rotate"); a.Code != 200 {
		w.t.Fatalf("rotate: got %d %s", a.Code, a.Body)
	}
}

// What a client with a profile of type oauth_client_credentials does (the reference client's OAuthClient).
func TestAClientWithTheCredentialsOfItsPrincipal(t *testing.T) {
	w := newWorld(t)
	w.shared()
	basic := base64.StdEncoding.EncodeToString([]byte(w.ids["ann"] + ":" + w.secret["ann"]))
	a := w.ask("", "POST /api/catalog/v1/oauth/tokens grant_type=client_credentials&scope=PRINCIPAL_ROLE:ALL",
		"Content-Type: application/x-www-form-urlencoded", "Accept: application/json", "Authorization: Basic "+basic)
	var granted struct {
		Token string `json:"access_token"`
		Lives int    `json:"expires_in"`
	}
	if err := json.Unmarshal(a.Body.Bytes(), &granted); err != nil || granted.Lives < 600 {
		t.Fatalf("got %d %s, want a token that need not be renewed at once", a.Code, a.Body)
	}
	if a := w.ask(granted.Token, table("Sales", "Daily", "lake")); a.Code != 200 {
		t.Errorf("got %d %s, want keys", a.Code, a.Body)
	}
}

// A bearer token opens Delta Sharing alone, and is nobody's elsewhere; what looks like one is refused.
func TestBearerTokensAreOfTheSharesAlone(t *testing.T) {
	w := newWorld(t)
	w.shared()
	good := w.bearer("ann", "")
	lake := table("Sales", "Daily", "lake")
	for _, request := range []string{"GET /api/management/v1/shares", "GET " + objects + "table/lake.n.t/credentials", "POST /api/management/v1/principals/ann/rotate"} {
		if a := w.ask(good, request); a.Code != 401 {
			t.Errorf("%s: got %d %s, want 401", request, a.Code, a.Body)
		}
	}
	mark, id := "firnshare_", good[len("firnshare_"):len("firnshare_")+26]
	other := w.bearer("bob", "")
	for name, token := range map[string]string{
		"cut off": good[:len(good)-1], "longer": good + "x", "another's secret": mark + id + "_" + other[len(mark)+27:], "no secret": mark + id + "_",
		"no principal": mark + "_" + good[len(mark)+27:], "a principal that is not there": mark + strings.Repeat("a", 26) + "_x",
		"a mark alone": mark, "a control character": mark + id[:25] + "\x07_x", "other letters": strings.ToUpper(good), "much": mark + id + "_" + strings.Repeat("x", 10_000),
	} {
		a := w.ask(token, lake)
		if a.Code != 401 || w.vendor.scopes() != "" {
			t.Errorf("%s: got %d %s, want 401 and no key", name, a.Code, a.Body)
		}
	}
	if strings.Contains(w.log.String(), good) {
		t.Error("a bearer token is in the log")
	}
	if a := w.ask(good, lake, "Polaris-Realm: OTHER"); a.Code != 401 {
		t.Errorf("in another realm: got %d %s, want 401", a.Code, a.Body)
	}
}

// One read finds the share's table and the caller, one the table itself; a table that was renamed takes two more. Nothing is
// written, and no key is minted for a refusal.
func TestWhatARecipientsRequestCosts(t *testing.T) {
	w := newWorld(t)
	w.shared()
	bearer := w.bearer("ann", "")
	ask := func(name, token, request string, want counted.Counts) {
		t.Helper()
		w.ask(token, request) // warm: what ann's roles hold
		w.calls.Take()
		w.vendor.scopes()
		w.ask(token, request)
		got := w.calls.Take()
		got.Keys = 0
		if got != want || len(w.vendor.minted) > 1 {
			t.Errorf("%s: got %+v and %d keys, want %+v and at most 1", name, got, len(w.vendor.minted), want)
		}
	}
	lake := table("Sales", "Daily", "lake")
	ask("an access token", w.tokens["ann"], lake, counted.Counts{Gets: 2})
	ask("a bearer token", bearer, lake, counted.Counts{Gets: 2})
	ask("another share", bearer, table("Other", "Daily", "lake"), counted.Counts{Gets: 1})
	ask("Gravitino", w.tokens["ann"], "GET "+objects+"table/lake.n.t/credentials", counted.Counts{Gets: 1})
	w.rename("lake", "t", "moved")
	ask("a renamed table", bearer, lake, counted.Counts{Gets: 4})
}

// A table that cannot be read for now is told as such, also half-way.
func TestATableThatIsThrottled(t *testing.T) {
	w := newWorld(t)
	w.shared()
	w.rename("lake", "t", "moved")
	lake := table("Sales", "Daily", "lake")
	w.ask(w.tokens["ann"], lake)
	for reads := range 4 {
		w.table.Next(faulty.Get, append(make([]faulty.Fault, reads), faulty.Fault{Refuse: fault.Throttled})...)
		if a := w.ask(w.tokens["ann"], lake); a.Code != 429 || w.table.Pending() != 0 {
			t.Errorf("read %d: got %d %s, want 429", reads+1, a.Code, a.Body)
		}
	}
}
