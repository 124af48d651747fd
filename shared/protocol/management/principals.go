package management

import (
	"context"
	"net/http"

	"firn/shared/admin"
	"firn/shared/lake"
	"firn/shared/rest"
)

// principalOut is Principal.
type principalOut struct {
	Name     string `json:"name"`
	ClientID string `json:"clientId"`
	facts
}

func principalOf(p *lake.Principal) principalOut {
	return principalOut{Name: p.Name, ClientID: p.ClientID, facts: factsOf(p.Facts)}
}

// credentialsAnswer is PrincipalWithCredentials. It holds a secret.
func credentialsAnswer(status int, p *lake.Principal, made lake.Credentials) (rest.Answer, error) {
	type credentials struct {
		ClientID     string `json:"clientId"`
		ClientSecret string `json:"clientSecret"`
	}
	answer, err := rest.JSON(status, struct {
		Principal   principalOut `json:"principal"`
		Credentials credentials  `json:"credentials"`
	}{principalOf(p), credentials{made.ClientID, made.ClientSecret.Reveal()}})
	return answer.NoStore(), err
}

func (h *handlers) listPrincipals(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return principalsAnswer(h.admin.ListPrincipals(ctx, c.Caller))
}

func principalsAnswer(all []lake.Principal, err error) (rest.Answer, error) {
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusOK, map[string][]principalOut{"principals": each(all, principalOf)})
}

// createPrincipalRequest is CreatePrincipalRequest. The client id that the API lets a client send is ignored (recorded).
type createPrincipalRequest struct {
	Principal *struct {
		Name       *text      `json:"name"`
		Properties properties `json:"properties"`
	} `json:"principal"`
	MustRotate bool `json:"credentialRotationRequired"`
}

func (h *handlers) createPrincipal(ctx context.Context, c *rest.Call, in *createPrincipalRequest) (rest.Answer, error) {
	if in.Principal == nil || in.Principal.Name == nil {
		return rest.Answer{}, missing("principal.name")
	}
	n := admin.NewPrincipal{Name: in.Principal.Name.or(), Properties: in.Principal.Properties.lake(), MustRotate: in.MustRotate}
	if err := checkName("createPrincipal.arg0.principal.name", n.Name); err != nil {
		return rest.Answer{}, err
	}
	p, made, err := h.admin.CreatePrincipal(ctx, c.Caller, n)
	if err != nil {
		return rest.Answer{}, err
	}
	return credentialsAnswer(http.StatusCreated, p, made)
}

func (h *handlers) getPrincipal(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	found, err := h.admin.LoadPrincipal(ctx, c.Caller, c.Path("principalName"))
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusOK, principalOf(found))
}

// updateRequest is UpdatePrincipalRequest, UpdatePrincipalRoleRequest and UpdateCatalogRoleRequest.
type updateRequest struct {
	Version    *version   `json:"currentEntityVersion"`
	Properties properties `json:"properties"`
}

func (in *updateRequest) change() (admin.Change, error) {
	switch {
	case in.Version == nil:
		return admin.Change{}, missing("currentEntityVersion")
	case in.Properties == nil:
		return admin.Change{}, missing("properties")
	}
	return admin.Change{Version: int(*in.Version), Properties: in.Properties.lake()}, nil
}

func (h *handlers) updatePrincipal(ctx context.Context, c *rest.Call, in *updateRequest) (rest.Answer, error) {
	change, err := in.change()
	if err != nil {
		return rest.Answer{}, err
	}
	next, err := h.admin.UpdatePrincipal(ctx, c.Caller, c.Path("principalName"), change)
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusOK, principalOf(next))
}

func (h *handlers) deletePrincipal(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return rest.Empty(http.StatusNoContent), h.admin.DeletePrincipal(ctx, c.Caller, c.Path("principalName"))
}

func (h *handlers) rotateCredentials(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	p, made, err := h.admin.RotateCredentials(ctx, c.Caller, c.Path("principalName"))
	if err != nil {
		return rest.Answer{}, err
	}
	return credentialsAnswer(http.StatusOK, p, made)
}

// resetRequest is ResetPrincipalRequest.
type resetRequest struct {
	ClientID     *text `json:"clientId"`
	ClientSecret *text `json:"clientSecret"`
}

func (h *handlers) resetCredentials(ctx context.Context, c *rest.Call, in *resetRequest) (rest.Answer, error) {
	var r admin.Reset
	if in != nil {
		r = admin.Reset{ClientID: (*string)(in.ClientID), ClientSecret: (*lake.Secret)(in.ClientSecret)}
	}
	p, made, err := h.admin.ResetCredentials(ctx, c.Caller, c.Path("principalName"), r)
	if err != nil {
		return rest.Answer{}, err
	}
	return credentialsAnswer(http.StatusOK, p, made)
}
