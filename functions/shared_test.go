//go:build unix

package functions

import (
	"encoding/json"
	"testing"
)

const vendingRole = "arn:aws:iam::123456789012:role/firn-vending/x"

// stage prepares a table in a catalog on S3, with keys, and gives the session token of the key and the path of the next.
func (c *client) stage(t *testing.T) (key, refresh string) {
	t.Helper()
	c.must(t, "POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"cloud","properties":{"default-base-location":"s3://bucket/cloud"},
		"storageConfigInfo":{"storageType":"S3","roleArn":"`+vendingRole+`","region":"us-east-1"}}}`)
	c.must(t, "PUT", "/api/management/v1/catalogs/cloud/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`)
	c.must(t, "POST", "/api/catalog/v1/cloud/namespaces", `{"namespace":["n"]}`)
	var staged struct{ Config map[string]string }
	body := c.must(t, "POST", "/api/catalog/v1/cloud/namespaces/n/tables", `{"name":"t","stage-create":true,"schema":{"type":"struct","fields":[]}}`,
		"X-Iceberg-Access-Delegation", "vended-credentials")
	if err := json.Unmarshal(body, &staged); err != nil {
		t.Fatal(err)
	}
	return staged.Config["s3.session-token"], staged.Config["client.refresh-credentials-endpoint"]
}

// refreshed follows the path of fresh keys and gives the session token of the key.
func (c *client) refreshed(t *testing.T, path string) string {
	t.Helper()
	var out struct {
		Credentials []struct{ Config map[string]string } `json:"storage-credentials"`
	}
	if err := json.Unmarshal(c.must(t, "GET", "/api/catalog/"+path, ""), &out); err != nil || len(out.Credentials) != 1 {
		t.Fatalf("got %v and %d credentials, want one", err, len(out.Credentials))
	}
	return out.Credentials[0].Config["s3.session-token"]
}

// Functions share no memory. Where the deployment has a key for it they share what they minted, sealed, in the table; else
// each asks STS for itself.
func TestFunctionsShareKeysWhereTheDeploymentSaysSo(t *testing.T) {
	for name, row := range map[string]struct {
		key           string
		minted, calls int // by STS, after the second function's request; of KMS, to unwrap
	}{
		"shared":     {"arn:aws:kms:us-east-1:123456789012:key/k1", 1, 1},
		"not shared": {"", 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := deploy(t, map[string]string{"FIRN_SHARED_CREDENTIALS_KEY": row.key})
			d.account.Trust(vendingRole)
			c := d.root(t)
			first, path := c.stage(t)
			d.account.Take()
			second, third := c.refreshed(t, path), c.refreshed(t, path)
			if minted := 1 + d.account.Take()["AssumeRole"]; minted != row.minted || d.account.Keys.Calls("Decrypt") != row.calls {
				t.Errorf("got %d keys of STS and %d calls to unwrap, want %d and %d", minted, d.account.Keys.Calls("Decrypt"), row.minted, row.calls)
			}
			if first == "" || (first == second) != (row.key != "") || second != third {
				t.Errorf("got keys %q, %q, %q", first, second, third)
			}
		})
	}
}
