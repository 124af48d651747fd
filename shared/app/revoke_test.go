package app

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// holder is an engine with a key of the embedded store for a table.
type holder struct {
	id    string // of the key
	store *s3.Client
	key   string // of an object in the table's folder
}

// opens says whether the key still reads and writes.
func (h holder) opens(t *testing.T) bool {
	t.Helper()
	_, put := h.store.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("lake"), Key: &h.key, Body: strings.NewReader("x")})
	_, get := h.store.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("lake"), Key: &h.key})
	if (put == nil) != (get == nil) {
		t.Fatalf("got %v for a write and %v for a read", put, get)
	}
	return put == nil
}

// vend gets a key for a table of the namespace n.
func (s *server) vend(t *testing.T, bearer, table string) holder {
	t.Helper()
	var loaded struct {
		Metadata struct{ Location string } `json:"metadata"`
	}
	decodeBody(t, s.ask(t, bearer, "GET", "/api/catalog/v1/lake/namespaces/n/tables/"+table, ""), 200, &loaded)
	var out struct {
		Credentials []struct{ Config map[string]string } `json:"storage-credentials"`
	}
	decodeBody(t, s.ask(t, bearer, "GET", "/api/catalog/v1/lake/namespaces/n/tables/"+table+"/credentials", ""), 200, &out)
	c := out.Credentials[0].Config
	return holder{c["s3.access-key-id"], s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: aws.String(c["s3.endpoint"]), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(c["s3.access-key-id"], c["s3.secret-access-key"], c["s3.session-token"])}),
		strings.TrimPrefix(loaded.Metadata.Location, "s3://lake/") + "/data/f"}
}

// In one process every way to a table's files is closed with the answer to the revocation, and nobody else's.
func TestRevokedKeysAreDeadAtOnce(t *testing.T) {
	rows := []struct {
		name, body string              // with ${id} for the id of ann's key for t
		dead       map[string]bool     // keys that are out: by principal and table
		halted     map[string]struct{} // who gets no new ones
	}{
		{"a principal's", `{"principal":"ann"}`, map[string]bool{"ann t": true, "ann u": true}, map[string]struct{}{"ann t": {}, "ann u": {}}},
		{"a table's", `{"catalog":"lake","namespace":["n"],"table":"t"}`, map[string]bool{"ann t": true, "root t": true}, map[string]struct{}{"ann t": {}, "root t": {}}},
		{"one", `{"credentialId":"${id}"}`, map[string]bool{"ann t": true}, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := newServer(t, nil)
			root := s.login(t, "root", "s3cr3t")
			must := func(method, path, body string) {
				t.Helper()
				if w := s.ask(t, root, method, path, body); w.Code >= 300 {
					t.Fatalf("%s %s: got %d %s", method, path, w.Code, w.Body)
				}
			}
			must("POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"lake","properties":{"default-base-location":"s3://lake/wh"},"storageConfigInfo":{"storageType":"S3"}}}`)
			must("PUT", "/api/management/v1/catalogs/lake/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`)
			must("POST", "/api/catalog/v1/lake/namespaces", `{"namespace":["n"]}`)
			for _, table := range []string{"t", "u"} {
				must("POST", "/api/catalog/v1/lake/namespaces/n/tables", `{"name":"`+table+`","schema":{"type":"struct","fields":[]}}`)
			}
			var made struct {
				Credentials struct{ ClientID, ClientSecret string }
			}
			decodeBody(t, s.ask(t, root, "POST", "/api/management/v1/principals", `{"principal":{"name":"ann"}}`), 201, &made)
			must("PUT", "/api/management/v1/principals/ann/principal-roles", `{"principalRole":{"name":"service_admin"}}`)
			bearers := map[string]string{"root": root, "ann": s.login(t, made.Credentials.ClientID, made.Credentials.ClientSecret)}
			keys := map[string]holder{}
			for who, bearer := range bearers {
				for _, table := range []string{"t", "u"} {
					keys[who+" "+table] = s.vend(t, bearer, table)
					if !keys[who+" "+table].opens(t) {
						t.Fatalf("%s: the key opens nothing from the start", who)
					}
				}
			}
			must("POST", "/api/management/v1/revocations", strings.ReplaceAll(row.body, "${id}", keys["ann t"].id))
			for name, key := range keys {
				if got := key.opens(t); got == row.dead[name] {
					t.Errorf("%s: got a key that opens %v, want dead %v", name, got, row.dead[name])
				}
				who, table, _ := strings.Cut(name, " ")
				want := http.StatusOK
				if _, halted := row.halted[name]; halted {
					want = http.StatusForbidden
				}
				path := "/api/catalog/v1/lake/namespaces/n/tables/" + table
				if w := s.ask(t, bearers[who], "GET", path+"/credentials", ""); w.Code != want {
					t.Errorf("%s: a refresh: got %d %s, want %d", name, w.Code, w.Body, want)
				}
				sign := `{"region":"us-east-1","uri":"` + s.objects.URL + `/lake/` + key.key + `","method":"GET","headers":{}}`
				if w := s.ask(t, bearers[who], "POST", path+"/sign", sign); w.Code != want {
					t.Errorf("%s: a signature: got %d %s, want %d", name, w.Code, w.Body, want)
				}
			}
			if err := s.Tick(t.Context()); err != nil { // which looks through the revocations
				t.Error(err)
			}
		})
	}
}
