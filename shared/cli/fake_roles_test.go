package cli_test

import "slices"

// named is the body that creates or assigns a role.
type named struct {
	Name       string            `json:"name"`
	Properties map[string]string `json:"properties"`
}

// roleRoutes serve principal roles and catalog roles.
func (f *fake) roleRoutes() []route {
	const roles, catalogRoles = top + "/principal-roles", top + "/catalogs/{catalog}/catalog-roles"
	return []route{
		{"GET " + roles, "LIST_PRINCIPAL_ROLES", func(call) (int, any, error) { return listed(f.principalRoles, nil) }},
		{"POST " + roles, "CREATE_PRINCIPAL_ROLE", f.createPrincipalRole},
		{"GET " + roles + "/{role}", "GET_PRINCIPAL_ROLE", func(c call) (int, any, error) { return shown(f.principalRole(c)) }},
		{"PUT " + roles + "/{role}", "UPDATE_PRINCIPAL_ROLE", func(c call) (int, any, error) {
			x, err := f.principalRole(c)
			if err != nil {
				return 0, nil, err
			}
			return x.update(c, "PrincipalRole")
		}},
		{"DELETE " + roles + "/{role}", "DELETE_PRINCIPAL_ROLE", func(c call) (int, any, error) {
			x, err := f.principalRole(c)
			if err != nil {
				return 0, nil, err
			}
			if x.name == "service_admin" {
				return 0, nil, refuse(400, "BadRequestException", "Polaris service admin principal role cannot be dropped")
			}
			f.principalRoles = without(f.principalRoles, x)
			for _, p := range f.principals {
				p.held = without(p.held, x)
			}
			return 204, nil, nil
		}},
		{"GET " + top + "/principals/{principal}/principal-roles", "LIST_PRINCIPAL_ROLES_ASSIGNED", func(c call) (int, any, error) {
			x, err := f.principal(c)
			if err != nil {
				return 0, nil, err
			}
			return listed(x.held, nil)
		}},
		{"PUT " + top + "/principals/{principal}/principal-roles", "ASSIGN_PRINCIPAL_ROLE", f.assignPrincipalRole},
		{"DELETE " + top + "/principals/{principal}/principal-roles/{role}", "REVOKE_PRINCIPAL_ROLE", func(c call) (int, any, error) {
			x, err := f.principal(c)
			if err != nil {
				return 0, nil, err
			}
			return x.drop(f.principalRole(c))
		}},
		{"GET " + catalogRoles, "LIST_CATALOG_ROLES", func(c call) (int, any, error) {
			x, err := f.catalog(c)
			if err != nil {
				return 0, nil, err
			}
			return listed(x.roles, nil)
		}},
		{"POST " + catalogRoles, "CREATE_CATALOG_ROLE", f.createCatalogRole},
		{"GET " + catalogRoles + "/{role}", "GET_CATALOG_ROLE", func(c call) (int, any, error) { return shown(f.catalogRole(c)) }},
		{"PUT " + catalogRoles + "/{role}", "UPDATE_CATALOG_ROLE", func(c call) (int, any, error) {
			x, err := f.catalogRole(c)
			if err != nil {
				return 0, nil, err
			}
			return x.update(c, "CatalogRole")
		}},
		{"DELETE " + catalogRoles + "/{role}", "DELETE_CATALOG_ROLE", f.deleteCatalogRole},
		{"GET " + catalogRoles + "/{role}/principal-roles", "LIST_ASSIGNEE_PRINCIPAL_ROLES_FOR_CATALOG_ROLE", func(c call) (int, any, error) {
			x, err := f.catalogRole(c)
			var holders []*thing
			for _, r := range f.principalRoles {
				if slices.Contains(r.held, x) {
					holders = append(holders, r)
				}
			}
			return listed(holders, err)
		}},
		{"GET " + roles + "/{principalRole}/catalog-roles/{catalog}", "LIST_CATALOG_ROLES_FOR_PRINCIPAL_ROLE", func(c call) (int, any, error) {
			catalog, err := f.catalog(c)
			if err != nil {
				return 0, nil, err
			}
			x, err := f.holder(c)
			if err != nil {
				return 0, nil, err
			}
			held := slices.DeleteFunc(slices.Clone(x.held), func(r *thing) bool { return !slices.Contains(catalog.roles, r) })
			return listed(held, nil)
		}},
		{"PUT " + roles + "/{principalRole}/catalog-roles/{catalog}", "ASSIGN_CATALOG_ROLE_TO_PRINCIPAL_ROLE", f.assignCatalogRole},
		{"DELETE " + roles + "/{principalRole}/catalog-roles/{catalog}/{role}", "REVOKE_CATALOG_ROLE_FROM_PRINCIPAL_ROLE", func(c call) (int, any, error) {
			x, err := f.holder(c)
			if err != nil {
				return 0, nil, err
			}
			return x.drop(f.catalogRole(c))
		}},
	}
}

