//go:build unix

package functions

import (
	"fmt"
	"maps"
	"testing"
)

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
		{"list catalogs", get, func(int) (string, string) { return "/api/management/v1/catalogs", "" }, map[string]int{"BatchGetItem": 1, "Query": 1}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			for i := range 10 {
				path, body := row.ask(i)
				d.account.Take()
				c.must(t, row.method, path, body)
				if got := d.account.Take(); i > 0 && !maps.Equal(got, row.want) {
					t.Errorf("request %d: got %v, want %v", i+1, got, row.want)
				}
			}
		})
	}
}
