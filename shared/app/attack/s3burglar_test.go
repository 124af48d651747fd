package attack

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"firn/shared/vend/vendtest/s3try"
)

// connections are shared by all keys: a key of its own for each would leave as many behind.
var connections = &http.Client{}

// s3Burglar is a client of S3.
type s3Burglar struct {
	*s3.Client
	ctx context.Context
}

var _ burglar = s3Burglar{}

// s3Client makes one of a key; endpoint is where, if the answer did not say.
func s3Client(t *testing.T, k key, endpoint string) burglar {
	if k.endpoint != "" {
		endpoint = k.endpoint
	}
	o := s3try.Client(endpoint, k.id, k.secret, k.token).Options()
	o.HTTPClient = connections
	return s3Burglar{s3.New(o), t.Context()}
}

// parent is the folder that an object is in; empty for the bucket.
func parent(o object) string {
	if dir := path.Dir(o.key); dir != "." {
		return dir + "/"
	}
	return ""
}

func (b s3Burglar) at(v, own object) []attempt {
	dir := parent(v)
	source := func(o object) *string { return aws.String(o.bucket + "/" + o.key) }
	return []attempt{
		{"get " + v.String(), func() error {
			out, err := b.GetObject(b.ctx, &s3.GetObjectInput{Bucket: &v.bucket, Key: &v.key})
			if err == nil {
				err = out.Body.Close()
			}
			return err
		}},
		{"head " + v.String(), func() error {
			_, err := b.HeadObject(b.ctx, &s3.HeadObjectInput{Bucket: &v.bucket, Key: &v.key})
			return err
		}},
		{"copy from " + v.String(), func() error {
			_, err := b.CopyObject(b.ctx, &s3.CopyObjectInput{Bucket: &own.bucket, Key: aws.String(own.key + "stolen"), CopySource: source(v)})
			return err
		}},
		{"list " + v.bucket + "/" + dir, func() error { return b.list(v.bucket, dir) }},
		{"list what begins with " + v.String(), func() error { return b.list(v.bucket, v.key) }},
		{"put " + v.String(), func() error { return b.put(v) }},
		{"put beside " + v.String(), func() error { return b.put(object{v.bucket, dir + "planted"}) }},
		{"copy to " + v.String(), func() error {
			_, err := b.CopyObject(b.ctx, &s3.CopyObjectInput{Bucket: &v.bucket, Key: &v.key, CopySource: source(object{own.bucket, own.key + "seed"})})
			return err
		}},
		{"upload to " + v.String(), func() error {
			_, err := b.CreateMultipartUpload(b.ctx, &s3.CreateMultipartUploadInput{Bucket: &v.bucket, Key: &v.key})
			return err
		}},
		{"delete " + v.String(), func() error {
			_, err := b.DeleteObject(b.ctx, &s3.DeleteObjectInput{Bucket: &v.bucket, Key: &v.key})
			return err
		}},
	}
}

func (b s3Burglar) around(victims []object, own object) []attempt {
	of := map[string][]types.ObjectIdentifier{}
	for _, v := range victims {
		of[v.bucket] = append(of[v.bucket], types.ObjectIdentifier{Key: &v.key})
	}
	var all []attempt
	for _, bucket := range slices.Sorted(maps.Keys(of)) {
		objects := append(of[bucket], types.ObjectIdentifier{Key: aws.String(own.key + "gone")})
		all = append(all, attempt{"multi-delete in " + bucket, func() error {
			out, err := b.DeleteObjects(b.ctx, &s3.DeleteObjectsInput{Bucket: &bucket, Delete: &types.Delete{Objects: objects}})
			if err != nil {
				return err
			}
			for _, gone := range out.Deleted {
				if !(object{bucket, aws.ToString(gone.Key)}).in(own) {
					return nil
				}
			}
			return fmt.Errorf("refused one by one")
		}},
			attempt{"list " + bucket, func() error { return b.list(bucket, "") }},
			attempt{"list versions in " + bucket, func() error {
				_, err := b.ListObjectVersions(b.ctx, &s3.ListObjectVersionsInput{Bucket: &bucket})
				return err
			}},
			attempt{"list uploads in " + bucket, func() error {
				_, err := b.ListMultipartUploads(b.ctx, &s3.ListMultipartUploadsInput{Bucket: &bucket})
				return err
			}},
			attempt{"delete the bucket " + bucket, func() error {
				_, err := b.DeleteBucket(b.ctx, &s3.DeleteBucketInput{Bucket: &bucket})
				return err
			}})
	}
	return append(all, attempt{"make a bucket", func() error {
		_, err := b.CreateBucket(b.ctx, &s3.CreateBucketInput{Bucket: aws.String("planted-by-mallory")})
		return err
	}})
}

func (b s3Burglar) put(o object) error {
	_, err := b.PutObject(b.ctx, &s3.PutObjectInput{Bucket: &o.bucket, Key: &o.key, Body: bytes.NewReader([]byte("mallory's"))})
	return err
}

func (b s3Burglar) list(bucket, prefix string) error {
	_, err := b.ListObjectsV2(b.ctx, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	return err
}
