package doors_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"firn/shared/fault"
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
