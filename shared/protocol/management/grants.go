package management

import (
	"context"
	"net/http"
	"strings"

	"firn/shared/access"
	"firn/shared/admin"
	"firn/shared/rest"
)

// grant is GrantResource with the fields of all its variants.
type grant struct {
	Namespace *[]text `json:"namespace,omitempty"`
	Table     *text   `json:"tableName,omitempty"`
	View      *text   `json:"viewName,omitempty"`
	Policy    *text   `json:"policyName,omitempty"`
	Privilege *text   `json:"privilege"`
	Type      *text   `json:"type"`
}

func (grant) wrapper() string { return "grant" }

// name gives the field that names the securable within its namespace; nil where the type has none.
func (g *grant) name(on access.GrantType) **text {
	switch on {
	case access.OnTable:
		return &g.Table
	case access.OnView:
		return &g.View
	case access.OnPolicy:
		return &g.Policy
	}
	return nil
}

func (g *grant) grant() (admin.Grant, error) {
	if g == nil {
		return admin.Grant{}, missing("grant")
	}
	on := access.GrantType(g.Type.or())
	out := admin.Grant{On: on}
	name := g.name(on)
	switch {
	case access.Grantable(on) == access.Set{}:
		return out, shape("type must be catalog, namespace, table, view or policy")
	case on != access.OnCatalog && g.Namespace == nil:
		return out, missing("namespace")
	case name != nil && *name == nil:
		return out, missing(string(on) + "Name")
	}
	var err error
	if out.Privilege, err = access.ParsePrivilege(g.Privilege.or()); err != nil {
		return out, shape("privilege must be one that can be granted")
	}
	if name != nil {
		out.Name = string(**name)
	}
	if on != access.OnCatalog {
		out.Namespace = plain(*g.Namespace)
	}
	return out, nil
}

func grantOf(g *admin.Grant) grant {
	on, privilege := text(g.On), text(g.Privilege.String())
	out := grant{Type: &on, Privilege: &privilege}
	if g.On != access.OnCatalog {
		levels := texts(g.Namespace)
		out.Namespace = &levels
	}
	if name := out.name(g.On); name != nil {
		*name = (*text)(&g.Name)
	}
	return out
}

func (h *handlers) listGrants(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	all, err := h.admin.ListGrants(ctx, c.Caller, c.Path("catalogName"), c.Path("catalogRoleName"))
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusOK, map[string][]grant{"grants": each(all, grantOf)})
}

func (h *handlers) addGrant(ctx context.Context, c *rest.Call, in *within[grant]) (rest.Answer, error) {
	g, err := in.Value.grant()
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.Empty(http.StatusCreated), h.admin.AddGrant(ctx, c.Caller, c.Path("catalogName"), c.Path("catalogRoleName"), g)
}

// revokeGrant answers 201, as Polaris does, and 501 to the cascade that its description promises and it never had.
func (h *handlers) revokeGrant(ctx context.Context, c *rest.Call, in *within[grant]) (rest.Answer, error) {
	if strings.EqualFold(c.Query.Get("cascade"), "true") {
		return rest.Empty(http.StatusNotImplemented), nil
	}
	g, err := in.Value.grant()
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.Empty(http.StatusCreated), h.admin.RevokeGrant(ctx, c.Caller, c.Path("catalogName"), c.Path("catalogRoleName"), g)
}
