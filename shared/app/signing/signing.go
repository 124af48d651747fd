// Package signing lets a function sign tokens and rotate the keys: it alone reads the secret.
package signing

import (
	"context"
	"encoding/json"
	"errors"

	"firn/shared/app/function"
	"firn/shared/token"
	"firn/shared/token/secretsmanager"
)

// Secret reads the keys of tokens from the secret that FIRN_SIGNING_SECRET names.
func Secret(e *function.Env) func(context.Context) (*token.Keys, error) {
	return func(ctx context.Context) (*token.Keys, error) {
		if e.Secret == "" {
			return nil, errors.New("FIRN_SIGNING_SECRET is needed")
		}
		return secretsmanager.New(e.AWS, e.Secret).Read(ctx)
	}
}

// Rotate takes one step of a rotation if that is what the event asks for, and says whether it was.
func Rotate(ctx context.Context, e *function.Env, event json.RawMessage) (bool, error) {
	var r secretsmanager.Rotation
	if err := json.Unmarshal(event, &r); err != nil || r.Step == "" {
		return false, nil
	}
	return true, secretsmanager.New(e.AWS, e.Secret).Rotate(ctx, r, func(ctx context.Context, k *token.Keys) error {
		jwks, err := k.JWKS()
		if err != nil {
			return err
		}
		return e.Store.PublishKeys(ctx, jwks)
	})
}
