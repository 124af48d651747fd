package app

import (
	"net/url"
	"testing"
)

// Names in paths, as each client escapes them, and names that two things would share.
func TestDetailsOfNames(t *testing.T) {
	const identified = `^\{"identifiers":\[\{"namespace":\["a b"\],"name":"my (table|view)"\}\]`
	s, root := detailed(t, nil)
	s.hold(t, root, []detail{
		// Java up to 1.11 form-encodes (RESTUtil.encodeString), Java after it and PyIceberg escape; no name may have a plus.
		{name: "9.10 a plus in a path is a space: a namespace", line: "GET /lake/namespaces/a+b", headers: []string{java}, status: 200, want: `^\{"namespace":\["a b"\],`},
		{name: "9.10 a nested one", line: "GET /lake/namespaces/a+b%1Fc+d", headers: []string{java}, status: 200, want: `^\{"namespace":\["a b","c d"\],`},
		{name: "9.10 a table", line: "GET /lake/namespaces/a+b/tables/my+table", headers: []string{java}, status: 200, want: `"table-uuid"`},
		{name: "9.10 a view", line: "GET /lake/namespaces/a+b/views/my+view", headers: []string{java}, status: 200, want: `"view-uuid"`},
		{name: "9.10 a list", line: "GET /lake/namespaces/a+b/tables", headers: []string{java}, status: 200, want: identified},
		{name: "9.10 a commit", line: "POST /lake/namespaces/a+b/tables/my+table", headers: []string{java}, body: `{"updates":[]}`, status: 200, want: `"table-uuid"`},
		{name: "9.10 an escaped space is one too", line: "GET /lake/namespaces/a%20b/tables/my%20table", headers: []string{python}, status: 200, want: `"table-uuid"`},
		{name: "9.10 an escaped plus is a plus", line: "GET /lake/namespaces/a%2Bb/tables/my%2Btable", status: 404, want: `"message":"Table does not exist: a\+b\.my\+table"`},
		{name: "9.10 which no name may have", line: "POST /lake/namespaces", body: `{"namespace":["a+b"]}`, status: 400, want: `"message":"Entity name must not contain '\+'`},
		{name: "9.10 an escaped slash is in a name", line: "GET /lake/namespaces/a%2Fb/tables/t", status: 404, want: `"message":"Table does not exist: a/b\.t"`},
		{name: "9.10 the path of fresh keys is escaped", line: "GET /lake/namespaces/a+b/tables/my+table", headers: []string{java, delegated}, status: 200, want: `"client\.refresh-credentials-endpoint":"v1/lake/namespaces/a%20b/tables/my%20table/credentials"`},

		{name: "9.12 a parent that is escaped twice", line: "GET /lake/namespaces?parent=a%2520b", headers: []string{python}, status: 200, want: `^\{"namespaces":\[\["a b","c d"\]\]`},
		{name: "9.12 its separator too", line: "GET /lake/namespaces?parent=a%2520b%251Fc%2520d", headers: []string{python}, status: 200, want: `^\{"namespaces":\[\]`},
		{name: "9.12 a parent that is escaped once", line: "GET /lake/namespaces?parent=a+b", headers: []string{java}, status: 200, want: `^\{"namespaces":\[\["a b","c d"\]\]`},
		{name: "9.12 PyIceberg makes a view by its escaped name", line: "POST /lake/namespaces/n/views", headers: []string{python}, body: `{"name":"caf%C3%A9%20100%25",` + viewFields + `}`, status: 200, want: `"view-uuid"`},
		{name: "9.12 and loads it by that", line: "GET /lake/namespaces/n/views/caf%C3%A9%20100%25", headers: []string{python}, status: 200, want: `"view-uuid"`},
		{name: "9.12 a name that holds no escape stays", line: "POST /lake/namespaces/n/views", headers: []string{python}, body: `{"name":"half 50%",` + viewFields + `}`, status: 200, want: `"view-uuid"`},
		{name: "9.12 and is there", line: "HEAD /lake/namespaces/n/views/half%2050%25", headers: []string{python}, status: 204},
		{name: "9.12 another client means what it says", line: "POST /lake/namespaces/n/views", headers: []string{java}, body: `{"name":"a%20z",` + viewFields + `}`, status: 200, want: `"view-uuid"`},
		{name: "9.12 and has that", line: "HEAD /lake/namespaces/n/views/a%2520z", headers: []string{java}, status: 204},

		{name: "9.16 Trino's probe for system", line: "GET /lake/namespaces/system", status: 404, want: gone("Namespace")},
		{name: "9.16 for information_schema's tables", line: "GET /lake/namespaces/information_schema/tables", status: 404, want: gone("Namespace")},
		{name: "9.16 for a table there", line: "GET /lake/namespaces/information_schema/tables/columns", status: 404, want: gone("Table")},
		{name: "9.16 Spark's probe for a metadata table", line: "GET /lake/namespaces/n%1Ft/tables/snapshots", status: 404, want: gone("Table")},
		{name: "9.16 for one by HEAD", line: "HEAD /lake/namespaces/n%1Ft/tables/files", status: 404},
		{name: "9.16 for a view of that name", line: "GET /lake/namespaces/n%1Ft/views/files", status: 404, want: gone("View")},
		{name: "9.17 a table by the name of a view", line: "GET /lake/namespaces/n/tables/v", status: 404, want: gone("Table")},
		{name: "9.17 a view by the name of a table", line: "GET /lake/namespaces/n/views/t", status: 404, want: gone("View")},
		{name: "9.18 a table over a view", line: "POST /lake/namespaces/n/tables", body: `{"name":"v",` + fields + `}`, status: 409, want: `"message":"View with same name already exists: n\.v"`},
		{name: "9.18 a staged one", line: "POST /lake/namespaces/n/tables", body: `{"name":"v","stage-create":true,` + fields + `}`, status: 409, want: `"message":"View with same name already exists: n\.v"`},
		{name: "9.18 a view over a table", line: "POST /lake/namespaces/n/views", body: `{"name":"t",` + viewFields + `}`, status: 409, want: `"message":"Table with same name already exists: n\.t"`},
		{name: "9.18 a table renamed to a view", line: "POST /lake/tables/rename", body: `{"source":{"namespace":["n"],"name":"t"},"destination":{"namespace":["n"],"name":"v"}}`, status: 409, want: `"message":"Cannot rename n\.t to n\.v\. View already exists"`},
		{name: "9.18 a view renamed to a table", line: "POST /lake/views/rename", body: `{"source":{"namespace":["n"],"name":"v"},"destination":{"namespace":["n"],"name":"t"}}`, status: 409, want: `"message":"Cannot rename n\.v to n\.t\. Table already exists"`},

		{name: "9.25 a trailing slash", line: "GET /lake/namespaces/n/tables/t/", status: 200, want: `"table-uuid"`},
		{name: "9.25 a doubled one behind the uri", line: "GET //lake/namespaces//n/tables", status: 200, want: `^\{"identifiers":`},
		{name: "9.25 in front of config", line: "GET //config?warehouse=lake", status: 200, want: `^\{"defaults":`},
		{name: "9.25 behind config", line: "GET /config/?warehouse=lake", status: 200, want: `^\{"defaults":`},
		{name: "9.27 a namespace of an empty level", line: "POST /lake/namespaces", body: `{"namespace":[""]}`, status: 400, want: `"message":"Entity name must not be empty"`},
		{name: "9.27 one below", line: "POST /lake/namespaces", body: `{"namespace":["n",""]}`, status: 400, want: `"message":"Entity name must not be empty"`},
		{name: "9.27 one above", line: "POST /lake/namespaces", body: `{"namespace":["","n"]}`, status: 400, want: `"message":"Entity name must not be empty"`},
		{name: "9.27 a level with the separator in it", line: "POST /lake/namespaces", body: `{"namespace":["n\u001fsub2"]}`, status: 400, want: `must not contain control characters \(U\+001F\)`},
		{name: "9.27 a table with the separator in it", line: "POST /lake/namespaces/n/tables", body: `{"name":"a\u001fb",` + fields + `}`, status: 400, want: `must not contain control characters \(U\+001F\)`},
		// firn means otherwise in paths, as recorded: nothing of such a name is there, which an engine's probe may take as it is.
		{name: "9.27 a path with an empty level", line: "GET /lake/namespaces/n%1F", status: 404, want: gone("Namespace")},
		{name: "9.27 a parent with one", line: "GET /lake/namespaces?parent=n%1F%1Fsub", status: 404, want: gone("Namespace")},
	})
}

