package polaristest

import "net/http"

// repairing is what keeps the world the same between trials: before one, after one that took effect, and always.
type repairing struct {
	before, after, always []Line
	newSecret             bool // the subject's own secret changed
}

func after(lines ...Line) repairing { return repairing{after: lines} }

func before(lines ...Line) repairing { return repairing{before: lines} }

// repairs by operation; most need none, since they change nothing or may be repeated.
var repairs = func() map[string]repairing {
	all := map[string]repairing{
		"CREATE_NAMESPACE":       after(drop(namespaces + "/new")),
		"CREATE_NAMESPACE_BELOW": after(drop(inner + "%1Fnew")),
		"DROP_NAMESPACE":         after(asAdmin(http.MethodPost, namespaces, `{"namespace": ["p", "e"]}`)),

		"CREATE_TABLE_DIRECT":                       after(drop(inner + "/tables/new")),
		"CREATE_TABLE_DIRECT_WITH_WRITE_DELEGATION": after(drop(inner + "/tables/new")),
		"UPDATE_TABLE_FOR_STAGED_CREATE":            after(drop(inner + "/tables/new")),
		"REGISTER_TABLE":                            after(drop(inner + "/tables/reg")),
		"REGISTER_TABLE_WITH_DELEGATION":            after(drop(inner + "/tables/reg")),
		"DROP_TABLE_WITHOUT_PURGE":                  after(keep("tloc", makeTable("t"))),
		"DROP_TABLE_WITH_PURGE":                     after(keep("tloc", makeTable("t"))),
		"RENAME_TABLE":                              after(renameBack("tables", "t")),

		"CREATE_VIEW":   after(drop(inner + "/views/newv")),
		"REGISTER_VIEW": after(drop(inner + "/views/regv")),
		"DROP_VIEW":     after(makeView("v")),
		"RENAME_VIEW":   after(renameBack("views", "v")),

		"CREATE_GENERIC_TABLE":     after(drop(native + "/generic-tables/newg")),
		"DROP_GENERIC_TABLE":       after(makeGenericTable("g")),
		"CREATE_POLICY":            after(drop(native + "/policies/newp")),
		"DROP_POLICY":              after(makePolicy("pol")),
		"DROP_POLICY (detach-all)": after(makePolicy("pol")),

		"CREATE_CATALOG":            after(drop(management + "/catalogs/${cat}-new")),
		"CREATE_PRINCIPAL":          after(drop(management + "/principals/${cat}-newp")),
		"DELETE_PRINCIPAL":          after(asAdmin(http.MethodPost, management+"/principals", `{"principal": {"name": "${cat}-victim"}}`)),
		"ROTATE_CREDENTIALS (self)": {newSecret: true},
		"RESET_CREDENTIALS (self)":  {newSecret: true},
		"REVOKE_PRINCIPAL_ROLE": before(asAdmin(http.MethodPut, management+"/principals/${cat}-victim/principal-roles",
			`{"principalRole": {"name": "${cat}-vrole"}}`)),
		"CREATE_PRINCIPAL_ROLE": after(drop(management + "/principal-roles/${cat}-newr")),
		"DELETE_PRINCIPAL_ROLE": after(asAdmin(http.MethodPost, management+"/principal-roles", `{"principalRole": {"name": "${cat}-vrole"}}`)),
		"REVOKE_CATALOG_ROLE_FROM_PRINCIPAL_ROLE": before(asAdmin(http.MethodPut, management+"/principal-roles/${cat}-vrole/catalog-roles/${cat}",
			`{"catalogRole": {"name": "vic"}}`)),
		"CREATE_CATALOG_ROLE": after(drop(roleOfCat + "/newcr")),
		"DELETE_CATALOG_ROLE": after(asAdmin(http.MethodPost, roleOfCat, `{"catalogRole": {"name": "vic"}}`)),
	}
	for object, target := range map[string]string{
		"CATALOG":   `{"type": "catalog", "path": []}`,
		"NAMESPACE": `{"type": "namespace", "path": ["p", "n"]}`,
		"TABLE":     `{"type": "table-like", "path": ["p", "n", "t"]}`,
	} {
		mappings, body := native+"/policies/pol/mappings", `{"target": `+target+`}`
		detach := asAdmin(http.MethodPost, mappings, body)
		all["ATTACH_POLICY_TO_"+object] = after(detach)
		all["DETACH_POLICY_FROM_"+object] = repairing{before: []Line{asAdmin(http.MethodPut, mappings, body)}, always: []Line{detach}}
	}
	for object, grant := range map[string]string{
		"CATALOG":   `{"type": "catalog", "privilege": "TABLE_LIST"}`,
		"NAMESPACE": `{"type": "namespace", "namespace": ["p", "n"], "privilege": "TABLE_LIST"}`,
		"TABLE":     `{"type": "table", "namespace": ["p", "n"], "tableName": "t", "privilege": "TABLE_LIST"}`,
		"VIEW":      `{"type": "view", "namespace": ["p", "n"], "viewName": "v", "privilege": "VIEW_LIST"}`,
		"POLICY":    `{"type": "policy", "namespace": ["p", "n"], "policyName": "pol", "privilege": "POLICY_LIST"}`,
	} {
		all["REVOKE_"+object+"_GRANT_FROM_CATALOG_ROLE"] = before(asAdmin(http.MethodPut, roleOfCat+"/vic/grants", `{"grant": `+grant+`}`))
	}
	return all
}()

// renameBack undoes a rename from the inner namespace to its sibling.
func renameBack(kind, name string) Line {
	return asAdmin(http.MethodPost, "/api/catalog/v1/${cat}/"+kind+"/rename",
		`{"source": {"namespace": ["p", "s"], "name": "`+name+`2"}, "destination": {"namespace": ["p", "n"], "name": "`+name+`"}}`)
}
