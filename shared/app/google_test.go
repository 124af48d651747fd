package app

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firn/shared/vend/gcs/gcstest"
)

const lakeAccount = "lake@project.iam.gserviceaccount.com"

// google is Google on this machine, and a service account's key by which a server is somebody there. The environment
// names both, as it would for a server.
func google(t *testing.T) *gcstest.Server {
	t.Helper()
	cloud := gcstest.New(t, time.Now)
	cloud.Trust(lakeAccount)
	mux := http.NewServeMux()
	mux.Handle("/", cloud)
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, _ *http.Request) {
		value, expires := cloud.Identity(time.Hour)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":%d}`, value, int(time.Until(expires).Seconds()))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	for _, name := range []string{"FIRN_GCP_STS_ENDPOINT", "FIRN_GCP_IAM_ENDPOINT", "FIRN_GCS_ENDPOINT"} {
		t.Setenv(name, server.URL)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]string{"type": "service_account", "client_email": gcstest.Self, "token_uri": server.URL + "/token",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
	return cloud
}

const gcsCatalog = `{"catalog":{"type":"INTERNAL","name":"lake","properties":{"default-base-location":"gs://lake/wh/","polaris.config.drop-with-purge.enabled":"true"},` +
	`"storageConfigInfo":{"storageType":"GCS","allowedLocations":["gs://lake/wh/"],"gcsServiceAccount":"` + lakeAccount + `"}}}`

// gcsTables makes a catalog on GCS with the namespace n, and gives a token.
func (s *server) gcsTables(t *testing.T) (bearer string) {
	t.Helper()
	bearer = s.login(t, "root", "s3cr3t")
	for _, step := range []struct{ method, path, body string }{
		{"POST", "/api/management/v1/catalogs", gcsCatalog},
		{"PUT", "/api/management/v1/catalogs/lake/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`},
		{"POST", "/api/catalog/v1/lake/namespaces", `{"namespace":["n"]}`},
	} {
		if w := s.ask(t, bearer, step.method, step.path, step.body); w.Code >= 300 {
			t.Fatalf("%s %s: %d %s", step.method, step.path, w.Code, w.Body)
		}
	}
	return bearer
}

// delegated asks with the header by which engines ask for keys.
func (s *server) delegated(t *testing.T, bearer, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+bearer)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Iceberg-Access-Delegation", "vended-credentials")
	w := httptest.NewRecorder()
	s.Handler.ServeHTTP(w, r)
	return w
}

type loaded struct {
	Metadata struct {
		Location string `json:"location"`
	} `json:"metadata"`
	Config      map[string]string `json:"config"`
	Credentials []struct {
		Prefix string            `json:"prefix"`
		Config map[string]string `json:"config"`
	} `json:"storage-credentials"`
}

// From a catalog on GCS to a token that opens one table and not its sibling, through the HTTP door.
func TestATableOnGCS(t *testing.T) {
	cloud := google(t)
	s := newServer(t, nil)
	bearer := s.gcsTables(t)
	const table = "/api/catalog/v1/lake/namespaces/n/tables"
	w := s.ask(t, bearer, "POST", table, `{"name":"t","schema":{"type":"struct","fields":[]}}`)
	var made, sibling, refreshed loaded
	decodeBody(t, w, http.StatusOK, &made)
	if made.Config["gcs.oauth2.token"] != "" || len(made.Credentials) != 0 {
		t.Error("a key came that nobody asked for")
	}
	decodeBody(t, s.ask(t, bearer, "POST", table, `{"name":"t2","schema":{"type":"struct","fields":[]}}`), http.StatusOK, &sibling)
	decodeBody(t, s.delegated(t, bearer, "GET", table+"/t", ""), http.StatusOK, &made)
	decodeBody(t, s.ask(t, bearer, "GET", table+"/t/credentials", ""), http.StatusOK, &refreshed)
	folder := strings.TrimSuffix(made.Metadata.Location, "/") + "/"
	for name, l := range map[string]loaded{"load": made, "refresh": refreshed} {
		if len(l.Credentials) != 1 || strings.TrimSuffix(l.Credentials[0].Prefix, "/")+"/" != folder {
			t.Fatalf("%s: got %v, want one entry for %s", name, l.Credentials, folder)
		}
		token, ends := l.Credentials[0].Config["gcs.oauth2.token"], l.Credentials[0].Config["gcs.oauth2.token-expires-at"]
		if token == "" || ends == "" || !strings.HasSuffix(l.Credentials[0].Config["gcs.oauth2.refresh-credentials-endpoint"], "/namespaces/n/tables/t/credentials") {
			t.Errorf("%s: got %v, want a token, its end and where to get the next", name, l.Credentials[0].Config)
		}
		own, other := objectOf(folder+"data/a.parquet"), objectOf(strings.TrimSuffix(sibling.Metadata.Location, "/")+"/data/a.parquet")
		for _, right := range []string{"storage.objects.get", "storage.objects.create", "storage.objects.delete"} {
			if !cloud.Allows(token, right, own, nil) {
				t.Errorf("%s: the token does not open %s of its own table", name, right)
			}
			if cloud.Allows(token, right, other, nil) {
				t.Errorf("%s: the token opens %s of the sibling", name, right)
			}
		}
	}
	cloud.Seed("lake", strings.TrimPrefix(folder, "gs://lake/")+"data/a.parquet", "x")
	if w := s.ask(t, bearer, "DELETE", table+"/t?purgeRequested=true", ""); w.Code != http.StatusNoContent {
		t.Fatalf("purge: %d %s", w.Code, w.Body)
	}
	if _, ok := cloud.Look("lake", strings.TrimPrefix(folder, "gs://lake/")+"data/a.parquet"); ok {
		t.Error("a file outlived the purge")
	}
	if w := s.ask(t, bearer, "GET", table+"/t2", ""); w.Code != http.StatusOK {
		t.Errorf("the sibling: %d %s", w.Code, w.Body)
	}
}

func objectOf(uri string) string {
	return "projects/_/buckets/lake/objects/" + strings.TrimPrefix(uri, "gs://lake/")
}

// Where nobody said who the server is to Google, it says so, and nothing is left behind.
func TestGCSWithoutAnIdentity(t *testing.T) {
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "none.json"))
	s := newServer(t, nil)
	bearer := s.gcsTables(t)
	w := s.ask(t, bearer, "POST", "/api/catalog/v1/lake/namespaces/n/tables", `{"name":"t","schema":{"type":"struct","fields":[]}}`)
	if w.Code != http.StatusNotAcceptable || !strings.Contains(w.Body.String(), "This server has no identity at Google.") {
		t.Errorf("got %d %s, want 406 and the reason", w.Code, w.Body)
	}
	if w := s.ask(t, bearer, "GET", "/api/catalog/v1/lake/namespaces/n/tables/t", ""); w.Code != http.StatusNotFound {
		t.Errorf("got %d %s, want 404", w.Code, w.Body)
	}
}

func TestSettingsForGoogleThatAreWrong(t *testing.T) {
	for name, value := range map[string]string{"FIRN_GCP_AUDIENCE": "aws", "FIRN_GCS_ENDPOINT": "storage"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			_, err := addGoogle(t.Context(), Config{Now: time.Now}, nil, nil)
			if err == nil || !strings.HasPrefix(err.Error(), name+" must be") {
				t.Errorf("got %v, want what %s must be", err, name)
			}
		})
	}
}
