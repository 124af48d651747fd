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

// One read finds the share's table and the caller, one the table itself; a bearer token takes one before, and
// a table that was renamed two more. Nothing is written, and no key is minted for a refusal.
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
	ask("a bearer token", bearer, lake, counted.Counts{Gets: 3})
	ask("another share", bearer, table("Other", "Daily", "lake"), counted.Counts{Gets: 2})
	ask("Gravitino", w.tokens["ann"], "GET "+objects+"table/lake.n.t/credentials", counted.Counts{Gets: 1})
	w.rename("lake", "t", "moved")
	ask("a renamed table", bearer, lake, counted.Counts{Gets: 5})
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
