package storagepolicy_test

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/storagepolicy"
)

var yes = true

// storages are what a catalog may ask for, one of each authority.
var storages = map[string]lake.Storage{
	"embedded":                     {Type: lake.S3},
	"embedded without STS":         {Type: lake.S3, STSUnavailable: &yes},
	"role":                         {Type: lake.S3, RoleARN: "arn:aws:iam::111122223333:role/lake"},
	"another account's role":       {Type: lake.S3, RoleARN: "arn:aws:iam::444455556666:role/lake"},
	"role by a name":               {Type: lake.S3, RoleARN: "arn:aws:iam::111122223333:role/lake", Name: "partner"},
	"role without STS":             {Type: lake.S3, RoleARN: "arn:aws:iam::111122223333:role/lake", STSUnavailable: &yes},
	"role at an AWS endpoint":      {Type: lake.S3, RoleARN: "arn:aws:iam::111122223333:role/lake", STSEndpoint: "https://STS.eu-west-1.amazonaws.com:443/"},
	"role at a customer's AWS API": {Type: lake.S3, RoleARN: "arn:aws:iam::111122223333:role/lake", STSEndpoint: "https://x.execute-api.eu-west-1.amazonaws.com"},
	"role at AWS by plain http":    {Type: lake.S3, RoleARN: "arn:aws:iam::111122223333:role/lake", STSEndpoint: "http://sts.amazonaws.com"},
	"store":                        {Type: lake.S3, Endpoint: "http://minio:9000"},
	"store spelt otherwise":        {Type: lake.S3, Endpoint: "HTTP://MinIO:9000/"},
	"store without STS":            {Type: lake.S3, Endpoint: "http://minio:9000", STSUnavailable: &yes},
	"store by a name":              {Type: lake.S3, Endpoint: "http://minio:9000", Name: "partner"},
	"store with a foreign STS":     {Type: lake.S3, Endpoint: "http://minio:9000", STSEndpoint: "http://evil"},
	"store with a foreign inside":  {Type: lake.S3, Endpoint: "http://minio:9000", EndpointInternal: "http://evil"},
	"store by a foreign front":     {Type: lake.S3, Endpoint: "http://evil", EndpointInternal: "http://minio:9000"},
	"direct by a foreign front":    {Type: lake.S3, Endpoint: "http://evil", EndpointInternal: "http://minio:9000", STSUnavailable: &yes},
	"metadata service":             {Type: lake.S3, Endpoint: "http://169.254.169.254"},
	"R2":                           {Type: lake.S3, Endpoint: "https://r2", Profile: lake.ProfileR2, Name: "partner"},
	"GCS":                          {Type: lake.GCS},
	"GCS by an account":            {Type: lake.GCS, GCSServiceAccount: "lake@p.iam.gserviceaccount.com"},
	"Azure":                        {Type: lake.Azure, TenantID: "t"},
	"FILE":                         {Type: lake.File},
	"unknown":                      {Type: "TAPE"},
}

