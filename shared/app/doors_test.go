package app

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"firn/shared/lake"
	"firn/shared/vend"
	"firn/shared/vend/vendtest"
	"firn/shared/vend/vendtest/s3try"
)

// The keys that both other protocols vend, tried at the embedded store by a principal who may do everything with the table: those
// of a share read and list, also at the moment when the share is taken away, and those of Gravitino write too.
func TestWhatTheKeysOfOtherProtocolsOpen(t *testing.T) {
	s := newServer(t, nil)
	root := s.login(t, "root", "s3cr3t")
	ask := func(status int, method, path, body string, out any) {
		t.Helper()
		decodeBody(t, s.ask(t, root, method, path, body), status, out)
	}
	const management, tables = "/api/management/v1", "/api/catalog/v1/lake/namespaces/n/tables"
	ask(201, "POST", management+"/catalogs", `{"catalog":{"type":"INTERNAL","name":"lake","properties":{"default-base-location":"s3://lake/wh"},"storageConfigInfo":{"storageType":"S3"}}}`, nil)
	ask(201, "PUT", management+"/catalogs/lake/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`, nil)
	ask(200, "POST", "/api/catalog/v1/lake/namespaces", `{"namespace":["n"]}`, nil)
	var made struct {
		Metadata struct{ Location string }
		File     string `json:"metadata-location"`
	}
	ask(200, "POST", tables, `{"name":"t","schema":{"type":"struct","fields":[]}}`, &made)
	ask(200, "POST", tables, `{"name":"t2","schema":{"type":"struct","fields":[]}}`, nil)
	ask(201, "POST", management+"/shares", `{"name":"s"}`, nil)
	ask(201, "POST", management+"/shares/s/tables", `{"schema":"x","name":"y","catalogName":"lake","namespace":["n"],"tableName":"t"}`, nil)
	ask(201, "POST", management+"/recipients", `{"name":"root"}`, nil)
	ask(201, "PUT", management+"/shares/s/recipients", `{"name":"root"}`, nil)

	var shared struct {
		Credentials struct {
			Location string
			AWS      struct{ AccessKeyID, SecretAccessKey, SessionToken string } `json:"awsTempCredentials"`
			Expires  int64                                                       `json:"expirationTime"`
		}
	}
	ask(200, "POST", "/api/sharing/shares/S/schemas/X/tables/Y/temporary-table-credentials", "", &shared)
	c := shared.Credentials
	if c.Location != made.Metadata.Location || time.Until(time.UnixMilli(c.Expires)) < vend.MinRemaining {
		t.Errorf("got keys for %s until %v, want them for %s and a while", c.Location, time.UnixMilli(c.Expires), made.Metadata.Location)
	}
	var listed struct {
		Credentials []struct{ CredentialInfo map[string]string }
	}
	ask(200, "GET", "/api/metalakes/POLARIS/objects/fileset/lake.n.t/credentials", "", &listed)
	if len(listed.Credentials) != 1 {
		t.Fatalf("got %d credentials, want 1", len(listed.Credentials))
	}
	info := listed.Credentials[0].CredentialInfo
	key := func(id, secret, session string) vend.Credential {
		return vend.Credential{S3: &vend.S3Credential{AccessKeyID: id, SecretAccessKey: lake.Secret(secret), SessionToken: lake.Secret(session), Endpoint: s.objects.URL}}
	}
	reads := key(c.AWS.AccessKeyID, c.AWS.SecretAccessKey, c.AWS.SessionToken)
	writes := key(info["s3-access-key-id"], info["s3-secret-access-key"], info["s3-session-token"])

	folder := strings.TrimPrefix(made.Metadata.Location, "s3://lake/")
	file := strings.TrimPrefix(made.File, "s3://lake/")
	rows := []struct {
		name   string
		key    vend.Credential
		verb   vendtest.Verb
		object string
		denied bool
	}{
		{"a share's key reads", reads, vendtest.Get, file, false},
		{"a share's key lists", reads, vendtest.List, folder + "/", false},
		{"a share's key does not write", reads, vendtest.Put, folder + "/x", true},
		{"a share's key does not delete", reads, vendtest.Remove, file, true},
		{"a share's key lists no sibling", reads, vendtest.List, "wh/n/", true},
		{"a share's key writes no sibling", reads, vendtest.Put, folder + "2/x", true},
		{"Gravitino's key reads", writes, vendtest.Get, file, false},
		{"Gravitino's key writes", writes, vendtest.Put, folder + "/x", false},
		{"Gravitino's key writes no sibling", writes, vendtest.Put, folder + "2/x", true},
	}
	for _, row := range rows {
		denied := s3try.Try(t, row.key, vendtest.Attempt{Verb: row.verb, Bucket: "lake", Key: row.object})
		if (len(denied) > 0) != row.denied {
			t.Errorf("%s: got denied %v, want %v", row.name, denied, row.denied)
		}
	}
	if w := s.ask(t, root, "DELETE", management+"/shares/s/recipients/root", ""); w.Code != http.StatusNoContent {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	if denied := s3try.Try(t, reads, vendtest.Attempt{Verb: vendtest.Get, Bucket: "lake", Key: file}); len(denied) == 0 {
		t.Error("the key still reads after the share was taken away")
	}
}
