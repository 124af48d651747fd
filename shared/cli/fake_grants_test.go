package cli_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// grantRoutes serve the privileges of catalog roles.
func (f *fake) grantRoutes() []route {
	const catalogRoles = top + "/catalogs/{catalog}/catalog-roles"
	return []route{
		{"GET " + catalogRoles + "/{role}/grants", "LIST_GRANTS_FOR_CATALOG_ROLE", func(c call) (int, any, error) {
			x, err := f.catalogRole(c)
			if err != nil {
				return 0, nil, err
			}
			return 200, map[string]any{"grants": append([]map[string]any{}, x.grants...)}, nil
		}},
		{"PUT " + catalogRoles + "/{role}/grants", "ADD_GRANT_TO_CATALOG_ROLE", func(c call) (int, any, error) { return f.change(c, true) }},
		{"POST " + catalogRoles + "/{role}/grants", "REVOKE_GRANT_FROM_CATALOG_ROLE", func(c call) (int, any, error) { return f.change(c, false) }},
	}
}

// change adds or revokes a grant, whose object must be there.
func (f *fake) change(c call, add bool) (int, any, error) {
	var body struct {
		Grant map[string]any `json:"grant"`
	}
	if err := c.decode(&body); err != nil {
		return 0, nil, err
	}
	role, err := f.catalogRole(c)
	if err != nil {
		return 0, nil, err
	}
	catalog, _ := f.catalog(c)
	if err := catalog.holds(body.Grant); err != nil {
		return 0, nil, err
	}
	i := slices.IndexFunc(role.grants, func(g map[string]any) bool { return reflect.DeepEqual(g, body.Grant) })
	switch {
	case !add && c.URL.Query().Get("cascade") == "true":
		return 0, nil, refuse(501, "", "")
	case !add && i < 0:
		return 0, nil, refuse(400, "GRANT_NOT_FOUND", "Operation failed: GRANT_NOT_FOUND")
	case !add:
		role.grants = slices.Delete(role.grants, i, i+1)
	case i < 0:
		role.grants = append(role.grants, body.Grant)
	}
	return 201, nil, nil
}

// holds refuses a grant on an object that is not in the catalog.
func (x *thing) holds(grant map[string]any) error {
	var target struct {
		Type, Privilege     string
		Namespace           []string
		TableName, ViewName string
	}
	text, _ := json.Marshal(grant)
	if err := json.Unmarshal(text, &target); err != nil || target.Privilege == "" {
		return refuse(400, "", "")
	}
	if target.Type == "catalog" {
		return nil
	}
	dotted := strings.Join(target.Namespace, ".")
	n := find(x.namespaces, strings.Join(target.Namespace, "\x1f"))
	switch {
	case n == nil && target.Type == "namespace":
		return refuse(404, "NoSuchNamespaceException", "Namespace does not exist: %s", dotted)
	case target.Type == "table" && (n == nil || !slices.Contains(n.tables, target.TableName)):
		return refuse(404, "NoSuchTableException", "Table does not exist: %s.%s", dotted, target.TableName)
	case target.Type == "view" && (n == nil || !slices.Contains(n.tables, "view "+target.ViewName)):
		return refuse(404, "NoSuchViewException", "View does not exist: %s.%s", dotted, target.ViewName)
	}
	return nil
}
