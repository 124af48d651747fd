package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"firn/shared/app/administration"
	"firn/shared/app/base"
	"firn/shared/kv/dynamo"
	"firn/shared/store"
	"firn/shared/token/secretsmanager"
)

// BootstrapConfig is what `firn bootstrap` was asked for; its flags say what the fields mean.
type BootstrapConfig struct {
	Table         string
	SigningSecret string
	Realms        []string
}

// Bootstrap prepares a deployed environment, with the AWS credentials of this one: signing keys in their secret, the
// public ones in the table, and each realm with its root principal. What is there already stays as it is.
func Bootstrap(ctx context.Context, w World, c BootstrapConfig) error {
	given, err := bootstrapCredentials(w.Getenv)
	if err != nil {
		return err
	}
	cloud, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return fmt.Errorf("read the AWS configuration: %w", err)
	}
	s := store.New(store.Config{Driver: dynamo.New(dynamo.Config{Client: dynamodb.NewFromConfig(cloud), Table: c.Table}), Now: time.Now, Realms: realms(c.Realms),
		Overlap: func(o store.BaseOverlap) { fmt.Fprintln(w.Stdout, "warning: "+o.String()) }})
	keys, err := secretsmanager.New(cloud, c.SigningSecret).Prepare(ctx)
	if err != nil {
		return err
	}
	jwks, err := keys.JWKS()
	if err != nil {
		return err
	}
	if err := s.PublishKeys(ctx, jwks); err != nil {
		return err
	}
	admins := administration.Service(&base.Base{Store: s, Keys: keys, Log: slog.New(slog.DiscardHandler), Now: time.Now}, administration.Drivers{})
	return bootstrap(ctx, admins, realms(c.Realms), given, w)
}
