package gcp

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/vend/gcs/gcstest"
)

func TestSettingsAreRead(t *testing.T) {
	env := map[string]string{
		"FIRN_GCP_AUDIENCE": gcstest.Audience, "FIRN_GCP_SERVICE_ACCOUNT": gcstest.Self, "FIRN_GCP_STS_ENDPOINT": "https://sts.example.test",
		"FIRN_GCP_IAM_ENDPOINT": "https://iam.example.test", "FIRN_GCS_ENDPOINT": "https://storage.example.test/", "FIRN_GCP_CLIENT_SIDE": "true",
	}
	got, err := Read(func(name string) string { return env[name] })
	want := Settings{Audience: gcstest.Audience, ServiceAccount: gcstest.Self, STS: "https://sts.example.test", IAM: "https://iam.example.test",
		Storage: "https://storage.example.test/", ClientSide: true}
	if diff := cmp.Diff(got, want); err != nil || diff != "" {
		t.Errorf("got %v (-got +want):\n%s", err, diff)
	}
	if got, err := Read(func(string) string { return "" }); err != nil || got != (Settings{}) {
		t.Errorf("got %+v and %v of nothing, want nothing", got, err)
	}
}

func TestSettingsThatAreWrong(t *testing.T) {
	rows := []struct {
		name string
		env  map[string]string
		want string
	}{
		{"no provider", map[string]string{"FIRN_GCP_AUDIENCE": "projects/1/locations/global/workloadIdentityPools/aws/providers/firn"}, "FIRN_GCP_AUDIENCE must be"},
		{"a pool", map[string]string{"FIRN_GCP_AUDIENCE": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/aws"}, "FIRN_GCP_AUDIENCE must be"},
		{"an account without a provider", map[string]string{"FIRN_GCP_SERVICE_ACCOUNT": gcstest.Self}, "FIRN_GCP_SERVICE_ACCOUNT must be"},
		{"an account that is none", map[string]string{"FIRN_GCP_AUDIENCE": gcstest.Audience, "FIRN_GCP_SERVICE_ACCOUNT": "firn@example.com"}, "FIRN_GCP_SERVICE_ACCOUNT must be"},
		{"an endpoint without a scheme", map[string]string{"FIRN_GCP_STS_ENDPOINT": "sts.example.test"}, "FIRN_GCP_STS_ENDPOINT must be a URL"},
		{"an endpoint of another scheme", map[string]string{"FIRN_GCP_IAM_ENDPOINT": "file:///x"}, "FIRN_GCP_IAM_ENDPOINT must be a URL"},
		{"an endpoint with a user", map[string]string{"FIRN_GCP_IAM_ENDPOINT": "https://a@iam.example.test"}, "FIRN_GCP_IAM_ENDPOINT must be a URL"},
		{"an endpoint with a query", map[string]string{"FIRN_GCS_ENDPOINT": "https://storage.example.test?x=1"}, "FIRN_GCS_ENDPOINT must be a URL"},
		{"a flag that is none", map[string]string{"FIRN_GCP_CLIENT_SIDE": "perhaps"}, "FIRN_GCP_CLIENT_SIDE must be true or false"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := Read(func(name string) string { return row.env[name] })
			if err == nil || !strings.HasPrefix(err.Error(), row.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %s and nothing else", err, row.want)
			}
		})
	}
}
