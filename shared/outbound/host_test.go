package outbound

import (
	"net/url"
	"testing"
)

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestCloudHosts_AreThoseOfFixedServices(t *testing.T) {
	for text, want := range map[string]bool{
		"https://s3.eu-west-1.amazonaws.com":                        true,
		"https://S3.EU-WEST-1.amazonaws.com.":                       true,
		"https://s3.eu-west-1.amazonaws.com:443":                    true,
		"https://s3.us-gov-west-1.amazonaws.com":                    true,
		"https://s3.cn-north-1.amazonaws.com.cn":                    true,
		"https://lake.s3.eu-west-1.amazonaws.com":                   true,
		"https://lake.example.s3.dualstack.eu-west-1.amazonaws.com": true,
		"https://s3-fips.us-east-1.amazonaws.com":                   true,
		"https://sts.eu-west-1.amazonaws.com":                       true,
		"https://sts.eu-west-1.api.aws":                             true,
		"https://sts.amazonaws.com":                                 true,
		"https://iam.amazonaws.com":                                 true,
		"https://kms.eu-west-1.amazonaws.com":                       true,
		"https://storage.googleapis.com":                            true,
		"https://iamcredentials.googleapis.com":                     true,
		"https://lake.blob.core.windows.net":                        true,
		"https://lake.z01.dfs.storage.azure.net":                    true,
		"https://login.microsoftonline.com":                         true,

		"http://s3.eu-west-1.amazonaws.com":                             false,
		"https://s3.eu-west-1.amazonaws.com:8443":                       false,
		"https://abc123.execute-api.eu-west-1.amazonaws.com":            false,
		"https://x.s3.abc123.execute-api.eu-west-1.amazonaws.com":       false,
		"https://internal-lb-1.eu-west-1.elb.amazonaws.com":             false,
		"https://bucket.vpce-1a2b-3c4d.s3.us-east-1.vpce.amazonaws.com": false,
		"https://ec2-10-0-0-1.eu-west-1.compute.amazonaws.com":          false,
		"https://lake.s3-website.eu-west-1.amazonaws.com":               false,
		"https://s3.eu-west-1.amazonaws.com.evil.example":               false,
		"https://s3.eu-west-1.amazonaws.com@evil.example":               false,
		"https://evil.example/s3.eu-west-1.amazonaws.com":               false,
		"https://s3.example.amazonaws.com":                              false,
		"https://xs3.eu-west-1.amazonaws.com":                           false,
		"https://lake.blob.core.windows.net.evil.example":               false,
		"https://lake.blob.evil.example":                                false,
		"https://lake.privatelink.blob.core.windows.net":                false,
		"https://run.googleapis.com":                                    false,
		"https://evil.login.microsoftonline.com":                        false,
		"https://metadata.google.internal":                              false,
	} {
		if got := isCloud(parse(t, text)); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func TestEndpoint_HasOneSpelling(t *testing.T) {
	for text, want := range map[string]string{
		"HTTPS://MinIO.Internal/path?q": "https://minio.internal:443",
		"http://minio.internal.":        "http://minio.internal:80",
		"http://127.0.0.1:9000":         "http://127.0.0.1:9000",
		"http://[0:0:0:0:0:0:0:1]:9000": "http://[::1]:9000",
		"http://[::ffff:10.0.0.1]":      "http://10.0.0.1:80",
	} {
		if got := Endpoint(parse(t, text)); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestListedEndpoints_IncludeTheirBuckets(t *testing.T) {
	listed := Endpoints("", "https://minio.internal:9000", "http://127.0.0.1:9001/", "other.internal:443", "ftp://other.internal", "https://", "http://[::1")
	client := New(Config{Listed: listed}).Transport.(*transport)
	for text, want := range map[string]kind{
		"https://minio.internal:9000/x":           ofListed,
		"https://lake.minio.internal:9000/x":      ofListed,
		"http://127.0.0.1:9001/x":                 ofListed,
		"https://a.b.minio.internal:9000":         ofOther,
		"http://minio.internal:9000":              ofPlain,
		"https://other.internal":                  ofOther,
		"https://minio.internal":                  ofOther,
		"https://lake.127.0.0.1:9001":             ofOther,
		"https://lake.s3.eu-west-1.amazonaws.com": ofCloud,
	} {
		if got := client.kindOf(parse(t, text)); got != want {
			t.Errorf("%s: got %d, want %d", text, got, want)
		}
	}
}
