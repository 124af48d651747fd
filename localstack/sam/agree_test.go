//go:build cdk

// Package sam holds template.yaml, as SAM transforms it, to the template that the CDK app makes: the two deploy the same.
// localstack/sam/run runs its test, which needs SAM, and node as the CDK does.
package sam

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// functions are called so in both.
var functions = []string{"Token", "Management", "Catalog", "Commit", "Credentials", "Worker"}

// What only one of them has, as the comments in template.yaml say: types of the CDK's, a resource of SAM's.
var (
	cdkAlone = []string{"AWS::CloudWatch::", "AWS::SSM::", "AWS::Logs::MetricFilter", "AWS::CDK::"}
	samAlone = "ApiFirst"
)

func TestTheTemplateAndTheCDKAgree(t *testing.T) {
	sam, cdk := theSAM(t), theCDK(t, "dev")
	if sam[samAlone] == nil {
		t.Errorf("template.yaml has no %s", samAlone)
	}
	delete(sam, samAlone)
	for name, r := range cdk {
		if slices.ContainsFunc(cdkAlone, func(kind string) bool { return strings.HasPrefix(r.Type, kind) }) {
			delete(cdk, name)
		}
	}
	throttles(t, sam["ApifirnStage"], cdk["ApifirnStage"])
	for _, all := range []map[string]*declared{sam, cdk} {
		for _, r := range all {
			shorten(r)
		}
	}
	for name := range sam {
		if diff := cmp.Diff(sam[name], cdk[name]); diff != "" {
			t.Errorf("%s (-SAM +CDK):\n%s", name, diff)
		}
	}
	for name := range cdk {
		if sam[name] == nil {
			t.Errorf("%s is in the CDK's template alone", name)
		}
	}
}

// shorten leaves out what each tool says in its own way: where the code is, tags (infra/samconfig.toml has the stack's), names within a
// resource, that a function is named by its ARN, and that an API is Regional, which SAM says twice.
func shorten(r *declared) {
	p := r.Properties
	delete(p, "Tags")
	switch r.Type {
	case "AWS::Lambda::Function":
		delete(p, "Code")
	case "AWS::Lambda::Permission":
		p["FunctionName"] = strings.Replace(p["FunctionName"].(string), ".Arn>", ">", 1)
	case "AWS::Events::Rule":
		for _, target := range p["Targets"].([]any) {
			delete(target.(map[string]any), "Id")
		}
	case "AWS::ApiGateway::RestApi":
		delete(p, "Parameters")
	case "AWS::ApiGateway::Deployment":
		delete(p, "Description")
	}
}

// throttles compares how requests are throttled: as template.yaml has no classes of methods, all but tokens as reads are.
func throttles(t *testing.T, sam, cdk *declared) {
	t.Helper()
	kept := func(r *declared) []any {
		var out []any
		for _, s := range r.Properties["MethodSettings"].([]any) {
			if path := s.(map[string]any)["ResourcePath"]; path == "/*" || path == "/~1api~1catalog~1v1~1oauth~1tokens" {
				out = append(out, s)
			}
		}
		delete(r.Properties, "MethodSettings")
		return out
	}
	got, want := len(sam.Properties["MethodSettings"].([]any)), kept(cdk)
	if diff := cmp.Diff(kept(sam), want); diff != "" || got != len(want) || got != 2 {
		t.Errorf("got %d throttles, want %d (-SAM +CDK):\n%s", got, len(want), diff)
	}
}
