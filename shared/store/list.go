package store

import (
	"context"
	"fmt"

	"firn/shared/kv"
)

// pages walks a part of a partition page by page.
func (s *Store) pages(ctx context.Context, partition, prefix string, each func([]kv.Item) error) error {
	after := ""
	for {
		items, next, err := s.db.List(ctx, kv.Page{Partition: partition, Prefix: prefix, After: after, Limit: kv.MaxList})
		if err != nil {
			return fmt.Errorf("list: %w", err)
		}
		if err := each(items); err != nil {
			return err
		}
		if next == "" {
			return nil
		}
		after = next
	}
}

// listAll decodes a whole part of a partition.
func listAll[T any](ctx context.Context, s *Store, partition, prefix string) ([]T, error) {
	var out []T
	err := s.pages(ctx, partition, prefix, func(items []kv.Item) error {
		for i := range items {
			var v T
			if err := decode(&items[i], &v); err != nil {
				return err
			}
			out = append(out, v)
		}
		return nil
	})
	return out, err
}

// Page is what a list request asks for.
type Page struct {
	After string // the name to go on behind; empty: from the start
	Limit int    // names at the most; 0: all
}

// names lists the names that a part of a partition holds behind prefix, and the name to go on behind, empty at the end.
func (s *Store) names(ctx context.Context, partition, prefix string, p Page) (names []string, next string, err error) {
	after := ""
	if p.After != "" {
		after = prefix + escaper.Replace(p.After)
	}
	for {
		limit := kv.MaxList
		if p.Limit > 0 {
			limit = min(limit, p.Limit-len(names))
		}
		items, more, err := s.db.List(ctx, kv.Page{Partition: partition, Prefix: prefix, After: after, Limit: limit})
		if err != nil {
			return nil, "", fmt.Errorf("list names: %w", err)
		}
		for _, item := range items {
			names = append(names, unescaped(item.Key.Sort, prefix))
		}
		if more == "" {
			return names, "", nil
		}
		if p.Limit > 0 && len(names) >= p.Limit {
			return names, names[len(names)-1], nil
		}
		after = more
	}
}
