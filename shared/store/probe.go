package store

import (
	"context"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
)

// SetProbe stores what the trial of a catalog's storage came to, and gives the catalog with it. The catalog's version stays:
// nothing changed that an administrator sees or says. Conflict if its storage is not the one that was tried any more;
// NotFound if the name is another catalog's by now, or nobody's.
func (s *Store) SetProbe(ctx context.Context, realm lake.Realm, name string, id lake.ID, p lake.Probe) (*lake.Catalog, error) {
	var next lake.Catalog
	err := s.again(ctx, func() error {
		b := s.Batch(realm)
		c := b.Catalog(name)
		if err := b.Read(ctx); err != nil {
			return err
		}
		if c.Value == nil || c.Value.ID != id {
			return fault.Missing(fault.Catalog, name)
		}
		now, err := c.Value.StorageFingerprint()
		if err != nil {
			return err
		}
		if now != p.For {
			return fault.Of(fault.Conflict, fault.Catalog, name, "The storage configuration of catalog '%s' changed while it was tried. Probe it again", name)
		}
		next = *c.Value
		next.Probe = &p
		op, err := put(c.key, tagOf(id), &next, kv.Match(c.Tag))
		if err != nil {
			return err
		}
		return s.write(ctx, op)
	})
	if err != nil {
		return nil, err
	}
	return &next, nil
}
