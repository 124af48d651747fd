//go:build cdk

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// wildcards are all that a policy may say with a star, and why.
var wildcards = []struct{ kind, part, why string }{
	{"AWS::KMS::Key", "action kms:*", "a key policy hands the key to the account, whose IAM then says who may what"},
	{"AWS::KMS::Key", "resource *", "in a key's own policy this is the key"},
	{"AWS::IAM::Role", "resource arn:<AWS::Partition>:iam::<AWS::AccountId>:role/firn-vending/*", "which roles there are, those who make them decide: each trusts firn by an external id"},
	{"AWS::IAM::Role", "resource arn:<AWS::Partition>:iam::<AWS::AccountId>:role/firn-revoking/*", "the same, for the roles that end keys"},
	{"AWS::IAM::Role", "resource *", "X-Ray knows no resources"},
	{"AWS::IAM::Role", "resource arn:<AWS::Partition>:s3:::<Bucket>/<Prefix>*", "all tables of the bucket: session policies narrow it"},
	{"AWS::IAM::ManagedPolicy", "resource arn:<AWS::Partition>:s3:::<Bucket>/<Prefix>*", "the same, as a boundary"},
	{"AWS::IAM::Role", "not resource arn:<AWS::Partition>:s3:::<Bucket>/<Prefix>firn-probe/*", "a denial of everything else"},
	{"AWS::IAM::Role", "not resource arn:<AWS::Partition>:s3:::<Bucket>/<Prefix>*/firn-probe/*", "the same, for catalogs that begin deeper"},
}

func TestNoPolicySaysMoreThanItMust(t *testing.T) {
	used := map[string]bool{}
	stacks := map[string]template{"storage": storageStack(t)}
	for name := range environments {
		stacks[name] = firnOf(t, name)
	}
	for name, stack := range stacks {
		for id, r := range stack.Resources {
			for _, s := range statements(r.Properties) {
				for _, part := range broad(s) {
					if part == "resource *" && r.Type == "AWS::IAM::Role" && fmt.Sprint(at(s, "Sid")) != "Trace" {
						t.Errorf("%s: %s: %v is for every resource", name, id, at(s, "Sid"))
					}
					if !slices.ContainsFunc(wildcards, func(w struct{ kind, part, why string }) bool { return w.kind == r.Type && w.part == part }) {
						t.Errorf("%s: %s: %v has the %s", name, id, at(s, "Sid"), part)
					}
					used[r.Type+part] = true
				}
				if at(s, "Effect") == "Allow" && (at(s, "NotAction") != nil || at(s, "NotResource") != nil || at(s, "NotPrincipal") != nil) {
					t.Errorf("%s: %s: %v allows all but something", name, id, at(s, "Sid"))
				}
				if principal := fmt.Sprint(at(s, "Principal")); strings.Contains(principal, "*") {
					t.Errorf("%s: %s: %v lets anybody in: %s", name, id, at(s, "Sid"), principal)
				}
			}
			if r.Type == "AWS::Lambda::Permission" && at(r.Properties, "SourceArn") == nil {
				t.Errorf("%s: %s lets a whole service call a function", name, id)
			}
		}
	}
	for _, w := range wildcards {
		if !used[w.kind+w.part] {
			t.Errorf("%s of %s is listed and not there", w.part, w.kind)
		}
	}
}

// statements finds every statement of every policy within a resource.
func statements(v any) []any {
	var out []any
	switch v := v.(type) {
	case map[string]any:
		if list, ok := v["Statement"].([]any); ok {
			for _, s := range list {
				if either, ok := at(s, "Fn::If").([]any); ok {
					s = either[1] // the other is nothing
				}
				out = append(out, s)
			}
			return out
		}
		for _, inner := range v {
			out = append(out, statements(inner)...)
		}
	case []any:
		for _, inner := range v {
			out = append(out, statements(inner)...)
		}
	}
	return out
}

// broad gives the actions and resources of a statement that hold a star.
func broad(s any) []string {
	var out []string
	for _, field := range []struct{ name, word string }{{"Action", "action"}, {"NotAction", "not action"}, {"Resource", "resource"}, {"NotResource", "not resource"}} {
		for _, part := range texts(at(s, field.name)) {
			if strings.ContainsAny(part, "*?") {
				out = append(out, field.word+" "+part)
			}
		}
	}
	return out
}
