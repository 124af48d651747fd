package management_test

import (
	"strings"
	"testing"

	"firn/shared/admin"
	"firn/shared/storagepolicy/storagepolicytest"
)

// Who may write a catalog's properties, and tables in it, chooses nothing about its storage: neither whose authority opens
// it, nor where, nor what its content may reach.
func TestUpdateCatalog_StorageIsForWhoMayCreateCatalogs(t *testing.T) {
	w := newWorld(t, nil)
	const role = "arn:aws:iam::1:role/r"
	w.must(`POST /catalogs {"catalog":{"type":"INTERNAL","name":"c","properties":{"default-base-location":"s3://b/c","polaris.config.drop-with-purge.enabled":"true"},` +
		`"storageConfigInfo":{"storageType":"S3","roleArn":"` + role + `","allowedLocations":["s3://b/c"],"region":"eu-west-1"}}}`)
	w.must(`POST /catalogs/c/catalog-roles {"catalogRole":{"name":"content"}}`,
		`PUT /catalogs/c/catalog-roles/content/grants {"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`)
	w.holder("writer", "c", "content")
	w.holder("owner", "c", "catalog_admin")

	const properties = `"properties":{"default-base-location":"s3://b/c","polaris.config.drop-with-purge.enabled":"true"}`
	storage := func(more string) string {
		return properties + `,"storageConfigInfo":{"storageType":"S3","roleArn":"` + role + `","allowedLocations":["s3://b/c"],"region":"eu-west-1"` + more + `}`
	}
	with := func(more string) string { return strings.TrimSuffix(properties, "}") + `,` + more + `}` }
	rows := map[string]string{
		"no STS":               storage(`,"stsUnavailable":true`),
		"an endpoint":          storage(`,"endpoint":"http://127.0.0.1:1"`),
		"an inner endpoint":    storage(`,"endpointInternal":"http://127.0.0.1:1"`),
		"a token service":      storage(`,"stsEndpoint":"http://127.0.0.1:1"`),
		"a name":               storage(`,"storageName":"lab"`),
		"another role":         strings.Replace(storage(""), "role/r", "role/q", 1),
		"one more location":    strings.Replace(storage(""), `["s3://b/c"]`, `["s3://b/c","s3://b/more"]`, 1),
		"a wider location":     strings.Replace(storage(""), `["s3://b/c"]`, `["s3://b/c/","s3://b/c"]`, 1),
		"a KMS key":            storage(`,"allowedKmsKeys":["k"]`),
		"unstructured":         with(`"polaris.config.allow.unstructured.table.location":"true"`),
		"overlapping":          with(`"polaris.config.allow.overlapping.table.location":"true"`),
		"external metadata":    with(`"polaris.config.allow.external.metadata.file.location":"true"`),
		"namespaces elsewhere": with(`"polaris.config.namespace-custom-location.enabled":"true"`),
		"no probe":             with(`"firn.config.probe":"false"`),
		"no purge":             `"properties":{"default-base-location":"s3://b/c"}`,
		"another base":         strings.Replace(properties, "s3://b/c", "s3://b/c/d", 1),
	}
	for name, fields := range rows {
		for _, who := range []string{"writer", "owner"} {
			a := w.ask(who, `PUT /catalogs/c {"currentEntityVersion":1,`+fields+`}`)
			if a.Code != 403 || !strings.Contains(a.Body.String(), "CATALOG_CREATE") || strings.Contains(a.Body.String(), "arn:") {
				t.Errorf("%s by %s: got %d %s, want it forbidden, with the privilege", name, who, a.Code, a.Body)
			}
		}
	}
	w.ask("root", "GET /catalogs/c").want(200, `"entityVersion":1`)

	// What is no change, and what is no matter of storage, is theirs as in Polaris.
	w.ask("writer", `PUT /catalogs/c {"currentEntityVersion":1,`+storage("")+`}`).want(200)
	w.ask("writer", `PUT /catalogs/c {"currentEntityVersion":2,`+with(`"owner":"team","polaris.config.list-pagination-enabled":"true"`)+`}`).want(200)
	w.ask("root", `PUT /catalogs/c {"currentEntityVersion":3,`+storage(`,"storageName":"lab"`)+`}`).want(200)
}

// A catalog is refused whose storage the operator does not allow; what its realm may not, no rank of it may.
func TestCreateCatalog_TheOperatorsPolicyHoldsForEveryRank(t *testing.T) {
	w := newWorld(t, func(c *admin.Config) {
		c.StoragePolicy = storagepolicytest.Parse(`realms: {R: {assumeRoles: ["arn:aws:iam::1:role/*"], ownIdentity: [{endpoint: "http://minio:9000", bucket: lake, prefix: wh/}]}}`)
	})
	storage := func(name, base, fields string) string {
		return `POST /catalogs {"catalog":{"type":"INTERNAL","name":"` + name + `","properties":{"default-base-location":"` + base + `"},"storageConfigInfo":{"storageType":"S3"` + fields + `}}}`
	}
	w.ask("root", storage("a", "s3://lake/other", `,"endpoint":"http://minio:9000"`)).want(403, "storage policy", "ownIdentity: [{endpoint: ")
	w.ask("root", storage("a", "s3://lake/wh/a", `,"endpoint":"http://other:9000"`)).want(403, `endpoints: [\"http://other:9000\"]`)
	w.ask("root", storage("a", "s3://lake/wh/a", `,"roleArn":"arn:aws:iam::2:role/r"`)).want(403, "assumeRoles")
	w.ask("root", storage("a", "s3://lake/wh/a", `,"roleArn":"arn:aws:iam::1:role/r","stsUnavailable":true`)).want(403, "firn's own identity at aws")
	w.ask("root", "GET /catalogs/a").want(404)

	// An allowed location may be wider than the policy: it is narrowed in use. The base may not.
	w.ask("root", storage("a", "s3://lake/wh/a", `,"endpoint":"http://minio:9000","allowedLocations":["s3://lake/wh/a","s3://lake/more"]`)).want(201)
	w.ask("root", `PUT /catalogs/a {"currentEntityVersion":1,"properties":{"default-base-location":"s3://lake/more/a"}}`).want(403, "storage policy")
}
