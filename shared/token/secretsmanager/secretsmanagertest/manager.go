// Package secretsmanagertest is the part of AWS Secrets Manager that a rotation uses, within a test's process: one
// secret, its versions, their texts and their stages.
package secretsmanagertest

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// ARN is the secret's.
const ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:signing"

const current = "AWSCURRENT"

// Manager is the service. Set its fields before it is asked.
type Manager struct {
	Texts  map[string]string   // by version
	Stages map[string][]string // by version
	Puts   int                 // texts that were written
	Fails  string              // the action that fails

	mu sync.Mutex
}

// New makes a secret as a deployment leaves it, with a text that was generated.
func New() *Manager {
	return &Manager{Texts: map[string]string{"v0": "kQx5"}, Stages: map[string][]string{"v0": {current}}}
}

// ServeHTTP answers one action.
func (m *Manager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
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
			for v, s := range m.Stages {
				if id == "" && slices.Contains(s, in.VersionStage) {
					id = v
				}
			}
			text, ok := m.Texts[id]
			if !ok || !slices.Contains(m.Stages[id], in.VersionStage) {
				return nil, errors.New("ResourceNotFoundException")
			}
			return map[string]string{"SecretString": text, "VersionId": id}, nil
		case "PutSecretValue":
			if m.Puts++; in.ClientRequestToken == "" || len(in.VersionStages) == 0 {
				in.VersionStages = []string{current}
			}
			if _, there := m.Texts[in.ClientRequestToken]; there {
				return nil, errors.New("ResourceExistsException")
			}
			for v := range m.Stages {
				m.Stages[v] = slices.DeleteFunc(m.Stages[v], func(s string) bool { return slices.Contains(in.VersionStages, s) })
			}
			m.Texts[in.ClientRequestToken], m.Stages[in.ClientRequestToken] = in.SecretString, in.VersionStages
			return map[string]string{}, nil
		case "DescribeSecret":
			return map[string]any{"VersionIdsToStages": m.Stages}, nil
		case "UpdateSecretVersionStage":
			if !slices.Contains(m.Stages[in.RemoveFromVersionId], current) {
				return nil, errors.New("InvalidParameterException")
			}
			m.Stages[in.RemoveFromVersionId] = []string{"AWSPREVIOUS"}
			m.Stages[in.MoveToVersionId] = append(m.Stages[in.MoveToVersionId], current)
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

func (m *Manager) act(action, secret string, do func() (any, error)) (any, error) {
	if action == m.Fails {
		return nil, errors.New("InternalServiceError")
	}
	if secret != ARN {
		return nil, errors.New("ResourceNotFoundException")
	}
	return do()
}
