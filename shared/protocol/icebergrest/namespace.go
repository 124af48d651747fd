package icebergrest

import (
	"context"
	"net/http"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/rest"
)

// handlers hold the use-cases.
type handlers struct {
	catalog   *catalog.Service
	endpoints []string
}

// config answers CatalogConfig.
func (h *handlers) config(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	warehouse := c.Query.Get("warehouse")
	if warehouse == "" {
		if _, err := h.catalog.Configuration(ctx, c.Caller, ""); fault.Is(err, fault.Unauthenticated) {
			return rest.Answer{}, err
		}
		return rest.Answer{}, fault.New(fault.Malformed, "Please specify a warehouse")
	}
	found, err := h.catalog.Configuration(ctx, c.Caller, warehouse)
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusOK, struct {
		Defaults  lake.Properties   `json:"defaults"`
		Overrides map[string]string `json:"overrides"`
		Endpoints []string          `json:"endpoints"`
		Lifetime  string            `json:"idempotency-key-lifetime"`
	}{found.Properties, map[string]string{"prefix": catalog.PathSegment(found.Name), "namespace-separator": "%1F"}, h.endpoints, lifetime})
}

// listNamespaces answers ListNamespacesResponse.
func (h *handlers) listNamespaces(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	above := parent(c.Query)
	own := listingOf(c, "namespaces", above)
	page, err := own.page(c.Query)
	if err != nil {
		return rest.Answer{}, err
	}
	names, next, err := h.catalog.ListNamespaces(ctx, c.Caller, c.Path("prefix"), above, page)
	if err != nil {
		return rest.Answer{}, err
	}
	out := make([][]string, 0, len(names))
	for _, name := range names {
		out = append(out, append(append([]string{}, above...), name))
	}
	return rest.JSON(http.StatusOK, struct {
		Namespaces [][]string `json:"namespaces"`
		Next       *string    `json:"next-page-token"`
	}{out, own.token(next, page.Size)})
}

// namespaceAnswer is GetNamespaceResponse and CreateNamespaceResponse.
func namespaceAnswer(n catalog.Namespace) (rest.Answer, error) {
	return rest.JSON(http.StatusOK, struct {
		Namespace  []string        `json:"namespace"`
		Properties lake.Properties `json:"properties"`
	}{n.Levels, n.Properties})
}

type createNamespaceRequest struct {
	Namespace  []string `json:"namespace"`
	Properties textMap  `json:"properties"`
}

func (h *handlers) createNamespace(ctx context.Context, c *rest.Call, in *createNamespaceRequest) (rest.Answer, error) {
	if in.Namespace == nil {
		return rest.Answer{}, fault.New(fault.Argument, "Invalid namespace: null")
	}
	props, err := in.Properties.properties()
	if err != nil {
		return rest.Answer{}, err
	}
	made, err := h.catalog.CreateNamespace(ctx, c.Caller, c.Path("prefix"), in.Namespace, props)
	if err != nil {
		return rest.Answer{}, err
	}
	return namespaceAnswer(made)
}

func (h *handlers) loadNamespace(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	found, err := h.catalog.LoadNamespace(ctx, c.Caller, c.Path("prefix"), levels(c.Path("namespace")))
	if err != nil {
		return rest.Answer{}, err
	}
	return namespaceAnswer(found)
}

func (h *handlers) namespaceExists(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	err := h.catalog.NamespaceExists(ctx, c.Caller, c.Path("prefix"), levels(c.Path("namespace")))
	return rest.Empty(http.StatusNoContent), err
}

func (h *handlers) dropNamespace(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	err := h.catalog.DropNamespace(ctx, c.Caller, c.Path("prefix"), levels(c.Path("namespace")))
	return rest.Empty(http.StatusNoContent), err
}

type updatePropertiesRequest struct {
	Removals []string `json:"removals"`
	Updates  textMap  `json:"updates"`
}

// updateProperties answers UpdateNamespacePropertiesResponse, all three lists of which clients need.
func (h *handlers) updateProperties(ctx context.Context, c *rest.Call, in *updatePropertiesRequest) (rest.Answer, error) {
	set, err := in.Updates.properties()
	if err != nil {
		return rest.Answer{}, err
	}
	done, err := h.catalog.UpdateNamespace(ctx, c.Caller, c.Path("prefix"), levels(c.Path("namespace")), set, in.Removals)
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusOK, struct {
		Updated []string `json:"updated"`
		Removed []string `json:"removed"`
		Missing []string `json:"missing"`
	}{done.Updated, done.Removed, done.Missing})
}
