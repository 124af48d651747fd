package catalog

import (
	"context"
	"slices"
	"strings"

	"firn/shared/access"
	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/store"
	"firn/shared/vend"
)

// DropTable removes a table from the catalog, and with purge its files. Access requirement: TABLE_DROP; with purge
// TABLE_WRITE_DATA too.
func (s *Service) DropTable(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, purge bool) error {
	var work *store.Work
	err := s.Store.Again(ctx, func() error {
		x, n, t, err := s.table(ctx, c, catalog, id, nil)
		if err != nil {
			return err
		}
		op := access.DropTableWithoutPurge
		if purge {
			op = access.DropTableWithPurge
		}
		if err := x.allow(ctx, op, append(n.Path(), t.Value.ID)); err != nil {
			return err
		}
		if purge {
			if work, err = x.purge(id, t.Value); err != nil {
				return err
			}
		}
		if err := s.Store.DropTable(ctx, n, t, work); err != nil {
			return err
		}
		s.Revoked(keyed(t.Value)...)
		return nil
	})
	if err == nil && work != nil {
		// What is not deleted before the answer is taken up by the next tick.
		if _, workErr := s.Purge(ctx, c.Realm, work, purgedAtOnce); workErr != nil {
			s.Log.WarnContext(ctx, "purge goes on later", "error", workErr.Error())
		}
	}
	return err
}

// purgedAtOnce is how many files are deleted before the answer to a purge.
const purgedAtOnce = 500

// purge plans the deletion of a table's files. Only folders that the table holds alone are deleted: where tables might
// once share folders, one that claims nothing may be in them.
func (x *session) purge(id lake.Identifier, t *lake.Table) (*store.Work, error) {
	cat := x.cat.Value
	if !cat.On(lake.DropWithPurge, false) {
		return nil, fault.Of(fault.Forbidden, fault.Table, id.String(), "Unable to purge entity: %s. To enable this feature, set the Polaris configuration DROP_WITH_PURGE_ENABLED or the catalog configuration %s", id.Name, lake.DropWithPurge)
	}
	if cat.Type == lake.External {
		return nil, fault.New(fault.Malformed, "Cannot drop table on static-facade external catalogs.")
	}
	all, err := folders(t.Location, t.Paths)
	if err != nil {
		return nil, err
	}
	if err := x.allowed(id, all); err != nil {
		return nil, err
	}
	if cat.Shared || !holdsAll(t.Claims, all) {
		return nil, fault.Of(fault.Forbidden, fault.Table, id.String(), "Unable to purge entity: %s. Its folders may be shared with other tables (%s); drop it without purge", id.Name, lake.OverlappingLocations)
	}
	return &store.Work{ID: lake.NewID(), Catalog: cat.Name, CatalogID: cat.ID, TableID: t.ID, Storage: cat.Storage,
		Locations: append([]string{t.Location}, t.Paths...), Created: x.Now()}, nil
}

// holdsAll reports whether every one of the folders is within the claims of a table, or of the work that
// purges it.
func holdsAll(claims []string, all []location.Prefix) bool {
	return !slices.ContainsFunc(all, func(p location.Prefix) bool {
		return !slices.ContainsFunc(claims, func(index string) bool { return strings.HasPrefix(p.Index(), index) })
	})
}

// purgeActions are what a key to delete a folder must open. GCS has no right to delete apart from that to write.
func purgeActions(s *lake.Storage) vend.Actions {
	if s.Type == lake.GCS {
		return vend.List | vend.Write | vend.Delete
	}
	return vend.List | vend.Delete
}

// Purge deletes up to limit files of a purged table, and says whether all are gone; the work is then finished. It can be
// called any number of times.
func (s *Service) Purge(ctx context.Context, realm lake.Realm, w *store.Work, limit int) (done bool, err error) {
	all, err := folders(w.Locations[0], w.Locations[1:])
	if err != nil {
		return false, err
	}
	if !holdsAll(w.Claims, all) {
		return false, fault.Of(fault.Forbidden, fault.Table, string(w.TableID),
			"The purge does not hold the folders that it is to empty")
	}
	b, err := s.bucket(ctx, realm, &w.Storage, vend.Grant{CatalogID: w.CatalogID, TableID: w.TableID, Table: "purge",
		Prefixes: all, Actions: purgeActions(&w.Storage)})
	if err != nil {
		return false, err
	}
	sweeper, ok := b.(blob.Sweeper)
	if !ok {
		return false, fault.New(fault.Unsupported, "This storage cannot delete a folder")
	}
	for _, p := range all {
		more, err := sweeper.DeleteAll(ctx, p, limit)
		if err != nil || more {
			return false, err
		}
	}
	return true, s.Store.FinishWork(ctx, realm, w)
}

// keyed is what the keys of a table were for. Its uuid is not: a registered one has whatever its file says.
func keyed(t *lake.Table) []lake.ID {
	if t.StagedAs == "" {
		return []lake.ID{t.ID}
	}
	return []lake.ID{t.ID, t.StagedAs}
}
