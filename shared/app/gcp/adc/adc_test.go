package adc

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"firn/shared/app/gcp"
	"firn/shared/fault"
	"firn/shared/vend/gcs/gcstest"
)

func fails(t *testing.T, err error, kind fault.Kind, message string) {
	t.Helper()
	if got := fault.From(err); got == nil || got.Kind != kind || got.Message != message {
		t.Errorf("got %v, want %s: %s", err, kind, message)
	}
}

// keyFile is a service account's, as Google's tools write it, with the token service at a URL.
func keyFile(t *testing.T, url string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]string{"type": "service_account", "project_id": "project", "private_key_id": "1", "client_email": gcstest.Self,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": url})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTheCredentialsOfThisMachine(t *testing.T) {
	status, asked := http.StatusOK, 0
	google := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"access_token":"own","token_type":"Bearer","expires_in":3000}`))
	}))
	defer google.Close()
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", keyFile(t, google.URL))
	rows := []struct {
		name   string
		status int
		kind   fault.Kind // Internal: a token
		says   string
	}{
		{"a token", 200, fault.Internal, ""},
		{"refused", 401, fault.Forbidden, "Google does not accept this server's own identity. An administrator must check it."},
		{"not there", 404, fault.Forbidden, "Google does not accept this server's own identity. An administrator must check it."},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			status, asked = row.status, 0
			id := Here(gcp.Settings{})
			for range 2 {
				token, err := id.Token(t.Context())
				if row.kind != fault.Internal {
					fails(t, err, row.kind, row.says)
					continue
				}
				if err != nil || token.Value != "own" || time.Until(token.Expires) > 3000*time.Second || time.Until(token.Expires) < 2900*time.Second {
					t.Errorf("got %v until %v, %v, want a token of 50 minutes", token.Value, token.Expires, err)
				}
			}
			// 50 minutes are too few to be used again.
			if row.kind == fault.Internal && asked != 2 {
				t.Errorf("got %d requests for two tokens, want 2", asked)
			}
		})
	}
}

func TestAMachineWithoutCredentials(t *testing.T) {
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "none.json"))
	_, err := Here(gcp.Settings{}).Token(t.Context())
	fails(t, err, fault.Unsupported, "This server has no identity at Google. An administrator must configure one.")
}
