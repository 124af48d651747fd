package outgoing

import (
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// plain sets an environment without credentials or settings.
func plain(t *testing.T) {
	t.Helper()
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3",
		"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_IAM", "AWS_CA_BUNDLE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "HTTP_PROXY", "HTTPS_PROXY"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_REGION", "eu-west-1")
}

func load(t *testing.T) aws.Config {
	t.Helper()
	c, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func reaches(t *testing.T, client *http.Client, url string) bool {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(r)
	if err == nil {
		answer.Body.Close()
	}
	return err == nil
}

// The credentials of a container are at an address of this machine; those of an instance at a link-local one.
func TestCredentials_AreResolvedByTheClientOfTheSDK(t *testing.T) {
	plain(t)
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"AccessKeyId":"ASIACONTAINER","SecretAccessKey":"secret","Token":"token","Expiration":"2099-01-01T00:00:00Z"}`)
	}))
	t.Cleanup(issuer.Close)
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", issuer.URL)
	base := load(t)
	client := Client(Config{AWS: base, Getenv: os.Getenv})
	c := AWS(base, client)
	if reaches(t, client, issuer.URL) {
		t.Error("the client reaches the issuer, so that this shows nothing")
	}
	got, err := c.Credentials.Retrieve(t.Context())
	if err != nil || got.AccessKeyID != "ASIACONTAINER" {
		t.Errorf("got %q, %v, want the credentials of the container", got.AccessKeyID, err)
	}
	if c.HTTPClient != aws.HTTPClient(client) || base.HTTPClient == c.HTTPClient {
		t.Error("the copy has not the client, or the original has")
	}
	if used := sts.NewFromConfig(c).Options().HTTPClient; used != sts.HTTPClient(client) {
		t.Errorf("a service uses %T, want the client", used)
	}
}

func TestEndpointsOfTheEnvironment_AreListed(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(s.Close)
	for _, name := range []string{"", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_IAM", "FIRN_GCS_ENDPOINT",
		"FIRN_GCP_STS_ENDPOINT", "FIRN_GCP_IAM_ENDPOINT", "AWS_ENDPOINT_URL_DYNAMODB"} {
		t.Run(name, func(t *testing.T) {
			plain(t)
			if name != "" {
				t.Setenv(name, s.URL)
			}
			want := name != "" && name != "AWS_ENDPOINT_URL_DYNAMODB"
			if got := reaches(t, Client(Config{AWS: load(t), Getenv: os.Getenv}), s.URL); got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
	t.Run("the policy's", func(t *testing.T) {
		plain(t)
		c := Config{AWS: load(t), Getenv: os.Getenv, Listed: func(endpoint string) bool { return endpoint == s.URL }}
		if !reaches(t, Client(c), s.URL) {
			t.Error("an endpoint that the policy lists is not reached")
		}
	})
}

func TestCertificatesOfTheEnvironment_AreTrusted(t *testing.T) {
	plain(t)
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	if reaches(t, Client(Config{AWS: load(t), Getenv: os.Getenv, Loopback: true}), s.URL) {
		t.Error("a certificate that nobody trusts is taken")
	}
	t.Setenv("AWS_CA_BUNDLE", file)
	if !reaches(t, Client(Config{AWS: load(t), Getenv: os.Getenv, Loopback: true}), s.URL) {
		t.Error("a certificate of AWS_CA_BUNDLE is not taken")
	}
}
