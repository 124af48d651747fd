package app

import (
	"firn/shared/storagepolicy/storagepolicytest"

	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// MinIO's STS refuses a policy with a statement about KMS.
func TestDetailsOfPolicies(t *testing.T) {
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "minio", "AWS_SECRET_ACCESS_KEY": "minio123", "AWS_EC2_METADATA_DISABLED": "true"} {
		t.Setenv(name, value)
	}
	const key = `,"currentKmsKey":"arn:aws:kms:us-east-1:111122223333:key/1234abcd"`
	for _, row := range []struct {
		name, profile, storage string
		kms                    bool
	}{
		{"9.1 MinIO: no statement about KMS without a key", "", "", false},
		{"9.1 MinIO: none with a key either", "minio", key, false},
		{"9.1 MinIO: AWS gets one", "aws", key, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			policy := ""
			sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				policy = r.FormValue("Policy")
				fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ID</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>`+
					`<SessionToken>session</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
			}))
			defer sts.Close()
			s := newServer(t, func(c *Config) { c.StoragePolicy = storagepolicytest.Lenient([]string{sts.URL}) })
			root := s.login(t, "root", "s3cr3t")
			profile := ""
			if row.profile != "" {
				profile = `,"firn.config.s3-profile":"` + row.profile + `"`
			}
			decodeBody(t, s.ask(t, root, "POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"lake","properties":{"default-base-location":"s3://lake/wh"`+profile+`},`+
				`"storageConfigInfo":{"storageType":"S3","roleArn":"arn:aws:iam::111122223333:role/lake","region":"us-east-1","endpoint":"`+sts.URL+`"`+row.storage+`}}}`), 201, nil)
			decodeBody(t, s.ask(t, root, "PUT", "/api/management/v1/catalogs/lake/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`), 201, nil)
			decodeBody(t, s.ask(t, root, "POST", inLake, `{"namespace":["n"]}`), 200, nil)
			s.hold(t, root, []detail{{name: "staged", line: "POST /lake/namespaces/n/tables", headers: []string{delegated}, body: `{"name":"t","stage-create":true,` + fields + `}`, status: 200, want: inConfig}})
			if got := strings.Contains(policy, "kms:"); got != row.kms || !strings.Contains(policy, "s3:GetObject") {
				t.Errorf("got %s, want KMS in it %v", policy, row.kms)
			}
		})
	}
}
