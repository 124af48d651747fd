package rest

import (
	"fmt"
	"testing"
)

// BenchmarkMatch routes alone, in a tree of the size of firn's.
func BenchmarkMatch(b *testing.B) {
	p := Protocol{Name: "p", Dialect: Vocabulary{}.Envelope}
	for i, pattern := range []string{
		"/api/catalog/v1/config", "/api/catalog/v1/oauth/tokens", "/api/catalog/v1/{prefix}/namespaces",
		"/api/catalog/v1/{prefix}/namespaces/{namespace}", "/api/catalog/v1/{prefix}/namespaces/{namespace}/tables",
		"/api/catalog/v1/{prefix}/namespaces/{namespace}/tables/{table}",
		"/api/catalog/v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials",
		"/api/catalog/v1/{prefix}/tables/rename", "/api/management/v1/catalogs/{catalog}/catalog-roles/{role}/grants",
	} {
		for _, method := range []string{"GET", "POST"} {
			p.Routes = append(p.Routes, Route{Method: method, Pattern: pattern, Operation: fmt.Sprint(method, i), Function: Catalog, Handler: Handler(nil)})
		}
	}
	t := &router{}
	for _, r := range p.Routes {
		if err := t.add(&entry{Route: r, dialect: p.Dialect}); err != nil {
			b.Fatal(err)
		}
	}
	for _, path := range []string{
		"/api/catalog/v1/prod/namespaces/sales/tables/orders",
		"/api/catalog/v1/prod/namespaces/sales%1Feu/tables/orders%20old",
		"/api/management/v1/catalogs/prod/nope",
	} {
		b.Run(path, func(b *testing.B) {
			var values [maxNames]string
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = t.match("GET", path, &values)
			}
		})
	}
}
