package gcp

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
	"firn/shared/vend/gcs/gcstest"
)

func role() aws.Config {
	return aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("ASIAEXAMPLE", "secret", "session")}
}

// From an AWS role to a token for a folder, without a key of Google's.
func TestAnAWSRoleVendsForGCS(t *testing.T) {
	const catalog = "lake@project.iam.gserviceaccount.com"
	rows := []struct {
		name    string
		account string // whom the role acts as
		want    map[string]int
	}{
		{"as itself", "", map[string]int{"federate": 1, "impersonate": 1, "exchange": 2}},
		{"as a service account", gcstest.Self, map[string]int{"federate": 1, "impersonate": 2, "exchange": 2}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				google := gcstest.New(t, time.Now)
				google.Trust(catalog)
				google.Trust(gcstest.Self)
				s := Settings{Audience: gcstest.Audience, ServiceAccount: row.account, Client: google.Client()}
				vendor, err := s.Vendor(Federate(s, role()), time.Now)
				if err != nil {
					t.Fatal(err)
				}
				folder, err := location.ParsePrefix("gs://lake/ns/t/")
				if err != nil {
					t.Fatal(err)
				}
				g := vend.Grant{Realm: "r", CatalogID: "c", TableID: "t", Table: "ns.t", Principal: "ann", PrincipalID: "p", Prefixes: []location.Prefix{folder}, Actions: vend.Read | vend.List}
				for range 2 {
					cred, err := vendor.Vend(t.Context(), &lake.Storage{Type: lake.GCS, GCSServiceAccount: catalog}, g)
					if err != nil {
						t.Fatal(err)
					}
					if left := time.Until(cred.Expires); left != time.Hour {
						t.Errorf("got a token of %v, want an hour", left)
					}
				}
				for call, n := range google.Take() {
					if n != row.want[call] {
						t.Errorf("got %d calls of %s, want %d", n, call, row.want[call])
					}
				}
			})
		})
	}
}

func TestARoleThatGoogleRefuses(t *testing.T) {
	rows := []struct {
		name    string
		fault   gcstest.Fault
		aws     aws.Config
		kind    fault.Kind
		message string
	}{
		{"not mapped", gcstest.Fault{Status: 403}, role(), fault.Forbidden, notAccepted},
		{"not this provider", gcstest.Fault{Status: 400}, role(), fault.Forbidden, notAccepted},
		{"throttled", gcstest.Fault{Status: 429}, role(), fault.Unavailable, away},
		{"broken", gcstest.Fault{Status: 500}, role(), fault.Unavailable, away},
		{"lost", gcstest.Fault{Drop: true}, role(), fault.Unavailable, away},
		{"without AWS's keys", gcstest.Fault{}, aws.Config{Region: "eu-west-1", Credentials: keyless{}}, fault.Unavailable, away},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				google := gcstest.New(t, time.Now)
				google.Plan(func(string) gcstest.Fault { return row.fault })
				_, err := Federate(Settings{Audience: gcstest.Audience, Client: google.Client()}, row.aws).Token(t.Context())
				fails(t, err, row.kind, row.message)
				if strings.Contains(err.Error(), "session") {
					t.Errorf("the log is told a secret: %v", err)
				}
			})
		})
	}
}

type keyless struct{}

func (keyless) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{}, errors.New("no keys")
}

func TestARoleWhoseTimeIsOut(t *testing.T) {
	google := gcstest.New(t, time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Federate(Settings{Audience: gcstest.Audience, Client: google.Client()}, role()).Token(ctx)
	fails(t, err, fault.Timeout, late)
}

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
		{"refused", 401, fault.Forbidden, notAccepted},
		{"not there", 404, fault.Forbidden, notAccepted},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			status, asked = row.status, 0
			id := Here(Settings{})
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
	_, err := Here(Settings{}).Token(t.Context())
	fails(t, err, fault.Unsupported, noIdentity)
}
