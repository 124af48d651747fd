package iamtest

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// The dialect of MinIO is held to MinIO itself (localstack/with-minio starts it): the same policies, the same requests.
func TestMinIODecidesAsItsDialectDoes(t *testing.T) {
	endpoint := os.Getenv("FIRN_TEST_MINIO")
	if endpoint == "" {
		t.Skip("FIRN_TEST_MINIO is not set")
	}
	resources := []string{"iam/t/*", "iam/t*", "iam/t?/*", "iam/*/a", "iam/t${*}/*", "iam/${x}/*", "iam/${aws:username}/*", "iam/t/a", "*"}
	keys := []string{"iam/t/a", "iam/t/deep/a", "iam/t2/a", "iam/t*/a", "iam/t${*}/a", "iam/t${x}/a", "iam/${x}/a", "iam/vendor/a", "iam/t", "iam/other/b"}
	allowed := 0
	for _, resource := range resources {
		text := policy(`{"Effect":"Allow","Action":["s3:PutObject"],"Resource":["arn:aws:s3:::firn-test/` + resource + `"]},
			{"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::firn-test"],"Condition":{"StringLike":{"s3:prefix":["` + resource + `"]}}}`)
		session := read(t, MinIO, text)
		client := assume(t, endpoint, text)
		for _, key := range keys {
			_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("firn-test"), Key: aws.String(key), Body: strings.NewReader("x")})
			put := Evaluate(Request{Action: "s3:PutObject", Resource: "arn:aws:s3:::firn-test/" + key, Context: map[string][]string{"aws:username": {"vendor"}}},
				Policies{Identity: []*Policy{Everything()}, Session: session})
			compare(t, "put of "+key+" by "+resource, put, err)
			_, err = client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("firn-test"), Prefix: aws.String(key)})
			list := Evaluate(Request{Action: "s3:ListBucket", Resource: "arn:aws:s3:::firn-test", Context: map[string][]string{"s3:prefix": {key}, "aws:username": {"vendor"}}},
				Policies{Identity: []*Policy{Everything()}, Session: session})
			compare(t, "list of "+key+" by "+resource, list, err)
			if put == Allow {
				allowed++
			}
		}
	}
	if allowed == 0 || allowed == len(resources)*len(keys) {
		t.Errorf("got %d of %d allowed: the test shows nothing", allowed, len(resources)*len(keys))
	}
}

func assume(t *testing.T, endpoint, policy string) *s3.Client {
	t.Helper()
	owner := sts.New(sts.Options{BaseEndpoint: &endpoint, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("vendor", "vendor-secret", "")})
	out, err := owner.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::000000000000:role/firn"), RoleSessionName: aws.String("iamtest"), Policy: &policy})
	if err != nil {
		t.Fatalf("%s: %v", policy, err)
	}
	c := out.Credentials
	return s3.New(s3.Options{BaseEndpoint: &endpoint, Region: "us-east-1", UsePathStyle: true, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)})
}

func compare(t *testing.T, what string, want Decision, err error) {
	t.Helper()
	refused, ok := errors.AsType[*awshttp.ResponseError](err)
	if err != nil && (!ok || refused.HTTPStatusCode() != http.StatusForbidden) {
		t.Fatalf("%s: %v", what, err)
	}
	if (err == nil) != (want == Allow) {
		t.Errorf("%s: MinIO says %v, the dialect %s", what, err, want)
	}
}
