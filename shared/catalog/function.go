package catalog

import (
	"context"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
)

// ListFunctions gives the names of a namespace's functions. The specification has no way to make one yet, so there are
// none; but the namespace must be there. Access requirement: NAMESPACE_LIST.
func (s *Service) ListFunctions(ctx context.Context, c lake.Caller, catalog string, levels []string, p Page) ([]string, string, error) {
	x, _, err := s.at(ctx, c, catalog, levels, access.NamespaceExists, nil)
	if err != nil {
		return nil, "", err
	}
	_, _, err = x.page(p)
	return nil, "", err
}

// LoadFunction tells that the function is not there, or its namespace. Access requirement: NAMESPACE_LIST.
func (s *Service) LoadFunction(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier) error {
	if _, _, err := s.at(ctx, c, catalog, id.Namespace, access.NamespaceExists, nil); err != nil {
		return err
	}
	return fault.Missing(fault.Function, id.String())
}
