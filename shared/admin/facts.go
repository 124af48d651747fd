package admin

import (
	"maps"

	"firn/shared/fault"
	"firn/shared/lake"
)

// Change is what an update asks for. The properties replace those that are there.
type Change struct {
	Version    int // that the caller has seen
	Properties lake.Properties
}

// newFacts are those of an object that is made now.
func (s *Service) newFacts(p lake.Properties) (lake.Facts, error) {
	if err := lake.CheckProperties(p, nil); err != nil {
		return lake.Facts{}, err
	}
	now := s.moment()
	return lake.Facts{Properties: maps.Clone(p), Version: 1, Created: now, Updated: now}, nil
}

// changed gives the facts after an update. kind is the object's name for the message.
func (s *Service) changed(f lake.Facts, kind string, c Change) (lake.Facts, error) {
	if f.Version != c.Version {
		return f, stale(kind, f.Version, c.Version)
	}
	next, err := s.newFacts(c.Properties)
	next.Version, next.Created = f.Version+1, f.Created
	return next, err
}

// stale tells that the caller's version is not the current one.
func stale(kind string, current, seen int) error {
	return fault.New(fault.Conflict, "Failed to update %s; currentEntityVersion '%d', expected '%d'", kind, current, seen)
}
