package doors_test

import (
	"strings"
	"testing"

	"firn/shared/fault"
)

const objects = "/api/metalakes/POLARIS/objects/"

func TestGravitinoCredentials(t *testing.T) {
	w := newWorld(t)
	const (
		s3   = `{"code":0,"credentials":[{"credentialType":"s3-token","expireTimeInMs":1777900500123,"credentialInfo":{"s3-access-key-id":"AKIA","s3-secret-access-key":"s3-secret","s3-session-token":"s3-session"}}]}`
		gcs  = `{"code":0,"credentials":[{"credentialType":"gcs-token","expireTimeInMs":1777900500123,"credentialInfo":{"token":"gcs-token-text"}}]}`
		adls = `{"code":0,"credentials":[{"credentialType":"adls-token","expireTimeInMs":1777900500123,"credentialInfo":{"adls-sas-token":"sv=1&sig=x","azure-storage-account-name":"acc"}}]}`
		none = `{"code":0,"credentials":[]}`
	)
	refused := func(code, kind, message string) string {
		return `{"code":` + code + `,"type":"` + kind + `","message":"` + message
	}
	rows := []struct {
		name, who, path string
		status          int
		body            string // or how it begins
		scope           string // of the key
	}{
		{"a table that the caller reads", "ann", objects + "TABLE/lake.n.t", 200, s3, "ann read,list [s3://b/lake/n/t/ s3://b/lake/n/t-data/]"},
		{"a table that the caller writes", "bob", objects + "TABLE/lake.n.t", 200, s3, "bob read,list,write,delete [s3://b/lake/n/t/ s3://b/lake/n/t-data/]"},
		{"the type in other letters", "ann", objects + "tAbLe/lake.n.t", 200, s3, "ann read,list [s3://b/lake/n/t/ s3://b/lake/n/t-data/]"},
		{"a table as a fileset", "bob", objects + "fileset/lake.n.t", 200, s3, "bob read,list,write,delete [s3://b/lake/n/t/ s3://b/lake/n/t-data/]"},
		{"a table of a nested namespace", "ann", objects + "table/lake.n.m.t", 200, s3, "ann read,list [s3://b/lake/n/m/t/]"},
		{"GCS", "ann", objects + "table/gcs.n.m.t", 200, gcs, "ann read,list [gs://b/gcs/n/m/t/]"},
		{"ADLS", "ann", objects + "table/adls.n.m.t", 200, adls, "ann read,list [abfss://c@acc.dfs.core.windows.net/adls/n/m/t/]"},
		{"storage without keys", "ann", objects + "table/disk.n.t", 200, none, ""},
		{"a catalog", "ann", objects + "catalog/lake", 200, none, ""},

		{"without the right", "eve", objects + "table/lake.n.t", 403, refused("1008", "ForbiddenException", "Principal 'eve'"), ""},
		{"a table that is not there", "ann", objects + "table/lake.n.gone", 404, refused("1003", "NoSuchTableException", `Table does not exist: lake.n.gone"}`), ""},
		{"another case", "ann", objects + "table/lake.n.T", 404, refused("1003", "NoSuchTableException", ""), ""},
		{"a fileset that is not there", "ann", objects + "fileset/lake.n.gone", 404, refused("1003", "NoSuchFilesetException", `Fileset does not exist: lake.n.gone"}`), ""},
		{"a table of no namespace", "ann", objects + "table/lake.gone.t", 404, refused("1003", "NoSuchTableException", ""), ""},
		{"a table of no catalog", "ann", objects + "table/gone.n.t", 404, refused("1003", "NoSuchTableException", ""), ""},
		{"a catalog that is not there", "ann", objects + "catalog/gone", 404, refused("1003", "NoSuchCatalogException", `Catalog does not exist: gone"}`), ""},
		{"an empty part", "ann", objects + "table/lake..t", 404, refused("1003", "NoSuchTableException", ""), ""},
		{"a control character", "ann", objects + "table/lake.n.%07", 404, refused("1003", "NoSuchTableException", ""), ""},
		{"a table without a schema", "ann", objects + "table/lake.t", 400, refused("1001", "IllegalArgumentException", "The full name of a table has a catalog, a schema and a name"), ""},
		{"a fileset without a schema", "ann", objects + "fileset/t", 400, refused("1001", "IllegalArgumentException", "The full name of a fileset"), ""},
		{"a catalog of two parts", "ann", objects + "catalog/lake.n", 400, refused("1001", "IllegalArgumentException", "The full name of a catalog"), ""},
		{"a type that is none", "ann", objects + "house/lake.n.t", 400, refused("1001", "IllegalArgumentException", "Unknown type of metadata object: house"), ""},
		{"another metalake", "ann", "/api/metalakes/gone/objects/table/lake.n.t", 404, refused("1003", "NoSuchMetalakeException", `Metalake does not exist: gone"}`), ""},
		{"a metalake in another case", "ann", "/api/metalakes/polaris/objects/table/lake.n.t", 404, refused("1003", "NoSuchMetalakeException", ""), ""},
		{"a metalake that is not the request's realm", "ann", "/api/metalakes/OTHER/objects/table/lake.n.t", 404, refused("1003", "NoSuchMetalakeException", ""), ""},
		{"nobody", "", objects + "table/lake.n.t", 401, refused("1011", "UnauthorizedException", "Not authorized"), ""},
		{"another path", "ann", "/api/metalakes/POLARIS/tags", 404, refused("1003", "NotFoundException", ""), ""},
	}
	for _, kind := range []string{"METALAKE", "SCHEMA", "VIEW", "COLUMN", "TOPIC", "MODEL", "FUNCTION", "ROLE"} {
		rows = append(rows, rows[0])
		last := &rows[len(rows)-1]
		last.name, last.path, last.status, last.scope = "a "+kind, objects+strings.ToLower(kind)+"/lake.n.t", 405, ""
		last.body = refused("1006", "UnsupportedOperationException", "Credentials are not supported for metadata objects of type "+kind+`"}`)
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			a := w.ask(w.tokens[row.who], "GET "+row.path+"/credentials", "Accept: application/vnd.gravitino.v1+json")
			if got := a.Body.String(); a.Code != row.status || !strings.HasPrefix(got, row.body) {
				t.Errorf("got %d %s, want %d %s", a.Code, got, row.status, row.body)
			}
			if got := a.Header().Get("Content-Type"); got != "application/vnd.gravitino.v1+json" {
				t.Errorf("content type: got %q", got)
			}
			if got := a.Header().Get("Cache-Control"); row.status == 200 && got != "no-store" {
				t.Errorf("Cache-Control: got %q, want no-store", got)
			}
			if got := w.vendor.scopes(); got != row.scope {
				t.Errorf("got keys for %q, want %q", got, row.scope)
			}
		})
	}
	if a := w.ask(w.tokens["ann"], "POST "+objects+"table/lake.n.t/credentials"); a.Code != 405 || !strings.Contains(a.Body.String(), `"code":1006,"type":"UnsupportedOperationException"`) {
		t.Errorf("another method: got %d %s", a.Code, a.Body)
	}
}

