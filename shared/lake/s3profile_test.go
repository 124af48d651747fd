package lake

import "testing"

// A role of AWS is assumed under the catalog's own external ID, whatever kind of store its files are in.
func TestExternalIDOf_RolesAtAWSAlwaysHaveOne(t *testing.T) {
	id := NewID()
	const role = "arn:aws:iam::111122223333:role/lake"
	for name, row := range map[string]struct {
		storage Storage
		want    string
	}{
		"a role":                     {Storage{Type: S3, RoleARN: role}, MadeExternalID(id)},
		"one with an id":             {Storage{Type: S3, RoleARN: role, ExternalID: "chosen"}, "chosen"},
		"by AWS's STS":               {Storage{Type: S3, RoleARN: role, Endpoint: "http://minio:9000", STSEndpoint: "https://STS.eu-west-1.amazonaws.com"}, MadeExternalID(id)},
		"in China":                   {Storage{Type: S3, RoleARN: role, STSEndpoint: "https://sts.cn-north-1.amazonaws.com.cn"}, MadeExternalID(id)},
		"behind an endpoint, as AWS": {Storage{Type: S3, RoleARN: role, Endpoint: "http://localhost:4566", Profile: ProfileAWS}, MadeExternalID(id)},
		"a compatible store's role":  {Storage{Type: S3, RoleARN: role, Endpoint: "http://ceph:8080"}, ""},
		"a host that ends likewise":  {Storage{Type: S3, RoleARN: role, STSEndpoint: "https://evilamazonaws.com"}, ""},
		"no role":                    {Storage{Type: S3}, ""},
	} {
		if got := row.storage.ExternalIDOf(id); got != row.want {
			t.Errorf("%s: got %q, want %q", name, got, row.want)
		}
	}
}
