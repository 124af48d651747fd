package management_test

import (
	"fmt"
	"strings"
	"testing"

	"firn/shared/admin"
	"firn/shared/kv/faulty"
	"firn/shared/storagepolicy/storagepolicytest"
)

// s3 is a request for a catalog of the name c with the properties and the rest of the storage configuration.
func s3(base, rest string) string {
	return fmt.Sprintf(`POST /catalogs {"catalog":{"type":"INTERNAL","name":"c","properties":{"default-base-location":%q},"storageConfigInfo":{"storageType":"S3"%s}}}`, base, rest)
}

func TestACatalogIsShownAsItWasMade(t *testing.T) {
	facts := func(name, base string, updated string) string {
		return `{"type":"INTERNAL","name":"` + name + `","properties":{"default-base-location":"` + base + `"},"createTimestamp":` + noonMillis +
			`,"lastUpdateTimestamp":` + updated + `,"entityVersion":1,"storageConfigInfo":{`
	}
	rows := []struct{ name, request, base, storage string }{
		{"S3 with nothing said", s3("s3://b/x", ""), "s3://b/x", `"allowedKmsKeys":[],"pathStyleAccess":false,"storageType":"S3","allowedLocations":["s3://b/x"]}}`},
		{"S3 with all said", s3("s3a://b/x/y", `,"allowedLocations":["s3://b/x","s3://b/z"],"storageName":"n","roleArn":"arn:aws:iam::1:role/r","externalId":"e","userArn":"ignored","currentKmsKey":"k","allowedKmsKeys":["k","l"],"region":"eu-west-1","endpoint":"https://s","stsEndpoint":"http://t:1","stsUnavailable":true,"endpointInternal":"http://i","pathStyleAccess":true,"kmsUnavailable":false`), "s3a://b/x/y",
			`"roleArn":"arn:aws:iam::1:role/r","externalId":"e","currentKmsKey":"k","allowedKmsKeys":["k","l"],"region":"eu-west-1","endpoint":"https://s","stsEndpoint":"http://t:1","stsUnavailable":true,"endpointInternal":"http://i","pathStyleAccess":true,"kmsUnavailable":false,"storageType":"S3","allowedLocations":["s3://b/x","s3://b/z"],"storageName":"n"}}`},
		{"GCS", strings.Replace(s3("gs://b/x", `,"gcsServiceAccount":"a@b","tenantId":"not of GCS"`), `"S3"`, `"GCS"`, 1), "gs://b/x",
			`"gcsServiceAccount":"a@b","storageType":"GCS","allowedLocations":["gs://b/x"]}}`},
		{"Azure", strings.Replace(s3("abfss://c@a.dfs.core.windows.net/x", `,"tenantId":"t","multiTenantAppName":"m","consentUrl":"u","hierarchical":true`), `"S3"`, `"AZURE"`, 1), "abfss://c@a.dfs.core.windows.net/x",
			`"tenantId":"t","multiTenantAppName":"m","consentUrl":"u","hierarchical":true,"storageType":"AZURE","allowedLocations":["abfss://c@a.dfs.core.windows.net/x"]}}`},
		{"FILE", strings.Replace(s3("file:///x", ""), `"S3"`, `"FILE"`, 1), "file:///x", `"storageType":"FILE","allowedLocations":["file:///x"]}}`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, func(c *admin.Config) {
				c.StoragePolicy = storagepolicytest.WithFolders(storagepolicytest.Lenient([]string{"https://s", "http://t:1", "http://i"}, "n"), "/x")
			})
			w.ask("root", row.request).want(201, facts("c", row.base, "0")+row.storage)
			shown := facts("c", row.base, noonMillis) + row.storage
			w.ask("root", "GET /catalogs/c").want(200, shown)
			w.ask("root", "GET /catalogs").want(200, `{"catalogs":[`+shown+`]}`)
		})
	}
}

