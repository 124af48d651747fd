// Package work is the function that nobody asks: by its schedule it takes up what must go on after answers, a bounded
// part each time, and it takes the steps of the signing secret's rotation.
package work

import (
	"context"
	"encoding/json"
	"errors"

	"firn/shared/admin"
	"firn/shared/app/contents"
	"firn/shared/app/ending"
	"firn/shared/app/function"
	"firn/shared/app/objects"
	"firn/shared/app/signing"
	"firn/shared/app/vending"
)

// Handler makes the function.
func Handler(e *function.Env) (func(context.Context, json.RawMessage) error, error) {
	s, err := vending.Service(e, objects.Files)
	if err != nil {
		return nil, err
	}
	ender, err := ending.Ender(e)
	if err != nil {
		return nil, err
	}
	revocations := admin.New(admin.Config{Store: e.Store, Log: e.Log, Now: e.Now, Ender: ender})
	return func(ctx context.Context, event json.RawMessage) error {
		if rotates, err := signing.Rotate(ctx, e, event); rotates || err != nil {
			return err
		}
		// Revocations first: both have a time of their own, and end before this returns.
		return errors.Join(revocations.Sweep(ctx), contents.Tick(ctx, s, e.Realms))
	}, nil
}
