package aws

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
)

var update = flag.Bool("update", false, "rewrite golden files")

const testKey = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

func policyFor(t *testing.T, storage *lake.Storage, g vend.Grant) (string, error) {
	t.Helper()
	_, partition, err := role(storage)
	if err != nil {
		t.Fatal(err)
	}
	return sessionPolicy(partition, storage, g)
}

func withRole(partition string) *lake.Storage {
	return &lake.Storage{Type: lake.S3, RoleARN: "arn:" + partition + ":iam::111122223333:role/lake"}
}

func TestPolicyTexts(t *testing.T) {
	keys := withRole("aws")
	keys.CurrentKMSKey, keys.AllowedKMSKeys = testKey, []string{testKey, strings.Replace(testKey, "1234abcd", "5678abcd", 1)}
	noKMS := withRole("aws")
	noKMS.CurrentKMSKey, noKMS.KMSUnavailable = testKey, yes()
	compatible := &lake.Storage{Type: lake.S3, Endpoint: "http://192.0.2.1"}
	one, two := "s3://lake/ns/t-4f2a/", "s3://archive/old & new/t/"
	rows := []struct {
		name    string
		storage *lake.Storage
		grant   vend.Grant
	}{
		{"read", withRole("aws"), grant(t, vend.Read|vend.List, one)},
		{"read-write-delete", withRole("aws"), grant(t, readWrite, one)},
		{"write-only", withRole("aws"), grant(t, vend.Write, one)},
		{"list-only", withRole("aws"), grant(t, vend.List, one)},
		{"two-buckets", withRole("aws"), grant(t, readWrite, one, two)},
		{"two-folders-of-a-bucket", withRole("aws"), grant(t, vend.Read|vend.List, one, "s3a://lake/data/")},
		{"kms-read", keys, grant(t, vend.Read, one)},
		{"kms-write", keys, grant(t, vend.Write, one)},
		{"kms-list", keys, grant(t, vend.List, one)},
		{"kms-unavailable", noKMS, grant(t, vend.Read, one)},
		{"china", withRole("aws-cn"), grant(t, vend.Read|vend.List, one)},
		{"government", withRole("aws-us-gov"), grant(t, vend.Read, one)},
		{"compatible-store", compatible, grant(t, vend.Read, one)},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got, err := policyFor(t, row.storage, row.grant)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := readPolicy(got); err != nil {
				t.Errorf("IAM would not read it: %v", err)
			}
			var text bytes.Buffer
			if err := json.Indent(&text, []byte(got), "", "  "); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", row.name+".json")
			if *update {
				if err := os.WriteFile(file, append(text.Bytes(), '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if text.String()+"\n" != string(want) {
				t.Errorf("got\n%s\nwant\n%s", text.String(), want)
			}
			if strings.ContainsAny(got, "\n\t") || strings.Contains(got, `\u00`) {
				t.Errorf("got %q, want compact JSON without escapes", got)
			}
		})
	}
}

// The property that all of this is for: a key opens an object exactly if the object's name begins with a granted folder.
func TestPolicyAllowsExactlyItsPrefixes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const letters = "ab/.-_%+=@&(),:;! [~]"
	random := func(n int) string {
		b := make([]byte, 1+rng.IntN(n))
		for i := range b {
			b[i] = letters[rng.IntN(len(letters))]
		}
		return string(b)
	}
	allowed := 0
	for tried := 0; tried < 3000; {
		prefix, err := location.ParsePrefix("s3://lake/" + random(6))
		if err != nil {
			continue
		}
		tried++
		g := grant(t, vend.Actions(1+rng.IntN(int(readWrite))))
		g.Prefixes = []location.Prefix{prefix}
		text, err := policyFor(t, withRole("aws"), g)
		if err != nil {
			t.Fatal(err)
		}
		policy, err := readPolicy(text)
		if err != nil {
			t.Fatal(err)
		}
		bare := strings.TrimSuffix(prefix.Key(), "/")
		for _, key := range []string{random(8), prefix.Key() + random(4), bare, bare + random(3), prefix.Key(), random(2) + prefix.Key(), prefix.Key()[1:]} {
			inside := strings.HasPrefix(key, prefix.Key())
			for action, need := range map[string]vend.Actions{"s3:GetObject": vend.Read, "s3:PutObject": vend.Write, "s3:DeleteObject": vend.Delete, "s3:AbortMultipartUpload": vend.Write} {
				want := inside && g.Actions.Has(need)
				if got := policy.allows(action, "arn:aws:s3:::lake/"+key, nil); got != want {
					t.Fatalf("%s on %q with %s on %s: got %v, want %v", action, key, g.Actions, prefix, got, want)
				}
				if policy.allows(action, "arn:aws:s3:::lake2/"+key, nil) || policy.allows(action, "arn:aws:s3:::lake", nil) {
					t.Fatalf("%s is allowed outside the bucket", action)
				}
			}
			want := inside && g.Actions.Has(vend.List)
			if got := policy.allows("s3:ListBucket", "arn:aws:s3:::lake", map[string]string{"s3:prefix": key}); got != want {
				t.Fatalf("list of %q with %s on %s: got %v, want %v", key, g.Actions, prefix, got, want)
			}
			if want {
				allowed++
			}
		}
		for _, action := range []string{"s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions", "s3:PutBucketPolicy", "s3:PutObjectAcl"} {
			if policy.allows(action, "arn:aws:s3:::lake", nil) || policy.allows(action, "arn:aws:s3:::lake/"+prefix.Key()+"x", nil) {
				t.Fatalf("%s is allowed without a prefix", action)
			}
		}
	}
	if allowed == 0 {
		t.Error("no random key was ever inside: the test shows nothing")
	}
}

