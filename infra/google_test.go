//go:build cdk

package main

import (
	"slices"
	"strings"
	"testing"

	"firn/shared/rest"
)

// A deployment that names a provider tells it to the functions that vend, and to no others. They need no right for it:
// whoever may call AWS at all may ask who it is.
func TestFunctionsProveThemselvesToGoogleIfTheyAreKnownThere(t *testing.T) {
	const provider = "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/aws/providers/firn"
	const account = "firn@project.iam.gserviceaccount.com"
	rows := []struct{ provider, account, wantAccount string }{{"", "", ""}, {"", account, ""}, {provider, "", ""}, {provider, account, account}}
	for _, row := range rows {
		stack := firnOf(t, "dev", func(c *config) { c.GoogleProvider, c.GoogleAccount = row.provider, row.account })
		for _, f := range stack.of("AWS::Lambda::Function") {
			name := text(at(f.Properties, "FunctionName"))
			name = name[strings.LastIndexByte(name, '-')+1:]
			want := map[string]string{}
			if slices.Contains(vends, rest.Function(name)) {
				want = map[string]string{"FIRN_GCP_AUDIENCE": row.provider, "FIRN_GCP_SERVICE_ACCOUNT": row.wantAccount}
			}
			for _, key := range []string{"FIRN_GCP_AUDIENCE", "FIRN_GCP_SERVICE_ACCOUNT"} {
				if got, _ := at(f.Properties, "Environment", "Variables", key).(string); got != want[key] {
					t.Errorf("%+v: %s: got %s %q, want %q", row, name, key, got, want[key])
				}
			}
		}
	}
}
