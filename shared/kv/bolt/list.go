package bolt

import (
	"bytes"
	"context"

	"go.etcd.io/bbolt"

	"firn/shared/kv"
)

// DynamoDB's bound of a page, in the same place.
const pageBytes = 1 << 20

// List implements kv.Driver.
func (d *DB) List(ctx context.Context, page kv.Page) ([]kv.Item, string, error) {
	if err := kv.CheckPage(page); err != nil {
		return nil, "", err
	}
	var items []kv.Item
	var next string
	err := d.view(ctx, func(b *bbolt.Bucket) (err error) {
		items, next, err = scan(b.Cursor(), page)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	return items, next, nil
}

func scan(cursor *bbolt.Cursor, page kv.Page) (items []kv.Item, next string, err error) {
	partition := partitionKey(page.Partition)
	wanted := append(bytes.Clone(partition), page.Prefix...)
	from := wanted
	if page.After >= page.Prefix && page.After != "" {
		// The first key behind After: sort keys hold no zero byte.
		from = append(append(bytes.Clone(partition), page.After...), 0)
	}
	size := 0
	for key, row := cursor.Seek(from); bytes.HasPrefix(key, wanted); key, row = cursor.Next() {
		if len(items) == page.Limit || size >= pageBytes {
			return items, items[len(items)-1].Key.Sort, nil
		}
		item, err := decode(kv.Key{Partition: page.Partition, Sort: string(key[len(partition):])}, row)
		if err != nil {
			return nil, "", err
		}
		items = append(items, *item)
		size += item.Size()
	}
	return items, "", nil
}
