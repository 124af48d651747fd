// Package s3try makes vendtest's attempts against a store that speaks S3, with a real client. For tests alone.
package s3try

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"firn/shared/vend"
	"firn/shared/vend/vendtest"
)

// Client makes an S3 client for an endpoint. An empty token is a permanent key's.
func Client(endpoint, id, secret, token string) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(endpoint),
		Region:       "us-east-1",
		UsePathStyle: true,
		Credentials:  credentials.NewStaticCredentialsProvider(id, secret, token),
		Retryer:      aws.NopRetryer{},
	})
}

// Try makes attempts with the vended key at the endpoint that the key names.
func Try(t *testing.T, cred vend.Credential, a vendtest.Attempt) []string {
	t.Helper()
	c := cred.S3
	client := Client(c.Endpoint, c.AccessKeyID, c.SecretAccessKey.Reveal(), c.SessionToken.Reveal())
	if a.Verb == vendtest.RemoveMany {
		return removeMany(t, client, a)
	}
	err := one(t, client, a)
	switch {
	case err == nil:
		return nil
	case status(err) == http.StatusForbidden:
		return []string{a.Key}
	}
	t.Fatalf("%s %s: %v", a.Verb, a.Key, err)
	return nil
}

func one(t *testing.T, client *s3.Client, a vendtest.Attempt) error {
	bucket, key := &a.Bucket, &a.Key
	var err error
	switch a.Verb {
	case vendtest.Get:
		var out *s3.GetObjectOutput
		if out, err = client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: key}); err == nil {
			_, err = io.Copy(io.Discard, out.Body)
			err = errors.Join(err, out.Body.Close())
		}
	case vendtest.Put:
		_, err = client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("x")})
	case vendtest.Remove:
		_, err = client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: key})
	case vendtest.List:
		_, err = client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: bucket, Prefix: key})
	case vendtest.Copy:
		_, err = client.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: bucket, Key: key, CopySource: aws.String(a.Bucket + "/" + a.From)})
	default:
		t.Fatalf("no such verb: %s", a.Verb)
	}
	return err
}

func removeMany(t *testing.T, client *s3.Client, a vendtest.Attempt) []string {
	t.Helper()
	var objects []types.ObjectIdentifier
	for _, key := range a.Keys {
		objects = append(objects, types.ObjectIdentifier{Key: aws.String(key)})
	}
	out, err := client.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: &a.Bucket, Delete: &types.Delete{Objects: objects}})
	if status(err) == http.StatusForbidden {
		return a.Keys
	}
	if err != nil {
		t.Fatalf("multi-delete: %v", err)
	}
	var denied []string
	for _, e := range out.Errors {
		if aws.ToString(e.Code) != "AccessDenied" {
			t.Fatalf("multi-delete of %s: %s", aws.ToString(e.Key), aws.ToString(e.Code))
		}
		denied = append(denied, aws.ToString(e.Key))
	}
	slices.Sort(denied)
	return denied
}

func status(err error) int {
	if r, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		return r.HTTPStatusCode()
	}
	return 0
}
