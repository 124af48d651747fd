package secretsmanager

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"firn/shared/token"
)

// Rotation is the event by which Secrets Manager asks for one step of a rotation (user guide, "Lambda rotation functions").
type Rotation struct {
	Step     string `json:"Step"` // createSecret, setSecret, testSecret, finishSecret
	SecretID string `json:"SecretId"`
	Version  string `json:"ClientRequestToken"`
}

// Rotate takes one step. publish makes the public keys known to whoever verifies.
func (s *Secret) Rotate(ctx context.Context, r Rotation, publish func(context.Context, *token.Keys) error) error {
	if r.SecretID != *s.id {
		return fmt.Errorf("rotate %s: it is not the signing secret of this environment", r.SecretID)
	}
	known, err := s.client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: s.id})
	if err != nil {
		return fmt.Errorf("describe the signing secret: %w", err)
	}
	stages, ok := known.VersionIdsToStages[r.Version]
	switch {
	case !ok:
		return fmt.Errorf("rotate: the version %s is not known to the secret", r.Version)
	case slices.Contains(stages, current):
		return nil // it is done
	case !slices.Contains(stages, pending):
		return fmt.Errorf("rotate: the version %s is not pending", r.Version)
	}
	switch r.Step {
	case "createSecret":
		return s.create(ctx, r.Version)
	case "setSecret":
		k, err := s.pending(ctx, r.Version)
		if err != nil {
			return err
		}
		return publish(ctx, k)
	case "testSecret":
		_, err := s.pending(ctx, r.Version) // it parses, so it signs
		return err
	case "finishSecret":
		return s.finish(ctx, r.Version, known.VersionIdsToStages)
	}
	return fmt.Errorf("rotate: there is no step %q", r.Step)
}

func (s *Secret) pending(ctx context.Context, version string) (*token.Keys, error) {
	return s.version(ctx, &secretsmanager.GetSecretValueInput{SecretId: s.id, VersionId: &version, VersionStage: aws.String(pending)})
}

// create puts the rotated keys into the pending version, once: a repeated step must not make other keys.
func (s *Secret) create(ctx context.Context, version string) error {
	if _, err := s.pending(ctx, version); err == nil {
		return nil
	}
	now, err := s.Read(ctx)
	if err != nil {
		return err
	}
	next, err := now.Rotate()
	if err != nil {
		return err
	}
	return s.put(ctx, next, &secretsmanager.PutSecretValueInput{SecretId: s.id, ClientRequestToken: &version, VersionStages: []string{pending}})
}

// finish makes the pending version the current one.
func (s *Secret) finish(ctx context.Context, version string, stages map[string][]string) error {
	in := &secretsmanager.UpdateSecretVersionStageInput{SecretId: s.id, VersionStage: aws.String(current), MoveToVersionId: &version}
	for id, has := range stages {
		if slices.Contains(has, current) {
			in.RemoveFromVersionId = aws.String(id)
		}
	}
	if _, err := s.client.UpdateSecretVersionStage(ctx, in); err != nil {
		return fmt.Errorf("finish the rotation: %w", err)
	}
	return nil
}
