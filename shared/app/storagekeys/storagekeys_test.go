package storagekeys

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"firn/shared/fault"
)

const profiles = `
[profile firn-lab]
aws_access_key_id = AKIALAB
aws_secret_access_key = lab-secret

[profile firn-empty]
region = eu-west-1

[profile lab2]
aws_access_key_id = AKIAOTHER
aws_secret_access_key = other-secret
`

func TestProfilesThatCatalogsMayName(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(profiles), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"AWS_CONFIG_FILE": file, "AWS_SHARED_CREDENTIALS_FILE": file + "-none", "AWS_ACCESS_KEY_ID": "AKIASERVER",
		"AWS_SECRET_ACCESS_KEY": "server-secret", "AWS_EC2_METADATA_DISABLED": "true", "AWS_PROFILE": ""} {
		t.Setenv(name, value)
	}
	named := Profiles()
	rows := []struct{ name, storageName, want string }{
		{"a profile for storage", "lab", "AKIALAB"},
		{"a profile without credentials", "empty", ""},
		{"a profile for other ends", "lab2", ""},
		{"no such profile", "nobody", ""},
		{"no name", "", ""},
		{"a name with a space", "lab ", ""},
		{"a name with a slash", "../lab", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got := named(row.storageName)
			if row.want == "" {
				if got != nil {
					t.Errorf("got credentials, want none")
				}
				return
			}
			if got == nil {
				t.Fatal("got no credentials")
			}
			c, err := got.Retrieve(t.Context())
			if err != nil || c.AccessKeyID != row.want {
				t.Errorf("got %q (%v), want %q", c.AccessKeyID, err, row.want)
			}
			if named(row.storageName) != got {
				t.Error("got other credentials at the second time, want the same")
			}
		})
	}
}

// manager is Secrets Manager with a few secrets.
type manager struct {
	texts map[string]string
	asked []string
}

func (m *manager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct{ SecretId string }
	_ = json.NewDecoder(r.Body).Decode(&in)
	m.asked = append(m.asked, in.SecretId)
	text, ok := m.texts[in.SecretId]
	if !ok {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type":"ResourceNotFoundException"}`)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"SecretString": text})
}

func TestSecretsThatCatalogsMayName(t *testing.T) {
	m := &manager{texts: map[string]string{
		"firn/storage/lab": `{"accessKeyId":"AKIALAB","secretAccessKey":"lab-secret"}`, "firn/storage/half": `{"accessKeyId":"AKIAHALF"}`, "firn/storage/text": `lab-secret`,
	}}
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	base := aws.Config{Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} }}
	named := Secrets(base, "firn/storage/", time.Now)
	rows := []struct{ name, storageName, want string }{
		{"a secret", "lab", "AKIALAB"},
		{"half a secret", "half", ""},
		{"a secret that is no JSON", "text", ""},
		{"no such secret", "nobody", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c, err := named(row.storageName).Retrieve(t.Context())
			if row.want == "" {
				if want := fmt.Sprintf("This server has no credentials for storageName %q.", row.storageName); !fault.Is(err, fault.Invalid) || fault.From(err).Message != want {
					t.Errorf("got %v, want %q", err, want)
				}
				if err != nil && strings.Contains(err.Error(), "lab-secret") {
					t.Error("the error holds a secret")
				}
				return
			}
			if err != nil || c.AccessKeyID != row.want || c.SecretAccessKey != "lab-secret" || !c.CanExpire || time.Until(c.Expires) > reread {
				t.Errorf("got %q until %v (%v), want %q for at most %v", c.AccessKeyID, c.Expires, err, row.want, reread)
			}
		})
	}
	asked := len(m.asked)
	if _, err := named("lab").Retrieve(t.Context()); err != nil || len(m.asked) != asked {
		t.Errorf("got %v and %d more requests, want none: a secret is trusted for a while", err, len(m.asked)-asked)
	}
	for name, p := range map[string]aws.CredentialsProvider{"a name with a slash": named("../lab"), "no name": named(""), "no prefix": Secrets(base, "", time.Now)("lab")} {
		if p != nil {
			t.Errorf("%s: got credentials, want none", name)
		}
	}
	server.Close()
	if _, err := named("away").Retrieve(t.Context()); err == nil || fault.Is(err, fault.Invalid) {
		t.Errorf("got %v from a manager that is away, want an error that may pass", err)
	}
}

func TestNamesThatAreRememberedAreBounded(t *testing.T) {
	found := 0
	named := remembered(func(string) aws.CredentialsProvider { found++; return aws.AnonymousCredentials{} })
	for i := range 2 * maxNames {
		named(fmt.Sprint("n", i))
	}
	if found = 0; named("n0") == nil || found != 0 {
		t.Error("the first name was forgotten")
	}
	if named(fmt.Sprint("n", 2*maxNames-1)) == nil || found != 1 {
		t.Errorf("got %d searches for the last name, want 1: it was remembered beyond the bound", found)
	}
}
