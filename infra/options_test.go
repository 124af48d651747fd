//go:build cdk

package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/rest"
)

func TestADomainOfOnesOwn(t *testing.T) {
	stack := firnOf(t, "dev", func(c *config) {
		c.Domain = Domain{"firn.example.com", "arn:aws:acm:eu-west-1:111122223333:certificate/c"}
	})
	name := stack.one(t, "AWS::ApiGateway::DomainName").Properties
	if name["DomainName"] != "firn.example.com" || name["SecurityPolicy"] != "TLS_1_2" || name["RegionalCertificateArn"] != "arn:aws:acm:eu-west-1:111122223333:certificate/c" {
		t.Errorf("got %v", name)
	}
	mapping := stack.one(t, "AWS::ApiGateway::BasePathMapping").Properties
	if mapping["BasePath"] != nil || !strings.Contains(text(mapping["Stage"]), "Stage") {
		t.Errorf("got %v, want the stage at the domain's root", mapping)
	}
	if stack.one(t, "AWS::ApiGateway::RestApi").Properties["DisableExecuteApiEndpoint"] != true {
		t.Error("there is another door beside the domain")
	}
	if stack.Outputs["DomainTarget"] == nil || text(stack.Resources["CatalogUriParameter"+suffix(stack, "CatalogUriParameter")].Properties["Value"]) != "https://firn.example.com/api/catalog" {
		t.Error("the domain is not told")
	}
	if n := len(firnOf(t, "dev").of("AWS::ApiGateway::DomainName")); n != 0 {
		t.Errorf("got %d domains where none is asked for", n)
	}
}

// suffix gives what CDK adds to an id.
func suffix(stack template, id string) string {
	for name := range stack.Resources {
		if rest, ok := strings.CutPrefix(name, id); ok {
			return rest
		}
	}
	return ""
}

