package cli_test

import (
	"slices"
	"strings"
)

// catalogRoutes serve the namespaces of the Iceberg REST API, and the creation of tables and views, of which only the name
// is kept.
func (f *fake) catalogRoutes() []route {
	const all = "/api/catalog/v1/{catalog}/namespaces"
	return []route{
		{"GET " + all, "LIST_NAMESPACES", f.listNamespaces},
		{"POST " + all, "CREATE_NAMESPACE", f.createNamespace},
		{"GET " + all + "/{namespace}", "LOAD_NAMESPACE_METADATA", func(c call) (int, any, error) {
			_, n, err := f.namespace(c)
			if err != nil {
				return 0, nil, err
			}
			return 200, map[string]any{"namespace": strings.Split(n.name, "\x1f"), "properties": n.properties}, nil
		}},
		{"DELETE " + all + "/{namespace}", "DROP_NAMESPACE", func(c call) (int, any, error) {
			catalog, n, err := f.namespace(c)
			if err != nil {
				return 0, nil, err
			}
			child := func(x *thing) bool { return strings.HasPrefix(x.name, n.name+"\x1f") }
			if len(n.tables) > 0 || slices.ContainsFunc(catalog.namespaces, child) {
				return 0, nil, refuse(409, "NamespaceNotEmptyException", "Namespace %s is not empty", dots(n.name))
			}
			catalog.namespaces = without(catalog.namespaces, n)
			return 204, nil, nil
		}},
		{"POST " + all + "/{namespace}/tables", "CREATE_TABLE_DIRECT", func(c call) (int, any, error) { return f.createTable(c, "") }},
		{"POST " + all + "/{namespace}/views", "CREATE_VIEW", func(c call) (int, any, error) { return f.createTable(c, "view ") }},
	}
}

func dots(namespace string) string { return strings.ReplaceAll(namespace, "\x1f", ".") }

func (f *fake) namespace(c call) (catalog, namespace *thing, err error) {
	if catalog = find(f.catalogs, c.PathValue("catalog")); catalog != nil {
		namespace = find(catalog.namespaces, c.PathValue("namespace"))
	}
	if namespace == nil {
		err = refuse(404, "NoSuchNamespaceException", "Namespace does not exist: %s", dots(c.PathValue("namespace")))
	}
	return catalog, namespace, err
}

// listNamespaces gives pages of two, so that a client has to follow them.
func (f *fake) listNamespaces(c call) (int, any, error) {
	catalog := find(f.catalogs, c.PathValue("catalog"))
	parent := c.URL.Query().Get("parent")
	if catalog == nil || parent != "" && find(catalog.namespaces, parent) == nil {
		return 0, nil, refuse(404, "NoSuchNamespaceException", "Namespace does not exist: %s", orQuotes(dots(parent)))
	}
	found := [][]string{}
	for _, n := range catalog.namespaces {
		levels := strings.Split(n.name, "\x1f")
		if strings.Join(levels[:len(levels)-1], "\x1f") == parent {
			found = append(found, levels)
		}
	}
	if token := c.URL.Query().Get("pageToken"); token != "" {
		found = found[slices.IndexFunc(found, func(l []string) bool { return strings.Join(l, ".") == token })+1:]
	}
	if len(found) > 2 {
		return 200, map[string]any{"namespaces": found[:2], "next-page-token": strings.Join(found[1], ".")}, nil
	}
	return 200, map[string]any{"namespaces": found, "next-page-token": nil}, nil
}

func orQuotes(name string) string {
	if name == "" {
		return "''"
	}
	return name
}

func (f *fake) createNamespace(c call) (int, any, error) {
	var body struct {
		Namespace  []string          `json:"namespace"`
		Properties map[string]string `json:"properties"`
	}
	if err := c.decode(&body); err != nil {
		return 0, nil, err
	}
	catalog := find(f.catalogs, c.PathValue("catalog"))
	last := len(body.Namespace) - 1
	if catalog == nil || last > 0 && find(catalog.namespaces, strings.Join(body.Namespace[:last], "\x1f")) == nil {
		return 0, nil, refuse(404, "NoSuchNamespaceException", "Namespace does not exist: %s", orQuotes(strings.Join(body.Namespace[:max(last, 0)], ".")))
	}
	name := strings.Join(body.Namespace, "\x1f")
	if find(catalog.namespaces, name) != nil {
		return 0, nil, refuse(409, "AlreadyExistsException", "Cannot create namespace %s. Namespace already exists", dots(name))
	}
	if body.Properties["location"] == "" {
		body.Properties["location"] = catalog.properties["default-base-location"] + "/" + strings.Join(body.Namespace, "/") + "/"
	}
	catalog.namespaces = append(catalog.namespaces, &thing{name: name, properties: body.Properties})
	return 200, map[string]any{"namespace": body.Namespace, "properties": body.Properties}, nil
}

func (f *fake) createTable(c call, prefix string) (int, any, error) {
	var body map[string]any
	if err := c.decode(&body); err != nil {
		return 0, nil, err
	}
	_, n, err := f.namespace(c)
	if err != nil {
		return 0, nil, err
	}
	n.tables = append(n.tables, prefix+body["name"].(string))
	return 200, map[string]any{}, nil
}
