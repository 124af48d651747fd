package app

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"firn/shared/blob"
	blobazure "firn/shared/blob/azure"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/probe"
	"firn/shared/storagepolicy/storagepolicytest"
	"firn/shared/vend"
	"firn/shared/vend/azure"
	"firn/shared/vend/azure/azuretest"
)

const azureTenant = "7e2a47d0-1111-4222-8333-444455556666"

// azureCatalog is a catalog in the container data of the account lake.
const azureCatalog = `{"catalog":{"type":"INTERNAL","name":"az","properties":{"default-base-location":"abfss://data@lake.dfs.core.windows.net/wh","polaris.config.drop-with-purge.enabled":"true"},
	"storageConfigInfo":{"storageType":"AZURE","tenantId":"` + azureTenant + `","hierarchical":true}}}`

// entraToken is an identity in the tenant of the test.
type entraToken struct{}

func (entraToken) Token(_ context.Context, tenant, domain string) (lake.Secret, error) {
	if tenant != azureTenant || domain != "core.windows.net" {
		return "", fault.New(fault.Forbidden, "no identity in %s of %s", tenant, domain)
	}
	return "entra-token", nil
}

// newAzure is a server whose one cloud is a fake of Azure.
func newAzure(t *testing.T) (*server, *azuretest.Cloud) {
	t.Helper()
	cloud := azuretest.New(t, time.Now)
	cloud.Trust("entra-token", azureTenant)
	cloud.Seed("lake", "data", "", "")
	vendor, err := azure.New(azure.Config{Identity: entraToken{}, Now: time.Now, Transport: cloud.Transport()})
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, nil)
	s.Catalog.Vendor, s.Catalog.Files = vend.ByStorage{Policy: storagepolicytest.Lenient(nil), Azure: vendor}, blob.ByStorage{Policy: storagepolicytest.Lenient(nil), Azure: blobazure.New(blobazure.Config{Transport: cloud.Transport()})}
	return s, cloud
}

// setUpAzure makes a catalog az with the namespace ns, whose content root manages.
func (s *server) setUpAzure(t *testing.T, bearer, catalog string) {
	t.Helper()
	for _, step := range [][3]string{
		{"POST", "/api/management/v1/catalogs", catalog},
		{"PUT", "/api/management/v1/catalogs/az/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`},
		{"POST", "/api/catalog/v1/az/namespaces", `{"namespace":["ns"]}`},
	} {
		if w := s.ask(t, bearer, step[0], step[1], step[2]); w.Code/100 != 2 {
			t.Fatalf("%s %s: got %d %s", step[0], step[1], w.Code, w.Body)
		}
	}
}

// vendedTable is what a client learns of a table with X-Iceberg-Access-Delegation.
type vendedTable struct {
	MetadataLocation string `json:"metadata-location"`
	Metadata         struct {
		Location string `json:"location"`
	} `json:"metadata"`
	Config      map[string]string `json:"config"`
	Credentials []struct {
		Prefix string            `json:"prefix"`
		Config map[string]string `json:"config"`
	} `json:"storage-credentials"`
}

// vended asks with delegation.
func (s *server) vended(t *testing.T, bearer, method, target, body string) (out vendedTable) {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+bearer)
	r.Header.Set("X-Iceberg-Access-Delegation", "vended-credentials")
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.Handler.ServeHTTP(w, r)
	decodeBody(t, w, http.StatusOK, &out)
	return out
}

