package functions

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/app/routes"
	"firn/shared/rest"
)

var update = flag.Bool("update", false, "write what is derived into template.yaml, and the answers into events/golden")

const (
	template     = "../template.yaml"
	firstRoute   = "          # routes: written by `make template`\n"
	behindRoutes = "          # end of routes\n"
)

// The API of the SAM template is the route table.
func TestTheTemplateServesTheRouteTable(t *testing.T) {
	text, err := os.ReadFile(template)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), firstRoute)
	got, after, alsoOK := strings.Cut(rest, behindRoutes)
	if !ok || !alsoOK {
		t.Fatal("template.yaml has lost the marks between which its routes stand")
	}
	want := paths(served(routes.All()))
	if *update {
		if err := os.WriteFile(template, []byte(before+firstRoute+want+behindRoutes+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("`make template` writes the routes anew (-got +want):\n%s", diff)
	}
}

// anyMethod is how API Gateway's OpenAPI calls the methods that are not named.
const anyMethod = "x-amazon-apigateway-any-method"

// served gives the functions behind each path of the table, by method. HEAD is served where GET is, and what has no route by
// GET's function, or else the first: it tells which methods there are. A place of a path has one name, whatever the routes
// call it: API Gateway has one resource there.
func served(protocols []rest.Protocol) map[string]map[string]rest.Function {
	names, out := map[string]string{}, map[string]map[string]rest.Function{}
	for _, p := range protocols {
		for _, r := range p.Routes {
			place, path := "", ""
			for part := range strings.SplitSeq(strings.TrimPrefix(r.Pattern, "/"), "/") {
				if strings.HasPrefix(part, "{") {
					place += "/{}"
					if names[place] == "" {
						names[place] = part
					}
					part = names[place]
				} else {
					place += "/" + part
				}
				path += "/" + part
			}
			if out[path] == nil {
				out[path] = map[string]rest.Function{}
			}
			out[path][strings.ToLower(r.Method)] = r.Function
			if _, ok := out[path]["head"]; r.Method == "GET" && !ok {
				out[path]["head"] = r.Function
			}
		}
	}
	for _, methods := range out {
		verb := slices.Sorted(maps.Keys(methods))[0]
		if methods["get"] != "" {
			verb = "get"
		}
		methods[anyMethod] = methods[verb]
	}
	return out
}

// paths writes them as the template's OpenAPI. What is said again and again is an alias of where it was said first.
func paths(all map[string]map[string]rest.Function) string {
	var b strings.Builder
	said := map[string]bool{}
	once := func(name, what string) string {
		if said[name] {
			return "*" + name
		}
		said[name] = true
		return "&" + name + " " + what
	}
	for _, path := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "          %s:\n", path)
		methods := slices.Sorted(maps.Keys(all[path]))
		methods = slices.Insert(methods[:len(methods)-1], 0, anyMethod) // it sorts last, and `sam local start-api` takes the last that fits
		for _, method := range methods {
			var parameters []string
			for part := range strings.SplitSeq(path, "/") {
				if name, ok := strings.CutPrefix(part, "{"); ok {
					name = strings.TrimSuffix(name, "}")
					parameters = append(parameters, once(name, "{name: "+name+", in: path, required: true, schema: {type: string}}"))
				}
			}
			fmt.Fprintf(&b, "            %s: {", method)
			if parameters != nil {
				fmt.Fprintf(&b, "parameters: [%s], ", strings.Join(parameters, ", "))
			}
			f := string(all[path][method])
			fmt.Fprintf(&b, "x-amazon-apigateway-integration: %s}\n", once("to-"+f, "{type: aws_proxy, httpMethod: POST, passthroughBehavior: when_no_match, timeoutInMillis: 29000, "+
				`uri: !Sub "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${`+strings.ToUpper(f[:1])+f[1:]+`Function.Arn}/invocations"}`))
		}
	}
	return b.String()
}
