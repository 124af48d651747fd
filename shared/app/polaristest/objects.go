package polaristest

import (
	"encoding/json"
	"net/http"
)

// asAdmin is a request of the world's administrator; an empty body sends none.
func asAdmin(method, path, body string) Line {
	l := Line{As: "admin", Method: method, Path: path}
	if body != "" {
		l.Body = json.RawMessage(body)
	}
	return l
}

// by is the same request from somebody else.
func (l Line) by(who string) Line {
	l.As = who
	return l
}

// capturing is the same request, of whose answer something is kept.
func (l Line) capturing(name, where string) Line {
	l.Capture = map[string]string{name: where}
	return l
}

const (
	schema     = `{"type": "struct", "schema-id": 0, "fields": [{"id": 1, "name": "id", "required": false, "type": "long"}]}`
	viewFields = `"schema": ` + schema + `, "properties": {}, "view-version": {"schema-id": 0, "version-id": 1, "timestamp-ms": 1700000000000,
		"summary": {}, "default-namespace": ["p"], "representations": [{"type": "sql", "sql": "select 1", "dialect": "spark"}]}`
)

func makeTable(name string) Line {
	return asAdmin(http.MethodPost, inner+"/tables", `{"name": "`+name+`", "schema": `+schema+`}`)
}

func makeView(name string) Line {
	return asAdmin(http.MethodPost, inner+"/views", `{"name": "`+name+`", `+viewFields+`}`)
}

func makeGenericTable(name string) Line {
	return asAdmin(http.MethodPost, native+"/generic-tables", `{"name": "`+name+`", "format": "delta"}`)
}

func makePolicy(name string) Line {
	return asAdmin(http.MethodPost, native+"/policies", `{"name": "`+name+`", "type": "system.data-compaction", "content": "{\"enable\": true}"}`)
}

func drop(path string) Line { return asAdmin(http.MethodDelete, path, "") }

// keep captures where a table's or a view's metadata is.
func keep(name string, l Line) Line { return l.capturing(name, "/metadata-location") }

// objects are what the levels of the matrix name, and what some of its operations need. Without one, its level is not tried.
var objects = []struct {
	level string
	make  Line
}{
	{"", keep("src", makeTable("src"))},
	{"", drop(inner + "/tables/src")},
	{"table", keep("tloc", makeTable("t"))},
	{"sibling-table", makeTable("ts")},
	{"view", makeView("v")},
	{"sibling-view", makeView("vs")},
	{"", keep("vsrc", makeView("source"))},
	{"", drop(inner + "/views/source")}, // its folder is to be another's
	{"generic-table", makeGenericTable("g")},
	{"policy", makePolicy("pol")},
	{"sibling-policy", makePolicy("pols")},
}

// peopleAndCatalogs are the requests of root that begin a world. Its administrator is the only one who administers it:
// service_admin loses the catalogs, so that the trials of roles see that role alone.
func peopleAndCatalogs() []Line {
	root := func(method, path, body string) Line { return asAdmin(method, path, body).by("root") }
	var lines []Line
	for _, c := range []struct{ kind, name, base string }{{"INTERNAL", "${cat}", "${base}"}, {"EXTERNAL", "${ext}", "${base}-x"}} {
		lines = append(lines, root(http.MethodPost, management+"/catalogs", `{"catalog": {"type": "`+c.kind+`", "name": "`+c.name+`",
			"properties": {"default-base-location": "`+c.base+`", "polaris.config.drop-with-purge.enabled": "true"},
			"storageConfigInfo": {"storageType": "FILE", "allowedLocations": ["`+c.base+`"]}}}`))
	}
	for _, who := range []string{"admin", "subject", "victim"} {
		l := root(http.MethodPost, management+"/principals", `{"principal": {"name": "${cat}-`+who+`"}}`)
		l.Capture = map[string]string{who + ".id": "/credentials/clientId", who + ".secret": "/credentials/clientSecret"}
		lines = append(lines, l)
	}
	for _, role := range []string{"arole", "srole", "vrole"} {
		lines = append(lines, root(http.MethodPost, management+"/principal-roles", `{"principalRole": {"name": "${cat}-`+role+`"}}`))
	}
	for _, held := range []struct{ who, role string }{{"admin", "service_admin"}, {"admin", "${cat}-arole"}, {"subject", "${cat}-srole"}} {
		lines = append(lines, root(http.MethodPut, management+"/principals/${cat}-"+held.who+"/principal-roles", `{"principalRole": {"name": "`+held.role+`"}}`))
	}
	for _, catalog := range []string{"${cat}", "${ext}"} {
		lines = append(lines,
			root(http.MethodPut, management+"/principal-roles/${cat}-arole/catalog-roles/"+catalog, `{"catalogRole": {"name": "catalog_admin"}}`),
			root(http.MethodDelete, management+"/principal-roles/service_admin/catalog-roles/"+catalog+"/catalog_admin", ""))
	}
	return lines
}

// rolesAndNamespaces are the administrator's requests that follow: "full" is its own right to repair, "sub" the
// subject's role, "vic" one that operations are tried on.
func rolesAndNamespaces() []Line {
	var lines []Line
	for _, catalog := range []string{"${cat}", "${ext}"} {
		roles := management + "/catalogs/" + catalog + "/catalog-roles"
		for _, role := range []string{"full", "sub", "vic"} {
			lines = append(lines, asAdmin(http.MethodPost, roles, `{"catalogRole": {"name": "`+role+`"}}`))
		}
		lines = append(lines,
			asAdmin(http.MethodPut, roles+"/full/grants", `{"grant": {"type": "catalog", "privilege": "CATALOG_MANAGE_CONTENT"}}`),
			asAdmin(http.MethodPut, management+"/principal-roles/${cat}-arole/catalog-roles/"+catalog, `{"catalogRole": {"name": "full"}}`),
			asAdmin(http.MethodPut, management+"/principal-roles/${cat}-srole/catalog-roles/"+catalog, `{"catalogRole": {"name": "sub"}}`))
	}
	for _, namespace := range []string{`["p"]`, `["p", "n"]`, `["p", "s"]`, `["p", "e"]`} {
		lines = append(lines, asAdmin(http.MethodPost, namespaces, `{"namespace": `+namespace+`}`))
	}
	for _, namespace := range []string{`["p"]`, `["p", "n"]`} {
		lines = append(lines, asAdmin(http.MethodPost, "/api/catalog/v1/${ext}/namespaces", `{"namespace": `+namespace+`}`))
	}
	return lines
}
