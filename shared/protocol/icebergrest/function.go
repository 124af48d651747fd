package icebergrest

import (
	"context"

	"firn/shared/lake"
	"firn/shared/rest"
)

// listFunctions answers ListFunctionsResponse.
func (h *handlers) listFunctions(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return listed(ctx, c, "functions", h.catalog.ListFunctions)
}

func (h *handlers) loadFunction(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return rest.Answer{}, h.catalog.LoadFunction(ctx, c.Caller, c.Path("prefix"), lake.Identifier{Namespace: levels(c.Path("namespace")), Name: c.Path("function")})
}
