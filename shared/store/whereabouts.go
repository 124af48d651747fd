package store

import (
	"context"
	"fmt"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
)

// Whereabouts tells where a table is that is no longer under a name that it had: a rename leaves word under the table's id, in its
// own transaction, and a drop removes it. Nil if the table was dropped or never moved.
func (s *Store) Whereabouts(ctx context.Context, realm lake.Realm, table lake.ID) (*lake.Identifier, error) {
	b := s.Batch(realm)
	o := slot[Object](b, objectKey(realm, table))
	if err := b.Read(ctx); err != nil {
		return nil, fmt.Errorf("look for a table: %w", err)
	}
	return placeOf(o), nil
}

func placeOf(o *Slot[Object]) *lake.Identifier {
	if o.Value == nil || o.Value.Kind != fault.Table {
		return nil
	}
	return &lake.Identifier{Namespace: o.Value.Namespace, Name: o.Value.Name}
}

// mostKeys is what one table of a list can take of a batch: its catalog, each namespace, itself, and where it went.
const mostKeys = 2 + lake.MaxLevels + 2

// Locate tells where the shared tables are now, in their order; nil for one that is gone.
func (s *Store) Locate(ctx context.Context, realm lake.Realm, all []lake.SharedTable) ([]*lake.Identifier, error) {
	out := make([]*lake.Identifier, len(all))
	for next := 0; next < len(all); {
		b := s.Batch(realm)
		var then []func()
		for ; next < len(all) && len(b.keys)+mostKeys <= kv.MaxGet; next++ {
			i, t := next, &all[next]
			there := b.Table(b.Namespace(b.Catalog(t.Catalog), t.Namespace), t.Table)
			moved := slot[Object](b, objectKey(realm, t.TableID))
			then = append(then, func() {
				if out[i] = placeOf(moved); out[i] == nil && there.Value != nil && there.Value.ID == t.TableID {
					at := t.Identifier()
					out[i] = &at
				}
			})
		}
		if err := b.Read(ctx); err != nil {
			return nil, fmt.Errorf("look for shared tables: %w", err)
		}
		for _, do := range then {
			do()
		}
	}
	return out, nil
}
