package store

import (
	"context"
	"time"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
)

// Work is something that must go on after an answer: the files of a purged table, which are to be deleted. Its item is
// written in the transaction that makes it necessary, holds the folders until it is done, and can be taken up by anyone,
// any number of times.
type Work struct {
	ID        lake.ID      `json:"id"`
	Catalog   string       `json:"catalog"`
	CatalogID lake.ID      `json:"catalogId"`
	TableID   lake.ID      `json:"table"`
	Storage   lake.Storage `json:"storage"`
	Locations []string     `json:"locations"` // folders whose files are to be deleted
	Claims    []string     `json:"claims"`
	Created   time.Time    `json:"created"`
}

// handOver gives a dropped table's folders to the work that deletes its files: until then nobody else can have them.
func handOver(p place, t *lake.Table, w *Work) ([]kv.Op, error) {
	w.Claims = t.Claims
	item, err := put(workKey(p.realm, w.ID), tagOf(w.ID), w, kv.Absent(w.Created))
	if err != nil {
		return nil, err
	}
	ops := []kv.Op{item}
	for _, index := range t.Claims {
		op, err := put(locationKey(p.realm, p.catalog, index), tagOf(w.ID), folder{Holder: w.ID, Kind: fault.Table, Name: t.Name, Location: t.Location, Purged: true}, kv.Prefix(owner(t.ID)))
		if err != nil {
			return nil, err
		}
		ops = append(ops, op)
	}
	return ops, nil
}

// ListWork gives a realm's work behind an id, in the order of ids, at most limit pieces of it.
func (s *Store) ListWork(ctx context.Context, realm lake.Realm, after lake.ID, limit int) ([]Work, error) {
	items, _, err := s.db.List(ctx, kv.Page{Partition: partition("work", realm), After: string(after), Limit: limit})
	if err != nil {
		return nil, err
	}
	var out []Work
	for i := range items {
		var w Work
		if err := decode(&items[i], &w); err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// FinishWork removes the work and gives its folders back. Done by another meanwhile is done.
func (s *Store) FinishWork(ctx context.Context, realm lake.Realm, w *Work) error {
	ops := []kv.Op{remove(workKey(realm, w.ID), kv.Prefix(owner(w.ID)))}
	ops = append(ops, release(place{realm, w.Catalog, nil}, w.ID, w.Claims)...)
	err := s.write(ctx, ops...)
	if i, _ := failedAt(err); i == 0 {
		return nil
	}
	return err
}
