//go:build cdk

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/rest"
)

// roleIn finds the one role of a path.
func roleIn(t *testing.T, stack template, path string) map[string]any {
	t.Helper()
	var found []*declared
	for _, r := range stack.of("AWS::IAM::Role") {
		if r.Properties["Path"] == path {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		t.Fatalf("got %d roles in %s, want one", len(found), path)
	}
	return found[0].Properties
}

func TestTheRevokerWritesTheBoundaryAlone(t *testing.T) {
	role := roleIn(t, storageStack(t), "/firn-revoking/")
	if got := text(role["RoleName"]); got != "<Role>-revoke" {
		t.Errorf("got the name %s, want that of the vending role and -revoke: firn looks there", got)
	}
	trust := statements(role["AssumeRolePolicyDocument"])
	if len(trust) != 1 || text(at(trust[0], "Principal", "AWS")) != firnsAccount+"root" || text(at(trust[0], "Action")) != "sts:AssumeRole" {
		t.Fatalf("got trust %v, want firn's account alone", trust)
	}
	if got := text(at(trust[0], "Condition", "StringEquals", "sts:ExternalId")); got != "<ExternalId>" {
		t.Errorf("got external id %s, want the catalog's", got)
	}
	from := []string{firnsAccount + "role/firn/firn-<FirnEnvironment>-" + string(rest.Management), firnsAccount + "role/firn/firn-<FirnEnvironment>-" + string(worker)}
	if diff := cmp.Diff(texts(at(trust[0], "Condition", "ArnEquals", "aws:PrincipalArn")), from); diff != "" {
		t.Errorf("trust (-got +want):\n%s", diff)
	}
	var got []string
	for _, s := range statements(at(role, "Policies", 0, "PolicyDocument")) {
		got = append(got, text(at(s, "Effect"))+" "+strings.Join(texts(at(s, "Action")), " ")+" on "+strings.Join(texts(at(s, "Resource")), " "))
	}
	want := []string{"Allow iam:GetRole on <Role.Arn>",
		"Allow iam:CreatePolicyVersion iam:DeletePolicyVersion iam:GetPolicyVersion iam:ListPolicyVersions on <Boundary>"}
	if diff := cmp.Diff(got, want); diff != "" || len(role["Policies"].([]any)) != 1 || role["ManagedPolicyArns"] != nil {
		t.Errorf("rights (-got +want):\n%s", diff)
	}
}
