//go:build cdk

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
)

// story does what the recorded conversations leave out: tables in S3, which are vended for and copied; a table that is
// staged, one that moves, one that is purged while the worker is awake; several that change together, and changes with a key.
func story(t *testing.T, d *deployed) {
	t.Helper()
	var bearer, key string
	ask := func(want int, method, path, body string) map[string]any {
		t.Helper()
		r := httptest.NewRequest(method, "http://firn.test"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Iceberg-Access-Delegation", "vended-credentials")
		r.Header.Set("Idempotency-Key", key)
		if bearer == "" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		} else {
			r.Header.Set("Authorization", "Bearer "+bearer)
		}
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s %s: got %d %s, want %d", method, path, w.Code, w.Body, want)
		}
		out := map[string]any{}
		_ = json.Unmarshal(w.Body.Bytes(), &out)
		return out
	}
	login := func(id, secret string) {
		bearer = ""
		bearer, _ = ask(200, "POST", "/api/catalog/v1/oauth/tokens", url.Values{"grant_type": {"client_credentials"}, "client_id": {id},
			"client_secret": {secret}, "scope": {"PRINCIPAL_ROLE:ALL"}}.Encode())["access_token"].(string)
	}
	const (
		management = "/api/management/v1"
		inLake     = "/api/catalog/v1/lake"
		tables     = inLake + "/namespaces/n/tables"
		table      = `"schema":{"type":"struct","fields":[]}`
	)
	login("root", "s3cr3t")
	ask(201, "POST", management+"/catalogs", `{"catalog":{"type":"INTERNAL","name":"lake","properties":{"default-base-location":"s3://lake/base/","polaris.config.drop-with-purge.enabled":"true",
		"polaris.config.allow.unstructured.table.location":"true"},
		"storageConfigInfo":{"storageType":"S3","allowedLocations":["s3://lake/base/"],"roleArn":"arn:aws:iam::111122223333:role/firn-vending/lake","region":"eu-west-1"}}}`)
	ask(201, "PUT", management+"/catalogs/lake/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`)
	ask(201, "PUT", management+"/principal-roles/service_admin/catalog-roles/lake", `{"catalogRole":{"name":"catalog_admin"}}`)
	ask(200, "POST", inLake+"/namespaces", `{"namespace":["n"]}`)
	for _, name := range []string{"t", "gone"} {
		ask(200, "POST", tables, `{"name":"`+name+`",`+table+`}`)
		ask(200, "GET", tables+"/"+name, "")
		ask(200, "GET", tables+"/"+name+"/credentials", "")
	}
	ask(200, "POST", tables+"/t", `{"requirements":[],"updates":[{"action":"set-properties","updates":{"a":"b"}}]}`)
	ask(200, "POST", tables+"/t", `{"requirements":[],"updates":[{"action":"set-location","location":"s3://lake/base/n/elsewhere/deeper"}]}`)
	key = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
	ask(204, "POST", inLake+"/transactions/commit", `{"table-changes":[{"identifier":{"namespace":["n"],"name":"t"},"updates":[{"action":"set-properties","updates":{"c":"d"}}]},
		{"identifier":{"namespace":["n"],"name":"gone"},"updates":[]}]}`)
	key = "017f22e2-79b0-7cc3-98c4-dc0c0c073990"
	ask(200, "POST", tables, `{"name":"parting",`+table+`}`)
	key = ""
	ask(200, "POST", tables+"/parting/unregister", "")
	create := func(name string, uuid, where any) {
		ask(200, "POST", tables+"/"+name, `{"requirements":[{"type":"assert-create"}],"updates":[
			{"action":"assign-uuid","uuid":"`+fmt.Sprint(uuid)+`"},{"action":"upgrade-format-version","format-version":2},{"action":"set-location","location":"`+fmt.Sprint(where)+`"},
			{"action":"add-schema","schema":{"type":"struct","schema-id":0,"fields":[]}},{"action":"set-current-schema","schema-id":-1},
			{"action":"add-spec","spec":{"spec-id":0,"fields":[]}},{"action":"set-default-spec","spec-id":-1},
			{"action":"add-sort-order","sort-order":{"order-id":0,"fields":[]}},{"action":"set-default-sort-order","sort-order-id":-1}]}`)
	}
	stage := func(name, where string) (uuid, location any) {
		made, _ := ask(200, "POST", tables, `{"name":"`+name+`","stage-create":true,`+where+table+`}`)["metadata"].(map[string]any)
		return made["table-uuid"], made["location"]
	}
	uuid, where := stage("staged", "")
	ask(200, "GET", tables+"/staged/credentials?staged="+fmt.Sprint(uuid), "")
	create("staged", uuid, where)
	uuid, _ = stage("wider", `"location":"s3://lake/base/n/wider/narrow",`)
	create("wider", uuid, "s3://lake/base/n/wider") // around its own staged folder, which gives way
	ask(204, "DELETE", tables+"/gone?purgeRequested=true", "")
	d.files.away = true
	ask(204, "DELETE", tables+"/t?purgeRequested=true", "")
	d.files.away = false
	if err := d.tick(t.Context()); err != nil { // what the answer could not wait for
		t.Error(err)
	}
	sharing(ask)
	revoking(t, ask, d)
	login("root", "s3cr3t") // the token is old by then
	ask(204, "DELETE", tables+"/staged", "")
	ask(204, "DELETE", tables+"/wider", "")
	ask(204, "DELETE", inLake+"/namespaces/n", "")
	ask(204, "DELETE", management+"/catalogs/lake", "")
}

