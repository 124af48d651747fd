package s3local

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// sdk is the SDK's own client, which signs and sends as engines do.
func sdk(endpoint string, c Credential) *s3.Client {
	return s3.New(s3.Options{
		Region: "eu-central-1", BaseEndpoint: &endpoint, UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: string(c.SecretAccessKey), SessionToken: string(c.SessionToken)}, nil
		}),
	})
}

func TestTheGoSDKWorksUnchanged(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewServer(w.gate)
	defer server.Close()
	client, ctx := sdk(server.URL, w.mint(everyAction)), t.Context()

	data := []byte("written by the SDK")
	put := &s3.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String(prefix + "data/a=1/x y+z.txt"), Body: bytes.NewReader(data)}
	if _, err := client.PutObject(ctx, put); err != nil {
		t.Fatalf("put: %v", err)
	}
	if _, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: put.Bucket, Key: put.Key, Body: bytes.NewReader(data), IfNoneMatch: aws.String("*")}); code(err) != "PreconditionFailed" {
		t.Errorf("conditional put: got %v, want PreconditionFailed", err)
	}
	got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: put.Bucket, Key: put.Key, Range: aws.String("bytes=-3")})
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	if text, err := io.ReadAll(got.Body); err != nil || string(text) != "SDK" {
		t.Errorf("got %q, %v, want SDK", text, err)
	}
	list, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: put.Bucket, Prefix: aws.String(prefix), EncodingType: types.EncodingTypeUrl})
	if err != nil || len(list.Contents) != 1 || *list.Contents[0].Size != int64(len(data)) {
		t.Errorf("list: got %+v, %v, want the object", list, err)
	}
	_, err = client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: put.Bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: put.Key}}}})
	if err != nil {
		t.Errorf("delete: %v", err)
	}
	if _, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: put.Bucket, Key: put.Key}); code(err) != "NotFound" {
		t.Errorf("head of a deleted object: got %v, want NotFound", err)
	}
	if _, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: put.Bucket, Key: aws.String("lake/other/x")}); code(err) != "AccessDenied" {
		t.Errorf("get beyond the prefix: got %v, want AccessDenied", err)
	}
}

func TestTheGoSDKUploadsInParts(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewServer(w.gate)
	defer server.Close()
	client, ctx := sdk(server.URL, w.mint(everyAction)), t.Context()
	name, key := aws.String(bucket), aws.String(prefix+"big")
	made, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: name, Key: key, ChecksumAlgorithm: types.ChecksumAlgorithmCrc32})
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	want := bytes.Repeat([]byte("0123456789abcdef"), minPart/16)
	var done []types.CompletedPart
	for i, part := range [][]byte{want, []byte("tail")} {
		number := aws.Int32(int32(i + 1))
		up, err := client.UploadPart(ctx, &s3.UploadPartInput{Bucket: name, Key: key, UploadId: made.UploadId, PartNumber: number, Body: bytes.NewReader(part)})
		if err != nil {
			t.Fatalf("part: %v", err)
		}
		done = append(done, types.CompletedPart{PartNumber: number, ETag: up.ETag, ChecksumCRC32: up.ChecksumCRC32})
	}
	parts, err := client.ListParts(ctx, &s3.ListPartsInput{Bucket: name, Key: key, UploadId: made.UploadId})
	if err != nil || len(parts.Parts) != 2 {
		t.Errorf("list parts: got %+v, %v, want 2", parts, err)
	}
	end := &s3.CompleteMultipartUploadInput{Bucket: name, Key: key, UploadId: made.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: done}}
	if _, err := client.CompleteMultipartUpload(ctx, end); err != nil {
		t.Fatalf("complete: %v", err)
	}
	got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: name, Key: key})
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	text, err := io.ReadAll(got.Body)
	if !bytes.Equal(text, append(want, "tail"...)) || err != nil {
		t.Errorf("got %d bytes, %v, want the parts joined", len(text), err)
	}
}

func TestTheGoSDKPresigns(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewServer(w.gate)
	defer server.Close()
	key := prefix + "p"
	w.put(key, "presigned")
	signer := s3.NewPresignClient(sdk(server.URL, w.mint(Read)))
	request, err := signer.PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: &key}, s3.WithPresignExpires(time.Minute))
	if err != nil {
		t.Fatalf("presign: %v", err)
	}
	res, err := server.Client().Get(request.URL)
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	defer res.Body.Close()
	if text, err := io.ReadAll(res.Body); string(text) != "presigned" || err != nil {
		t.Errorf("got %d %s, %v, want the object", res.StatusCode, text, err)
	}
}

// code is the S3 code of an SDK's error.
func code(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return ""
}
