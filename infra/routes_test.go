//go:build cdk

package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/rest"
)

func TestResourcesOfARouteTable(t *testing.T) {
	row := func(method, pattern string, f rest.Function) rest.Route {
		return rest.Route{Method: method, Pattern: pattern, Function: f}
	}
	small := []rest.Route{row("GET", "/a/{x}", rest.Catalog), row("POST", "/a/{y}/b", rest.Commit), row("DELETE", "/a/{x}/b", rest.Catalog)}
	wide := []rest.Route{row("GET", "/m", rest.Management), row("GET", "/m/a", rest.Management), row("PUT", "/m/a/b", rest.Management),
		row("GET", "/c/a", rest.Catalog), row("GET", "/c/b", rest.Catalog), row("GET", "/c/b/c", rest.Commit)}
	rows := []struct {
		name  string
		table []rest.Route
		limit int
		want  string // resources, each with its methods; or what the error says
	}{
		{"a HEAD for each GET, one name for each place", small, 300, "/a/{x}: GET catalog HEAD catalog; /a/{x}/b: DELETE catalog POST commit"},
		{"what fits stays", wide, 8, "/c/a: GET catalog HEAD catalog; /c/b: GET catalog HEAD catalog; /c/b/c: GET commit HEAD commit; " +
			"/m: GET management HEAD management; /m/a: GET management HEAD management; /m/a/b: PUT management"},
		{"what belongs to one function is folded", wide, 7, "/c/a: GET catalog HEAD catalog; /c/b: GET catalog HEAD catalog; /c/b/c: GET commit HEAD commit; " +
			"/m: GET management HEAD management; /m/{proxy+}: GET management HEAD management PUT management"},
		{"what belongs to several is not", wide, 4, "error: the routes need 7 resources, and API Gateway has 4: what is left belongs to several functions"},
		{"a method belongs to one function", []rest.Route{row("GET", "/a/{x}", rest.Catalog), row("GET", "/a/{y}", rest.Commit)}, 300,
			"error: GET /a/{y} is served by two functions, catalog and commit"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			all, err := resources(r.table, r.limit)
			var out []string
			for _, one := range all {
				text := one.path + ":"
				for _, verb := range slices.Sorted(maps.Keys(one.methods)) {
					if verb == anyMethod {
						continue
					}
					text += " " + verb + " " + string(one.methods[verb].function)
				}
				out = append(out, text)
			}
			got := strings.Join(out, "; ")
			if err != nil {
				got = "error: " + err.Error()
			}
			if diff := cmp.Diff(got, r.want); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
		})
	}
}

func TestClassesOfRoutes(t *testing.T) {
	for _, r := range []struct {
		route rest.Route
		want  class
	}{
		{rest.Route{Method: "POST", Function: rest.Token}, logins},
		{rest.Route{Method: "GET", Function: rest.Token}, reads},
		{rest.Route{Method: "GET", Function: rest.Credentials}, refreshes},
		{rest.Route{Method: "HEAD", Function: rest.Catalog}, reads},
		{rest.Route{Method: "POST", Function: rest.Commit}, writes},
		{rest.Route{Method: "DELETE", Function: rest.Management}, writes},
	} {
		if got := classOf(r.route); got != r.want {
			t.Errorf("%s of %s: got %s, want %s", r.route.Method, r.route.Function, got, r.want)
		}
	}
}

func TestEnvironments(t *testing.T) {
	for name := range environments {
		if _, err := environment(name); err != nil {
			t.Error(err)
		}
	}
	rows := []struct {
		name   string
		change func(*Environment)
		want   string
	}{
		{"no throttle", func(e *Environment) { e.Throttles = nil }, "environment dev: the throttle of logins needs a rate, and a burst of at least the rate"},
		{"no realm", func(e *Environment) { e.Realms = nil }, "environment dev: a realm is needed"},
		{"an empty realm", func(e *Environment) { e.Realms = []string{"A", ""} }, "environment dev: a realm is needed"},
		{"a domain without a certificate", func(e *Environment) { e.Domain.Name = "x.example" }, "environment dev: a domain needs a name and a certificate"},
		{"more tokens than requests", func(e *Environment) { e.Firewall = Firewall{10, 20} }, "environment dev: a firewall needs limits of at least 10, and no more tokens than requests"},
		{"a firewall that shuts", func(e *Environment) { e.Firewall = Firewall{100, 0} }, "environment dev: a firewall needs limits of at least 10, and no more tokens than requests"},
		{"a session that ended before", func(e *Environment) { e.SessionHours = -1 }, "environment dev: a session lasts an hour at least, or for ever"},
		{"an odd period", func(e *Environment) { e.LogDays = 8 }, "environment dev: CloudWatch keeps no logs for 8 days"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			e, err := environment("dev")
			if err != nil {
				t.Fatal(err)
			}
			r.change(&e)
			if err := e.check(); err == nil || err.Error() != r.want {
				t.Errorf("got %v, want %s", err, r.want)
			}
		})
	}
	if _, err := environment("production"); err == nil || err.Error() != "-c env=production: the environments are dev, prod, staging" {
		t.Errorf("got %v, want the names of the environments", err)
	}
}

func TestMethodsWithoutARouteAreToldByAFunctionOfTheResource(t *testing.T) {
	all, err := resources([]rest.Route{
		{Method: "DELETE", Pattern: "/a", Function: rest.Commit}, {Method: "GET", Pattern: "/a", Function: rest.Catalog},
		{Method: "PUT", Pattern: "/b", Function: rest.Management}, {Method: "POST", Pattern: "/b", Function: rest.Commit},
	}, 300)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []rest.Function{rest.Catalog, rest.Commit} {
		if got := all[i].methods[anyMethod]; got != (method{want, reads}) {
			t.Errorf("%s: got %v, want %s", all[i].path, got, want)
		}
	}
}