func TestAFirewallLimitsAddresses(t *testing.T) {
	stack := firnOf(t, "prod")
	acl := stack.one(t, "AWS::WAFv2::WebACL").Properties
	limits := map[string]any{}
	for _, r := range list(acl["Rules"]) {
		limits[text(at(r, "Name"))] = at(r, "Statement", "RateBasedStatement", "Limit")
		answer := at(r, "Action", "Block", "CustomResponse")
		if code, retry := at(answer, "ResponseCode"), list(at(answer, "ResponseHeaders")); code != 429.0 || len(retry) != 1 ||
			text(at(retry[0], "Name")) != "Retry-After" || text(at(retry[0], "Value")) != "30" {
			t.Errorf("got %v, want 429 with when to come again", answer)
		}
		body := at(acl["CustomResponseBodies"], text(at(answer, "CustomResponseBodyKey")))
		if want := `{"error":{"message":"Rate exceeded","type":"TooManyRequestsException","code":429}}`; text(at(body, "Content")) != want || at(body, "ContentType") != "APPLICATION_JSON" {
			t.Errorf("got the body %v, want %s", body, want)
		}
		if at(r, "Action", "Block") == nil || at(r, "VisibilityConfig", "SampledRequestsEnabled") != false {
			t.Errorf("got %v, want a block without samples, which would hold tokens", r)
		}
	}
	if diff := cmp.Diff(limits, map[string]any{"tokens": 5000.0, "requests": 100000.0}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if got := text(stack.one(t, "AWS::WAFv2::WebACLAssociation").Properties["ResourceArn"]); !strings.Contains(got, "/stages/") {
		t.Errorf("the firewall stands before %s", got)
	}
	if n := len(firnOf(t, "dev").of("AWS::WAFv2::WebACL")); n != 0 {
		t.Errorf("got %d firewalls where none is asked for", n)
	}
}

func TestFunctionURLs(t *testing.T) {
	stack := firnOf(t, "dev", func(c *config) { c.FunctionURLs = true })
	var got []string
	for _, u := range stack.of("AWS::Lambda::Url") {
		got = append(got, regexp.MustCompile(`<([A-Z][a-z]+)`).FindStringSubmatch(text(u.Properties["TargetFunctionArn"]))[1])
		if u.Properties["AuthType"] != "NONE" {
			t.Errorf("got %v, want a URL whose tokens the function itself checks", u.Properties)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(got, []string{"Catalog", "Commit", "Credentials", "Management", "Token"}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if n := len(firnOf(t, "dev").of("AWS::Lambda::Url")); n != 0 {
		t.Errorf("got %d URLs where none is asked for", n)
	}
}

func TestSettingsOfTheServer(t *testing.T) {
	stack := firnOf(t, "dev", func(c *config) {
		c.Realms, c.MaxBody, c.SharedLocations, c.AllowOverlappingCatalogs, c.RequireRotation = []string{"A", "B"}, 1000, true, true, true
		c.StoragePolicy = "realms: {B: {azure: {accounts: [acc]}}}"
		c.Arch, c.Functions = "amd64", built(t, "amd64")
	})
	for _, f := range stack.of("AWS::Lambda::Function") {
		v := at(f.Properties, "Environment", "Variables")
		for name, want := range map[string]string{"FIRN_REALMS": "A,B", "FIRN_MAX_BODY": "1000", "FIRN_UNIQUE_LOCATIONS": "false",
			"FIRN_ALLOW_OVERLAPPING_CATALOGS": "true", "FIRN_REQUIRE_ROTATION": "true", "FIRN_STORAGE_POLICY": "realms: {B: {azure: {accounts: [acc]}}}"} {
			if got := text(at(v, name)); got != want {
				t.Errorf("%s: got %s, want %s", name, got, want)
			}
		}
		if got := texts(f.Properties["Architectures"]); got[0] != "x86_64" {
			t.Errorf("got %v, want x86_64", got)
		}
		if f.Properties["TracingConfig"] != nil {
			t.Error("dev is traced")
		}
	}
}

func TestAStoragePolicyThatNoFunctionCouldReadIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"realms: {POLARIS: {endpoint: [x]}}":      "field endpoint not found",
		"realms: {OTHER: {file: [/x]}}":           `the realm "OTHER", which is not among its realms`,
		"#" + strings.Repeat("x", 4<<10):          "a function takes 3072",
		"realms: {POLARIS: {endpoints: [minio]}}": "must be an http or https URL",
	} {
		e := environments["dev"]
		e.Name, e.StoragePolicy = "dev", text
		if err := e.check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: got %v, want %q", text, err, want)
		}
	}
	e := environments["dev"]
	e.StoragePolicy = "realms: {'*': {gcs: {buckets: [lake/wh/]}}}"
	if err := e.check(); err != nil {
		t.Error(err)
	}
}

func TestSessionsAreBoundedByWhatIssuesTokens(t *testing.T) {
	for hours, bound := range map[int]any{0: nil, 12: "12h"} {
		for _, f := range firnOf(t, "dev", func(c *config) { c.SessionHours = hours }).of("AWS::Lambda::Function") {
			name, want := text(at(f.Properties, "FunctionName")), any(nil)
			if strings.HasSuffix(name, "-token") {
				want = bound
			}
			if got := at(f.Properties, "Environment", "Variables", "FIRN_MAX_SESSION"); got != want {
				t.Errorf("%s, with sessions of %d hours: got FIRN_MAX_SESSION=%v, want %v", name, hours, got, want)
			}
		}
	}
}

func TestNewCatalogsAreTriedUnlessSaidOtherwise(t *testing.T) {
	for _, off := range []bool{false, true} {
		for _, f := range firnOf(t, "dev", func(c *config) { c.NoProbes = off }).of("AWS::Lambda::Function") {
			name, want := text(at(f.Properties, "FunctionName")), any(nil)
			if off && strings.HasSuffix(name, "-management") {
				want = "false"
			}
			if got := at(f.Properties, "Environment", "Variables", "FIRN_PROBE"); got != want {
				t.Errorf("%s, without probes %v: got FIRN_PROBE=%v, want %v", name, off, got, want)
			}
		}
	}
}

func TestKeysMayBeSharedAndShort(t *testing.T) {
	stack := firnOf(t, "dev", func(c *config) { c.SharedCredentials, c.CredentialMinutes = true, 15 })
	key := slices.Collect(maps.Keys(stack.of("AWS::KMS::Key")))
	if len(key) != 1 {
		t.Fatalf("got %d keys, want one", len(key))
	}
	for _, name := range order {
		role := roleOf(t, stack, name)
		want := ""
		if slices.Contains(vends, name) {
			want = "kms:Decrypt kms:GenerateDataKey on <" + key[0] + ".Arn>"
		}
		if got := told(role)["SharedCredentials"]; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		reads, puts := mayTouch(role, "ReadItems", "vended/*"), mayTouch(role, "PutItems", "vended/*")
		if reads != (want != "") || puts != reads {
			t.Errorf("%s: reads shared keys %v, puts them %v, want %v", name, reads, puts, want != "")
		}
	}
	for _, f := range stack.of("AWS::Lambda::Function") {
		v := at(f.Properties, "Environment", "Variables")
		if text(at(v, "FIRN_CREDENTIAL_DURATION")) != "15m" {
			t.Errorf("got keys for %v, want 15m", at(v, "FIRN_CREDENTIAL_DURATION"))
		}
	}
	if told(roleOf(t, firnOf(t, "dev"), rest.Credentials))["SharedCredentials"] != "" {
		t.Error("a deployment that does not ask for it shares keys")
	}
}

func TestCatalogsMayNameCredentials(t *testing.T) {
	stack := firnOf(t, "dev", func(c *config) { c.NamedStorage = true })
	for _, name := range order {
		want := ""
		if slices.Contains(vends, name) {
			want = "secretsmanager:GetSecretValue on arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:firn-dev/storage/*"
		}
		if got := told(roleOf(t, stack, name))["StorageSecrets"]; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := told(roleOf(t, firnOf(t, "dev"), rest.Credentials))["StorageSecrets"]; got != "" {
		t.Errorf("got %q where no catalog may name credentials", got)
	}
}

// mayTouch says whether the role's statement reaches items whose partition key has the pattern.
func mayTouch(role *declared, sid, pattern string) bool {
	for _, s := range statements(at(role.Properties, "Policies")) {
		if text(at(s, "Sid")) == sid {
			return slices.Contains(texts(at(s, "Condition", "ForAllValues:StringLike", "dynamodb:LeadingKeys")), pattern)
		}
	}
	return false
}

func TestOnlyOneEnvironmentSetsTheGatewaysAccount(t *testing.T) {
	if n := len(firnOf(t, "dev", func(c *config) { c.GatewayLogs = false }).of("AWS::ApiGateway::Account")); n != 0 {
		t.Errorf("got %d settings of the account where another environment has it", n)
	}
	firnOf(t, "dev").one(t, "AWS::ApiGateway::Account")
}

func TestOutputsAreParametersToo(t *testing.T) {
	stack := firnOf(t, "dev")
	got := map[string]string{}
	for _, p := range stack.of("AWS::SSM::Parameter") {
		got[text(p.Properties["Name"])] = text(p.Properties["Value"])
	}
	api := "<Api" + suffix(template{Resources: stack.of("AWS::ApiGateway::RestApi")}, "Api") + ">"
	stage := "<ApiDeploymentStagefirn" + suffix(stack, "ApiDeploymentStagefirn") + ">"
	want := map[string]string{
		"/firn/dev/catalog-uri":        "https://" + api + ".execute-api.<AWS::Region>.<AWS::URLSuffix>/" + stage + "/api/catalog",
		"/firn/dev/table-name":         "<Table>",
		"/firn/dev/signing-secret-arn": "<SigningSecret>",
		"/firn/dev/api-id":             api,
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	for _, name := range []string{"CatalogUri", "TableName", "SigningSecretArn", "ApiId"} {
		if stack.Outputs[name] == nil {
			t.Errorf("the output %s is missing", name)
		}
	}
}
