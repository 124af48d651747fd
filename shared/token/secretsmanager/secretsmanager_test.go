package secretsmanager

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"firn/shared/lake"
	"firn/shared/token"
)

// manager is the part of Secrets Manager that a rotation uses: versions, their texts and their stages.
type manager struct {
	texts  map[string]string
	stages map[string][]string
	puts   int
	fails  string // the action that fails
}

func (m *manager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	var in struct {
		SecretId, VersionId, VersionStage, SecretString, ClientRequestToken, MoveToVersionId, RemoveFromVersionId string
		VersionStages                                                                                             []string
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	answer, err := m.act(action, in.SecretId, func() (any, error) {
		switch action {
		case "GetSecretValue":
			id := in.VersionId
			for v, s := range m.stages {
				if id == "" && slices.Contains(s, in.VersionStage) {
					id = v
				}
			}
			text, ok := m.texts[id]
			if !ok || !slices.Contains(m.stages[id], in.VersionStage) {
				return nil, errors.New("ResourceNotFoundException")
			}
			return map[string]string{"SecretString": text, "VersionId": id}, nil
		case "PutSecretValue":
			if m.puts++; in.ClientRequestToken == "" || len(in.VersionStages) == 0 {
				in.VersionStages = []string{current}
			}
			if _, there := m.texts[in.ClientRequestToken]; there {
				return nil, errors.New("ResourceExistsException")
			}
			for v := range m.stages {
				m.stages[v] = slices.DeleteFunc(m.stages[v], func(s string) bool { return slices.Contains(in.VersionStages, s) })
			}
			m.texts[in.ClientRequestToken], m.stages[in.ClientRequestToken] = in.SecretString, in.VersionStages
			return map[string]string{}, nil
		case "DescribeSecret":
			return map[string]any{"VersionIdsToStages": m.stages}, nil
		case "UpdateSecretVersionStage":
			if !slices.Contains(m.stages[in.RemoveFromVersionId], current) {
				return nil, errors.New("InvalidParameterException")
			}
			m.stages[in.RemoveFromVersionId] = []string{"AWSPREVIOUS"}
			m.stages[in.MoveToVersionId] = append(m.stages[in.MoveToVersionId], current)
			return map[string]string{}, nil
		}
		return nil, errors.New("UnknownOperationException")
	})
	if err != nil {
		w.Header().Set("X-Amzn-ErrorType", err.Error())
		w.WriteHeader(400)
		answer = map[string]string{"__type": err.Error()}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (m *manager) act(action, secret string, do func() (any, error)) (any, error) {
	if action == m.fails {
		return nil, errors.New("InternalServiceError")
	}
	if secret != "arn:signing" {
		return nil, errors.New("ResourceNotFoundException")
	}
	return do()
}

func open(t *testing.T, m *manager) *Secret {
	t.Helper()
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	return New(aws.Config{Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} }}, "arn:signing")
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
	rows := map[string]*manager{
		"no version":                  {texts: map[string]string{}, stages: map[string][]string{}},
		"what a deployment generated": {texts: map[string]string{"v0": "kQx5..."}, stages: map[string][]string{"v0": {current}}},
	}
	for name, m := range rows {
		t.Run(name, func(t *testing.T) {
			s := open(t, m)
			first, err := s.Prepare(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			again, err := s.Prepare(t.Context())
			if err != nil || m.puts != 1 || !slices.Equal(kids(t, again), kids(t, first)) || len(kids(t, first)) != 2 {
				t.Errorf("got %v, %d writes, keys %v after %v; want one write of two keys", err, m.puts, kids(t, again), kids(t, first))
			}
		})
	}
	m := &manager{texts: map[string]string{}, stages: map[string][]string{}, fails: "GetSecretValue"}
	if _, err := open(t, m).Prepare(t.Context()); err == nil || m.puts != 0 {
		t.Errorf("a secret that cannot be read: got %v and %d writes, want an error and none", err, m.puts)
	}
}

// rotating is a secret with keys, and the version that Secrets Manager has made for a rotation.
func rotating(t *testing.T) (*manager, *token.Keys) {
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
	return &manager{texts: map[string]string{"v1": text.Reveal()}, stages: map[string][]string{"v1": {current}, "v2": {pending}}}, k
}

var steps = []string{"createSecret", "setSecret", "testSecret", "finishSecret"}

func TestRotation(t *testing.T) {
	m, before := rotating(t)
	s := open(t, m)
	var published []string
	publish := func(_ context.Context, k *token.Keys) error {
		if slices.Contains(m.stages["v2"], current) {
			t.Error("published after the version had become current")
		}
		published = kids(t, k)
		return nil
	}
	for _, step := range steps {
		for try := range 2 { // each may come again
			if err := s.Rotate(t.Context(), Rotation{Step: step, SecretID: "arn:signing", Version: "v2"}, publish); err != nil {
				t.Fatalf("%s, %d: %v", step, try, err)
			}
		}
	}
	after, err := s.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	was, now := kids(t, before), kids(t, after)
	if len(now) != 3 || now[0] != was[1] || now[2] != was[0] || m.puts != 1 {
		t.Errorf("got keys %v after %v by %d writes, want the coming one to sign, a new one, the old one, by one write", now, was, m.puts)
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
		{"an unknown version", Rotation{"createSecret", "arn:signing", "v9"}, "", "is not known"},
		{"an unknown step", Rotation{"dropSecret", "arn:signing", "v2"}, "", "no step"},
		{"a version that has its time behind it", Rotation{"createSecret", "arn:signing", "v0"}, "", "not pending"},
		{"to test what is not there", Rotation{"testSecret", "arn:signing", "v2"}, "", "read the signing secret"},
		{"while nothing answers", Rotation{"createSecret", "arn:signing", "v2"}, "DescribeSecret", "describe"},
		{"while nothing can be written", Rotation{"createSecret", "arn:signing", "v2"}, "PutSecretValue", "write the signing secret"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			m, _ := rotating(t)
			m.stages["v0"] = []string{"AWSPREVIOUS"}
			m.fails = row.fails
			stages := fmt.Sprint(m.stages)
			err := open(t, m).Rotate(t.Context(), row.r, func(context.Context, *token.Keys) error { return nil })
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
			for text := range maps.Values(m.texts) {
				if strings.Contains(fmt.Sprint(err), text) {
					t.Error("the error holds the secret")
				}
			}
			if fmt.Sprint(m.stages) != stages || len(m.texts) != 1 {
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
		if err := s.Rotate(t.Context(), Rotation{step, "arn:signing", "v2"}, func(context.Context, *token.Keys) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	after, err := s.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for name, pair := range map[string][2]*token.Keys{"old token, new keys": {before, after}, "new token, old keys": {after, before}} {
		raw, err := token.NewIssuer(pair[0]).Issue("R", &lake.Principal{ID: "1", Name: "ann", ClientID: "ann"}, 1, []string{"PRINCIPAL_ROLE:ALL"}, now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := token.NewVerifier(pair[1]).Verify("R", raw.Reveal(), now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
