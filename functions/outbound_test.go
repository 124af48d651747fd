//go:build unix

package functions

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// The functions ask nobody for a catalog at an address that no operator listed, and say what they say of a
// closed port.
func TestTheFunctionsReachNoEndpointThatIsNotListed(t *testing.T) {
	asked := atomic.Int64{}
	victim := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(victim.Close)
	d := deploy(t, map[string]string{"FIRN_PROBE": "true", "AWS_MAX_ATTEMPTS": "1"})
	d.account.Trust(vendingRole)
	c := d.root(t)
	for name, storage := range map[string]string{"sts": `"stsEndpoint":"` + victim.URL + `"`, "s3": `"endpointInternal":"` + victim.URL + `","stsEndpoint":"` + d.account.URL + `"`} {
		catalog := strings.Replace(strings.Replace(onRole, `"cloud"`, `"`+name+`"`, 1), "s3://firn-test/functions", "s3://firn-test/"+name, 1)
		catalog = strings.Replace(catalog, `"region"`, storage+`,"region"`, 1)
		catalog = strings.Replace(catalog, `"properties":{`, `"properties":{"firn.config.s3-profile":"aws",`, 1)
		status, header, body := c.ask(t, "POST", "/api/management/v1/catalogs", catalog)
		if got := header.Get("Firn-Probe"); status != 201 || got != "failed; endpoint.unreachable" {
			t.Errorf("%s: got %d %q %s, want a catalog whose endpoint does not answer", name, status, got, body)
		}
		c.must(t, "PUT", "/api/management/v1/catalogs/"+name+"/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`)
		c.must(t, "POST", "/api/catalog/v1/"+name+"/namespaces", `{"namespace":["n"]}`)
		status, body2 := c.send(t, "POST", "/api/catalog/v1/"+name+"/namespaces/n/tables", `{"name":"t","schema":{"type":"struct","fields":[]}}`)
		if status != 503 {
			t.Errorf("%s: got %d %s, want no table", name, status, body2)
		}
	}
	if got := asked.Load(); got != 0 {
		t.Errorf("got %d requests, want none", got)
	}
}
