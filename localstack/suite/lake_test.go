//go:build localstack

package suite

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

type object = map[string]any

const management = "/api/management/v1"

// lake is a catalog with a bucket of its own, and root.
type lake struct {
	*client
	name, bucket string
	base         string // the catalog's folder in the bucket
	iceberg      string // where the catalog's routes begin
}

// newLake makes a catalog whose keys come from STS by a role, as on AWS: its storage names no endpoint.
func newLake(t *testing.T) *lake {
	t.Helper()
	name := strings.ToLower(strings.TrimPrefix(t.Name(), "Test"))
	l := &lake{client: enter(t, deployed.root), name: name, bucket: "firn-suite-" + name, iceberg: "/api/catalog/v1/" + name}
	l.base = "s3://" + l.bucket + "/lake/"
	if _, err := deployed.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &l.bucket}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := deployed.empty(context.WithoutCancel(t.Context()), l.bucket); err != nil {
			t.Error(err)
		}
	})
	l.must(t, nil, "POST", management+"/catalogs", text(t, object{"catalog": object{
		"type": "INTERNAL", "name": name,
		"properties": object{"default-base-location": l.base, "polaris.config.drop-with-purge.enabled": "true",
			"firn.config.probe": "false"}, // LocalStack does not enforce the policies of sessions, and a probe would find that out
		"storageConfigInfo": object{"storageType": "S3", "roleArn": "arn:aws:iam::" + deployed.id + ":role/firn-vending/suite",
			"externalId": "firn-suite-external-id", "region": deployed.Region, "allowedLocations": []string{l.base}},
	}}))
	l.grant(t, "catalog_admin", object{"type": "catalog", "privilege": "CATALOG_MANAGE_CONTENT"})
	return l
}

func (l *lake) grant(t *testing.T, role string, grant object) {
	t.Helper()
	l.must(t, nil, "PUT", management+"/catalogs/"+l.name+"/catalog-roles/"+role+"/grants", text(t, object{"grant": grant}))
}

func (l *lake) revoke(t *testing.T, role string, grant object) {
	t.Helper()
	l.must(t, nil, "POST", management+"/catalogs/"+l.name+"/catalog-roles/"+role+"/grants", text(t, object{"grant": grant}))
}

// principal makes a principal with a principal role and a catalog role of its own, which hold nothing yet; all are called
// by the same name.
func (l *lake) principal(t *testing.T, name string) login {
	t.Helper()
	var made struct {
		Credentials struct{ ClientID, ClientSecret string }
	}
	l.must(t, &made, "POST", management+"/principals", text(t, object{"principal": object{"name": name}}))
	seen.add(made.Credentials.ClientSecret)
	l.must(t, nil, "POST", management+"/principal-roles", text(t, object{"principalRole": object{"name": name}}))
	l.must(t, nil, "PUT", management+"/principals/"+name+"/principal-roles", text(t, object{"principalRole": object{"name": name}}))
	l.must(t, nil, "POST", management+"/catalogs/"+l.name+"/catalog-roles", text(t, object{"catalogRole": object{"name": name}}))
	l.must(t, nil, "PUT", management+"/principal-roles/"+name+"/catalog-roles/"+l.name, text(t, object{"catalogRole": object{"name": name}}))
	return login{made.Credentials.ClientID, made.Credentials.ClientSecret}
}

func (l *lake) namespace(t *testing.T, levels ...string) {
	t.Helper()
	l.must(t, nil, "POST", l.iceberg+"/namespaces", text(t, object{"namespace": levels}))
}

// loaded is a table as the catalog tells of it.
type loaded struct {
	MetadataLocation string `json:"metadata-location"`
	Metadata         struct {
		UUID       string `json:"table-uuid"`
		Location   string
		Properties map[string]string
	}
	Config map[string]string
	Keys   []prefixed `json:"storage-credentials"`
}

// prefixed is a vended key.
type prefixed struct {
	Prefix string
	Config map[string]string
}

const vended = "vended-credentials"

// table makes one in the namespace n.
func (l *lake) table(t *testing.T, name string) loaded {
	t.Helper()
	var out loaded
	l.must(t, &out, "POST", l.iceberg+"/namespaces/n/tables", text(t, object{"name": name, "schema": object{
		"type": "struct", "fields": []object{{"id": 1, "name": "id", "type": "long", "required": true}},
	}}), "X-Iceberg-Access-Delegation", vended)
	out.remember()
	return out
}

// remember keeps the keys of an answer among the secrets that no log may hold.
func (l *loaded) remember() {
	for _, k := range append([]prefixed{{Config: l.Config}}, l.Keys...) {
		for _, name := range []string{"s3.secret-access-key", "s3.session-token"} {
			if k.Config[name] != "" {
				seen.add(k.Config[name])
			}
		}
	}
}
