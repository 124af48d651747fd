//go:build unix

package functions

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// The functions ask nobody for a catalog at an address that no operator listed.
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
		if status, _, body := c.ask(t, "POST", "/api/management/v1/catalogs", catalog); status != 403 || !strings.Contains(body, "endpoints: [") {
			t.Errorf("%s: got %d %s, want the endpoint refused, with the line that lists it", name, status, body)
		}
	}
	if got := asked.Load(); got != 0 {
		t.Errorf("got %d requests, want none", got)
	}
}
