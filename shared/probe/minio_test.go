package probe_test

import (
	"context"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"firn/shared/blob/s3"
	"firn/shared/lake"
	"firn/shared/outbound"
	"firn/shared/probe"
	"firn/shared/probe/cors"
	"firn/shared/vend"
	vendaws "firn/shared/vend/aws"
	"firn/shared/vend/vendtest/s3try"
)

// MinIO enforces session policies (localstack/minio starts it), so that what a probe finds there is true of it.
func TestProbesOfMinIO(t *testing.T) {
	endpoint := os.Getenv("FIRN_TEST_MINIO")
	if endpoint == "" {
		t.Skip("FIRN_TEST_MINIO is not set")
	}
	nobody := httptest.NewServer(nil)
	nobody.Close()
	rows := []struct {
		name   string
		secret string // of firn's own key
		change func(*lake.Storage)
		base   string
		vendor func(vend.Vendor) vend.Vendor
		want   []string
	}{
		{name: "a store that is as it should be"},
		{name: "a wrong secret", secret: "wrong", want: []string{"broken server.credentials key"}},
		{name: "no such bucket", base: "s3://firn-none/base", want: []string{"broken bucket.missing own.write"}},
		{name: "nobody at the endpoint", change: func(s *lake.Storage) { s.Endpoint = nobody.URL }, want: []string{"broken endpoint.unreachable key"}},
		{name: "nobody at the internal endpoint", change: func(s *lake.Storage) { s.EndpointInternal, s.STSEndpoint = nobody.URL, endpoint }, want: []string{"broken endpoint.unreachable own.write"}},
		{name: "keys that are not narrowed", vendor: func(vend.Vendor) vend.Vendor { return whole{} },
			want: []string{"wide scope.reader-writes reader.write", "wide scope.reader-deletes reader.delete",
				"wide scope.list sibling.list", "wide scope.read sibling.read", "wide scope.write sibling.write", "wide scope.delete sibling.delete"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			secret := row.secret
			if secret == "" {
				secret = "vendor-secret"
			}
			aws := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("vendor", secret, "")}
			sts, err := vendaws.New(vendaws.Config{Base: aws})
			if err != nil {
				t.Fatal(err)
			}
			files, err := s3.New(s3.Config{Base: aws})
			if err != nil {
				t.Fatal(err)
			}
			yes := true
			c := catalog()
			c.ID, c.Properties["default-base-location"] = lake.NewID(), "s3://firn-test/base"
			if row.base != "" {
				c.Properties["default-base-location"] = row.base
			}
			c.Storage = lake.Storage{Type: lake.S3, Endpoint: endpoint, Region: "us-east-1", PathStyleAccess: &yes}
			if row.change != nil {
				row.change(&c.Storage)
			}
			vendor := vend.Vendor(sts)
			if row.vendor != nil {
				vendor = row.vendor(sts)
			}
			began := time.Now()
			got := probe.New(probe.Config{Vendor: vendor, Files: files, Browser: cors.Browser{Client: outbound.New(outbound.Config{Loopback: true})}, Now: time.Now}).Probe(t.Context(), asker, c)
			t.Logf("%s after %s", got.State, time.Since(began))
			if diff := cmp.Diff(told(got), row.want); diff != "" {
				t.Errorf("%+v (-got +want):\n%s", got.Findings, diff)
			}
			for _, f := range got.Findings {
				if strings.Contains(f.Detail, secret) {
					t.Errorf("got %q, which shows a secret", f.Detail)
				}
			}
			if row.want == nil && !slices.Contains(got.Passed, probe.SiblingRead) {
				t.Errorf("got %v proven, want all", got.Passed)
			}
			list, err := s3try.Client(endpoint, "vendor", "vendor-secret", "").ListObjectsV2(t.Context(), &awss3.ListObjectsV2Input{
				Bucket: ptr("firn-test"), Prefix: ptr("base/firn-probe/" + string(c.ID)),
			})
			if err != nil || len(list.Contents) > 0 {
				t.Errorf("got %d objects left (%v), want none", len(list.Contents), err)
			}
		})
	}
}

func ptr(s string) *string { return &s }

// whole hands out the key of the user of MinIO, who may do everything.
type whole struct{}

func (whole) Vend(context.Context, *lake.Storage, vend.Grant) (vend.Credential, error) {
	return vend.Credential{S3: &vend.S3Credential{AccessKeyID: "vendor", SecretAccessKey: "vendor-secret"}, Expires: time.Now().Add(time.Hour)}, nil
}
