//go:build cdk

package main

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"firn/shared/rest"
)

// The path of firn's own roles, and of those that it may assume: to vend, and to end keys that are out. Names and paths are
// fixed: accounts with data trust the first, and rights on the others need no list of roles.
const (
	ownPath      = "/firn/"
	vendingPath  = "/firn-vending/"
	revokingPath = "/firn-revoking/"
)

// A probe tries, for an administrator, whether a catalog's storage can be vended for. It is told from vending by the end of its external id and by a
// tag of its session, and the vending role lets it reach no more than a folder of its own.
const (
	probeSuffix = "/probe"
	probeTag    = "firn-purpose"
	probeValue  = "probe"
	probeFolder = "firn-probe/"
)

// role makes a function's role, whole: nothing is added to it later.
func (s *firn) role(name rest.Function, logs awslogs.LogGroup) awsiam.Role {
	statements := []awsiam.PolicyStatement{allow("WriteLogs", []string{"logs:CreateLogStream", "logs:PutLogEvents"}, logs.LogGroupArn())}
	may := rights[name]
	if s.shared != nil && slices.Contains(vends, name) {
		may.read, may.put = may.read+" "+sharedKeys.read, may.put+" "+sharedKeys.put
		statements = append(statements, allowIf("SharedCredentials", []string{"kms:Decrypt", "kms:GenerateDataKey"},
			map[string]any{"StringEquals": map[string]any{"kms:EncryptionContext:firn": "shared-credentials"}}, s.shared.KeyArn()))
	}
	for _, a := range may.actions() {
		var keys []string
		for _, t := range a.types {
			keys = append(keys, leading(t))
		}
		// A condition for all values holds where there is none: such a request (there should be none) is refused.
		statements = append(statements, allowIf(a.sid, a.names, map[string]any{
			"ForAllValues:StringLike": map[string]any{"dynamodb:LeadingKeys": keys},
			"Null":                    map[string]any{"dynamodb:LeadingKeys": "false"},
		}, s.table.AttrArn()))
	}
	if slices.Contains(signs, name) {
		actions := []string{"secretsmanager:GetSecretValue"}
		if name == worker {
			actions = append(actions, "secretsmanager:DescribeSecret", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage")
		}
		statements = append(statements, allow("SigningSecret", actions, s.secret.Ref()))
	}
	if slices.Contains(vends, name) {
		// Tags and source identity tell a role's owner who has a key, where the catalog asks for them and the role's trust lets them in.
		statements = append(statements, allow("AssumeVendingRoles", []string{"sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"}, s.vendingRoles()...))
		if s.NamedStorage {
			statements = append(statements, allow("StorageSecrets", []string{"secretsmanager:GetSecretValue"},
				join("arn:", s.Partition(), ":secretsmanager:", s.Region(), ":", s.Account(), ":secret:"+s.storageSecrets()+"*")))
		}
	}
	if s.AzureClient != "" && slices.Contains(vends, name) {
		// What AWS signs of the role is of use to Entra alone, in any of Azure's clouds.
		statements = append(statements, allowIf("ProveToAzure", []string{"sts:GetWebIdentityToken"}, map[string]any{
			"ForAllValues:StringEquals": map[string]any{"sts:IdentityTokenAudience": []string{
				"api://AzureADTokenExchange", "api://AzureADTokenExchangeChina", "api://AzureADTokenExchangeUSGov"}},
			"Null": map[string]any{"sts:IdentityTokenAudience": "false"},
		}, jsii.String("*")))
	}
	if name == rest.Management {
		statements = append(statements, allowIf("ProbeVendingRoles", []string{"sts:AssumeRole", "sts:TagSession"}, map[string]any{
			"StringLike":                map[string]any{"sts:ExternalId": "*" + probeSuffix},
			"StringEquals":              map[string]any{"aws:RequestTag/" + probeTag: probeValue},
			"ForAllValues:StringEquals": map[string]any{"aws:TagKeys": []string{probeTag}},
		}, s.vendingRoles()...))
	}
	if slices.Contains(revokes, name) {
		statements = append(statements, allow("AssumeRevokers", []string{"sts:AssumeRole"}, s.rolesOf(revokingPath)...))
	}
	if s.Trace {
		statements = append(statements, allow("Trace", []string{"xray:PutTraceSegments", "xray:PutTelemetryRecords"}, jsii.String("*")))
	}
	statements = append(statements, s.useKey(name)...)
	return awsiam.NewRole(s.Stack, jsii.String(title(name)+"Role"), &awsiam.RoleProps{
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		Path:        jsii.String(ownPath),
		RoleName:    jsii.String(s.name(string(name))),
		Description: jsii.String("What firn's function " + string(name) + " may do (" + s.Name + ")"),
		InlinePolicies: &map[string]awsiam.PolicyDocument{
			"rights": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements}),
		},
	})
}

// useKey lets a function use the KMS key, through the services that encrypt with it and in no other way.
func (s *firn) useKey(name rest.Function) []awsiam.PolicyStatement {
	if s.key == nil {
		return nil
	}
	through := func(service string) map[string]any {
		return map[string]any{"StringEquals": map[string]any{"kms:ViaService": *join(service, ".", s.Region(), ".", s.UrlSuffix())}}
	}
	// DynamoDB asks for these of whoever uses a table (its developer guide, "Using customer managed keys").
	out := []awsiam.PolicyStatement{allowIf("TableKey", []string{"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"},
		through("dynamodb"), s.key.KeyArn())}
	if slices.Contains(signs, name) {
		actions := []string{"kms:Decrypt"}
		if name == worker {
			actions = append(actions, "kms:GenerateDataKey")
		}
		out = append(out, allowIf("SecretKey", actions, through("secretsmanager"), s.key.KeyArn()))
	}
	return out
}

// vendingRoles are the roles that may be assumed to vend, by their path.
func (s *firn) vendingRoles() []*string { return s.rolesOf(vendingPath) }

// rolesOf are the roles of a path in the accounts with data.
func (s *firn) rolesOf(path string) []*string {
	accounts := s.StorageAccounts
	if len(accounts) == 0 {
		accounts = []string{*s.Account()}
	}
	var out []*string
	for _, account := range accounts {
		out = append(out, join("arn:", s.Partition(), ":iam::", account, ":role"+path+"*"))
	}
	return out
}

func allow(sid string, actions []string, resources ...*string) awsiam.PolicyStatement {
	return allowIf(sid, actions, nil, resources...)
}

func allowIf(sid string, actions []string, conditions map[string]any, resources ...*string) awsiam.PolicyStatement {
	props := &awsiam.PolicyStatementProps{Sid: &sid, Actions: jsii.Strings(actions...), Resources: &resources}
	if conditions != nil {
		props.Conditions = &conditions
	}
	return awsiam.NewPolicyStatement(props)
}
