package management

import (
	"context"
	"net/http"

	"firn/shared/rest"
)

func (h *handlers) listPrincipalRolesAssigned(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	all, err := h.admin.ListRolesOfPrincipal(ctx, c.Caller, c.Path("principalName"))
	return rolesAnswer(principalRoleOf, all, err)
}

func (h *handlers) assignPrincipalRole(ctx context.Context, c *rest.Call, in *within[principalRoleIn]) (rest.Answer, error) {
	role, err := principalRoleFrom(in, "assignPrincipalRole.arg1.principalRole.name")
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.Empty(http.StatusCreated), h.admin.AssignPrincipalRole(ctx, c.Caller, c.Path("principalName"), role.Name)
}

func (h *handlers) revokePrincipalRole(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return rest.Empty(http.StatusNoContent), h.admin.RevokePrincipalRole(ctx, c.Caller, c.Path("principalName"), c.Path("principalRoleName"))
}

func (h *handlers) listPrincipalsOfRole(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return principalsAnswer(h.admin.ListPrincipalsOfRole(ctx, c.Caller, c.Path("principalRoleName")))
}

func (h *handlers) listCatalogRolesOfRole(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	all, err := h.admin.ListCatalogRolesOfRole(ctx, c.Caller, c.Path("principalRoleName"), c.Path("catalogName"))
	return rolesAnswer(catalogRoleOf, all, err)
}

func (h *handlers) assignCatalogRole(ctx context.Context, c *rest.Call, in *within[catalogRoleIn]) (rest.Answer, error) {
	role, err := catalogRoleFrom(in, "assignCatalogRoleToPrincipalRole.arg2.catalogRole.name")
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.Empty(http.StatusCreated), h.admin.AssignCatalogRole(ctx, c.Caller, c.Path("principalRoleName"), c.Path("catalogName"), role.Name)
}

func (h *handlers) revokeCatalogRole(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	err := h.admin.RevokeCatalogRole(ctx, c.Caller, c.Path("principalRoleName"), c.Path("catalogName"), c.Path("catalogRoleName"))
	return rest.Empty(http.StatusNoContent), err
}

func (h *handlers) listRolesOfCatalogRole(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	all, err := h.admin.ListRolesOfCatalogRole(ctx, c.Caller, c.Path("catalogName"), c.Path("catalogRoleName"))
	return rolesAnswer(principalRoleOf, all, err)
}