func listed(all []*thing, err error) (int, any, error) {
	return 200, map[string]any{"roles": documents(all)}, err
}

func shown(x *thing, err error) (int, any, error) {
	if err != nil {
		return 0, nil, err
	}
	return 200, x.document(), nil
}

func (f *fake) principalRole(c call) (*thing, error) {
	return present(find(f.principalRoles, c.PathValue("role")), "TopLevelEntity of type PRINCIPAL_ROLE does not exist: %s", c.PathValue("role"))
}

// holder is the principal role of a path that also names a catalog role.
func (f *fake) holder(c call) (*thing, error) {
	return present(find(f.principalRoles, c.PathValue("principalRole")), "TopLevelEntity of type PRINCIPAL_ROLE does not exist: %s", c.PathValue("principalRole"))
}

func (f *fake) catalogRole(c call) (*thing, error) {
	x, err := f.catalog(c)
	if err != nil {
		return nil, err
	}
	return present(find(x.roles, c.PathValue("role")), "CatalogRole does not exist: %s", c.PathValue("role"))
}

// drop revokes a role from who holds it.
func (x *thing) drop(role *thing, err error) (int, any, error) {
	if err != nil {
		return 0, nil, err
	}
	if !slices.Contains(x.held, role) {
		return 0, nil, refuse(400, "GRANT_NOT_FOUND", "Operation failed: GRANT_NOT_FOUND")
	}
	x.held = without(x.held, role)
	return 204, nil, nil
}

func (f *fake) createPrincipalRole(c call) (int, any, error) {
	var body struct {
		PrincipalRole named `json:"principalRole"`
	}
	if err := c.decode(&body); err != nil {
		return 0, nil, err
	}
	if find(f.principalRoles, body.PrincipalRole.Name) != nil {
		return 0, nil, refuse(409, "AlreadyExistsException", "Cannot create PrincipalRole %s. PrincipalRole already exists or resolution failed", body.PrincipalRole.Name)
	}
	x := &thing{name: body.PrincipalRole.Name, properties: body.PrincipalRole.Properties, version: 1, fields: map[string]any{"federated": false}}
	f.principalRoles = append(f.principalRoles, x)
	return 201, x.document(), reserved(x.properties)
}

func (f *fake) assignPrincipalRole(c call) (int, any, error) {
	var body struct {
		PrincipalRole named `json:"principalRole"`
	}
	if err := c.decode(&body); err != nil {
		return 0, nil, err
	}
	x, err := f.principal(c)
	if err != nil {
		return 0, nil, err
	}
	role, err := present(find(f.principalRoles, body.PrincipalRole.Name), "TopLevelEntity of type PRINCIPAL_ROLE does not exist: %s", body.PrincipalRole.Name)
	if err == nil && !slices.Contains(x.held, role) {
		x.held = append(x.held, role)
	}
	return 201, nil, err
}

func (f *fake) createCatalogRole(c call) (int, any, error) {
	var body struct {
		CatalogRole named `json:"catalogRole"`
	}
	if err := c.decode(&body); err != nil {
		return 0, nil, err
	}
	x, err := f.catalog(c)
	if err != nil {
		return 0, nil, err
	}
	if find(x.roles, body.CatalogRole.Name) != nil {
		return 0, nil, refuse(409, "AlreadyExistsException", "Cannot create CatalogRole %s in %s. CatalogRole already exists or resolution failed", body.CatalogRole.Name, x.name)
	}
	role := &thing{name: body.CatalogRole.Name, properties: body.CatalogRole.Properties, version: 1}
	x.roles = append(x.roles, role)
	return 201, role.document(), nil
}

func (f *fake) deleteCatalogRole(c call) (int, any, error) {
	x, err := f.catalogRole(c)
	if err != nil {
		return 0, nil, err
	}
	if x.name == "catalog_admin" {
		return 0, nil, refuse(400, "BadRequestException", "Catalog admin role cannot be dropped")
	}
	catalog, _ := f.catalog(c)
	catalog.roles = without(catalog.roles, x)
	for _, r := range f.principalRoles {
		r.held = without(r.held, x)
	}
	return 204, nil, nil
}

func (f *fake) assignCatalogRole(c call) (int, any, error) {
	var body struct {
		CatalogRole named `json:"catalogRole"`
	}
	if err := c.decode(&body); err != nil {
		return 0, nil, err
	}
	x, err := f.holder(c)
	if err != nil {
		return 0, nil, err
	}
	catalog, err := f.catalog(c)
	if err != nil {
		return 0, nil, err
	}
	role, err := present(find(catalog.roles, body.CatalogRole.Name), "CatalogRole does not exist: %s", body.CatalogRole.Name)
	if err == nil && !slices.Contains(x.held, role) {
		x.held = append(x.held, role)
	}
	return 201, nil, err
}
