package aws

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/vend"
	"firn/shared/vend/vendtest/iamtest"
)

var update = flag.Bool("update", false, "rewrite golden files")

const testKey = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

func policyFor(t *testing.T, storage *lake.Storage, g vend.Grant) (string, error) {
	t.Helper()
	p, err := profileOf(storage)
	if err != nil {
		t.Fatal(err)
	}
	_, resource, err := p.names(storage)
	if err != nil {
		t.Fatal(err)
	}
	return sessionPolicy(resource, p.kms, storage, g)
}

func withRole(partition string) *lake.Storage {
	return &lake.Storage{Type: lake.S3, RoleARN: "arn:" + partition + ":iam::111122223333:role/lake"}
}

func TestPolicyTexts(t *testing.T) {
	keys := withRole("aws")
	keys.CurrentKMSKey, keys.AllowedKMSKeys = testKey, []string{testKey, strings.Replace(testKey, "1234abcd", "5678abcd", 1)}
	noKMS := withRole("aws")
	noKMS.CurrentKMSKey, noKMS.KMSUnavailable = testKey, yes()
	regions := withRole("aws")
	regions.CurrentKMSKey, regions.AllowedKMSKeys = testKey, []string{strings.Replace(testKey, "eu-west-1", "eu-west-2", 1)}
	compatible := &lake.Storage{Type: lake.S3, Endpoint: "http://192.0.2.1"}
	compatibleKeys := &lake.Storage{Type: lake.S3, Endpoint: "http://192.0.2.1", CurrentKMSKey: testKey}
	minio := &lake.Storage{Type: lake.S3, Endpoint: "http://192.0.2.1", CurrentKMSKey: testKey, Profile: lake.ProfileMinIO, RoleARN: "arn:aws-cn:iam::111122223333:role/lake"}
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
		{"kms-in-two-regions", regions, grant(t, vend.Read, one)},
		{"kms-at-a-compatible-store", compatibleKeys, grant(t, vend.Read, one)},
		{"minio", minio, grant(t, vend.Read|vend.List, one)},
		{"folder-within-another", withRole("aws"), grant(t, vend.Read|vend.List, one+"data/", one, "s3a://lake/ns/t-4f2a/")},
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
			if _, err := iamtest.Parse(iamtest.AWS, got); err != nil {
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
		{"an alias", long(1), []string{"arn:aws:kms:eu-west-1:111122223333:alias/mine"}, "A KMS key of this catalog's storage"},
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
