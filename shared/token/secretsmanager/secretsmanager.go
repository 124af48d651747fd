// Package secretsmanager keeps the keys that sign tokens in one secret of AWS Secrets Manager: the PEM text of token.Keys.
//
// It reads the current version, prepares a secret that holds no keys yet, and takes the four steps of Secrets Manager's
// rotation. It refuses to overwrite keys by anything but a rotation.
//
// # Why
//
// A rotation is one step of token.Keys.Rotate: the key that begins to sign was published a whole rotation ago, so no
// instance meets a token whose key it does not know. What is new is published in the step setSecret, before the version
// becomes current. Every step can be repeated: Secrets Manager calls again after a failure.
package secretsmanager

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"firn/shared/lake"
	"firn/shared/token"
)

// The stages of a secret's versions (Secrets Manager's user guide, "What's in a Secrets Manager secret?").
const (
	current = "AWSCURRENT"
	pending = "AWSPENDING"
)

// Secret is where the keys are.
type Secret struct {
	client *secretsmanager.Client
	id     *string
}

// New makes a Secret by its ARN or name; it sends nothing.
func New(c aws.Config, id string) *Secret {
	return &Secret{client: secretsmanager.NewFromConfig(c), id: &id}
}

// Read gives the current keys.
func (s *Secret) Read(ctx context.Context) (*token.Keys, error) {
	return s.version(ctx, &secretsmanager.GetSecretValueInput{SecretId: s.id, VersionStage: aws.String(current)})
}

// version reads a version of the secret. Errors hold nothing of its text.
func (s *Secret) version(ctx context.Context, which *secretsmanager.GetSecretValueInput) (*token.Keys, error) {
	found, err := s.client.GetSecretValue(ctx, which)
	if err != nil {
		return nil, fmt.Errorf("read the signing secret: %w", err)
	}
	k, err := token.ParseKeys(lake.Secret(aws.ToString(found.SecretString)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoKeys, err)
	}
	return k, nil
}

var errNoKeys = errors.New("the signing secret holds no keys")

// Prepare puts keys into a secret that holds none yet, and gives the keys that it then holds.
func (s *Secret) Prepare(ctx context.Context) (*token.Keys, error) {
	k, err := s.Read(ctx)
	if _, empty := errors.AsType[*types.ResourceNotFoundException](err); err == nil || !empty && !errors.Is(err, errNoKeys) {
		return k, err
	}
	if k, err = token.NewKeys(); err != nil {
		return nil, err
	}
	if k, err = k.Rotate(); err != nil { // the first rotation needs a key that is known already
		return nil, err
	}
	return k, s.put(ctx, k, &secretsmanager.PutSecretValueInput{SecretId: s.id})
}

func (s *Secret) put(ctx context.Context, k *token.Keys, in *secretsmanager.PutSecretValueInput) error {
	text, err := k.PEM()
	if err != nil {
		return err
	}
	in.SecretString = aws.String(text.Reveal())
	if _, err := s.client.PutSecretValue(ctx, in); err != nil {
		return fmt.Errorf("write the signing secret: %w", err)
	}
	return nil
}