func TestACatalogThatIsNotInOrderIsRefused(t *testing.T) {
	w := newWorld(t, nil)
	long := strings.Repeat("x", 2049)
	catalog := func(fields string) string { return `POST /catalogs {"catalog":{` + fields + `}}` }
	const props, storage = `"properties":{"default-base-location":"s3://b/x"}`, `"storageConfigInfo":{"storageType":"S3"}`
	rows := []struct {
		name, request string
		status        int
		kind, message string
	}{
		{"no body", `POST /catalogs`, 400, "WebApplicationException", "The request needs a JSON body"},
		{"null", `POST /catalogs {"catalog":null}`, 400, "ResteasyReactiveViolationException", "Invalid value: createCatalog.arg0.catalog: must not be null"},
		{"no type", catalog(`"name":"c",` + props + `,` + storage), 400, "WebApplicationException", "type must be INTERNAL or EXTERNAL"},
		{"another type", catalog(`"type":"internal","name":"c",` + props + `,` + storage), 400, "WebApplicationException", "type must be INTERNAL or EXTERNAL"},
		{"no name", catalog(`"type":"INTERNAL",` + props + `,` + storage), 400, "ResteasyReactiveViolationException", "Invalid value: createCatalog.arg0.catalog.name: must not be null"},
		{"an empty name", catalog(`"type":"INTERNAL","name":"",` + props + `,` + storage), 400, "ResteasyReactiveViolationException", "Invalid value: createCatalog.arg0.catalog.name: size must be between 1 and 256"},
		{"a control character in the name", catalog(`"type":"INTERNAL","name":"a\u001fb",` + props + `,` + storage), 400, "ResteasyReactiveViolationException", "Invalid value: createCatalog.arg0.catalog.name: must not contain control characters"},
		{"no properties", catalog(`"type":"INTERNAL","name":"c",` + storage), 400, "ResteasyReactiveViolationException", "Invalid value: createCatalog.arg0.catalog.properties: must not be null"},
		{"no storage", catalog(`"type":"INTERNAL","name":"c",` + props), 400, "ResteasyReactiveViolationException", "Invalid value: createCatalog.arg0.catalog.storageConfigInfo: must not be null"},
		{"no base", catalog(`"type":"INTERNAL","name":"c","properties":{},` + storage), 400, "BadRequestException", "Must specify default base location"},
		{"an empty base", s3("", ""), 400, "BadRequestException", "default-base-location '' is not within any of the allowed locations []"},
		{"a reserved property", strings.Replace(s3("s3://b/x", ""), `{"default`, `{"polaris.config.nosuch":"1","default`, 1), 400, "IllegalArgumentException", "Property 'polaris.config.nosuch' matches reserved prefix 'polaris.'"},
		{"a property that is an object", strings.Replace(s3("s3://b/x", ""), `{"default`, `{"k":{},"default`, 1), 400, "WebApplicationException", "Invalid JSON: a text is needed where an object or a list is"},
		{"a storage type that there is not", strings.Replace(s3("s3://b/x", ""), `"S3"`, `"s3"`, 1), 400, "WebApplicationException", "storageType must be S3, GCS, AZURE or FILE"},
		{"FILE without leave", strings.Replace(s3("file:///x", ""), `"S3"`, `"FILE"`, 1), 400, "IllegalArgumentException", "Unsupported storage type: FILE"},
		{"Azure without a tenant", strings.Replace(s3("abfss://c@a.dfs.core.windows.net/x", ""), `"S3"`, `"AZURE"`, 1), 400, "WebApplicationException", "Missing required field: tenantId"},
		{"a location of another type", s3("s3://b/x", `,"allowedLocations":["gs://b/x"]`), 400, "IllegalArgumentException", "Location prefix not allowed: 'gs://b/x', expected prefixes: 's3://,s3a://'"},
		{"a wildcard", s3("s3://b/x", `,"allowedLocations":["s3://b/x","s3://b/*"]`), 400, "IllegalArgumentException", `Invalid location "s3://b/*": it must not hold '*'`},
		{"a base that only begins like the location", s3("s3://b/xy", `,"allowedLocations":["s3://b/x"]`), 400, "BadRequestException", "default-base-location 's3://b/xy' is not within any of the allowed locations [s3://b/x]"},
		{"a base that climbs out", s3("s3://b/x/../y", `,"allowedLocations":["s3://b/x"]`), 400, "IllegalArgumentException", `Invalid location "s3://b/x/../y": it must not hold a segment "." or ".."`},
		{"a whole bucket", s3("s3://b", ""), 400, "IllegalArgumentException", `Invalid location "s3://b": it must not be a whole bucket`},
		{"too many locations", s3("s3://b/x", `,"allowedLocations":["s3://b/x"`+strings.Repeat(`,"s3://b/x"`, 40)+`]`), 400, "IllegalArgumentException", "A catalog has at most 40 allowed locations"},
		{"an empty role", s3("s3://b/x", `,"roleArn":""`), 400, "IllegalArgumentException", "ARN must not be empty"},
		{"no role at all", s3("s3://b/x", `,"roleArn":"nonsense"`), 400, "IllegalArgumentException", "Invalid role ARN format: nonsense"},
		{"a role that is too long", s3("s3://b/x", `,"roleArn":"arn:aws:iam::1:role/`+long+`"`), 400, "IllegalArgumentException", "Invalid value: roleArn: must be at most 2048 bytes without control characters"},
		{"a KMS key with a line feed", s3("s3://b/x", `,"allowedKmsKeys":["a\nb"]`), 400, "IllegalArgumentException", "Invalid value: allowedKmsKeys[0]: must be at most 2048 bytes without control characters"},
		{"too many KMS keys", s3("s3://b/x", `,"allowedKmsKeys":["k"`+strings.Repeat(`,"k"`, 100)+`]`), 400, "IllegalArgumentException", "Invalid value: allowedKmsKeys: must be at most 100"},
		{"an external id that STS refuses", s3("s3://b/x", `,"externalId":"a b"`), 400, "IllegalArgumentException", "Invalid value: externalId: must be at most 1224 letters, digits and + = , . @ : / - _"},
		{"an external id that is too long", s3("s3://b/x", `,"externalId":"`+long+`"`), 400, "IllegalArgumentException", "Invalid value: externalId: must be at most 1224 letters, digits and + = , . @ : / - _"},
		{"a region that is more than a name", s3("s3://b/x", `,"region":"x.example/"`), 400, "IllegalArgumentException", "Invalid value: region: must be letters, digits, - and _"},
		{"an endpoint without a host", s3("s3://b/x", `,"endpoint":"http:///x"`), 400, "IllegalArgumentException", "Invalid value: endpoint: must be an http or https URL with a host and without credentials"},
		{"an endpoint of another scheme", s3("s3://b/x", `,"endpointInternal":"file://h/x"`), 400, "IllegalArgumentException", "Invalid value: endpointInternal: must be an http or https URL with a host and without credentials"},
		{"an endpoint with a password", s3("s3://b/x", `,"stsEndpoint":"http://a:b@h"`), 400, "IllegalArgumentException", "Invalid value: stsEndpoint: must be an http or https URL with a host and without credentials"},
		{"a connection", strings.Replace(s3("s3://b/x", ""), `"INTERNAL"`, `"EXTERNAL","connectionConfigInfo":{"connectionType":"HIVE"}`, 1), 406, "UnsupportedOperationException", "Feature not enabled: ENABLE_CATALOG_FEDERATION"},
		{"a connection that there is not", strings.Replace(s3("s3://b/x", ""), `"INTERNAL"`, `"EXTERNAL","connectionConfigInfo":{"connectionType":"x"}`, 1), 400, "WebApplicationException", "connectionType must be ICEBERG_REST, HADOOP, HIVE or BIGQUERY"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			answer{w.ask("root", row.request).ResponseRecorder, t}.want(row.status, refused(row.kind, row.message))
		})
	}
	w.ask("root", "GET /catalogs").want(200, `{"catalogs":[]}`)
}

