package vendtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"firn/shared/lake"
	"firn/shared/vend"
)

// secrets prints a credential in every way that a program might, and looks for what must not be there.
func (s Store) secrets(t *testing.T) {
	cred := s.vend(t, s.grant(t, all, own))
	for name, shown := range printed(t, cred) {
		for _, secret := range hidden(t, cred) {
			if strings.Contains(shown, secret) || strings.Contains(shown, fmt.Sprintf("%x", secret)) {
				t.Errorf("%s shows a secret", name)
			}
		}
	}
}

// hidden gives the secrets of a credential, which has those of one store and all of them.
func hidden(t *testing.T, cred vend.Credential) []string {
	t.Helper()
	var secrets []lake.Secret
	if cred.S3 != nil {
		secrets = append(secrets, cred.S3.SecretAccessKey, cred.S3.SessionToken)
	}
	if cred.GCS != nil {
		secrets = append(secrets, cred.GCS.Token)
	}
	if cred.Azure != nil {
		secrets = append(secrets, cred.Azure.SAS)
	}
	if len(secrets) == 0 || slices.Contains(secrets, "") {
		t.Fatalf("got %v, want a credential with its secrets", cred)
	}
	var out []string
	for _, s := range secrets {
		out = append(out, s.Reveal())
	}
	return out
}

func printed(t *testing.T, cred vend.Credential) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t", "%f"} {
		for name, value := range parts(cred) {
			out[verb+" of "+name] = fmt.Sprintf(verb, value)
		}
	}
	for name, value := range parts(cred) {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		out["JSON of "+name] = string(text)
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("vended", "cred", value)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("vended", "cred", value)
		out["log of "+name] = log.String()
	}
	return out
}

// parts are the credential and what is in it, as a program might come to hold them.
func parts(cred vend.Credential) map[string]any {
	out := map[string]any{"credential": cred, "pointer": &cred, "slice": []vend.Credential{cred}}
	if key := cred.S3; key != nil {
		out["S3"], out["S3 value"], out["S3 map"] = key, *key, map[string]vend.S3Credential{"k": *key}
	}
	if key := cred.GCS; key != nil {
		out["GCS"], out["GCS value"], out["GCS map"] = key, *key, map[string]vend.GCSCredential{"k": *key}
	}
	if key := cred.Azure; key != nil {
		out["Azure"], out["Azure value"], out["Azure map"] = key, *key, map[string]vend.AzureCredential{"k": *key}
	}
	return out
}
