package admin

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/lake"
)

func TestSettingsReachTheStorageAndLeaveIt(t *testing.T) {
	c := &lake.Catalog{Name: "sales", Storage: lake.Storage{Type: lake.S3, RoleARN: "arn:aws:iam::1:role/r", Endpoint: "https://192.0.2.1"}}
	c.Properties = lake.Properties{"firn.config.s3-profile": "aws", "firn.config.aws-source-identity": "true", "firn.config.aws-session-tags": "true"}
	if err := applySettings(c); err != nil {
		t.Fatal(err)
	}
	want := lake.Storage{Type: lake.S3, RoleARN: "arn:aws:iam::1:role/r", Endpoint: "https://192.0.2.1",
		Profile: lake.ProfileAWS, SourceIdentity: true, SessionTags: true, CatalogName: "sales"}
	if diff := cmp.Diff(c.Storage, want); diff != "" {
		t.Errorf("with settings (-got +want):\n%s", diff)
	}
	c.Properties = nil
	if err := applySettings(c); err != nil {
		t.Fatal(err)
	}
	want.Profile, want.SourceIdentity, want.SessionTags, want.CatalogName = "", false, false, ""
	if diff := cmp.Diff(c.Storage, want); diff != "" {
		t.Errorf("without settings (-got +want):\n%s", diff)
	}
}