func TestWhatACatalogMayLeaveOutOrAdd(t *testing.T) {
	rows := []struct{ name, request, part string }{
		{"the wrapper", strings.Replace(strings.TrimSuffix(s3("s3://b/x", ""), "}"), `{"catalog":`, "", 1), `"name":"c"`},
		{"a name that is a number", strings.Replace(s3("s3://b/x", ""), `"c"`, `12`, 1), `"name":"12"`},
		{"properties that are no texts", strings.Replace(s3("s3://b/x", ""), `{"default`, `{"b":true,"n":5,"no":null,"default`, 1), `"properties":{"b":"true","default-base-location":"s3://b/x","n":"5"}`},
		{"a setting", strings.Replace(s3("s3://b/x", ""), `{"default`, `{"polaris.config.drop-with-purge.enabled":"true","default`, 1), `"polaris.config.drop-with-purge.enabled":"true"`},
		{"what the server decides", strings.Replace(s3("s3://b/x", ""), `"type"`, `"entityVersion":7,"createTimestamp":1,"more":{},"type"`, 1), `"createTimestamp":` + noonMillis + `,"lastUpdateTimestamp":0,"entityVersion":1`},
		{"EXTERNAL without a connection", strings.Replace(s3("s3://b/x", ""), `INTERNAL`, `EXTERNAL`, 1), `"type":"EXTERNAL"`},
		{"INTERNAL with a connection", strings.Replace(s3("s3://b/x", ""), `"INTERNAL"`, `"INTERNAL","connectionConfigInfo":{"connectionType":"HIVE"}`, 1), `"type":"INTERNAL"`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			newWorld(t, nil).ask("root", row.request).want(201, row.part)
		})
	}
}