// at returns the folder in which each storage is asked for.
func at(t *testing.T, kind lake.StorageType, bucket, folder string) location.Prefix {
	t.Helper()
	text := map[lake.StorageType]string{lake.S3: "s3://" + bucket + "/" + folder, lake.GCS: "gs://" + bucket + "/" + folder,
		lake.Azure: "abfss://" + bucket + "@acc.dfs.core.windows.net/" + folder, lake.File: "file:///" + bucket + "/" + folder, "TAPE": "s3://" + bucket + "/x"}[kind]
	p, err := location.ParsePrefix(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAllows_OnlyWhatALineAllows(t *testing.T) {
	rows := []struct {
		name, policy string
		allowed      string // names of storages, with commas between; everything else is refused
	}{
		{"nothing written", ``, "embedded, role, another account's role, role at an AWS endpoint"},
		{"roles narrowed", `{assumeRoles: ["arn:aws:iam::111122223333:role/*"]}`, "embedded, role, role at an AWS endpoint"},
		{"no roles", `{assumeRoles: []}`, "embedded"},
		{"an endpoint without an identity", `{assumeRoles: [], endpoints: ["http://minio:9000"]}`, "embedded"},
		{"to assume at a store", `{assumeRoles: [], ownIdentity: [{endpoint: "http://minio:9000", bucket: lake}]}`, "embedded, store, store spelt otherwise"},
		{"to sign at a store", `{assumeRoles: [], ownIdentity: [{endpoint: "http://minio:9000", bucket: lake, use: [sign]}]}`, "embedded, store without STS"},
		{"in a folder", `{assumeRoles: [], ownIdentity: [{endpoint: "http://minio:9000", bucket: "l?ke", prefix: wh/, use: [assume, sign]}]}`, "embedded, store, store spelt otherwise, store without STS"},
		{"in another folder", `{assumeRoles: [], ownIdentity: [{endpoint: "http://minio:9000", bucket: lake, prefix: w/}]}`, "embedded"},
		{"in another bucket", `{assumeRoles: [], ownIdentity: [{endpoint: "http://minio:9000", bucket: lak}]}`, "embedded"},
		{"at AWS directly", `{assumeRoles: [], ownIdentity: [{bucket: lake, use: [sign]}]}`, "embedded, role without STS"},
		{"by a name at a store", `{assumeRoles: [], storageNames: {partner: [{endpoint: "http://minio:9000", bucket: lake}]}}`, "embedded, store by a name"},
		{"by a name at AWS", `{storageNames: {partner: [{endpoint: aws, bucket: lake}]}}`, "embedded, role, another account's role, role at an AWS endpoint, role by a name"},
		{"by a name at R2", `{assumeRoles: [], storageNames: {partner: [{endpoint: "https://r2", bucket: lake}]}}`, "embedded, R2"},
		{"by another name", `{assumeRoles: [], storageNames: {other: [{endpoint: "https://r2", bucket: lake}]}}`, "embedded"},
		{"a front beside the store", `{assumeRoles: [], endpoints: ["http://evil"], ownIdentity: [{endpoint: "http://minio:9000", bucket: lake, use: [assume, sign]}]}`,
			"embedded, store, store spelt otherwise, store without STS, store by a foreign front"},
		{"a bucket of GCS", `{assumeRoles: [], gcs: {buckets: [lake/wh/]}}`, "embedded, GCS"},
		{"a service account", `{assumeRoles: [], gcs: {serviceAccounts: ["lake@*"]}}`, "embedded, GCS by an account"},
		{"an account of Azure", `{assumeRoles: [], azure: {accounts: [acc]}}`, "embedded, Azure"},
		{"a container of Azure", `{assumeRoles: [], azure: {accounts: [acc/lake/wh/]}}`, "embedded, Azure"},
		{"another container", `{assumeRoles: [], azure: {accounts: [acc/other]}}`, "embedded"},
		{"a folder", `{assumeRoles: [], file: [/lake]}`, "embedded, FILE"},
		{"a folder beside", `{assumeRoles: [], file: [/lak]}`, "embedded"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			for _, realms := range []string{"POLARIS", "'*'"} { // its own line, or one of all realms
				text := ""
				if row.policy != "" {
					text = "realms: {" + realms + ": " + row.policy + "}"
				}
				p, err := storagepolicy.Parse([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				want := map[string]bool{}
				for name := range strings.SplitSeq(row.allowed, ", ") {
					want[name] = true
				}
				for name, s := range storages {
					folder := at(t, s.Type, "lake", "wh/t")
					err := p.Allows("POLARIS", &s, folder)
					if (err == nil) != want[name] || err != nil && !fault.Is(err, fault.Forbidden) {
						t.Errorf("%s: got %v, want allowed %v", name, err, want[name])
					}
					if err := p.Allows("POLARIS", &s, folder, at(t, s.Type, "vault", "wh")); err == nil && strings.Contains(row.policy, "lake") && s.Type != lake.S3 && s.GCSServiceAccount == "" {
						t.Errorf("%s: a second folder outside is allowed", name)
					}
					// What one realm may, no other may by that.
					if err := p.Allows("OTHER", &s, folder); realms == "POLARIS" && err == nil && !defaults[name] {
						t.Errorf("%s: allowed to another realm", name)
					}
				}
			}
		})
	}
}

// defaults are the storages that need no line.
var defaults = map[string]bool{"embedded": true, "role": true, "another account's role": true, "role at an AWS endpoint": true}

func TestAllows_TheNilPolicyIsTheDefault(t *testing.T) {
	for name, s := range storages {
		if err := (*storagepolicy.Policy)(nil).Allows("POLARIS", &s, at(t, s.Type, "lake", "wh")); (err == nil) != defaults[name] {
			t.Errorf("%s: got %v, want allowed %v", name, err, defaults[name])
		}
	}
}

// The lines that refusals name, one after the other, allow what was refused.
func TestAllows_TheRefusalNamesTheLineThatAllows(t *testing.T) {
	// What no line allows: roles are assumed at AWS over https, and the embedded store has STS.
	nothing := map[string]bool{"unknown": true, "embedded without STS": true}
	for name, s := range storages {
		folder, lines := at(t, s.Type, "lake", "wh/t"), []string{"assumeRoles: []"}
		var refusal error
		for range 5 { // endpoints are asked for before an identity
			if refusal = policyOf(t, lines).Allows("POLARIS", &s, folder); refusal == nil {
				break
			}
			if parts := strings.Split(refusal.Error(), "`"); len(parts) == 3 {
				lines = append(lines, parts[1])
			}
		}
		if (refusal != nil) != nothing[name] {
			t.Errorf("%s: got %v after the lines %q", name, refusal, lines)
		}
	}
}

// policyOf returns the policy of a realm by lines, of which several may be for one list.
func policyOf(t *testing.T, lines []string) *storagepolicy.Policy {
	t.Helper()
	rules := map[string]any{}
	for _, line := range lines {
		var one map[string]any
		if err := yaml.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("the line %s: %v", line, err)
		}
		for key, value := range one {
			if list, ok := value.([]any); ok {
				was, _ := rules[key].([]any)
				value = append(was, list...)
			}
			rules[key] = value
		}
	}
	text, err := yaml.Marshal(map[string]any{"realms": map[string]any{"POLARIS": rules}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := storagepolicy.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

// Nobody reads, writes or purges what the server itself keeps, whatever folders are allowed.
func TestAllows_TheServersOwnFilesAreNobodys(t *testing.T) {
	p, err := (*storagepolicy.Policy)(nil).With(storagepolicy.Flags{Folders: []string{"/srv", "/home"}, Private: []string{"/srv/data/firn.db", "/srv/data/objects", "/home/josé/objects"}})
	if err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]bool{
		"file:///srv/lake": true, "file:///srv/data/files/lake": true, "file:///srv/data/objects2": true, "file:///home/jo": true,
		"file:///srv/data": false, "file:///srv": false, "file:///srv/data/firn.db": false, "file:///srv/data/objects": false,
		"file:///srv/data/objects/lake/t": false, "file:///home": false,
	} {
		prefix, err := location.ParsePrefix(folder)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Allows("POLARIS", &lake.Storage{Type: lake.File}, prefix); (err == nil) != want {
			t.Errorf("%s: got %v, want allowed %v", folder, err, want)
		}
	}
}

// The flags of one machine widen what a policy allows, for every realm, and no further.
func TestWith_FlagsWidenThePolicy(t *testing.T) {
	written, err := storagepolicy.Parse([]byte(`realms: {'*': {endpoints: ["http://front"]}, POLARIS: {file: [/srv/lake]}}`))
	if err != nil {
		t.Fatal(err)
	}
	store := lake.Storage{Type: lake.S3, Endpoint: "http://127.0.0.1:9000"}
	front := lake.Storage{Type: lake.S3, Endpoint: "http://front", EndpointInternal: "http://127.0.0.1:9000"}
	apart := lake.Storage{Type: lake.S3, Endpoint: "http://localhost:8333", STSEndpoint: "http://sts"}
	other := lake.Storage{Type: lake.S3, Endpoint: "http://10.0.0.1:8333", STSEndpoint: "http://sts"}
	file := lake.Storage{Type: lake.File}
	for _, row := range []struct {
		name    string
		flags   storagepolicy.Flags
		realm   lake.Realm
		storage *lake.Storage
		want    bool
	}{
		{"an endpoint", storagepolicy.Flags{Endpoints: []string{"http://127.0.0.1:9000"}}, "OTHER", &store, true},
		{"beside what is written", storagepolicy.Flags{Endpoints: []string{"http://127.0.0.1:9000"}}, "POLARIS", &front, true},
		{"another endpoint", storagepolicy.Flags{Endpoints: []string{"http://127.0.0.1:9001"}}, "POLARIS", &store, false},
		{"loopback lends no identity", storagepolicy.Flags{Loopback: true}, "POLARIS", &store, false},
		{"loopback counts as listed", storagepolicy.Flags{Loopback: true, Endpoints: []string{"http://sts"}}, "POLARIS", &apart, true},
		{"it does not without", storagepolicy.Flags{Endpoints: []string{"http://sts"}}, "POLARIS", &apart, false},
		{"a private address is no loopback", storagepolicy.Flags{Loopback: true, Endpoints: []string{"http://sts"}}, "POLARIS", &other, false},
		{"a folder", storagepolicy.Flags{Folders: []string{"/lake"}}, "OTHER", &file, true},
		{"what is written stays its realm's", storagepolicy.Flags{}, "OTHER", &file, false},
	} {
		p, err := written.With(row.flags)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Allows(row.realm, row.storage, at(t, row.storage.Type, "lake", "wh")); (err == nil) != row.want {
			t.Errorf("%s: got %v, want allowed %v", row.name, err, row.want)
		}
		if p.Lists("http://127.0.0.1:1") {
			t.Errorf("%s: an endpoint on loopback is listed that nobody named", row.name)
		}
	}
}
