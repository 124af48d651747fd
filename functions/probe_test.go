//go:build unix

package functions

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"firn/shared/app/cloudtest"
)

// onRole is a catalog whose storage a role opens. What it would open is nowhere, or at a test's MinIO.
const onRole = `{"catalog":{"type":"INTERNAL","name":"cloud","properties":{"default-base-location":"s3://firn-test/functions"},
	"storageConfigInfo":{"storageType":"S3","roleArn":"` + vendingRole + `","region":"us-east-1","pathStyleAccess":true}}}`

// ask is send for an answer whose headers count; it asks for keys.
func (c *client) ask(t *testing.T, method, path, body string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.bearer)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Iceberg-Access-Delegation", "vended-credentials")
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.StatusCode, w.Header, string(text)
}

// The function that manages catalogs tries their storage, and those that hand out keys heed what it found.
func TestTheFunctionsProbe(t *testing.T) {
	d := deploy(t, map[string]string{"FIRN_PROBE": "true"})
	c := d.root(t)
	d.account.Plan(func(action string) cloudtest.Fault {
		if action == "AssumeRole" {
			return cloudtest.Fault{Refuse: "RegionDisabledException"}
		}
		return cloudtest.Fault{}
	})
	d.account.Take()
	status, header, _ := c.ask(t, "POST", "/api/management/v1/catalogs", onRole)
	if got := header.Get("Firn-Probe"); status != 201 || got != "failed; region.disabled" {
		t.Errorf("got %d and %q, want a catalog that says what is wrong", status, got)
	}
	calls := d.account.Take()
	if calls["AssumeRole"] != 1 || calls["PutItem"] != 1 || calls["TransactWriteItems"] != 1 {
		t.Errorf("got calls %v, want one of STS, and the finding kept in one write behind the creation", calls)
	}
	d.account.Plan(nil)
	d.account.Trust(vendingRole)
	c.must(t, "PUT", "/api/management/v1/catalogs/cloud/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`)
	c.must(t, "POST", "/api/catalog/v1/cloud/namespaces", `{"namespace":["n"]}`)
	d.account.Take()
	status, _, body := c.ask(t, "POST", "/api/catalog/v1/cloud/namespaces/n/tables", `{"name":"t","stage-create":true,"schema":{"type":"struct","fields":[]}}`)
	if status != 400 || !strings.Contains(body, "firn catalogs probe cloud") {
		t.Errorf("got %d %s, want the keys refused and the way out", status, body)
	}
	if calls := d.account.Take(); calls["AssumeRole"] != 0 || calls["BatchGetItem"] != 1 {
		t.Errorf("got calls %v, want nothing asked that other vends do not ask", calls)
	}
}

// Storage that this function could only try with the rights to hand out keys to it is not tried.
func TestTheFunctionsProbeRolesAlone(t *testing.T) {
	d := deploy(t, map[string]string{"FIRN_PROBE": "true"})
	c := d.root(t)
	for name, body := range map[string]string{
		"gcs":   `{"storageType":"GCS","allowedLocations":["gs://b/gcs"]}`,
		"azure": `{"storageType":"AZURE","tenantId":"t","allowedLocations":["abfss://c@acc.dfs.core.windows.net/azure"]}`,
		"minio": `{"storageType":"S3","endpoint":"http://127.0.0.1:1","allowedLocations":["s3://b/minio"]}`,
		"named": `{"storageType":"S3","roleArn":"` + vendingRole + `","storageName":"lab","allowedLocations":["s3://b/named"]}`,
	} {
		base := strings.Split(body[strings.Index(body, `ations":["`)+10:], `"`)[0]
		status, header, _ := c.ask(t, "POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"`+name+`","properties":{"default-base-location":"`+base+`"},"storageConfigInfo":`+body+`}}`)
		if got := header.Get("Firn-Probe"); status != 201 || got != "skipped" {
			t.Errorf("%s: got %d and %q, want it skipped", name, status, got)
		}
	}
	if calls := d.account.Take(); calls["AssumeRole"] != 0 {
		t.Errorf("got calls %v, want none of STS", calls)
	}
}

// With MinIO for S3 and STS, whose session policies are enforced (localstack/with-minio): it takes every role, and every
// external id.
func TestTheFunctionsProbeMinIO(t *testing.T) {
	store := os.Getenv("FIRN_TEST_MINIO")
	if store == "" {
		t.Skip("FIRN_TEST_MINIO is not set")
	}
	d := deploy(t, map[string]string{"FIRN_PROBE": "true", "AWS_ENDPOINT_URL_S3": store, "AWS_ENDPOINT_URL_STS": store, "AWS_ACCESS_KEY_ID": "vendor", "AWS_SECRET_ACCESS_KEY": "vendor-secret"})
	c := d.root(t)
	if _, header, _ := c.ask(t, "POST", "/api/management/v1/catalogs", onRole); header.Get("Firn-Probe") != "passed" {
		t.Errorf("got %q, want passed", header.Get("Firn-Probe"))
	}
	tried := c.must(t, "POST", "/api/management/v1/catalogs/cloud/probe", "")
	for _, part := range []string{`"state":"passed"`, `"code":"trust.any-external-id"`, `"sibling.read"`} {
		if !strings.Contains(string(tried), part) {
			t.Errorf("got %s, want %s in it", tried, part)
		}
	}
}
