package lake

import (
	"slices"
	"testing"
)

func TestReaches_NamesThePhysicalStores(t *testing.T) {
	rows := []struct {
		name    string
		storage Storage
		want    []string
	}{
		{"AWS", Storage{Type: S3, RoleARN: "arn:aws:iam::1:role/r"}, []string{"aws"}},
		{"AWS by its own endpoints", Storage{Type: S3, RoleARN: "r", Endpoint: "https://s3.eu-west-1.amazonaws.com", STSEndpoint: "https://sts.us-east-1.api.aws"}, []string{"aws"}},
		{"the embedded store", Storage{Type: S3}, []string{"embedded/R"}},
		{"a compatible store", Storage{Type: S3, Endpoint: "http://MinIO.internal.:9000/x"}, []string{"minio.internal:9000"}},
		{"default ports", Storage{Type: S3, Endpoint: "https://s.example:443", EndpointInternal: "http://s.example:80"}, []string{"s.example"}},
		{"loopback", Storage{Type: S3, Endpoint: "http://localhost:9000", EndpointInternal: "http://127.1.2.3:9000", STSEndpoint: "http://[::ffff:127.0.0.1]:9000"}, []string{"loopback:9000"}},
		{"loopback of IPv6", Storage{Type: S3, Endpoint: "http://[0:0::1]:9000"}, []string{"loopback:9000"}},
		{"all endpoints", Storage{Type: S3, Endpoint: "https://b", EndpointInternal: "https://a", STSEndpoint: "https://c"}, []string{"a", "b", "c"}},
		{"STS alone: clients are at AWS", Storage{Type: S3, STSEndpoint: "https://sts.example"}, []string{"aws", "sts.example"}},
		{"GCS", Storage{Type: GCS}, []string{"gcs"}},
		{"ADLS", Storage{Type: Azure}, []string{"azure"}},
		{"FILE", Storage{Type: File}, []string{"file"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if got := row.storage.Reaches("R"); !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestReaches_EmbeddedStoresOfTwoRealmsAreTwo(t *testing.T) {
	s := Storage{Type: S3}
	if Reach(s.Reaches("A"), s.Reaches("B")) {
		t.Error("the embedded stores of two realms have an address in common")
	}
}
