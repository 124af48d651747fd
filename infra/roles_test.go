//go:build cdk

package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/rest"
)

// roleOf gives the role of a function, through the function.
func roleOf(t *testing.T, stack template, name rest.Function) *declared {
	t.Helper()
	for _, f := range stack.of("AWS::Lambda::Function") {
		if strings.HasSuffix(text(at(f.Properties, "FunctionName")), "-"+string(name)) {
			get, _ := at(f.Properties, "Role", "Fn::GetAtt").([]any)
			if len(get) == 2 {
				return stack.Resources[get[0].(string)]
			}
		}
	}
	t.Fatalf("the function %s has no role", name)
	return nil
}

// told gives what a role allows beside items: the statement, its actions and on what.
func told(role *declared) map[string]string {
	out := map[string]string{}
	for _, s := range statements(at(role.Properties, "Policies")) {
		if sid := text(at(s, "Sid")); !strings.HasSuffix(sid, "Items") {
			out[sid] = strings.Join(texts(at(s, "Action")), " ") + " on " + strings.Join(texts(at(s, "Resource")), " ")
		}
	}
	return out
}

func TestWhatAFunctionMayBesideItems(t *testing.T) {
	const (
		vending  = " on arn:<AWS::Partition>:iam::<AWS::AccountId>:role/firn-vending/*"
		assume   = "sts:AssumeRole sts:SetSourceIdentity sts:TagSession" + vending
		revokers = "sts:AssumeRole on arn:<AWS::Partition>:iam::<AWS::AccountId>:role/firn-revoking/*"
		trace    = "xray:PutTelemetryRecords xray:PutTraceSegments on *"
		key      = "kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey on KEY"
	)
	want := map[rest.Function]map[string]string{
		rest.Token:       {"Trace": trace, "TableKey": key, "SigningSecret": "secretsmanager:GetSecretValue on <SigningSecret>", "SecretKey": "kms:Decrypt on KEY"},
		rest.Management:  {"Trace": trace, "TableKey": key, "ProbeVendingRoles": "sts:AssumeRole sts:TagSession" + vending, "AssumeRevokers": revokers},
		rest.Catalog:     {"Trace": trace, "TableKey": key, "AssumeVendingRoles": assume},
		rest.Commit:      {"Trace": trace, "TableKey": key, "AssumeVendingRoles": assume},
		rest.Credentials: {"Trace": trace, "TableKey": key, "AssumeVendingRoles": assume},
		worker: {"AssumeRevokers": revokers, "Trace": trace, "TableKey": key, "AssumeVendingRoles": assume, "SecretKey": "kms:Decrypt kms:GenerateDataKey on KEY",
			"SigningSecret": "secretsmanager:DescribeSecret secretsmanager:GetSecretValue secretsmanager:PutSecretValue secretsmanager:UpdateSecretVersionStage on <SigningSecret>"},
	}
	stack := firnOf(t, "prod")
	keyID := slices.Collect(maps.Keys(stack.of("AWS::KMS::Key")))[0]
	for _, name := range order {
		role := roleOf(t, stack, name)
		got := told(role)
		if logs := got["WriteLogs"]; !strings.HasPrefix(logs, "logs:CreateLogStream logs:PutLogEvents on <"+title(name)+"Logs") {
			t.Errorf("%s: logs: got %s, want its own alone", name, logs)
		}
		delete(got, "WriteLogs")
		for sid, what := range got {
			got[sid] = strings.ReplaceAll(what, "<"+keyID+".Arn>", "KEY")
		}
		if diff := cmp.Diff(got, want[name]); diff != "" {
			t.Errorf("%s (-got +want):\n%s", name, diff)
		}
		if got, want := text(at(role.Properties, "RoleName")), "firn-prod-"+string(name); got != want || at(role.Properties, "Path") != ownPath {
			t.Errorf("got role %s, want %s: accounts with data trust that name", got, want)
		}
		if role.Properties["ManagedPolicyArns"] != nil {
			t.Errorf("%s: has managed policies, which hold more than is told here", name)
		}
	}
}

func TestRightsOnItemsAreByLeadingKeys(t *testing.T) {
	stack := firnOf(t, "dev")
	for _, name := range order {
		got := map[string]string{}
		for _, s := range statements(at(roleOf(t, stack, name).Properties, "Policies")) {
			sid := text(at(s, "Sid"))
			if !strings.HasSuffix(sid, "Items") {
				continue
			}
			got[sid] = strings.Join(texts(at(s, "Action")), " ") + ": " + strings.Join(texts(at(s, "Condition", "ForAllValues:StringLike", "dynamodb:LeadingKeys")), " ")
			if resources := texts(at(s, "Resource")); !slices.Equal(resources, []string{"<Table.Arn>"}) {
				t.Errorf("%s: %s: got rights on %v, want the table alone", name, sid, resources)
			}
			if at(s, "Condition", "Null", "dynamodb:LeadingKeys") != "false" {
				t.Errorf("%s: %s: a request without keys is let through", name, sid)
			}
		}
		want := map[string]string{}
		for _, a := range rights[name].actions() {
			var keys []string
			for _, kind := range a.types {
				keys = append(keys, leading(kind))
			}
			want[a.sid] = strings.Join(slices.Sorted(slices.Values(a.names)), " ") + ": " + strings.Join(slices.Sorted(slices.Values(keys)), " ")
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", name, diff)
		}
	}
}

func TestEveryFunctionHasARoleOfItsOwn(t *testing.T) {
	stack := firnOf(t, "dev")
	seen := map[*declared]rest.Function{}
	for _, name := range order {
		role := roleOf(t, stack, name)
		if other, ok := seen[role]; ok {
			t.Errorf("%s has the role of %s", name, other)
		}
		seen[role] = name
		trust := statements(at(role.Properties, "AssumeRolePolicyDocument"))
		if len(trust) != 1 || at(trust[0], "Principal", "Service") != "lambda.amazonaws.com" {
			t.Errorf("%s: got trust %v, want Lambda's alone", name, trust)
		}
	}
	for id, p := range stack.of("AWS::IAM::Policy") {
		t.Errorf("%s adds to roles: %v", id, p.Properties)
	}
}

func TestTheProbeIsToldFromVending(t *testing.T) {
	for _, s := range statements(at(roleOf(t, firnOf(t, "dev"), rest.Management).Properties, "Policies")) {
		if text(at(s, "Sid")) != "ProbeVendingRoles" {
			continue
		}
		want := map[string]any{
			"StringLike": map[string]any{"sts:ExternalId": "*/probe"}, "StringEquals": map[string]any{"aws:RequestTag/firn-purpose": "probe"},
			"ForAllValues:StringEquals": map[string]any{"aws:TagKeys": []any{"firn-purpose"}},
		}
		if diff := cmp.Diff(at(s, "Condition"), any(want)); diff != "" {
			t.Errorf("(-got +want):\n%s", diff)
		}
		return
	}
	t.Error("management cannot probe")
}

func TestAccountsWithDataAreListed(t *testing.T) {
	stack := firnOf(t, "dev", func(c *config) { c.StorageAccounts = []string{"111122223333", "444455556666"} })
	got := told(roleOf(t, stack, rest.Credentials))["AssumeVendingRoles"]
	want := "sts:AssumeRole sts:SetSourceIdentity sts:TagSession on arn:<AWS::Partition>:iam::111122223333:role/firn-vending/* arn:<AWS::Partition>:iam::444455556666:role/firn-vending/*"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
