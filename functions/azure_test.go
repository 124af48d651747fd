//go:build unix

package functions

import (
	"strings"
	"testing"
)

// A function is somebody to Azure where its environment names an application; then it asks Microsoft Entra, which no test
// reaches.
func TestFunctionsAreKnownToAzureWhereTheEnvironmentSaysSo(t *testing.T) {
	for name, row := range map[string]struct {
		client string
		status int
		says   string
	}{
		"known":     {"1b1ec700-0000-4000-8000-00000000f112", 503, "Microsoft Entra did not answer."},
		"not known": {"", 406, "This server cannot vend credentials for storage of type AZURE."},
	} {
		t.Run(name, func(t *testing.T) {
			d := deploy(t, map[string]string{"FIRN_AZURE_CLIENT_ID": row.client, "HTTPS_PROXY": "http://127.0.0.1:1"})
			c := d.root(t)
			c.must(t, "POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"az","properties":{"default-base-location":"abfss://data@lake.dfs.core.windows.net/wh","firn.config.probe":"false"},
				"storageConfigInfo":{"storageType":"AZURE","tenantId":"7e2a47d0-1111-4222-8333-444455556666","hierarchical":true}}}`)
			c.must(t, "PUT", "/api/management/v1/catalogs/az/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`)
			c.must(t, "POST", "/api/catalog/v1/az/namespaces", `{"namespace":["n"]}`)
			status, body := c.send(t, "POST", "/api/catalog/v1/az/namespaces/n/tables", `{"name":"t","schema":{"type":"struct","fields":[]}}`)
			if status != row.status || !strings.Contains(string(body), row.says) {
				t.Errorf("got %d %s, want %d %q", status, body, row.status, row.says)
			}
		})
	}
}
