package catalog

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"firn/shared/lake"
	"firn/shared/store"
)

// The bounds of a turn of work. A store that hangs takes its own time and no other's.
const (
	workListed   = 200              // pieces of a realm that are looked at
	workPieces   = 20               // of one store
	workFiles    = 5000             // of one piece
	workPatience = 30 * time.Second // for all pieces of one store
	workAtOnce   = 32               // stores
)

// piece is a piece of work of a realm.
type piece struct {
	realm lake.Realm
	store.Work
}

// Work takes up what must go on after answers, in each of the realms: a bounded part of it, in a bounded time. Stores are
// worked at side by side, so that one that does not answer delays none but its own work. All ends before it returns. The
// error is that of the table: what a store does is in the log, and is tried again in the next turn.
func (s *Service) Work(ctx context.Context, realms ...lake.Realm) error {
	turn := map[string][]piece{}
	var failed error
	for _, realm := range realms {
		todo, err := s.listWork(ctx, realm)
		if err != nil && failed == nil {
			failed = fmt.Errorf("list work of realm %s: %w", realm, err)
		}
		for i := range todo {
			at := workAt(&todo[i].Storage)
			if len(turn[at]) < workPieces {
				turn[at] = append(turn[at], piece{realm, todo[i]})
			}
		}
	}
	var group errgroup.Group
	group.SetLimit(workAtOnce)
	for _, pieces := range turn {
		group.Go(func() error {
			s.purgeAll(ctx, pieces)
			return nil
		})
	}
	_ = group.Wait() // none fails
	return failed
}

// listWork lists pieces of a realm from a random one on: those that fail again and again must not keep the others waiting.
func (s *Service) listWork(ctx context.Context, realm lake.Realm) ([]store.Work, error) {
	todo, err := s.Store.ListWork(ctx, realm, lake.NewID(), workListed)
	if err != nil || len(todo) == workListed {
		return todo, err
	}
	first, err := s.Store.ListWork(ctx, realm, "", workListed-len(todo))
	seen := map[lake.ID]bool{}
	for i := range todo {
		seen[todo[i].ID] = true
	}
	for i := range first {
		if !seen[first[i].ID] {
			todo = append(todo, first[i])
		}
	}
	return todo, err
}

// workAt names who must answer for a piece of work at a storage: its endpoints, and whose credentials open it.
func workAt(s *lake.Storage) string {
	return strings.Join([]string{string(s.Type), s.Endpoint, s.EndpointInternal, s.STSEndpoint, s.Region, s.RoleARN, s.Name,
		s.TenantID, s.GCSServiceAccount}, "\n")
}

// purgeAll goes on with purges at one store, one after another, as long as its time lasts.
func (s *Service) purgeAll(ctx context.Context, pieces []piece) {
	ctx, cancel := context.WithTimeout(ctx, workPatience)
	defer cancel()
	for i := range pieces {
		if ctx.Err() != nil {
			return
		}
		if _, err := s.Purge(ctx, pieces[i].realm, &pieces[i].Work, workFiles); err != nil {
			s.Log.WarnContext(ctx, "a purge failed and will be tried again", "work", string(pieces[i].ID), "error", err.Error())
		}
	}
}
