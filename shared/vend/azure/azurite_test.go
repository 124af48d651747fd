package azure

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"firn/shared/lake"
	"firn/shared/vend"
	"firn/shared/vend/azure/adlsrest"
	"firn/shared/vend/azure/azuretest"
)

// Microsoft's emulator knows no directories, and takes the line of the correlation id (scid) for empty. So the SAS are for
// a container here, and have no id, as the driver's never are: they prove the exchange of the key and all other lines of
// the string-to-sign but the end of the path.
func TestAzuriteTakesTheSignature(t *testing.T) {
	emulator := azuretest.OpenAzurite(t)
	own, other := fmt.Sprintf("own-%d", time.Now().UnixNano()), fmt.Sprintf("other-%d", time.Now().UnixNano())
	emulator.MakeContainer(t, own)
	emulator.MakeContainer(t, other)
	identity := &someone{token: lake.Secret(emulator.Bearer(t, tenant, time.Now()))}
	w := newWorld(t, func(c *Config) { c.Identity, c.Now, c.Transport = identity, time.Now, emulator })
	w.storage.AllowedLocations = []string{"wasbs://" + own + "@" + azuretest.AzuriteHost + "/ns"}
	vended, err := w.vendor.Vend(t.Context(), w.storage, w.grant(t, vend.Read|vend.List|vend.Write|vend.Delete, w.storage.AllowedLocations[0]))
	if err != nil {
		t.Fatal(err)
	}
	account, err := adlsrest.AccountOf(azuretest.AzuriteHost)
	if err != nil {
		t.Fatal(err)
	}
	key, fresh := w.vendor.keys.look(slot{account: account, tenant: tenant})
	if !fresh {
		t.Fatal("the key is not kept")
	}
	if !strings.EqualFold(key.tenantID, tenant) {
		t.Errorf("got a key of tenant %s, want %s", key.tenantID, tenant)
	}
	ask := func(method, container, path, query string) int {
		header := map[string]string{"X-Ms-Version": "2020-12-06"}
		if method == http.MethodPut {
			header["X-Ms-Blob-Type"] = "BlockBlob"
		}
		r, err := http.NewRequestWithContext(t.Context(), method, "https://"+azuretest.AzuriteHost+"/"+container+path+"?"+query, strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range header {
			r.Header.Set(name, value)
		}
		answer, err := emulator.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.StatusCode
	}
	container := func(permissions string, expires time.Time, change ...string) string {
		query := containerSAS(t, own, permissions, expires, key)
		if len(change) == 2 {
			query.Set(change[0], change[1])
		}
		return query.Encode()
	}
	soon := time.Now().Add(time.Hour)
	rows := []struct {
		name, method, container, path, query string
		want                                 int
	}{
		{"put", "PUT", own, "/ns/t/a", container("racwdl", soon), 201},
		{"get", "GET", own, "/ns/t/a", container("racwdl", soon), 200},
		{"list", "GET", own, "", "restype=container&comp=list&" + container("rl", soon), 200},
		{"another container", "GET", other, "/ns/t/a", container("racwdl", soon), 403},
		{"a reader puts", "PUT", own, "/ns/t/b", container("rl", soon), 403},
		{"a reader deletes", "DELETE", own, "/ns/t/a", container("rl", soon), 403},
		{"a lister gets", "GET", own, "/ns/t/a", container("l", soon), 403},
		{"after its end", "GET", own, "/ns/t/a", container("r", time.Now().Add(-time.Minute)), 403},
		{"with a later end", "GET", own, "/ns/t/a", container("r", soon, "se", "2026-11-30T00:00:00Z"), 403},
		{"with more permissions", "DELETE", own, "/ns/t/a", container("r", soon, "sp", "rd"), 403},
		{"with another protocol", "GET", own, "/ns/t/a", container("r", soon, "spr", "https,http"), 403},
		// The day that this row fails, the emulator knows directories and can run the whole suite.
		{"the driver's own, for a directory", "GET", own, "/ns/t/a", vended.Azure.SAS.Reveal(), 403},
		{"delete", "DELETE", own, "/ns/t/a", container("d", soon), 202},
	}
	for _, row := range rows {
		if got := ask(row.method, row.container, row.path, row.query); got != row.want {
			t.Errorf("%s: got %d, want %d", row.name, got, row.want)
		}
	}
}

// containerSAS signs for a container with the driver's string-to-sign.
func containerSAS(t *testing.T, container, permissions string, expires time.Time, k *delegationKey) url.Values {
	t.Helper()
	s := sas{permissions: permissions, expires: expires.UTC().Truncate(time.Second),
		account: azuretest.AzuriteAccount, container: container}
	query, err := url.ParseQuery(s.query(k, "c", "", 0).Reveal())
	if err != nil {
		t.Fatal(err)
	}
	query.Del("sdd")
	return query
}
