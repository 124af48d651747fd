package app

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// lakeServer is a server with the catalog lake on the embedded store, its namespace n, and root's token.
func lakeServer(t testing.TB, change func(*Config)) (*server, string) {
	t.Helper()
	s := newServer(t, change)
	root := s.login(t, "root", "s3cr3t")
	for _, r := range [][3]string{
		{"POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"lake","properties":{"default-base-location":"s3://lake/wh","polaris.config.list-pagination-enabled":"true"},"storageConfigInfo":{"storageType":"S3"}}}`},
		{"PUT", "/api/management/v1/catalogs/lake/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`},
		{"POST", "/api/catalog/v1/lake/namespaces", `{"namespace":["n"]}`},
	} {
		if w := s.ask(t, root, r[0], r[1], r[2]); w.Code/100 != 2 {
			t.Fatalf("%s %s: got %d %s, want 2xx", r[0], r[1], w.Code, w.Body)
		}
	}
	return s, root
}

// get asks with headers, "Name: value".
func (s *server) get(t testing.TB, bearer, target string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header.Set("Authorization", "Bearer "+bearer)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	s.Handler.ServeHTTP(w, r)
	return w
}

const delegated = "X-Iceberg-Access-Delegation: vended-credentials"

func TestIfNoneMatch(t *testing.T) {
	s, root := lakeServer(t, nil)
	made := s.ask(t, root, "POST", "/api/catalog/v1/lake/namespaces/n/tables", `{"name":"t","schema":{"type":"struct","fields":[]}}`)
	const path = "/api/catalog/v1/lake/namespaces/n/tables/t"
	tag, keyed := s.get(t, root, path).Header().Get("ETag"), s.get(t, root, path, delegated).Header().Get("ETag")
	if made.Header().Get("ETag") != tag || tag == "" || keyed == "" || keyed == tag || !strings.HasPrefix(tag, `W/"`) {
		t.Fatalf("got tags %q of the creation, %q, %q with keys", made.Header().Get("ETag"), tag, keyed)
	}
	strong := strings.TrimPrefix(tag, "W/")
	for _, row := range []struct {
		name    string
		headers []string
		query   string
		status  int
		refused string
	}{
		{"the tag", []string{"If-None-Match: " + tag}, "", 304, ""},
		{"the tag as a strong one", []string{"If-None-Match: " + strong}, "", 304, ""},
		{"in a list", []string{`If-None-Match: W/"a,b" , ` + tag}, "", 304, ""},
		{"in a list with empty elements", []string{`If-None-Match: , "a",,` + tag + ","}, "", 304, ""},
		{"in a second header", []string{`If-None-Match: "a"`, "If-None-Match: " + tag}, "", 304, ""},
		{"another", []string{`If-None-Match: "a"`}, "", 200, ""},
		{"none", nil, "", 200, ""},
		{"empty", []string{"If-None-Match: "}, "", 200, ""},
		{"of all snapshots for some", []string{"If-None-Match: " + tag}, "?snapshots=refs", 200, ""},
		{"with keys", []string{"If-None-Match: " + keyed, delegated}, "", 304, ""},
		{"with keys for none", []string{"If-None-Match: " + keyed}, "", 200, ""},
		{"without keys for some", []string{"If-None-Match: " + tag, delegated}, "", 200, ""},
		{"a star", []string{"If-None-Match: *"}, "", 400, "If-None-Match may not take the value of '*'"},
		{"a star in a list", []string{"If-None-Match: *, " + tag}, "", 400, "Invalid If-None-Match header: *, " + strings.ReplaceAll(tag, `"`, `\"`)},
		{"not quoted", []string{"If-None-Match: unquoted"}, "", 400, "Invalid If-None-Match header: unquoted"},
		{"not closed", []string{`If-None-Match: "a`}, "", 400, `Invalid If-None-Match header: \"a`},
		{"no comma between", []string{`If-None-Match: "a" "b"`}, "", 400, `Invalid If-None-Match header: \"a\" \"b\"`},
		{"weak in lower case", []string{`If-None-Match: w/"a"`}, "", 400, `Invalid If-None-Match header: w/\"a\"`},
	} {
		w := s.get(t, root, path+row.query, row.headers...)
		if w.Code != row.status || row.refused != "" && !strings.Contains(w.Body.String(), `"message":"`+row.refused) {
			t.Errorf("%s: got %d %.200s, want %d %s", row.name, w.Code, w.Body, row.status, row.refused)
		}
		if row.status == 304 && (w.Body.Len() > 0 || !strings.Contains(strings.Join(row.headers, " "), strings.TrimPrefix(w.Header().Get("ETag"), "W/"))) {
			t.Errorf("%s: got %q %s, want no body and the tag that was sent", row.name, w.Header().Get("ETag"), w.Body)
		}
		if row.status != 400 && !strings.Contains(strings.Join(w.Header().Values("Vary"), ","), "X-Iceberg-Access-Delegation") {
			t.Errorf("%s: got Vary %q, want the delegation in it", row.name, w.Header().Values("Vary"))
		}
		if stored := w.Header().Get("Cache-Control"); (stored == "no-store") != (row.status == 304 && row.name == "with keys" || row.name == "without keys for some") {
			t.Errorf("%s: got Cache-Control %q", row.name, stored)
		}
	}
	commit := s.ask(t, root, "POST", path, `{"updates":[{"action":"set-properties","updates":{"a":"b"}}]}`)
	if now := s.get(t, root, path).Header().Get("ETag"); commit.Header().Get("ETag") != now || now == tag {
		t.Errorf("got tag %q of a commit, %q after it and %q before", commit.Header().Get("ETag"), now, tag)
	}
}

// Who has a table but keys to it that have ended meanwhile gets others: on "not modified" clients keep those that they have.
func TestIfNoneMatchAfterKeysEnded(t *testing.T) {
	const path, grants = "/api/catalog/v1/lake/namespaces/n/tables/t", "/api/management/v1/catalogs/lake/catalog-roles/catalog_admin/grants"
	const grant = `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`
	for _, row := range []struct {
		name   string
		status int
		ends   [][3]string // requests, with ${file} and ${key}
	}{
		{"nothing happened", 304, nil},
		{"the table was dropped and registered again", 200, [][3]string{{"DELETE", path, ""}, {"POST", "/api/catalog/v1/lake/namespaces/n/register", `{"name":"t","metadata-location":"${file}"}`}}},
		{"the right was lost and given back", 200, [][3]string{{"POST", grants, grant}, {"PUT", grants, grant}}},
		{"the key was taken back", 200, [][3]string{{"POST", "/api/management/v1/revocations", `{"credentialId":"${key}"}`}}},
	} {
		s, root := lakeServer(t, nil)
		s.ask(t, root, "POST", "/api/catalog/v1/lake/namespaces/n/tables", `{"name":"t","schema":{"type":"struct","fields":[]}}`)
		var loaded struct {
			File   string            `json:"metadata-location"`
			Config map[string]string `json:"config"`
		}
		first := s.get(t, root, path, delegated)
		tag := first.Header().Get("ETag")
		decodeBody(t, first, 200, &loaded)
		fill := strings.NewReplacer("${file}", loaded.File, "${key}", loaded.Config["s3.access-key-id"])
		for _, r := range row.ends {
			if w := s.ask(t, root, r[0], r[1], fill.Replace(r[2])); w.Code/100 != 2 {
				t.Fatalf("%s: %s %s: got %d %s, want 2xx", row.name, r[0], r[1], w.Code, w.Body)
			}
		}
		if w := s.get(t, root, path, delegated, "If-None-Match: "+tag); w.Code != row.status {
			t.Errorf("%s: got %d, want %d", row.name, w.Code, row.status)
		}
	}
}

// A load that is packed is the same as one that is not, with keys and without, from one member of gzip.
func TestPackedLoads(t *testing.T) {
	s, root := lakeServer(t, nil)
	const path = "/api/catalog/v1/lake/namespaces/n/tables/t"
	s.ask(t, root, "POST", "/api/catalog/v1/lake/namespaces/n/tables", `{"name":"t","schema":{"type":"struct","fields":[]},"properties":{"long":"`+strings.Repeat("word ", 5000)+`"}}`)
	for _, row := range []struct {
		name    string
		headers []string
		query   string
	}{
		{"without keys", nil, ""}, {"with keys", []string{delegated}, ""}, {"some snapshots", nil, "?snapshots=refs"},
	} {
		plain := s.get(t, root, path+row.query, row.headers...)
		packed := s.get(t, root, path+row.query, append([]string{"Accept-Encoding: gzip"}, row.headers...)...)
		if plain.Code != 200 || packed.Header().Get("Content-Encoding") != "gzip" || packed.Header().Get("Content-Type") != plain.Header().Get("Content-Type") {
			t.Errorf("%s: got %d and %v, want gzip", row.name, plain.Code, packed.Header())
		}
		var a, b any
		whole := inflated(t, packed.Body)
		if err := json.Unmarshal(plain.Body.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(whole, &b); err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		if row.headers == nil { // keys are of their own each time
			if diff := cmp.Diff(a, b); diff != "" {
				t.Errorf("%s (-plain +packed):\n%s", row.name, diff)
			}
			continue
		}
		if keys := b.(map[string]any)["storage-credentials"].([]any); len(keys) != 1 || !cmp.Equal(a.(map[string]any)["metadata"], b.(map[string]any)["metadata"]) {
			t.Errorf("%s: got %d credentials with the metadata, want one", row.name, len(keys))
		}
	}
}

// The time in a tag is the credential's end less what an engine needs to begin with.
func TestTagsEndBeforeTheirCredentials(t *testing.T) {
	s, root := lakeServer(t, nil)
	s.ask(t, root, "POST", "/api/catalog/v1/lake/namespaces/n/tables", `{"name":"t","schema":{"type":"struct","fields":[]}}`)
	w := s.get(t, root, "/api/catalog/v1/lake/namespaces/n/tables/t", delegated)
	var loaded struct {
		Config map[string]string `json:"config"`
	}
	decodeBody(t, w, 200, &loaded)
	_, until, _ := strings.Cut(strings.TrimSuffix(w.Header().Get("ETag"), `"`), ".")
	ends, err := time.ParseDuration(loaded.Config["s3.session-token-expires-at-ms"] + "ms")
	if err != nil {
		t.Fatal(err)
	}
	last, err := time.ParseDuration(until + "ms")
	if err != nil || ends-last != 15*time.Minute {
		t.Errorf("got a tag until %s for a credential until %s (%v), want 15 minutes between", last, ends, err)
	}
}

// inflated reads one member of gzip, behind which there is nothing.
func inflated(t *testing.T, r *bytes.Buffer) []byte {
	t.Helper()
	z, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	z.Multistream(false)
	text, err := io.ReadAll(z)
	if err != nil || r.Len() != 0 {
		t.Fatalf("got %v and %d bytes behind, want one member", err, r.Len())
	}
	return text
}