func TestCatalogsDoNotShareFoldersUnlessTheServerLetsThem(t *testing.T) {
	rows := []struct {
		name, base string
		leave      bool
		want       int
	}{
		{"the same folder", "s3://b/lake", false, 400},
		{"the same folder in another scheme", "s3a://b/lake/", false, 400},
		{"a folder below", "s3://b/lake/x", false, 400},
		{"a folder above", "s3://b/lake/..", false, 400},
		{"a folder that begins alike", "s3://b/lakes", false, 201},
		{"the same folder with leave", "s3://b/lake", true, 201},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, func(c *admin.Config) { c.AllowOverlappingCatalogs = row.leave })
			w.must(catalog("lake"))
			w.ask("root", s3(row.base, "")).want(row.want)
		})
	}
	w := newWorld(t, nil)
	w.must(catalog("lake"), catalog("other"))
	w.ask("root", `PUT /catalogs/other {"currentEntityVersion":1,"storageConfigInfo":{"storageType":"S3","allowedLocations":["s3://b/other","s3://b/lake/x"]}}`).
		want(400, refused("ValidationException", "One or more of its locations overlaps with an existing catalog: s3://b/lake/x/"))
	w.must(`DELETE /catalogs/lake`)
	w.must(`PUT /catalogs/other {"currentEntityVersion":1,"storageConfigInfo":{"storageType":"S3","allowedLocations":["s3://b/other","s3://b/lake/x"]}}`)
}

