package aws

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
	"firn/shared/vend/vendtest/iamtest"
)

// stores are whose reading of a policy counts, with the storage that such a policy is written for.
var stores = []struct {
	name    string
	dialect iamtest.Dialect
	storage lake.Storage
}{
	{"AWS", iamtest.AWS, lake.Storage{Type: lake.S3, RoleARN: "arn:aws:iam::111122223333:role/lake"}},
	{"MinIO", iamtest.MinIO, lake.Storage{Type: lake.S3, Endpoint: "http://192.0.2.1", Profile: lake.ProfileMinIO}},
}

func read(t *testing.T, d iamtest.Dialect, storage *lake.Storage, g vend.Grant) *iamtest.Policy {
	t.Helper()
	text, err := policyFor(t, storage, g)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := iamtest.Parse(d, text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return policy
}

// The property that all of this is for: a key opens an object exactly if the object's name begins with a granted folder.
func TestPolicyAllowsExactlyItsPrefixes(t *testing.T) {
	for _, store := range stores {
		t.Run(store.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			inside := 0
			for tried := 0; tried < 400; {
				prefix, err := location.ParsePrefix("s3://lake/" + random(rng, 6))
				if err != nil {
					continue
				}
				tried++
				g := grant(t, vend.Actions(1+rng.IntN(int(readWrite))))
				g.Prefixes = []location.Prefix{prefix}
				inside += holdTo(t, read(t, store.dialect, &store.storage, g), g, keysAround(rng, prefix))
			}
			if inside < 300 {
				t.Errorf("got %d keys inside, want at least 300: the test shows too little", inside)
			}
		})
	}
}

// Two folders, also of two buckets, open what is in either and nothing of the one's name in the other's bucket.
func TestPolicyOfTwoPrefixesIsTheirUnion(t *testing.T) {
	for _, store := range stores {
		t.Run(store.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, 4))
			for tried := 0; tried < 200; {
				first, err := location.ParsePrefix("s3://lake/" + random(rng, 5))
				second, err2 := location.ParsePrefix([]string{"s3://lake/", "s3a://archive/"}[rng.IntN(2)] + random(rng, 5))
				if err != nil || err2 != nil {
					continue
				}
				tried++
				g := grant(t, vend.Actions(1+rng.IntN(int(readWrite))))
				g.Prefixes = []location.Prefix{first, second}
				holdTo(t, read(t, store.dialect, &store.storage, g), g, append(keysAround(rng, first), keysAround(rng, second)...))
			}
		})
	}
}

const letters = "ab/.-_%+=@&(),:;! [~]*?$"

func random(rng *rand.Rand, n int) string {
	b := make([]byte, 1+rng.IntN(n))
	for i := range b {
		b[i] = letters[rng.IntN(len(letters))]
	}
	return string(b)
}

// keysAround are names in a folder, beside it and like it: a key may hold what a folder's location may not.
func keysAround(rng *rand.Rand, p location.Prefix) []string {
	bare := strings.TrimSuffix(p.Key(), "/")
	return []string{random(rng, 8), p.Key() + random(rng, 4), bare, bare + random(rng, 3), p.Key(), random(rng, 2) + p.Key(), p.Key()[1:],
		bare + "2/a", bare + "*/a", "${*}/" + p.Key(), strings.ToUpper(p.Key()) + "a", ""}
}

// holdTo holds a policy to its grant on keys of several buckets, and counts how often one was inside.
func holdTo(t *testing.T, policy *iamtest.Policy, g vend.Grant, keys []string) (inside int) {
	t.Helper()
	objects := map[string]vend.Actions{"s3:GetObject": vend.Read, "s3:PutObject": vend.Write, "s3:DeleteObject": vend.Delete, "s3:AbortMultipartUpload": vend.Write}
	for _, bucket := range []string{"lake", "archive", "lake2"} {
		arn := "arn:aws:s3:::" + bucket
		for _, key := range keys {
			in := false
			for _, p := range g.Prefixes {
				in = in || p.Bucket() == bucket && strings.HasPrefix(key, p.Key())
			}
			if in {
				inside++
			}
			for action, need := range objects {
				if got, want := allows(policy, action, arn+"/"+key, nil), in && g.Actions.Has(need); got != want {
					t.Fatalf("%s on %s/%q with %s on %v: got %v, want %v", action, bucket, key, g.Actions, g.Prefixes, got, want)
				}
			}
			if got, want := allows(policy, "s3:ListBucket", arn, map[string][]string{"s3:prefix": {key}, "s3:delimiter": {"/"}}), in && g.Actions.Has(vend.List); got != want {
				t.Fatalf("list of %s/%q with %s on %v: got %v, want %v", bucket, key, g.Actions, g.Prefixes, got, want)
			}
		}
		for _, action := range []string{"s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions", "s3:PutBucketPolicy", "s3:PutObjectAcl", "s3:GetObjectVersion", "s3:*"} {
			if allows(policy, action, arn, nil) || allows(policy, action, arn+"/"+g.Prefixes[0].Key()+"x", nil) {
				t.Fatalf("%s is allowed without a prefix", action)
			}
		}
		for _, action := range []string{"s3:GetObject", "s3:PutObject"} {
			if allows(policy, action, arn, nil) {
				t.Fatalf("%s is allowed on a bucket", action)
			}
		}
	}
	return inside
}

// The KMS statement opens the catalog's keys to S3 in the keys' Region, and to nobody else.
func TestKMSKeysAreForS3Alone(t *testing.T) {
	storage := withRole("aws")
	storage.CurrentKMSKey = testKey
	policy := read(t, iamtest.AWS, storage, grant(t, vend.Read|vend.Write, "s3://lake/ns/t/"))
	other := strings.Replace(testKey, "1234abcd", "5678abcd", 1)
	rows := []struct {
		action, key, via string
		want             bool
	}{
		{"kms:Decrypt", testKey, "s3.eu-west-1.amazonaws.com", true},
		{"kms:GenerateDataKey", testKey, "s3.eu-west-1.amazonaws.com", true},
		{"kms:Decrypt", testKey, "s3.eu-west-1.amazonaws.com.cn", true},
		{"kms:Decrypt", testKey, "s3.eu-west-2.amazonaws.com", false},
		{"kms:Decrypt", testKey, "s3.eu-west-11.amazonaws.com", false},
		{"kms:Decrypt", testKey, "ec2.eu-west-1.amazonaws.com", false},
		{"kms:Decrypt", testKey, "", false},
		{"kms:Decrypt", other, "s3.eu-west-1.amazonaws.com", false},
		{"kms:Encrypt", testKey, "s3.eu-west-1.amazonaws.com", false},
		{"kms:DisableKey", testKey, "s3.eu-west-1.amazonaws.com", false},
	}
	for _, row := range rows {
		t.Run(fmt.Sprintf("%s via %s", row.action, row.via), func(t *testing.T) {
			context := map[string][]string{}
			if row.via != "" {
				context["kms:ViaService"] = []string{row.via}
			}
			if got := allows(policy, row.action, row.key, context); got != row.want {
				t.Errorf("%s on %s: got %v, want %v", row.action, row.key, got, row.want)
			}
		})
	}
}
