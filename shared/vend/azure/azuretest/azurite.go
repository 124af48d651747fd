package azuretest

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// Azurite is Microsoft's emulator, which localstack/with-azurite starts: it checks signatures, times and permissions of
// SAS for containers, and knows no directories.
type Azurite struct {
	endpoint  *url.URL
	transport http.RoundTripper
}

// The emulator's one account, whose key everybody knows.
const (
	AzuriteAccount = "devstoreaccount1"
	AzuriteHost    = AzuriteAccount + ".blob.core.windows.net"
	azuriteKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// OpenAzurite gives the emulator that FIRN_TEST_AZURITE names, or skips the test.
func OpenAzurite(t *testing.T) *Azurite {
	t.Helper()
	endpoint, certificate, found := strings.Cut(os.Getenv("FIRN_TEST_AZURITE"), " ")
	if !found {
		t.Skip("needs Azurite: localstack/with-azurite go test ...")
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(certificate)
	roots := x509.NewCertPool()
	if err != nil || !roots.AppendCertsFromPEM(pem) {
		t.Fatalf("read the certificate: %v", err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &Azurite{endpoint: u, transport: transport}
}

// RoundTrip sends what is meant for the account in the cloud to the emulator, which has the account's name in its paths.
func (a *Azurite) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != AzuriteHost {
		return nil, fmt.Errorf("the emulator is not %s", r.URL.Host)
	}
	out := r.Clone(r.Context())
	out.Host, out.URL.Host = "", a.endpoint.Host
	out.URL.RawPath = a.endpoint.Path + r.URL.EscapedPath()
	out.URL.Path = a.endpoint.Path + r.URL.Path
	return a.transport.RoundTrip(out)
}

// Bearer is a token of a tenant that the emulator takes: it reads the claims and checks no signature.
func (a *Azurite) Bearer(t *testing.T, tenant string, now time.Time) string {
	t.Helper()
	parts := []string{}
	for _, part := range []map[string]any{{"alg": "RS256", "typ": "JWT"}, {"iss": "https://sts.windows.net/" + tenant + "/", "aud": "https://storage.azure.com",
		"oid": ObjectID, "tid": tenant, "iat": now.Unix(), "nbf": now.Unix() - 60, "exp": now.Unix() + 3600}} {
		text, err := json.Marshal(part)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(text))
	}
	return strings.Join(append(parts, base64.RawURLEncoding.EncodeToString([]byte("none"))), ".")
}

// AccountSAS opens the whole account, as its owner ("Create an account SAS", version 2020-12-06).
func (a *Azurite) AccountSAS(t *testing.T) string {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(azuriteKey)
	if err != nil {
		t.Fatal(err)
	}
	const end = "2126-01-01T00:00:00Z"
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(strings.Join([]string{AzuriteAccount, "rwdlac", "b", "sco", "", end, "", "https", "2020-12-06", "", ""}, "\n")))
	return url.Values{"sv": {"2020-12-06"}, "ss": {"b"}, "srt": {"sco"}, "sp": {"rwdlac"}, "se": {end}, "spr": {"https"},
		"sig": {base64.StdEncoding.EncodeToString(mac.Sum(nil))}}.Encode()
}

// MakeContainer makes a container, which goes with the emulator.
func (a *Azurite) MakeContainer(t *testing.T, name string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "https://"+AzuriteHost+"/"+name+"?restype=container&"+a.AccountSAS(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Ms-Version", "2020-12-06")
	answer, err := a.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		t.Fatalf("make container %s: status %d %s", name, answer.StatusCode, answer.Header.Get("X-Ms-Error-Code"))
	}
}
