package catalog

import (
	"context"

	"firn/shared/fault"
	"firn/shared/lake"
)

// Configuration gives a catalog for the configuration of an engine: any caller with a good token may read it, also one
// that must rotate its credentials.
func (s *Service) Configuration(ctx context.Context, c lake.Caller, catalog string) (*lake.Catalog, error) {
	x := s.open(c, catalog)
	if err := x.read(ctx); err != nil {
		return nil, err
	}
	if x.cat.Value == nil {
		return nil, fault.Missing(fault.Warehouse, catalog)
	}
	return x.cat.Value, nil
}
