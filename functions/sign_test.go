//go:build unix

package functions

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
)

// stageSigned prepares a table whose files are reached by signed requests, and gives its uuid and its folder, with the bucket.
func (c *client) stageSigned(t *testing.T) (uuid, folder string) {
	t.Helper()
	c.stage(t)
	var staged struct {
		Config   map[string]string
		Metadata struct {
			UUID     string `json:"table-uuid"`
			Location string
		}
	}
	body := c.must(t, "POST", "/api/catalog/v1/cloud/namespaces/n/tables", `{"name":"signed","stage-create":true,"schema":{"type":"struct","fields":[]}}`,
		"X-Iceberg-Access-Delegation", "remote-signing")
	if err := json.Unmarshal(body, &staged); err != nil {
		t.Fatal(err)
	}
	uuid = staged.Metadata.UUID
	if got, want := staged.Config["signer.endpoint"], "v1/cloud/namespaces/n/tables/signed/sign?staged="+uuid; got != want {
		t.Fatalf("got signer %q, want %q", got, want)
	}
	return uuid, strings.TrimPrefix(staged.Metadata.Location, "s3://bucket/")
}

// A signature costs one read, and one key of STS for each kind of request to a table. The function that signs reaches no
// store, as the one that refreshes keys.
func TestASignatureThroughTheFunction(t *testing.T) {
	d := deploy(t, nil)
	d.account.Trust(vendingRole)
	c := d.root(t)
	uuid, folder := c.stageSigned(t)
	path := "/api/catalog/v1/cloud/namespaces/n/tables/signed/sign?staged=" + uuid
	c.must(t, "POST", path, fmt.Sprintf(`{"region":"us-east-1","uri":"https://bucket.s3.us-east-1.amazonaws.com/%s/a","method":"DELETE","headers":{}}`, folder))
	d.account.Take()
	for i, method := range []string{"GET", "HEAD", "PUT", "PUT", "GET"} {
		body := fmt.Sprintf(`{"region":"us-east-1","uri":"https://bucket.s3.us-east-1.amazonaws.com/%s/data/f%d","method":"%s","headers":{}}`, folder, i, method)
		var signed struct{ Headers map[string][]string }
		if err := json.Unmarshal(c.must(t, "POST", path, body), &signed); err != nil || len(signed.Headers["Authorization"]) != 1 {
			t.Fatalf("got %v, %v", signed, err)
		}
		want := map[string]int{"BatchGetItem": 1}
		if i == 0 || i == 2 {
			want["AssumeRole"] = 1
		}
		if got := d.account.Take(); !maps.Equal(got, want) {
			t.Errorf("%d: got %v, want %v", i, got, want)
		}
	}
}
