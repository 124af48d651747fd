package attack

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"firn/shared/vend/vendtest/s3try"
)

// connections are shared by all keys: a key of its own for each would leave as many behind.
var connections = &http.Client{}

// burglar tries doors with one key.
type burglar struct {
	*s3.Client
	ctx context.Context
}

// burglar makes a client of a key; endpoint is where, if the answer did not say.
func (k key) burglar(t *testing.T, endpoint string) burglar {
	if k.endpoint != "" {
		endpoint = k.endpoint
	}
	o := s3try.Client(endpoint, k.id, k.secret, k.token).Options()
	o.HTTPClient = connections
	return burglar{s3.New(o), t.Context()}
}

// attempt is something that a key is used for. It succeeded if there is no error.
type attempt struct {
	name string
	try  func() error
}

// at are the attempts on an object, with a folder that the key does open, from and to which to copy.
func (b burglar) at(v, own object) []attempt {
	dir := path.Dir(v.key) + "/"
	if dir == "./" {
		dir = ""
	}
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

// around are the attempts on whole buckets, and on all victims in one request.
func (b burglar) around(victims []object, own object) []attempt {
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

func (b burglar) put(o object) error {
	_, err := b.PutObject(b.ctx, &s3.PutObjectInput{Bucket: &o.bucket, Key: &o.key, Body: bytes.NewReader([]byte("mallory's"))})
	return err
}

func (b burglar) list(bucket, prefix string) error {
	_, err := b.ListObjectsV2(b.ctx, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	return err
}

// neighbours are the places around a folder that a key to it must not open: its bare name, what begins with its name, and
// what is beside it.
func neighbours(own object) []object {
	bare := strings.TrimSuffix(own.key, "/")
	parent := bare[:strings.LastIndexByte(bare, '/')+1]
	return []object{{own.bucket, bare}, {own.bucket, bare + "2/x"}, {own.bucket, bare + ".x"}, {own.bucket, parent + "x"}}
}

// thorough makes each key be used in every way on every victim. Otherwise the ways take turns, one for each key and
// victim and three for whole buckets, and the neighbours are got, put and listed.
var thorough = os.Getenv("FIRN_ATTACKS") == "all"

// turn moves the ways on from key to key.
var turn atomic.Int64

// intrude uses a key on everything but its own folder, and says what of it worked. A key that does not even open its own
// folder would prove nothing: for that there is an error.
func (w *world) intrude(t *testing.T, k key, own object) (leaks []string, err error) {
	t.Helper()
	b := k.burglar(t, w.endpoint())
	if err := b.put(object{own.bucket, own.key + "seed"}); err != nil {
		return nil, fmt.Errorf("put in its own folder: %w", err)
	}
	if err := b.list(own.bucket, own.key); err != nil {
		return nil, fmt.Errorf("list its own folder: %w", err)
	}
	n := int(turn.Add(1))
	all := b.around(w.victims, own)
	if !thorough {
		all = []attempt{all[n%len(all)], all[(n+1)%len(all)], all[(n+2)%len(all)]}
	}
	for _, v := range neighbours(own) {
		ways := b.at(v, own)
		if !thorough {
			ways = []attempt{ways[0], ways[3], ways[4], ways[5]}
		}
		all = append(all, ways...)
	}
	for i, v := range w.victims {
		ways := b.at(v, own)
		if !thorough {
			ways = ways[(n+i)%len(ways):][:1]
		}
		all = append(all, ways...)
	}
	return succeeded(all), nil
}

func succeeded(all []attempt) (names []string) {
	for _, a := range all {
		if a.try() == nil {
			names = append(names, a.name)
		}
	}
	return names
}