func TestWhatPassesIsToldToGravitino(t *testing.T) {
	w := newWorld(t)
	for _, row := range []struct {
		err    error
		status int
		body   string
	}{
		{fault.New(fault.Unavailable, "busy"), 503, `{"code":1007,"type":"ConnectionFailedException","message":"busy"}`},
		{fault.New(fault.Timeout, "slow"), 504, `{"code":1007,"type":"ConnectionFailedException","message":"slow"}`},
		{fault.New(fault.Throttled, "often"), 429, `{"code":1100,"type":"RESTException","message":"often"}`},
		{fault.New(fault.Unsupported, "never"), 405, `{"code":1006,"type":"UnsupportedOperationException","message":"never"}`},
		{fault.New(fault.Invalid, "bad"), 400, `{"code":1001,"type":"IllegalArgumentException","message":"bad"}`},
		{fault.New(fault.Internal, "Internal error."), 500, `{"code":1002,"type":"RuntimeException","message":"Internal error."}`},
	} {
		w.vendor.err = row.err
		if a := w.ask(w.tokens["ann"], "GET "+objects+"table/lake.n.t/credentials"); a.Code != row.status || a.Body.String() != row.body {
			t.Errorf("got %d %s, want %d %s", a.Code, a.Body, row.status, row.body)
		}
	}
}
