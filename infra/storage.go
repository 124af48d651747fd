//go:build cdk

package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"firn/shared/rest"
)

// newStorage makes the stack of an account with data: the role whose keys firn narrows and vends, for one bucket and prefix. It
// uses no CDK of the account's (no bootstrap, no assets), so its template is also one for whoever deploys by hand:
// `cdk synth -c stack=storage > storage.yaml`.
//
// Firn is trusted by the names of its roles in its account, not by the roles themselves: a principal in a trust policy is
// kept by an id that dies with the role, and the trust would end when firn's stack is made anew.
func newStorage(scope constructs.Construct, id string) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, &awscdk.StackProps{
		Description: jsii.String("The role that firn assumes to vend keys to a bucket"),
		Synthesizer: awscdk.NewBootstraplessSynthesizer(&awscdk.BootstraplessSynthesizerProps{}),
	})
	s := &storage{Stack: stack}
	s.account = s.ask("FirnAccount", "The AWS account that firn runs in", "[0-9]{12}", nil)
	s.environment = s.ask("FirnEnvironment", "The environment of firn: dev, staging, prod", "[a-z0-9]+", nil)
	s.externalID = s.ask("ExternalId", "The external id of the catalog's storage: without it nobody can assume the role, so that no other "+
		"user of that firn can have keys to this bucket", `[\w+=,.@:-]{16,1000}`, nil)
	s.bucket = s.ask("Bucket", "The bucket of the tables", `[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]`, nil)
	s.prefix = s.ask("Prefix", "The folder of the tables, with its slash at the end; empty: the whole bucket", `([^*?$"\\]*/)?`, jsii.String(""))
	s.key = s.ask("KeyArn", "The ARN of the KMS key that the bucket is encrypted with, if it is one of yours", `(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+)?`, jsii.String(""))
	awscdk.NewCfnCondition(stack, jsii.String("HasKey"), &awscdk.CfnConditionProps{
		Expression: awscdk.Fn_ConditionNot(awscdk.Fn_ConditionEquals(s.key, jsii.String(""))),
	})
	boundary := awsiam.NewCfnManagedPolicy(stack, jsii.String("Boundary"), &awsiam.CfnManagedPolicyProps{
		Path: jsii.String(vendingPath), Description: jsii.String("Whatever the vending role is given later, it opens no more than this"),
		PolicyDocument: policy(s.opens()...),
	})
	role := awsiam.NewCfnRole(stack, jsii.String("Role"), &awsiam.CfnRoleProps{
		Path: jsii.String(vendingPath), Description: jsii.String("firn vends keys to a bucket with this role"),
		PermissionsBoundary: boundary.Ref(), AssumeRolePolicyDocument: policy(s.trust()...),
		MaxSessionDuration: jsii.Number(3600), // a role that assumes a role gets no longer
		Policies:           &[]any{&awsiam.CfnRole_PolicyProperty{PolicyName: jsii.String("tables"), PolicyDocument: policy(append(s.opens(), s.keepsProbesOut()...)...)}},
	})
	s.addRevoker(role, boundary)
	awscdk.NewCfnOutput(stack, jsii.String("RoleArn"), &awscdk.CfnOutputProps{Description: jsii.String("The roleArn of the catalog's storage"), Value: role.AttrArn()})
	return stack
}

// storage is the stack with what it asks for.
type storage struct {
	awscdk.Stack
	account, environment, externalID, bucket, prefix, key *string
}

func (s *storage) ask(name, what, pattern string, otherwise *string) *string {
	p := awscdk.NewCfnParameter(s.Stack, &name, &awscdk.CfnParameterProps{
		Type: jsii.String("String"), Description: &what, AllowedPattern: jsii.String("^" + pattern + "$"),
	})
	if otherwise != nil {
		p.SetDefault(*otherwise)
	}
	return p.ValueAsString()
}

// trust lets in firn's functions that vend, under the external id, and the one that probes, under the probe's.
func (s *storage) trust() []any {
	return []any{
		map[string]any{"Sid": "Vend", "Effect": "Allow", "Principal": s.firn(), "Action": "sts:AssumeRole", "Condition": map[string]any{
			"ArnEquals": map[string]any{"aws:PrincipalArn": s.from(vends...)}, "StringEquals": map[string]any{"sts:ExternalId": s.externalID},
		}},
		map[string]any{"Sid": "Probe", "Effect": "Allow", "Principal": s.firn(), "Action": []string{"sts:AssumeRole", "sts:TagSession"}, "Condition": map[string]any{
			"ArnEquals":    map[string]any{"aws:PrincipalArn": s.from(rest.Management)},
			"StringEquals": map[string]any{"sts:ExternalId": join(s.externalID, probeSuffix), "aws:RequestTag/" + probeTag: probeValue},
		}},
	}
}

// firn is the account that firn runs in.
func (s *storage) firn() map[string]any {
	return map[string]any{"AWS": join("arn:", s.Partition(), ":iam::", s.account, ":root")}
}

// from are the roles of firn's functions.
func (s *storage) from(names ...rest.Function) []any {
	var out []any
	for _, name := range names {
		out = append(out, join("arn:", s.Partition(), ":iam::", s.account, ":role"+ownPath+"firn-", s.environment, "-"+string(name)))
	}
	return out
}

// objectActions are what keys to a table can be for, as session policies spell them (vend/aws).
var objectActions = []string{"s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:DeleteObject"}

// opens is all that the role ever opens. Each key that firn vends opens a table's part of it.
func (s *storage) opens() []any {
	return []any{
		map[string]any{"Sid": "Objects", "Effect": "Allow", "Action": objectActions, "Resource": s.objects("*")},
		map[string]any{"Sid": "List", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": s.bucketARN(),
			"Condition": map[string]any{"StringLike": map[string]any{"s3:prefix": join(s.prefix, "*")}}},
		map[string]any{"Sid": "Region", "Effect": "Allow", "Action": "s3:GetBucketLocation", "Resource": s.bucketARN()},
		awscdk.Fn_ConditionIf(jsii.String("HasKey"), map[string]any{"Sid": "Key", "Effect": "Allow", "Action": []string{"kms:Decrypt", "kms:GenerateDataKey"},
			"Resource": s.key}, awscdk.Aws_NO_VALUE()),
	}
}

// keepsProbesOut leaves a probe's session the folders of probes alone, whatever its session policy says: that of the prefix, and
// those of catalogs that begin deeper.
func (s *storage) keepsProbesOut() []any {
	probe := map[string]any{"aws:PrincipalTag/" + probeTag: probeValue}
	return []any{
		map[string]any{"Sid": "ProbesReachNoTable", "Effect": "Deny", "Action": objectActions, "NotResource": []any{s.objects(probeFolder + "*"), s.objects("*/" + probeFolder + "*")},
			"Condition": map[string]any{"StringEquals": probe}},
		map[string]any{"Sid": "ProbesListNoTable", "Effect": "Deny", "Action": "s3:ListBucket", "Resource": s.bucketARN(),
			"Condition": map[string]any{"StringEquals": probe, "StringNotLike": map[string]any{"s3:prefix": []any{join(s.prefix, probeFolder+"*"), join(s.prefix, "*/"+probeFolder+"*")}}}},
	}
}

func (s *storage) bucketARN() *string { return join("arn:", s.Partition(), ":s3:::", s.bucket) }

func (s *storage) objects(rest string) *string {
	return join("arn:", s.Partition(), ":s3:::", s.bucket, "/", s.prefix, rest)
}

func policy(statements ...any) map[string]any {
	return map[string]any{"Version": "2012-10-17", "Statement": statements}
}
