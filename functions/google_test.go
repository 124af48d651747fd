//go:build unix

package functions

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"firn/shared/vend/gcs/gcstest"
)

// A function is somebody to Google where its environment names a provider: its AWS role is taken for it, without any key
// of Google's, and a table is made and opened there.
func TestFunctionsAreKnownToGoogleWhereTheEnvironmentSaysSo(t *testing.T) {
	const catalog, tables = "/api/catalog/v1/g/namespaces", "/api/catalog/v1/g/namespaces/n/tables"
	for name, audience := range map[string]string{"known": gcstest.Audience, "not known": ""} {
		t.Run(name, func(t *testing.T) {
			google := gcstest.New(t, time.Now)
			google.Trust("lake@project.iam.gserviceaccount.com")
			server := httptest.NewServer(google)
			defer server.Close()
			d := deploy(t, map[string]string{"FIRN_GCP_AUDIENCE": audience, "FIRN_GCP_STS_ENDPOINT": server.URL, "FIRN_GCP_IAM_ENDPOINT": server.URL,
				"FIRN_GCS_ENDPOINT": server.URL, "AWS_SESSION_TOKEN": "session"})
			c := d.root(t)
			c.must(t, "POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"g","properties":{"default-base-location":"gs://lake/wh"},
				"storageConfigInfo":{"storageType":"GCS","gcsServiceAccount":"lake@project.iam.gserviceaccount.com"}}}`)
			c.must(t, "PUT", "/api/management/v1/catalogs/g/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`)
			c.must(t, "POST", catalog, `{"namespace":["n"]}`)
			status, body := c.send(t, "POST", tables, `{"name":"t","schema":{"type":"struct","fields":[]}}`)
			if audience == "" {
				if status != 406 || !strings.Contains(string(body), "This server cannot vend credentials for storage of type GCS.") {
					t.Errorf("got %d %s, want 406 and the reason", status, body)
				}
				return
			}
			if status != 200 {
				t.Fatalf("got %d %s, want 200", status, body)
			}
			var made struct {
				Metadata struct{ Location string } `json:"metadata"`
			}
			if err := json.Unmarshal(body, &made); err != nil {
				t.Fatal(err)
			}
			var fresh struct {
				Credentials []struct{ Config map[string]string } `json:"storage-credentials"`
			}
			if err := json.Unmarshal(c.must(t, "GET", tables+"/t/credentials", ""), &fresh); err != nil {
				t.Fatal(err)
			}
			token, object := fresh.Credentials[0].Config["gcs.oauth2.token"], "projects/_/buckets/lake/objects/"+strings.TrimPrefix(made.Metadata.Location, "gs://lake/")
			if !google.Allows(token, "storage.objects.get", object+"/data/a", nil) || google.Allows(token, "storage.objects.get", object+"2/data/a", nil) {
				t.Error("the token does not open exactly its table")
			}
		})
	}
}