// A client takes the prefix as it is (Java), or as one segment where it holds escapes (DuckDB).
func TestDetailsOfPrefixes(t *testing.T) {
	for _, row := range []struct{ name, catalog, prefix string }{
		{"9.23 a plain name is its prefix", "plain", "plain"},
		{"9.23 a space is escaped", "my lake", "my%20lake"},
		{"9.23 a slash does not split it", "a/b", "a%2Fb"},
		{"9.23 a percent sign is no escape", "x%20y", "x%2520y"},
		{"9.23 a plus is no space", "a+b", "a%2Bb"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, root := lakeServer(t, nil)
			made := `{"catalog":{"type":"INTERNAL","name":"` + row.catalog + `","properties":{"default-base-location":"s3://lake/other"},"storageConfigInfo":{"storageType":"S3"}}}`
			decodeBody(t, s.ask(t, root, "POST", "/api/management/v1/catalogs", made), 201, nil)
			decodeBody(t, s.ask(t, root, "PUT", "/api/management/v1/catalogs/"+url.PathEscape(row.catalog)+"/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`), 201, nil)
			refresh := "/" + row.prefix + "/namespaces/n/tables/t/credentials"
			s.hold(t, root, []detail{
				{name: "config", line: "GET /config?warehouse=" + url.QueryEscape(row.catalog), status: 200, want: `"prefix":"` + row.prefix + `"`},
				{name: "a namespace", line: "POST /" + row.prefix + "/namespaces", body: `{"namespace":["n"]}`, status: 200, want: `^\{"namespace":\["n"\]`},
				{name: "a table with keys", line: "POST /" + row.prefix + "/namespaces/n/tables", headers: []string{java, delegated}, body: `{"name":"t",` + fields + `}`, status: 200,
					want: `"client\.refresh-credentials-endpoint":"v1` + refresh + `"`},
				{name: "fresh keys", line: "GET " + refresh, headers: []string{java}, status: 200, want: `^\{"storage-credentials":\[\{`},
			})
		})
	}
}
