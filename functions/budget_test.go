//go:build unix

package functions

import (
	"fmt"
	"maps"
	"testing"

	"firn/shared/rest"
)

const (
	namespaces = "/api/catalog/v1/lake/namespaces"
	grants     = "/api/management/v1/catalogs/lake/catalog-roles/catalog_admin/grants"
)

// privilege is a grant of one of ten privileges on the table t.
func privilege(i int) string {
	all := []string{"TABLE_DROP", "TABLE_LIST", "TABLE_READ_PROPERTIES", "TABLE_WRITE_PROPERTIES", "TABLE_READ_DATA", "TABLE_WRITE_DATA",
		"TABLE_FULL_METADATA", "TABLE_ADD_SNAPSHOT", "TABLE_SET_LOCATION", "TABLE_SET_PROPERTIES"}
	return `{"grant":{"type":"table","namespace":["n"],"tableName":"t","privilege":"` + all[i] + `"}}`
}

// What an operation asks of AWS, counted at the wire: the SDK's own calls and retries are in it. Catalogs of FILE storage
// keep no copy of a table's metadata, so loads and commits have no put of it here.
func TestCallsThroughTheFunctions(t *testing.T) {
	d := deploy(t, nil)
	c := d.root(t)
	c.settle(t)
	c.create(t, "t")
	get, create := "GET", func(i int) (string, string) {
		return tables, fmt.Sprintf(`{"name":"new%d","schema":{"type":"struct","fields":[]}}`, i)
	}
	rows := []struct {
		name   string
		method string
		ask    func(i int) (path, body string)
		want   map[string]int
	}{
		{"token", "POST", func(int) (string, string) { return "/api/catalog/v1/oauth/tokens", login }, map[string]int{"GetItem": 1}},
		{"config", get, func(int) (string, string) { return "/api/catalog/v1/config?warehouse=lake", "" }, map[string]int{"BatchGetItem": 1}},
		{"load table", get, func(int) (string, string) { return tables + "/t", "" }, map[string]int{"BatchGetItem": 1}},
		{"credentials", get, func(int) (string, string) { return tables + "/t/credentials", "" }, map[string]int{"BatchGetItem": 1}},
		{"commit", "POST", func(i int) (string, string) { return tables + "/t", put("k", fmt.Sprint(i)) }, map[string]int{"BatchGetItem": 1, "PutItem": 1}},
		{"create table", "POST", create, map[string]int{"BatchGetItem": 1, "TransactWriteItems": 1}},
		{"list tables", get, func(int) (string, string) { return tables + "?pageSize=2", "" }, map[string]int{"BatchGetItem": 1, "Query": 1}},
		{"table exists", "HEAD", func(int) (string, string) { return tables + "/t", "" }, map[string]int{"BatchGetItem": 1}},
		{"rename table", "POST", func(i int) (string, string) {
			return "/api/catalog/v1/lake/tables/rename", fmt.Sprintf(`{"source":{"namespace":["n"],"name":"new%d"},"destination":{"namespace":["n"],"name":"moved%d"}}`, i, i)
		}, map[string]int{"BatchGetItem": 1, "TransactWriteItems": 1}},
		{"drop table", "DELETE", func(i int) (string, string) { return fmt.Sprintf("%s/moved%d", tables, i), "" }, map[string]int{"BatchGetItem": 1, "TransactWriteItems": 1}},
		{"report metrics", "POST", func(int) (string, string) {
			return tables + "/t/metrics", `{"report-type":"scan-report","table-name":"t","snapshot-id":1,"filter":true,"schema-id":0,"projected-field-ids":[],"projected-field-names":[],"metrics":{}}`
		}, map[string]int{"BatchGetItem": 1}},
		{"list namespaces", get, func(int) (string, string) { return namespaces, "" }, map[string]int{"BatchGetItem": 1, "Query": 1}},
		{"load namespace", get, func(int) (string, string) { return namespaces + "/n", "" }, map[string]int{"BatchGetItem": 1}},
		{"namespace exists", "HEAD", func(int) (string, string) { return namespaces + "/n", "" }, map[string]int{"BatchGetItem": 1}},
		{"update namespace", "POST", func(i int) (string, string) {
			return namespaces + "/n/properties", fmt.Sprintf(`{"updates":{"k":"%d"}}`, i)
		}, map[string]int{"BatchGetItem": 1, "PutItem": 1}},
		// A namespace's folder is chosen by its name: what it would overlap is looked for, above and below.
		{"create namespace", "POST", func(i int) (string, string) { return namespaces, fmt.Sprintf(`{"namespace":["n%d"]}`, i) }, map[string]int{"BatchGetItem": 2, "Query": 1, "TransactWriteItems": 1}},
		// Children and tables are looked for.
		{"drop namespace", "DELETE", func(i int) (string, string) { return fmt.Sprintf("%s/n%d", namespaces, i), "" }, map[string]int{"BatchGetItem": 1, "Query": 2, "TransactWriteItems": 1}},
		{"grant", "PUT", func(i int) (string, string) { return grants, privilege(i) }, map[string]int{"BatchGetItem": 1, "TransactWriteItems": 1}},
		{"revoke", "POST", func(i int) (string, string) { return grants, privilege(i) }, map[string]int{"BatchGetItem": 1, "TransactWriteItems": 1}},
		{"get catalog", get, func(int) (string, string) { return "/api/management/v1/catalogs/lake", "" }, map[string]int{"BatchGetItem": 1}},
		{"create principal", "POST", func(i int) (string, string) {
			return "/api/management/v1/principals", fmt.Sprintf(`{"principal":{"name":"p%d"}}`, i)
		}, map[string]int{"BatchGetItem": 1, "TransactWriteItems": 1}},
		{"get principal", get, func(i int) (string, string) { return fmt.Sprint("/api/management/v1/principals/p", i), "" }, map[string]int{"BatchGetItem": 1}},
		{"list catalogs", get, func(int) (string, string) { return "/api/management/v1/catalogs", "" }, map[string]int{"BatchGetItem": 1, "Query": 1}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			for i := range 10 {
				path, body := row.ask(i)
				c.must(t, "GET", "/api/management/v1/catalogs/lake", "") // a grant makes the roles cold for the request behind it
				d.account.Take()
				c.must(t, row.method, path, body)
				if got := d.account.Take(); i > 0 && !maps.Equal(got, row.want) {
					t.Errorf("request %d: got %v, want %v", i+1, got, row.want)
				}
			}
		})
	}
}

// A new environment reads the keys while it is initialised, and with its first request what the caller's roles hold: of a
// principal role and its catalog role, one item and two lists. Nothing else is colder than the tenth request.
func TestTheFirstRequestOfAnEnvironment(t *testing.T) {
	d := deploy(t, nil)
	c := d.root(t)
	c.settle(t)
	c.create(t, "t")
	d.Recycle(string(rest.Catalog))
	d.account.Take()
	c.must(t, "GET", tables+"/t", "")
	want := map[string]int{"BatchGetItem": 1, "GetItem": 2, "Query": 2}
	if got := d.account.Take(); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
