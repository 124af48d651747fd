//go:build unix

package functions

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firn/shared/revoke/revoketest"
)

// revoked is a revocation as the management API tells it.
type revoked struct {
	Pending  bool
	Storages []struct{ Outcome string }
}

// The function that manages catalogs ends keys of a role, and the worker what could not be ended then, or was undone.
func TestTheFunctionsEndKeys(t *testing.T) {
	d := deploy(t, nil)
	c := d.root(t)
	role := d.account.IAM.Role("lake", "outside")
	c.must(t, "POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"cloud","properties":{"default-base-location":"s3://firn-test/functions"},
		"storageConfigInfo":{"storageType":"S3","roleArn":"`+role+`","externalId":"outside","region":"us-east-1"}}}`)
	c.must(t, "POST", "/api/management/v1/principals", `{"principal":{"name":"ann"}}`)
	revoke := func() revoked {
		t.Helper()
		var out revoked
		text := c.must(t, "POST", "/api/management/v1/revocations", `{"principal":"ann"}`)
		if err := json.Unmarshal(text, &out); err != nil || len(out.Storages) != 1 {
			t.Fatalf("got %s (%v), want one storage", text, err)
		}
		return out
	}
	schedule, err := os.ReadFile(filepath.Join(events, "worker", "schedule.json"))
	if err != nil {
		t.Fatal(err)
	}
	turn := func() {
		t.Helper()
		if _, err := d.Invoke(string(worker), schedule); err != nil {
			t.Fatal(err)
		}
	}
	denies := func(want bool) {
		t.Helper()
		if got := strings.Contains(d.account.IAM.Policy("lake"), `"Effect":"Deny"`); got != want {
			t.Errorf("got denies %v, want %v: %s", got, want, d.account.IAM.Policy("lake"))
		}
	}
	if got := revoke(); got.Pending || got.Storages[0].Outcome != "DENIED" {
		t.Errorf("got %+v, want the keys denied", got)
	}
	denies(true)
	d.account.IAM.Write("lake", revoketest.Boundary) // as a deployment of the role would
	d.account.IAM.Plan(func(string) string { return "AccessDenied" })
	if got := revoke(); !got.Pending || got.Storages[0].Outcome != "PENDING" {
		t.Errorf("got %+v, want the keys pending", got)
	}
	turn()
	denies(false)
	d.account.IAM.Plan(nil)
	turn()
	denies(true)
}