// From a catalog to a SAS through the HTTP door, and with it at the store: a table's key opens its own folder.
func TestAzureFromCatalogToSAS(t *testing.T) {
	s, cloud := newAzure(t)
	token := s.login(t, "root", "s3cr3t")
	s.setUpAzure(t, token, azureCatalog)
	const tables = "/api/catalog/v1/az/namespaces/ns/tables"
	const schema = `","schema":{"type":"struct","fields":[]}}`
	s.vended(t, token, "POST", tables, `{"name":"orders`+schema)
	sibling := s.vended(t, token, "POST", tables, `{"name":"orders2`+schema)
	own := s.vended(t, token, "GET", tables+"/orders", "")
	if len(own.Credentials) != 1 || own.Credentials[0].Prefix != own.Metadata.Location {
		t.Fatalf("got entries %v, want one for %s", own.Credentials, own.Metadata.Location)
	}
	sas := own.Credentials[0].Config["adls.sas-token.lake.dfs.core.windows.net"]
	ends, err := strconv.ParseInt(own.Credentials[0].Config["adls.sas-token-expires-at-ms.lake.dfs.core.windows.net"], 10, 64)
	if left := time.Until(time.UnixMilli(ends)); err != nil || left < 55*time.Minute || left > time.Hour {
		t.Errorf("got a key for %s, %v, want an hour", left, err)
	}
	if own.Config["adls.sas-token.lake.blob.core.windows.net"] != sas || sas == "" {
		t.Error("the key is not spelt for the Blob endpoint too")
	}
	key := func(location string) string {
		return strings.TrimPrefix(location, "abfss://data@lake.dfs.core.windows.net/")
	}
	rows := []struct {
		name, method, path string
		want               int
	}{
		{"own metadata", "GET", key(own.MetadataLocation), 200},
		{"own new file", "PUT", key(own.Metadata.Location) + "/data/f.parquet", 201},
		{"own file deleted", "DELETE", key(own.Metadata.Location) + "/data/f.parquet", 202},
		{"sibling's metadata", "GET", key(sibling.MetadataLocation), 403},
		{"sibling's new file", "PUT", key(sibling.Metadata.Location) + "/data/f.parquet", 403},
		{"sibling's metadata deleted", "DELETE", key(sibling.MetadataLocation), 403},
		{"the namespace's folder", "PUT", "wh/ns/f", 403},
		{"the container", "PUT", "f", 403},
	}
	for _, row := range rows {
		r, err := http.NewRequestWithContext(t.Context(), row.method, "https://lake.blob.core.windows.net/data/"+row.path+"?"+sas, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Ms-Blob-Type", "BlockBlob")
		w, err := cloud.Transport().RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, w.Body)
		_ = w.Body.Close()
		if w.StatusCode != row.want {
			t.Errorf("%s: got %d, want %d", row.name, w.StatusCode, row.want)
		}
	}
	if fresh := s.vended(t, token, "GET", tables+"/orders/credentials", ""); len(fresh.Credentials) != 1 || fresh.Credentials[0].Config["adls.sas-token.lake.dfs.core.windows.net"] == sas {
		t.Errorf("got %d entries by the refresh, want one with a new key", len(fresh.Credentials))
	}
	asked := 0
	for _, e := range cloud.Log() {
		if e.Operation == "GetUserDelegationKey" {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("got %d requests for delegation keys, want 1 for all of this", asked)
	}
	if w := s.ask(t, token, "DELETE", tables+"/orders?purgeRequested=true", ""); w.Code != http.StatusNoContent {
		t.Fatalf("drop: got %d %s", w.Code, w.Body)
	}
	if err := s.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, there := cloud.Holds("lake", "data", key(own.MetadataLocation)); there {
		t.Error("the purge left the metadata")
	}
	if _, there := cloud.Holds("lake", "data", key(sibling.MetadataLocation)); !there {
		t.Error("the purge took the sibling's metadata")
	}
}

// What is tried of a storage before keys to it are handed out comes out well.
func TestAzurePassesItsProbe(t *testing.T) {
	s, _ := newAzure(t)
	yes := true
	const base = "abfss://data@lake.dfs.core.windows.net/wh"
	catalog := &lake.Catalog{ID: "c1", Name: "az", Type: lake.Internal,
		Facts:   lake.Facts{Properties: map[string]string{"default-base-location": base}},
		Storage: lake.Storage{Type: lake.Azure, TenantID: azureTenant, Hierarchical: &yes, AllowedLocations: []string{base}}}
	report := probe.New(probe.Config{Vendor: s.Catalog.Vendor, Files: s.Catalog.Files, Now: time.Now, Patience: time.Millisecond}).
		Probe(t.Context(), probe.Asker{Realm: "POLARIS", Principal: "root", PrincipalID: "p1"}, catalog)
	if report.State != lake.ProbePassed || len(report.Findings) > 0 || len(report.Passed) < 12 {
		t.Errorf("got %s with %+v, and proven: %v", report.State, report.Findings, report.Passed)
	}
}

// An account that nobody calls hierarchical gets no key, and no table whose metadata firn could not write.
func TestAzureWithoutAHierarchicalNamespaceIsRefused(t *testing.T) {
	s, cloud := newAzure(t)
	token := s.login(t, "root", "s3cr3t")
	flat := strings.Replace(azureCatalog, `,"hierarchical":true`, ``, 1)
	flat = strings.Replace(flat, `"properties":{`, `"properties":{"firn.config.probe":"false",`, 1)
	s.setUpAzure(t, token, flat)
	w := s.ask(t, token, "POST", "/api/catalog/v1/az/namespaces/ns/tables", `{"name":"t","schema":{"type":"struct","fields":[]}}`)
	if w.Code != http.StatusNotAcceptable || !strings.Contains(w.Body.String(), "opens the whole container") {
		t.Errorf("got %d %s, want 406 and the reason", w.Code, w.Body)
	}
	if log := cloud.Log(); len(log) > 0 {
		t.Errorf("got requests %v, want none", log)
	}
}