// sharing shares the table n.wider, under the name that it had, with root, and ends all of it.
func sharing(ask func(want int, method, path, body string) map[string]any) {
	const (
		management  = "/api/management/v1"
		credentials = "/api/sharing/shares/s/schemas/x/tables/y/temporary-table-credentials"
	)
	ask(201, "POST", management+"/shares", `{"name":"s"}`)
	ask(201, "POST", management+"/shares/s/tables", `{"schema":"x","name":"y","catalogName":"lake","namespace":["n"],"tableName":"wider"}`)
	ask(201, "POST", management+"/recipients", `{"name":"root"}`)
	ask(201, "POST", management+"/recipients/root/tokens", "")
	ask(201, "PUT", management+"/shares/s/recipients", `{"name":"root"}`)
	ask(200, "GET", management+"/shares", "")
	ask(200, "GET", management+"/shares/s/tables", "")
	ask(200, "GET", management+"/shares/s/recipients", "")
	ask(200, "GET", management+"/recipients", "")
	ask(200, "POST", credentials, "")
	ask(204, "POST", "/api/catalog/v1/lake/tables/rename", `{"source":{"namespace":["n"],"name":"wider"},"destination":{"namespace":["n"],"name":"elsewhere"}}`)
	ask(200, "POST", credentials, "")
	ask(204, "POST", "/api/catalog/v1/lake/tables/rename", `{"source":{"namespace":["n"],"name":"elsewhere"},"destination":{"namespace":["n"],"name":"wider"}}`)
	ask(200, "GET", "/api/metalakes/POLARIS/objects/table/lake.n.wider/credentials", "")
	ask(204, "DELETE", management+"/shares/s", "")
	ask(204, "DELETE", management+"/recipients/root", "")
}

// revoking takes keys back, for a table that moved among others, gives some of them back, and lets all of them expire.
func revoking(t *testing.T, ask func(want int, method, path, body string) map[string]any, d *deployed) {
	t.Helper()
	const revocations = "/api/management/v1/revocations"
	halt := func(body string) string { return fmt.Sprint(ask(201, "POST", revocations, body)["id"]) }
	table := halt(`{"catalog":"lake","namespace":["n"],"table":"wider"}`)
	halt(`{"principal":"root"}`)
	ask(200, "GET", revocations, "")
	d.later = 2 * time.Minute
	ask(204, "DELETE", revocations+"/"+table, "")
	d.later = 48 * time.Hour
	if err := d.tick(t.Context()); err != nil {
		t.Error(err)
	}
}

// files are an object store in memory, and the keys to it.
type files struct {
	sync.Mutex
	objects map[string][]byte
	away    bool // folders cannot be deleted for now
}

var (
	_ blob.Opener  = (*files)(nil)
	_ blob.Bucket  = (*files)(nil)
	_ blob.Sweeper = (*files)(nil)
	_ vend.Vendor  = (*files)(nil)
)

func (f *files) Vend(context.Context, *lake.Storage, vend.Grant) (vend.Credential, error) {
	return vend.Credential{S3: &vend.S3Credential{AccessKeyID: "A", SecretAccessKey: "s", SessionToken: "t", Region: "eu-west-1"}, Expires: time.Now().Add(time.Hour)}, nil
}

func (f *files) Open(context.Context, blob.Scope, vend.Credential) (blob.Bucket, error) {
	return f, nil
}

func (f *files) Get(_ context.Context, uri location.URI) ([]byte, error) {
	f.Lock()
	defer f.Unlock()
	data, ok := f.objects[uri.String()]
	if !ok {
		return nil, fault.Missing(fault.File, uri.String())
	}
	return bytes.Clone(data), nil
}

func (f *files) Put(_ context.Context, uri location.URI, data []byte) error {
	f.Lock()
	defer f.Unlock()
	f.objects[uri.String()] = bytes.Clone(data)
	return nil
}

func (f *files) Delete(_ context.Context, uri location.URI) error {
	f.Lock()
	defer f.Unlock()
	delete(f.objects, uri.String())
	return nil
}

func (f *files) DeleteAll(_ context.Context, prefix location.Prefix, _ int) (bool, error) {
	f.Lock()
	defer f.Unlock()
	if f.away {
		return false, fault.New(fault.Unavailable, "")
	}
	for name := range f.objects {
		if strings.HasPrefix(name, prefix.String()) {
			delete(f.objects, name)
		}
	}
	return false, nil
}
