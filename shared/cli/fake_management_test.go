package cli_test

import (
	"fmt"
	"strings"
)

const top = "/api/management/v1"

// managementRoutes serve catalogs and principals.
func (f *fake) managementRoutes() []route {
	return []route{
		{"GET " + top + "/catalogs", "LIST_CATALOGS", func(call) (int, any, error) {
			return 200, map[string]any{"catalogs": documents(f.catalogs)}, nil
		}},
		{"POST " + top + "/catalogs", "CREATE_CATALOG", f.createCatalog},
		{"GET " + top + "/catalogs/{catalog}", "GET_CATALOG", func(c call) (int, any, error) {
			x, err := f.catalog(c)
			if err != nil {
				return 0, nil, err
			}
			return 200, x.document(), nil
		}},
		{"PUT " + top + "/catalogs/{catalog}", "UPDATE_CATALOG", func(c call) (int, any, error) {
			x, err := f.catalog(c)
			if err != nil {
				return 0, nil, err
			}
			return x.update(c, "Catalog")
		}},
		{"DELETE " + top + "/catalogs/{catalog}", "DELETE_CATALOG", func(c call) (int, any, error) {
			x, err := f.catalog(c)
			if err != nil {
				return 0, nil, err
			}
			if len(x.namespaces) > 0 || len(x.roles) > 1 {
				return 0, nil, refuse(400, "BadRequestException", "Catalog '%s' cannot be dropped, it is not empty", x.name)
			}
			f.catalogs = without(f.catalogs, x)
			return 204, nil, nil
		}},
		{"GET " + top + "/principals", "LIST_PRINCIPALS", func(call) (int, any, error) {
			return 200, map[string]any{"principals": documents(f.principals)}, nil
		}},
		{"POST " + top + "/principals", "CREATE_PRINCIPAL", f.createPrincipal},
		{"GET " + top + "/principals/{principal}", "GET_PRINCIPAL", func(c call) (int, any, error) {
			x, err := f.principal(c)
			if err != nil {
				return 0, nil, err
			}
			return 200, x.document(), nil
		}},
		{"PUT " + top + "/principals/{principal}", "UPDATE_PRINCIPAL", func(c call) (int, any, error) {
			x, err := f.principal(c)
			if err != nil {
				return 0, nil, err
			}
			return x.update(c, "Principal")
		}},
		{"DELETE " + top + "/principals/{principal}", "DELETE_PRINCIPAL", func(c call) (int, any, error) {
			x, err := f.principal(c)
			if err != nil {
				return 0, nil, err
			}
			f.principals = without(f.principals, x)
			return 204, nil, nil
		}},
		{"POST " + top + "/principals/{principal}/rotate", "ROTATE_CREDENTIALS", func(c call) (int, any, error) {
			x, err := f.principal(c)
			if err != nil {
				return 0, nil, err
			}
			x.version++
			x.secret = fmt.Sprintf("%s-secret-%d", x.name, x.version)
			return 200, x.credentials(), nil
		}},
		{"POST " + top + "/principals/{principal}/reset", "RESET_CREDENTIALS", f.reset},
	}
}

func (f *fake) catalog(c call) (*thing, error) {
	return present(find(f.catalogs, c.PathValue("catalog")), "TopLevelEntity of type CATALOG does not exist: %s", c.PathValue("catalog"))
}

func (f *fake) principal(c call) (*thing, error) {
	return present(find(f.principals, c.PathValue("principal")), "TopLevelEntity of type PRINCIPAL does not exist: %s", c.PathValue("principal"))
}

// present refuses what is not there.
func present(x *thing, format string, args ...any) (*thing, error) {
	if x == nil {
		return nil, refuse(404, "NotFoundException", format, args...)
	}
	return x, nil
}

func (f *fake) createCatalog(c call) (int, any, error) {
	var body struct {
		Catalog struct {
			Type              string            `json:"type"`
			Name              string            `json:"name"`
			Properties        map[string]string `json:"properties"`
			StorageConfigInfo map[string]any    `json:"storageConfigInfo"`
		} `json:"catalog"`
	}
	if err := c.decode(&body); err != nil {
		return 0, nil, err
	}
	in := body.Catalog
	if find(f.catalogs, in.Name) != nil {
		return 0, nil, refuse(409, "AlreadyExistsException", "Cannot create Catalog %s. Catalog already exists or resolution failed", in.Name)
	}
	base := in.Properties["default-base-location"]
	if in.Type == "" || base == "" || in.StorageConfigInfo["storageType"] == nil {
		return 0, nil, refuse(400, "", "")
	}
	scheme := map[string]string{"S3": "s3://", "GCS": "gs://", "AZURE": "abfss://", "FILE": "file://"}[in.StorageConfigInfo["storageType"].(string)]
	if scheme == "" || !strings.HasPrefix(base, scheme) {
		return 0, nil, refuse(400, "IllegalArgumentException", "Location prefix not allowed: '%s', expected prefix: %s", base, scheme)
	}
	if in.StorageConfigInfo["allowedLocations"] == nil {
		in.StorageConfigInfo["allowedLocations"] = []string{base}
	}
	admin := &thing{name: "catalog_admin", version: 1}
	x := &thing{
		name: in.Name, version: 1, properties: in.Properties, roles: []*thing{admin},
		fields: map[string]any{"type": in.Type, "storageConfigInfo": in.StorageConfigInfo},
	}
	f.catalogs = append(f.catalogs, x)
	service := find(f.principalRoles, "service_admin")
	service.held = append(service.held, admin)
	return 201, x.document(), nil
}

func (f *fake) createPrincipal(c call) (int, any, error) {
	var body struct {
		Principal struct {
			Name       string            `json:"name"`
			Properties map[string]string `json:"properties"`
		} `json:"principal"`
	}
	if err := c.decode(&body); err != nil {
		return 0, nil, err
	}
	in := body.Principal
	if find(f.principals, in.Name) != nil {
		return 0, nil, refuse(409, "AlreadyExistsException", "Cannot create Principal %s. Principal already exists or resolution failed", in.Name)
	}
	if err := reserved(in.Properties); err != nil {
		return 0, nil, err
	}
	x := &thing{
		name: in.Name, version: 1, properties: in.Properties, secret: in.Name + "-secret-1",
		fields: map[string]any{"clientId": in.Name + "-id"},
	}
	f.principals = append(f.principals, x)
	return 201, x.credentials(), nil
}

func (f *fake) reset(c call) (int, any, error) {
	var body struct {
		ClientID     string `json:"clientId"`
		ClientSecret string `json:"clientSecret"`
	}
	if err := c.decode(&body); err != nil {
		return 0, nil, err
	}
	x, err := f.principal(c)
	if err != nil {
		return 0, nil, err
	}
	if c.caller.name != "root" {
		return 0, nil, refuse(403, "ForbiddenException", "Only Root principal(service-admin) can perform RESET_CREDENTIALS")
	}
	x.version++
	x.secret = fmt.Sprintf("%s-secret-%d", x.name, x.version)
	if body.ClientSecret != "" {
		x.secret = body.ClientSecret
	}
	if body.ClientID != "" {
		x.fields["clientId"] = body.ClientID
	}
	return 200, x.credentials(), nil
}

// credentials is PrincipalWithCredentials.
func (x *thing) credentials() map[string]any {
	return map[string]any{
		"principal":   x.document(),
		"credentials": map[string]any{"clientId": x.fields["clientId"], "clientSecret": x.secret},
	}
}
