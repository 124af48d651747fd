package attack

import (
	"bytes"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"firn/shared/blob"
	bloblocal "firn/shared/blob/local"
	blobs3 "firn/shared/blob/s3"
	"firn/shared/lake"
	"firn/shared/s3local"
	"firn/shared/sign"
	"firn/shared/sign/sigv4"
	"firn/shared/storagepolicy"
	"firn/shared/storagepolicy/storagepolicytest"
	"firn/shared/vend"
	vendaws "firn/shared/vend/aws"
	vendlocal "firn/shared/vend/local"
	"firn/shared/vend/vendtest/s3try"
)

// bed is an object store that enforces keys, the drivers that reach it, and its owner's hands.
type bed struct {
	scheme      string         // of locations
	other       string         // another scheme for the same store
	unscoped    bool           // firn may sign with rights of its own, for catalogs without STS
	folders     bool           // the store has folders: the bare name of one is the folder
	lake, vault string         // buckets, with the account's host in ADLS
	config      map[string]any // of a catalog's storage
	vendor      vend.Vendor
	signer      sign.Signer
	files       blob.Opener
	policy      *storagepolicy.Policy
	revoked     func(ids ...lake.ID)
	endKey      func(realm lake.Realm, id string) error // nil: one key cannot be ended
	ends        bool                                    // a revoked key is dead at once
	pick        func(t *testing.T, k key) burglar
	signs       func() string // endpoint of a store for which requests are signed; nil: there is none
	machine     *machine      // what surrounds the server; nil: nothing of interest

	put  func(bucket, key, text string)
	has  func(o object) bool
	list func(bucket string) map[string]string // contents, or what changes with them, by key
}

// beds are the stores to attack, by name.
var beds = []struct {
	name string
	open func(t *testing.T, log *slog.Logger) *bed
}{
	{"embedded", embedded},
	{"minio", minio},
	{"gcs", google},
	{"adls", adls},
}

// embedded is the store that `firn serve` carries in itself, joined as it is there.
func embedded(t *testing.T, log *slog.Logger) *bed {
	dir := t.TempDir()
	store, err := s3local.Open(s3local.Config{Dir: dir, Now: time.Now})
	must(t, err)
	t.Cleanup(func() { store.Close() })
	issuer, err := s3local.NewIssuer([]byte(strings.Repeat("k", 32)), time.Now)
	must(t, err)
	gate, err := s3local.NewGate(issuer, store, time.Now, log)
	must(t, err)
	server := httptest.NewServer(gate)
	t.Cleanup(server.Close)
	vendor, err := vendlocal.New(vendlocal.Config{Issuer: issuer, Endpoint: func() string { return server.URL }, Region: "us-east-1"})
	must(t, err)
	files, err := bloblocal.New(bloblocal.Config{Store: store, Issuer: issuer})
	must(t, err)
	b := &bed{scheme: "s3", other: "s3a", lake: "lake", vault: "vault", config: map[string]any{"storageType": "S3"}, ends: true,
		pick:   func(t *testing.T, k key) burglar { return s3Client(t, k, server.URL) },
		signs:  func() string { return server.URL },
		signer: sigv4.New(sigv4.Config{Embedded: func() string { return server.URL }, Now: time.Now}),
		vendor: vend.ByStorage{Embedded: vendor}, files: blob.ByStorage{Embedded: files},
		endKey: func(realm lake.Realm, id string) error { return issuer.Revoke("id:" + string(realm) + "/" + id) },
		revoked: func(ids ...lake.ID) {
			for _, id := range ids {
				must(t, issuer.Revoke("principal:"+string(id)))
				must(t, issuer.Revoke("table:"+string(id)))
			}
		},
		put: func(bucket, key, text string) {
			file := filepath.Join(dir, "realm=POLARIS", bucket, filepath.FromSlash(key))
			must(t, os.MkdirAll(filepath.Dir(file), 0o700))
			must(t, os.WriteFile(file, []byte(text), 0o600))
		},
		list: func(bucket string) map[string]string {
			all := map[string]string{}
			root := filepath.Join(dir, "realm=POLARIS", bucket)
			must(t, filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				text, err := os.ReadFile(file)
				all[filepath.ToSlash(strings.TrimPrefix(file, root+string(filepath.Separator)))] = string(text)
				return err
			}))
			return all
		},
	}
	b.has = b.there
	return b
}

// minio is a MinIO, whose session policies are enforced: FIRN_TEST_MINIO names it. A cache stands before STS, as where
// firn is deployed. Keys that are out cannot be ended there.
func minio(t *testing.T, _ *slog.Logger) *bed {
	endpoint := os.Getenv("FIRN_TEST_MINIO")
	if endpoint == "" {
		t.Skip("FIRN_TEST_MINIO is not set")
	}
	owner := s3try.Client(endpoint, "firnroot", "firnroot-secret", "")
	b := &bed{scheme: "s3", other: "s3a", pick: func(t *testing.T, k key) burglar { return s3Client(t, k, endpoint) },
		signs: func() string { return endpoint }, config: map[string]any{"storageType": "S3", "endpoint": endpoint, "region": "us-east-1", "pathStyleAccess": true}}
	b.lake, b.vault = bucket(t, owner, "lake"), bucket(t, owner, "vault")
	base := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("vendor", "vendor-secret", "")}
	sts, err := vendaws.New(vendaws.Config{Base: base})
	must(t, err)
	cache := vend.NewCache(vend.CacheConfig{Vendor: sts, Now: time.Now})
	files, err := blobs3.New(blobs3.Config{Base: base, Unscoped: base.Credentials})
	must(t, err)
	b.policy = storagepolicytest.Lenient([]string{endpoint})
	b.unscoped, b.signer = true, sigv4.New(sigv4.Config{Now: time.Now, Unscoped: base.Credentials, Policy: b.policy})
	b.vendor, b.files, b.revoked = vend.ByStorage{Policy: b.policy, S3: cache}, blob.ByStorage{Policy: b.policy, S3: files}, cache.Forget
	b.put = func(bucket, key, text string) {
		_, err := owner.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader([]byte(text))})
		must(t, err)
	}
	b.list = func(bucket string) map[string]string {
		all := map[string]string{}
		pages := s3.NewListObjectsV2Paginator(owner, &s3.ListObjectsV2Input{Bucket: &bucket})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			must(t, err)
			for _, o := range page.Contents {
				all[aws.ToString(o.Key)] = fmt.Sprint(aws.ToString(o.ETag), o.LastModified)
			}
		}
		return all
	}
	b.has = b.there
	return b
}

// there is has for a bed that can list all there is.
func (b *bed) there(o object) bool {
	_, there := b.list(o.bucket)[o.key]
	return there
}

// uri spells a location of a bucket and what follows.
func (b *bed) uri(rest string) string { return b.scheme + "://" + rest }

// alias spells a location with another scheme.
func (b *bed) alias(location string) string { return b.other + strings.TrimPrefix(location, b.scheme) }

// bucket makes a fresh one.
func bucket(t *testing.T, owner *s3.Client, name string) string {
	t.Helper()
	name += "-" + strings.ToLower(string(lake.NewID()))
	_, err := owner.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name})
	must(t, err)
	return name
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
