//go:build unix

package functions

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// client asks a deployment, as root once it is logged in. It may be used concurrently.
type client struct {
	url    string
	bearer string
}

// send gives the status and the body; 0 where no answer came. Headers are given as name and value.
func (c *client) send(t *testing.T, method, path, body string, headers ...string) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.bearer)
	r.Header.Set("Content-Type", "application/json")
	if strings.Contains(body, "grant_type=") {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Del("Authorization")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		return 0, nil
	}
	return w.StatusCode, text
}

// must is send for what has to succeed.
func (c *client) must(t *testing.T, method, path, body string, headers ...string) []byte {
	t.Helper()
	status, text := c.send(t, method, path, body, headers...)
	if status/100 != 2 {
		t.Fatalf("%s %s: got %d %s", method, path, status, text)
	}
	return text
}

const login = "grant_type=client_credentials&client_id=root&client_secret=s3cr3t&scope=PRINCIPAL_ROLE:ALL"

// root logs in.
func (d *deployment) root(t *testing.T) *client {
	t.Helper()
	c := &client{url: d.url}
	var granted struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(bytes.NewReader(c.must(t, "POST", "/api/catalog/v1/oauth/tokens", login))).Decode(&granted); err != nil {
		t.Fatal(err)
	}
	c.bearer = granted.Token
	return c
}

const tables = "/api/catalog/v1/lake/namespaces/n/tables"

// settle makes the catalog lake and its namespace n.
func (c *client) settle(t *testing.T) {
	t.Helper()
	base := "file://" + t.TempDir()
	c.must(t, "POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"lake","properties":{"default-base-location":"`+base+`"},"storageConfigInfo":{"storageType":"FILE","allowedLocations":["`+base+`"]}}}`)
	c.must(t, "PUT", "/api/management/v1/catalogs/lake/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`)
	c.must(t, "POST", "/api/catalog/v1/lake/namespaces", `{"namespace":["n"]}`)
}

// create makes a table.
func (c *client) create(t *testing.T, name string) {
	t.Helper()
	c.must(t, "POST", tables, `{"name":"`+name+`","schema":{"type":"struct","fields":[]}}`)
}

// property gives a property of a table; empty if it has none.
func (c *client) property(t *testing.T, table, key string) string {
	t.Helper()
	var loaded struct {
		Metadata struct {
			Properties map[string]string `json:"properties"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(c.must(t, "GET", tables+"/"+table, ""), &loaded); err != nil {
		t.Fatal(err)
	}
	return loaded.Metadata.Properties[key]
}

// put is a commit that sets a property.
func put(key, value string) string {
	return `{"requirements":[],"updates":[{"action":"set-properties","updates":{"` + key + `":"` + value + `"}}]}`
}