// What names and locations have been abused with elsewhere: no location of them is ever vended for (vending.md 4).
func TestAttacksMakeNoPolicy(t *testing.T) {
	for _, text := range []string{
		"s3://lake/ns/*", "s3://lake/n?/t", "s3://lake/${aws:username}/t", "s3://lake/a$b", `s3://lake/ns/t","Resource":"*`, `s3://lake/a\b`,
		"s3://lake/ns/../other/", "s3://lake/ns/%2e%2e/other", "s3://lake/ns/a%2fb", "s3://lake/ns//t", "s3://lake/ns/t ", "s3://lake/ns/\x00",
		"s3://lake/ns/\u202et", "s3://lake/ns/\u00e9", "s3://lake", "s3://lake/", "s3:///ns/t", "s3://*/ns/t", "s3://la*ke/ns/t", "s3://user@lake/ns/t",
		"s3://lake/" + strings.Repeat("x", 1100), "s3://lake/ns/{a}", "s3://lake/a'b",
	} {
		p, err := location.ParsePrefix(text)
		if err == nil {
			t.Errorf("%q: got the prefix %s, want none", text, p)
		}
	}
}

func TestPoliciesThatSTSWouldRefuse(t *testing.T) {
	long := func(n int) []string {
		var out []string
		for i := range n {
			out = append(out, "s3://lake/"+strings.Repeat(string(rune('a'+i)), 200)+"/")
		}
		return out
	}
	rows := []struct {
		name     string
		prefixes []string
		keys     []string
		want     string
	}{
		{"too long", long(4), nil, "The session policy for 4 locations has "},
		{"a key with a wildcard", long(1), []string{"arn:aws:kms:eu-west-1:111122223333:key/*"}, "A KMS key of this catalog's storage"},
		{"a key that is no ARN", long(1), []string{"alias/mine"}, "A KMS key of this catalog's storage"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f := newFakeSTS(t)
			storage := f.storage()
			storage.AllowedKMSKeys = row.keys
			_, err := f.vendor(t).Vend(t.Context(), storage, grant(t, readWrite, row.prefixes...))
			if !fault.Is(err, fault.Invalid) || !strings.HasPrefix(fault.From(err).Message, row.want) || len(f.asked()) > 0 {
				t.Errorf("got %v after %d requests, want %q before any", err, len(f.asked()), row.want)
			}
		})
	}
}

// The length is checked to the character. Without listing, each character of a prefix is one of the policy.
func TestPolicyLengthLimit(t *testing.T) {
	fixed := []string{"s3://lake/" + strings.Repeat("x", 600), "s3://lake/" + strings.Repeat("y", 600)}
	longest := 0
	for n := range 600 {
		text, err := policyFor(t, withRole("aws"), grant(t, vend.Read, append(fixed, "s3://lake/"+strings.Repeat("z", 1+n))...))
		if err != nil {
			break
		}
		longest = len(text)
	}
	if longest != MaxPolicy {
		t.Errorf("longest policy that is sent has %d characters, want %d", longest, MaxPolicy)
	}
}
