//go:build localstack

package suite

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestWhoLogsInWithTheWrongSecretOrNoneIsRefused(t *testing.T) {
	for _, l := range []login{{deployed.root.id, "wrong"}, {"nobody", deployed.root.secret}} {
		if a := token(t, l); a.status != http.StatusUnauthorized {
			t.Errorf("log in as %s: got %d %s, want 401", l.id, a.status, a.body)
		}
	}
	for _, c := range []*client{{}, {bearer: "wrong"}} {
		for _, row := range []struct{ method, path string }{ // each is another function's
			{"GET", management + "/catalogs"}, {"GET", "/api/catalog/v1/config?warehouse=any"},
			{"GET", "/api/catalog/v1/any/namespaces/n/tables/t/credentials"}, {"POST", "/api/catalog/v1/any/namespaces/n/tables/t"},
		} {
			if a := c.send(t, row.method, row.path, ""); a.status != http.StatusUnauthorized {
				t.Errorf("%s %s with the token %q: got %d %s, want 401", row.method, row.path, c.bearer, a.status, a.body)
			}
		}
	}
}

func TestAGrantOpensAndItsRevocationClosesAtTheNextRequest(t *testing.T) {
	l := newLake(t)
	l.namespace(t, "n")
	ann := enter(t, l.principal(t, "ann"))
	tables := l.iceberg + "/namespaces/n/tables"
	list := object{"type": "namespace", "namespace": []string{"n"}, "privilege": "TABLE_LIST"}

	ann.refused(t, 403, "ForbiddenException", "GET", tables, "")
	ann.refused(t, 403, "ForbiddenException", "GET", management+"/principals", "")
	l.grant(t, "ann", list)
	ann.must(t, nil, "GET", tables, "")
	ann.refused(t, 403, "ForbiddenException", "POST", tables, `{"name":"t","schema":{"type":"struct","fields":[]}}`)
	l.revoke(t, "ann", list)
	ann.refused(t, 403, "ForbiddenException", "GET", tables, "")
}

func TestNamesWithEncodedCharactersReachTheCatalogWhole(t *testing.T) {
	l := newLake(t)
	var config struct{ Defaults, Overrides map[string]string }
	l.must(t, &config, "GET", "/api/catalog/v1/config?warehouse="+l.name, "")
	if config.Overrides["prefix"] != l.name {
		t.Errorf("got the configuration %v, want the prefix %s", config, l.name)
	}
	for _, row := range []struct{ level, path string }{
		{"b c", "b%20c"}, {"50%", "50%25"}, {"%2F", "%252F"}, {"été", "%C3%A9t%C3%A9"}, {"a.b", "a.b"}, {"a;b", "a%3Bb"},
	} {
		t.Run(row.level, func(t *testing.T) {
			top := row.level + " top"
			l.namespace(t, top)
			l.namespace(t, top, row.level)
			var got struct{ Namespace []string }
			l.must(t, &got, "GET", l.iceberg+"/namespaces/"+row.path+"%20top%1F"+row.path, "")
			if len(got.Namespace) != 2 || got.Namespace[0] != top || got.Namespace[1] != row.level {
				t.Errorf("got %q, want %q in %q", got.Namespace, row.level, top)
			}
			var children struct{ Namespaces [][]string }
			l.must(t, &children, "GET", l.iceberg+"/namespaces?parent="+url.QueryEscape(row.path+"%20top"), "") // twice, as PyIceberg
			if len(children.Namespaces) != 1 || children.Namespaces[0][1] != row.level {
				t.Errorf("got children %q, want %q", children.Namespaces, row.level)
			}
			l.must(t, nil, "DELETE", l.iceberg+"/namespaces/"+row.path+"%20top%1F"+row.path, "")
			l.refused(t, 404, "NoSuchNamespaceException", "GET", l.iceberg+"/namespaces/"+row.path+"%20top%1F"+row.path, "")
		})
	}
	// A slash belongs to the name, whose rules are the catalog's. Decoded on the way it would be another path.
	if a := l.send(t, "GET", l.iceberg+"/namespaces/b%2Fc", ""); a.status != http.StatusNotFound || !strings.Contains(string(a.body), "b/c") {
		t.Errorf("got %d %s, want that there is no namespace b/c", a.status, a.body)
	}
}