func TestACatalogIsUpdatedAsAWhole(t *testing.T) {
	w := newWorld(t, nil)
	w.must(s3("s3://b/x/y", `,"allowedLocations":["s3://b/x"],"roleArn":"arn:aws:iam::1:role/r","externalId":"e"`))
	storage := func(fields string) string { return `,"storageConfigInfo":{"storageType":"S3"` + fields + `}` }
	const trust = `,"roleArn":"arn:aws:iam::1:role/r","externalId":"e"`
	rows := []struct {
		name, fields string
		status       int
		parts        []string
	}{
		{"no version", ``, 400, []string{refused("WebApplicationException", "Missing required field: currentEntityVersion")}},
		{"a version that is none", `"currentEntityVersion":"x"`, 400, []string{refused("WebApplicationException", "currentEntityVersion must be a whole number")}},
		{"an old version", `"currentEntityVersion":0`, 409, []string{refused("CommitConflictException", "Failed to update Catalog; currentEntityVersion '1', expected '0'")}},
		{"properties replace, the base stays", `"currentEntityVersion":1,"properties":{"a":"1","default-base-location":""}`, 200, []string{`{"a":"1","default-base-location":"s3://b/x/y"}`, `"entityVersion":2`}},
		{"nothing is a change too", `"currentEntityVersion":"2"`, 200, []string{`"properties":{"default-base-location":"s3://b/x/y"}`, `"entityVersion":3`}},
		{"a reserved property", `"currentEntityVersion":3,"properties":{"polaris.y":"1"}`, 400, []string{"matches reserved prefix"}},
		{"a base outside", `"currentEntityVersion":3,"properties":{"default-base-location":"s3://b/z"}`, 400, []string{"is not within any of the allowed locations [s3://b/x]"}},
		{"locations without the base", `"currentEntityVersion":3` + storage(trust+`,"allowedLocations":["s3://b/z"]`), 400, []string{"is not within any of the allowed locations [s3://b/z]"}},
		{"another role of the account", `"currentEntityVersion":3` + storage(`,"externalId":"e","roleArn":"arn:aws:iam::1:role/q"`), 200, []string{`role/q`, `"allowedLocations":["s3://b/x/y"]`}},
		{"a role of another account", `"currentEntityVersion":4` + storage(`,"externalId":"e","roleArn":"arn:aws:iam::2:role/q"`), 400, []string{refused("BadRequestException", "Cannot modify AWS account ID in storage config from '1' to '2'")}},
		{"no role any more", `"currentEntityVersion":4` + storage(`,"externalId":"e"`), 400, []string{"Cannot modify AWS account ID in storage config from '1' to ''"}},
		{"another external id", `"currentEntityVersion":4` + storage(`,"externalId":"f","roleArn":"arn:aws:iam::1:role/q"`), 400, []string{"Cannot modify ExternalId in storage config from 'e' to 'f'"}},
		{"storage of no type", `"currentEntityVersion":4,"storageConfigInfo":{}`, 400, []string{"storageType must be"}},
	}
	for _, row := range rows {
		answer{w.ask("root", `PUT /catalogs/c {`+row.fields+`}`).ResponseRecorder, t}.want(row.status, row.parts...)
		if t.Failed() {
			t.Fatalf("in %q", row.name)
		}
	}
	w.must(strings.Replace(strings.Replace(s3("abfss://c@a.dfs.core.windows.net/x", `,"tenantId":"t"`), `"S3"`, `"AZURE"`, 1), `"c"`, `"az"`, 1))
	w.ask("root", `PUT /catalogs/az {"currentEntityVersion":1,"storageConfigInfo":{"storageType":"AZURE","tenantId":"u"}}`).
		want(400, refused("BadRequestException", "Cannot modify TenantId in storage config from 't' to 'u'"))
	w.ask("root", `PUT /catalogs/az {"currentEntityVersion":1,"properties":{"default-base-location":"s3://b/new"},"storageConfigInfo":{"storageType":"S3"}}`).
		want(400, refused("BadRequestException", "Cannot modify storage type in storage config from 'AZURE' to 'S3'"))
}

func TestACatalogIsDroppedEmptyOrNotAtAll(t *testing.T) {
	w := newWorld(t, nil)
	w.must(catalog("c"), `POST /catalogs/c/catalog-roles {"catalogRole":{"name":"r"}}`)
	w.ask("root", catalog("c")).want(409, refused("AlreadyExistsException", "Cannot create Catalog c. Catalog already exists or resolution failed"))
	w.ask("root", "DELETE /catalogs/c").want(400, refused("BadRequestException", "Catalog 'c' cannot be dropped, it is not empty"))
	w.must(`DELETE /catalogs/c/catalog-roles/r`)
	w.ask("root", "DELETE /catalogs/c").want(204)
	w.ask("root", "DELETE /catalogs/c").want(404, refused("NotFoundException", "TopLevelEntity of type CATALOG does not exist: c"))
	w.must(catalog("c"))
}

func TestACatalogThatTookTheNameIsNotDropped(t *testing.T) {
	w := newWorld(t, nil)
	w.must(catalog("c"))
	w.table.Next(faulty.Get, faulty.Fault{After: func() { // the read that access is checked on
		w.ask("root", "DELETE /catalogs/c").want(204)
		w.ask("root", catalog("c")).want(201)
	}})
	w.ask("root", "DELETE /catalogs/c").want(404)
	w.ask("root", "GET /catalogs/c").want(200)
}
