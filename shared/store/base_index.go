package store

import (
	"context"
	"fmt"

	"firn/shared/kv"
	"firn/shared/lake"
	"firn/shared/location"
)

// indexed begins the tag of the item by which a realm's catalogs are known to be in the index of catalogs' folders.
// An earlier release that makes a catalog writes another tag there, and the realm is looked through again.
const indexed lake.ID = "indexed"

func markIndexed(realm lake.Realm, cond kv.Cond) kv.Op {
	return mark(indexedKey(realm), tagOf(indexed), cond)
}

// BaseOverlap is a folder of a catalog that overlaps a folder of another realm's, from before such claims were refused.
type BaseOverlap struct {
	Realm        lake.Realm
	Catalog      string // name
	Location     string
	OtherRealm   lake.Realm
	OtherCatalog lake.ID
}

// String is a sentence for the operator.
func (o BaseOverlap) String() string {
	return fmt.Sprintf("the location %s of the catalog %s in the realm %s overlaps one of the catalog with the ID %s in the realm %s: credentials of one realm reach tables of the other until one of the catalogs is moved",
		o.Location, o.Catalog, o.Realm, o.OtherCatalog, o.OtherRealm)
}

// IndexBases claims the folders of a realm's catalogs that an earlier release made, which claimed within their realm or
// not at all. They keep their folders; those that overlap another realm's are reported, for the operator. It is one
// conditional write for each such catalog, may be done by several at once and again, and does nothing once it is done.
func (s *Store) IndexBases(ctx context.Context, realm lake.Realm) error {
	return s.again(ctx, func() error {
		done, err := s.db.Get(ctx, []kv.Key{indexedKey(realm)})
		if err != nil {
			return err
		}
		cond := kv.Absent(s.now())
		if done[0] != nil {
			if owns(indexed, done[0].Tag) {
				return nil
			}
			cond = kv.Match(done[0].Tag)
		}
		var behind []*CatalogSlot
		err = s.pages(ctx, catalogKey(realm, "").Partition, "", func(items []kv.Item) error {
			for i := range items {
				c := &CatalogSlot{Slot: &Slot[lake.Catalog]{key: items[i].Key}}
				if err := c.load(s.items, &items[i]); err != nil {
					return err
				}
				if len(c.Value.Reaches) == 0 {
					behind = append(behind, c)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, c := range behind {
			if err := s.indexCatalog(ctx, realm, c); err != nil {
				return err
			}
		}
		return s.write(ctx, markIndexed(realm, cond))
	})
}

// indexCatalog claims the folders of one catalog in place of what an earlier release claimed.
func (s *Store) indexCatalog(ctx context.Context, realm lake.Realm, old *CatalogSlot) error {
	next := *old.Value
	p := &basePlan{Store: s, realm: realm, next: &next, takeover: true}
	folders, _ := location.Allowed(next.Storage.AllowedLocations, next.DefaultBaseLocation())
	if err := p.read(ctx, old.Value, folders, nil); err != nil {
		return err
	}
	if err := p.plan(ctx, old.Value, location.Reduce(folders)); err != nil {
		return err
	}
	first, err := put(old.key, tagOf(next.ID), &next, kv.Match(old.Tag))
	if err != nil {
		return err
	}
	if err := s.write(ctx, append([]kv.Op{first}, p.ops...)...); err != nil {
		return err
	}
	for _, o := range p.found {
		s.overlap(o)
	}
	return nil
}
