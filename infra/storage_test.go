//go:build cdk

package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/rest"
)

const firnsAccount = "arn:<AWS::Partition>:iam::<FirnAccount>:"

func TestTheVendingRoleTrustsFirnAlone(t *testing.T) {
	role := roleIn(t, storageStack(t), vendingPath)
	trust := statements(role["AssumeRolePolicyDocument"])
	if len(trust) != 2 {
		t.Fatalf("got %d statements of trust, want two", len(trust))
	}
	roles := func(names ...rest.Function) []string {
		var out []string
		for _, n := range names {
			out = append(out, firnsAccount+"role/firn/firn-<FirnEnvironment>-"+string(n))
		}
		slices.Sort(out)
		return out
	}
	rows := []struct {
		sid, externalID, tag string
		actions, from        []string
	}{
		{"Vend", "<ExternalId>", "<nil>", []string{"sts:AssumeRole"}, roles(vends...)},
		{"Probe", "<ExternalId>/probe", "probe", []string{"sts:AssumeRole", "sts:TagSession"}, roles(rest.Management)},
	}
	for i, r := range rows {
		s := trust[i]
		if text(at(s, "Sid")) != r.sid || text(at(s, "Principal", "AWS")) != firnsAccount+"root" {
			t.Errorf("got %v, want %s of firn's account", s, r.sid)
		}
		if got := text(at(s, "Condition", "StringEquals", "sts:ExternalId")); got != r.externalID {
			t.Errorf("%s: got external id %s, want %s", r.sid, got, r.externalID)
		}
		if got := text(at(s, "Condition", "StringEquals", "aws:RequestTag/firn-purpose")); got != r.tag {
			t.Errorf("%s: got tag %s, want %s", r.sid, got, r.tag)
		}
		if diff := cmp.Diff(texts(at(s, "Action")), r.actions); diff != "" {
			t.Errorf("%s (-got +want):\n%s", r.sid, diff)
		}
		if diff := cmp.Diff(texts(at(s, "Condition", "ArnEquals", "aws:PrincipalArn")), r.from); diff != "" {
			t.Errorf("%s (-got +want):\n%s", r.sid, diff)
		}
	}
	if role["Path"] != "/firn-vending/" || role["MaxSessionDuration"] != float64(3600) {
		t.Errorf("got path %v and %v s, want what firn may assume, for an hour", role["Path"], role["MaxSessionDuration"])
	}
}

func TestTheVendingRoleOpensTablesAlone(t *testing.T) {
	stack := storageStack(t)
	role := roleIn(t, stack, vendingPath)
	tell := func(list []any) (allow, deny []string) {
		for _, s := range list {
			line := text(at(s, "Sid")) + ": " + strings.Join(texts(at(s, "Action")), " ") + " on " + strings.Join(texts(at(s, "Resource")), " ") +
				"not " + strings.Join(texts(at(s, "NotResource")), " ")
			if at(s, "Effect") == "Allow" {
				allow = append(allow, line)
			} else {
				deny = append(deny, line)
			}
		}
		return allow, deny
	}
	const (
		objects = "s3:AbortMultipartUpload s3:DeleteObject s3:GetObject s3:ListMultipartUploadParts s3:PutObject on "
		bucket  = "arn:<AWS::Partition>:s3:::<Bucket>"
	)
	allowed, denied := tell(statements(at(role, "Policies", 0, "PolicyDocument")))
	bound, none := tell(statements(stack.one(t, "AWS::IAM::ManagedPolicy").Properties["PolicyDocument"]))
	want := []string{"Objects: " + objects + bucket + "/<Prefix>*not ", "List: s3:ListBucket on " + bucket + "not ",
		"Region: s3:GetBucketLocation on " + bucket + "not ", "Key: kms:Decrypt kms:GenerateDataKey on <KeyArn>not "}
	if diff := cmp.Diff(allowed, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if diff := cmp.Diff(bound, want); diff != "" || none != nil {
		t.Errorf("boundary (-got +want):\n%s%v", diff, none)
	}
	if diff := cmp.Diff(denied, []string{"ProbesReachNoTable: " + objects + "not " + bucket + "/<Prefix>*/firn-probe/* " + bucket + "/<Prefix>firn-probe/*", "ProbesListNoTable: s3:ListBucket on " + bucket + "not "}); diff != "" {
		t.Errorf("probes (-got +want):\n%s", diff)
	}
	for _, s := range statements(at(role, "Policies", 0, "PolicyDocument")) {
		switch text(at(s, "Sid")) {
		case "List":
			if got := text(at(s, "Condition", "StringLike", "s3:prefix")); got != "<Prefix>*" {
				t.Errorf("lists %s", got)
			}
		case "ProbesReachNoTable", "ProbesListNoTable":
			if at(s, "Condition", "StringEquals", "aws:PrincipalTag/firn-purpose") != "probe" {
				t.Errorf("got %v, want a denial of probes alone", s)
			}
			if got := texts(at(s, "Condition", "StringNotLike", "s3:prefix")); text(at(s, "Sid")) == "ProbesListNoTable" && !slices.Equal(got, []string{"<Prefix>*/firn-probe/*", "<Prefix>firn-probe/*"}) {
				t.Errorf("lists %v", got)
			}
		}
	}
	if text(role["PermissionsBoundary"]) != "<Boundary>" {
		t.Errorf("got boundary %v", role["PermissionsBoundary"])
	}
}

func TestWhatTheStorageStackAsksFor(t *testing.T) {
	asked := storageStack(t).Parameters
	for _, r := range []struct {
		name, value string
		ok          bool
	}{
		{"FirnAccount", "111122223333", true}, {"FirnAccount", "*", false}, {"FirnAccount", "", false},
		{"FirnEnvironment", "prod", true}, {"FirnEnvironment", "*", false}, {"FirnEnvironment", "prod-token", false},
		{"ExternalId", "0123456789abcdef", true}, {"ExternalId", "short", false}, {"ExternalId", "0123456789abcdef/probe", false}, {"ExternalId", "0123456789abcde*", false},
		{"Bucket", "lake-1.example", true}, {"Bucket", "lake/*", false}, {"Bucket", "*", false},
		{"Prefix", "", true}, {"Prefix", "a/b/", true}, {"Prefix", "a", false}, {"Prefix", "a*/", false}, {"Prefix", "${aws:username}/", false},
		{"KeyArn", "", true}, {"KeyArn", "arn:aws:kms:eu-west-1:111122223333:key/1", true}, {"KeyArn", "*", false},
		{"KeyArn", "arn:aws:kms:eu-west-1:111122223333:key/*", false},
	} {
		pattern, err := regexp.Compile(text(at(asked[r.name], "AllowedPattern")))
		if err != nil {
			t.Fatal(err)
		}
		if pattern.MatchString(r.value) != r.ok {
			t.Errorf("%s: %q: got %v, want %v", r.name, r.value, !r.ok, r.ok)
		}
	}
	for _, name := range []string{"BootstrapVersion"} {
		if asked[name] != nil {
			t.Errorf("asks for %s: the account need not know the CDK", name)
		}
	}
}
