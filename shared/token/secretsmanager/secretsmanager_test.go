package secretsmanager

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"firn/shared/lake"
	"firn/shared/token"
	"firn/shared/token/secretsmanager/secretsmanagertest"
)

func open(t *testing.T, m *secretsmanagertest.Manager) *Secret {
	t.Helper()
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	return New(aws.Config{Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} }}, secretsmanagertest.ARN)
}

func kids(t *testing.T, k *token.Keys) []string {
	t.Helper()
	raw, err := k.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	var set struct{ Keys []struct{ Kid string } }
	if err := json.Unmarshal(raw, &set); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, key := range set.Keys {
		out = append(out, key.Kid)
	}
	return out
}

func TestPrepareMakesKeysOnce(t *testing.T) {
	rows := map[string]*secretsmanagertest.Manager{
		"no version":                  {Texts: map[string]string{}, Stages: map[string][]string{}},
		"what a deployment generated": secretsmanagertest.New(),
	}
	for name, m := range rows {
		t.Run(name, func(t *testing.T) {
			s := open(t, m)
			first, err := s.Prepare(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			again, err := s.Prepare(t.Context())
			if err != nil || m.Puts != 1 || !slices.Equal(kids(t, again), kids(t, first)) || len(kids(t, first)) != 2 {
				t.Errorf("got %v, %d writes, keys %v after %v; want one write of two keys", err, m.Puts, kids(t, again), kids(t, first))
			}
		})
	}
	m := &secretsmanagertest.Manager{Texts: map[string]string{}, Stages: map[string][]string{}, Fails: "GetSecretValue"}
	if _, err := open(t, m).Prepare(t.Context()); err == nil || m.Puts != 0 {
		t.Errorf("a secret that cannot be read: got %v and %d writes, want an error and none", err, m.Puts)
	}
}

// rotating is a secret with keys, and the version that Secrets Manager has made for a rotation.
func rotating(t *testing.T) (*secretsmanagertest.Manager, *token.Keys) {
	t.Helper()
	k, err := token.NewKeys()
	if err == nil {
		k, err = k.Rotate()
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := k.PEM()
	if err != nil {
		t.Fatal(err)
	}
	return &secretsmanagertest.Manager{Texts: map[string]string{"v1": text.Reveal()}, Stages: map[string][]string{"v1": {current}, "v2": {pending}}}, k
}

var steps = []string{"createSecret", "setSecret", "testSecret", "finishSecret"}

func TestRotation(t *testing.T) {
	m, before := rotating(t)
	s := open(t, m)
	var published []string
	publish := func(_ context.Context, k *token.Keys) error {
		if slices.Contains(m.Stages["v2"], current) {
			t.Error("published after the version had become current")
		}
		published = kids(t, k)
		return nil
	}
	for _, step := range steps {
		for try := range 2 { // each may come again
			if err := s.Rotate(t.Context(), Rotation{Step: step, SecretID: secretsmanagertest.ARN, Version: "v2"}, publish); err != nil {
				t.Fatalf("%s, %d: %v", step, try, err)
			}
		}
	}
	after, err := s.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	was, now := kids(t, before), kids(t, after)
	if len(now) != 3 || now[0] != was[1] || now[2] != was[0] || m.Puts != 1 {
		t.Errorf("got keys %v after %v by %d writes, want the coming one to sign, a new one, the old one, by one write", now, was, m.Puts)
	}
	if !slices.Equal(published, now) {
		t.Errorf("published %v, want %v", published, now)
	}
}

func TestRotationRefuses(t *testing.T) {
	rows := []struct {
		name  string
		r     Rotation
		fails string
		want  string
	}{
		{"another secret", Rotation{"createSecret", "arn:other", "v2"}, "", "not the signing secret"},
		{"an unknown version", Rotation{"createSecret", secretsmanagertest.ARN, "v9"}, "", "is not known"},
		{"an unknown step", Rotation{"dropSecret", secretsmanagertest.ARN, "v2"}, "", "no step"},
		{"a version that has its time behind it", Rotation{"createSecret", secretsmanagertest.ARN, "v0"}, "", "not pending"},
		{"to test what is not there", Rotation{"testSecret", secretsmanagertest.ARN, "v2"}, "", "read the signing secret"},
		{"while nothing answers", Rotation{"createSecret", secretsmanagertest.ARN, "v2"}, "DescribeSecret", "describe"},
		{"while nothing can be written", Rotation{"createSecret", secretsmanagertest.ARN, "v2"}, "PutSecretValue", "write the signing secret"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			m, _ := rotating(t)
			m.Stages["v0"] = []string{"AWSPREVIOUS"}
			m.Fails = row.fails
			stages := fmt.Sprint(m.Stages)
			err := open(t, m).Rotate(t.Context(), row.r, func(context.Context, *token.Keys) error { return nil })
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
			for text := range maps.Values(m.Texts) {
				if strings.Contains(fmt.Sprint(err), text) {
					t.Error("the error holds the secret")
				}
			}
			if fmt.Sprint(m.Stages) != stages || len(m.Texts) != 1 {
				t.Error("something was changed")
			}
		})
	}
}

// A token that was signed before a rotation is good after it, and the other way round for who has read before it.
func TestTokensOutliveARotation(t *testing.T) {
	m, before := rotating(t)
	s := open(t, m)
	for _, step := range steps {
		if err := s.Rotate(t.Context(), Rotation{step, secretsmanagertest.ARN, "v2"}, func(context.Context, *token.Keys) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	after, err := s.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for name, pair := range map[string][2]*token.Keys{"old token, new keys": {before, after}, "new token, old keys": {after, before}} {
		raw, err := token.NewIssuer(pair[0]).Issue("R", &lake.Principal{ID: "1", Name: "ann", ClientID: "ann"}, token.Session{Generation: 1, Scopes: []string{"PRINCIPAL_ROLE:ALL"}}, now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := token.NewVerifier(pair[1]).Verify("R", raw.Token.Reveal(), now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
