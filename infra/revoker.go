//go:build cdk

package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
)

// revokerSuffix makes the name of a revoker of the name of the role whose keys it ends (revoke/aws).
const revokerSuffix = "-revoke"

// addRevoker makes the role by which firn ends keys of the vending role that are out: it may write versions of the boundary
// and nothing else. A boundary grants nothing, so whoever has this role can take from the vending role, and give it no more
// than its own policy holds.
func (s *storage) addRevoker(vending awsiam.CfnRole, boundary awsiam.CfnManagedPolicy) {
	awsiam.NewCfnRole(s.Stack, jsii.String("Revoker"), &awsiam.CfnRoleProps{
		Path: jsii.String(revokingPath), RoleName: join(vending.Ref(), revokerSuffix), // firn finds it by these
		Description: jsii.String("firn ends keys that are out with this role, by denies in the boundary of the vending role"),
		AssumeRolePolicyDocument: policy(map[string]any{"Sid": "Revoke", "Effect": "Allow", "Principal": s.firn(), "Action": "sts:AssumeRole", "Condition": map[string]any{
			"ArnEquals": map[string]any{"aws:PrincipalArn": s.from(revokes...)}, "StringEquals": map[string]any{"sts:ExternalId": s.externalID},
		}}),
		MaxSessionDuration: jsii.Number(3600),
		Policies: &[]any{&awsiam.CfnRole_PolicyProperty{PolicyName: jsii.String("boundary"), PolicyDocument: policy(
			map[string]any{"Sid": "Find", "Effect": "Allow", "Action": "iam:GetRole", "Resource": vending.AttrArn()},
			map[string]any{"Sid": "Deny", "Effect": "Allow", "Resource": boundary.Ref(),
				"Action": []string{"iam:ListPolicyVersions", "iam:GetPolicyVersion", "iam:CreatePolicyVersion", "iam:DeletePolicyVersion"}},
		)}},
	})
}
