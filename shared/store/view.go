package store

import (
	"context"
	"fmt"

	"firn/shared/lake"
)

// A view is stored as a table is, under the letter of its kind: CreateTable, UpdateTable, RenameTable and DropTable look at
// what they are given.

// ListViews gives a page of the names of a namespace's views, and the name to go on behind.
func (s *Store) ListViews(ctx context.Context, n *NamespaceSlot, p Page) ([]string, string, error) {
	names, next, err := s.names(ctx, n.place.entries(), kindLetter[lake.ViewKind], p)
	if err != nil {
		return nil, "", fmt.Errorf("list views: %w", err)
	}
	return names, next, nil
}
