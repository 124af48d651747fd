package management

import (
	"context"
	"net/http"

	"firn/shared/admin"
	"firn/shared/lake"
	"firn/shared/rest"
)

// roleIn is PrincipalRole and CatalogRole as they are sent.
type roleIn struct {
	Name       *text      `json:"name"`
	Properties properties `json:"properties"`
	Federated  bool       `json:"federated"`
}

// principalRoleIn and catalogRoleIn differ in what wraps them.
type (
	principalRoleIn struct{ roleIn }
	catalogRoleIn   struct{ roleIn }
)

func (principalRoleIn) wrapper() string { return "principalRole" }
func (catalogRoleIn) wrapper() string   { return "catalogRole" }

func (w *within[T]) role(of func(*T) *roleIn, field string) (admin.NewRole, error) {
	if w.Value == nil || of(w.Value).Name == nil {
		return admin.NewRole{}, missing(field)
	}
	in := of(w.Value)
	n := admin.NewRole{Name: in.Name.or(), Properties: in.Properties.lake(), Federated: in.Federated}
	return n, checkName(field, n.Name)
}

func principalRoleFrom(in *within[principalRoleIn], field string) (admin.NewRole, error) {
	return in.role(func(r *principalRoleIn) *roleIn { return &r.roleIn }, field)
}

func catalogRoleFrom(in *within[catalogRoleIn], field string) (admin.NewRole, error) {
	return in.role(func(r *catalogRoleIn) *roleIn { return &r.roleIn }, field)
}

// principalRoleOut is PrincipalRole.
type principalRoleOut struct {
	Name      string `json:"name"`
	Federated bool   `json:"federated"`
	facts
}

func principalRoleOf(r *lake.PrincipalRole) principalRoleOut {
	return principalRoleOut{Name: r.Name, Federated: r.Federated, facts: factsOf(r.Facts)}
}

// catalogRoleOut is CatalogRole.
type catalogRoleOut struct {
	Name string `json:"name"`
	facts
}

func catalogRoleOf(r *lake.CatalogRole) catalogRoleOut {
	return catalogRoleOut{Name: r.Name, facts: factsOf(r.Facts)}
}

// rolesAnswer is PrincipalRoles and CatalogRoles.
func rolesAnswer[In, Out any](to func(*In) Out, all []In, err error) (rest.Answer, error) {
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusOK, map[string][]Out{"roles": each(all, to)})
}

func (h *handlers) listPrincipalRoles(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	all, err := h.admin.ListPrincipalRoles(ctx, c.Caller)
	return rolesAnswer(principalRoleOf, all, err)
}

func (h *handlers) createPrincipalRole(ctx context.Context, c *rest.Call, in *within[principalRoleIn]) (rest.Answer, error) {
	n, err := principalRoleFrom(in, "createPrincipalRole.arg0.principalRole.name")
	if err != nil {
		return rest.Answer{}, err
	}
	made, err := h.admin.CreatePrincipalRole(ctx, c.Caller, n)
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusCreated, principalRoleOf(made))
}

func (h *handlers) getPrincipalRole(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	found, err := h.admin.LoadPrincipalRole(ctx, c.Caller, c.Path("principalRoleName"))
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusOK, principalRoleOf(found))
}

func (h *handlers) updatePrincipalRole(ctx context.Context, c *rest.Call, in *updateRequest) (rest.Answer, error) {
	change, err := in.change()
	if err != nil {
		return rest.Answer{}, err
	}
	next, err := h.admin.UpdatePrincipalRole(ctx, c.Caller, c.Path("principalRoleName"), change)
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusOK, principalRoleOf(next))
}

func (h *handlers) deletePrincipalRole(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return rest.Empty(http.StatusNoContent), h.admin.DeletePrincipalRole(ctx, c.Caller, c.Path("principalRoleName"))
}

func (h *handlers) listCatalogRoles(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	all, err := h.admin.ListCatalogRoles(ctx, c.Caller, c.Path("catalogName"))
	return rolesAnswer(catalogRoleOf, all, err)
}

func (h *handlers) createCatalogRole(ctx context.Context, c *rest.Call, in *within[catalogRoleIn]) (rest.Answer, error) {
	n, err := catalogRoleFrom(in, "createCatalogRole.arg1.catalogRole.name")
	if err != nil {
		return rest.Answer{}, err
	}
	made, err := h.admin.CreateCatalogRole(ctx, c.Caller, c.Path("catalogName"), n)
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusCreated, catalogRoleOf(made))
}

func (h *handlers) getCatalogRole(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	found, err := h.admin.LoadCatalogRole(ctx, c.Caller, c.Path("catalogName"), c.Path("catalogRoleName"))
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusOK, catalogRoleOf(found))
}

func (h *handlers) updateCatalogRole(ctx context.Context, c *rest.Call, in *updateRequest) (rest.Answer, error) {
	change, err := in.change()
	if err != nil {
		return rest.Answer{}, err
	}
	next, err := h.admin.UpdateCatalogRole(ctx, c.Caller, c.Path("catalogName"), c.Path("catalogRoleName"), change)
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusOK, catalogRoleOf(next))
}

func (h *handlers) deleteCatalogRole(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return rest.Empty(http.StatusNoContent), h.admin.DeleteCatalogRole(ctx, c.Caller, c.Path("catalogName"), c.Path("catalogRoleName"))
}
