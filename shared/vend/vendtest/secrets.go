package vendtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"firn/shared/vend"
)

// secrets prints a credential in every way that a program might, and looks for what must not be there.
func (s Store) secrets(t *testing.T) {
	cred := s.vend(t, s.grant(t, all, own))
	if cred.S3 == nil || cred.S3.SecretAccessKey == "" || cred.S3.SessionToken == "" {
		t.Fatalf("got %v, want an S3 credential with a secret and a session token", cred)
	}
	hidden := []string{cred.S3.SecretAccessKey.Reveal(), cred.S3.SessionToken.Reveal()}
	for name, shown := range printed(t, cred) {
		for _, secret := range hidden {
			if strings.Contains(shown, secret) || strings.Contains(shown, fmt.Sprintf("%x", secret)) {
				t.Errorf("%s shows a secret", name)
			}
		}
	}
}

func printed(t *testing.T, cred vend.Credential) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t", "%f"} {
		for name, value := range map[string]any{"credential": cred, "pointer": &cred, "S3": cred.S3, "S3 value": *cred.S3,
			"slice": []vend.Credential{cred}, "map": map[string]vend.S3Credential{"k": *cred.S3}} {
			out[verb+" of "+name] = fmt.Sprintf(verb, value)
		}
	}
	for name, value := range map[string]any{"credential": cred, "S3": cred.S3} {
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
