package management

import (
	"context"
	"net/http"

	"firn/shared/admin"
	"firn/shared/lake"
	"firn/shared/rest"
)

// catalogIn is Catalog as it is sent. What the server decides is ignored.
type catalogIn struct {
	Type       *text      `json:"type"`
	Name       *text      `json:"name"`
	Properties properties `json:"properties"`
	Storage    *storage   `json:"storageConfigInfo"`
	Connection *struct {
		Type *text `json:"connectionType"`
	} `json:"connectionConfigInfo"`
}

func (catalogIn) wrapper() string { return "catalog" }

// connections are the connectionTypes of the API.
var connections = map[string]bool{"ICEBERG_REST": true, "HADOOP": true, "HIVE": true, "BIGQUERY": true}

func (in *catalogIn) catalog() (admin.NewCatalog, error) {
	var n admin.NewCatalog
	const at = "createCatalog.arg0.catalog"
	if in == nil {
		return n, violation(at, "must not be null")
	}
	n.Type = lake.CatalogType(in.Type.or())
	switch {
	case n.Type != lake.Internal && n.Type != lake.External:
		return n, shape("type must be INTERNAL or EXTERNAL")
	case in.Name == nil:
		return n, violation(at+".name", "must not be null")
	case in.Properties == nil:
		return n, violation(at+".properties", "must not be null")
	case in.Storage == nil:
		return n, violation(at+".storageConfigInfo", "must not be null")
	case in.Connection != nil && n.Type == lake.External && !connections[in.Connection.Type.or()]:
		return n, shape("connectionType must be ICEBERG_REST, HADOOP, HIVE or BIGQUERY")
	}
	if err := checkName(at+".name", string(*in.Name)); err != nil {
		return n, err
	}
	n.Name, n.Properties, n.Connected = string(*in.Name), in.Properties.lake(), in.Connection != nil
	var err error
	n.Storage, err = in.Storage.lake()
	return n, err
}

// catalogOut is Catalog.
type catalogOut struct {
	Type lake.CatalogType `json:"type"`
	Name string           `json:"name"`
	facts
	Storage *storage `json:"storageConfigInfo"`
}

func catalogOf(c *lake.Catalog) catalogOut {
	return catalogOut{Type: c.Type, Name: c.Name, facts: factsOf(c.Facts), Storage: storageOf(&c.Storage)}
}

// externalIDHeader tells an administrator what firn says when it assumes the role of a catalog that names no external id,
// to be written into the role's trust policy. The body is Polaris's: a client that writes it back changes nothing.
const externalIDHeader = "Firn-External-Id"

// answerCatalog answers one catalog.
func answerCatalog(status int, c *lake.Catalog, out catalogOut) (rest.Answer, error) {
	a, err := rest.JSON(status, out)
	if made := c.Storage.ExternalIDOf(c.ID); err == nil && made != c.Storage.ExternalID {
		a.Header = http.Header{externalIDHeader: {made}}
	}
	if c.Probe != nil {
		a = a.With(probeHeader, probed(c))
	}
	return a, err
}

func (h *handlers) listCatalogs(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	all, err := h.admin.ListCatalogs(ctx, c.Caller)
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusOK, map[string][]catalogOut{"catalogs": each(all, catalogOf)})
}

func (h *handlers) createCatalog(ctx context.Context, c *rest.Call, in *within[catalogIn]) (rest.Answer, error) {
	n, err := in.Value.catalog()
	if err != nil {
		return rest.Answer{}, err
	}
	made, err := h.admin.CreateCatalog(ctx, c.Caller, n)
	if err != nil {
		return rest.Answer{}, err
	}
	out := catalogOf(made)
	out.Updated = 0 // as recorded, in this answer alone
	return answerCatalog(http.StatusCreated, made, out)
}

func (h *handlers) getCatalog(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	found, err := h.admin.LoadCatalog(ctx, c.Caller, c.Path("catalogName"))
	if err != nil {
		return rest.Answer{}, err
	}
	return answerCatalog(http.StatusOK, found, catalogOf(found))
}

// updateCatalogRequest is UpdateCatalogRequest: unlike those of other objects it may leave the properties out.
type updateCatalogRequest struct {
	Version    *version   `json:"currentEntityVersion"`
	Properties properties `json:"properties"`
	Storage    *storage   `json:"storageConfigInfo"`
}

func (h *handlers) updateCatalog(ctx context.Context, c *rest.Call, in *updateCatalogRequest) (rest.Answer, error) {
	if in.Version == nil {
		return rest.Answer{}, missing("currentEntityVersion")
	}
	change := admin.CatalogChange{Change: admin.Change{Version: int(*in.Version), Properties: in.Properties.lake()}}
	if in.Storage != nil {
		s, err := in.Storage.lake()
		if err != nil {
			return rest.Answer{}, err
		}
		change.Storage = &s
	}
	next, err := h.admin.UpdateCatalog(ctx, c.Caller, c.Path("catalogName"), change)
	if err != nil {
		return rest.Answer{}, err
	}
	return answerCatalog(http.StatusOK, next, catalogOf(next))
}

func (h *handlers) deleteCatalog(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return rest.Empty(http.StatusNoContent), h.admin.DropCatalog(ctx, c.Caller, c.Path("catalogName"))
}
