//go:build cdk

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/rest"
)

// A deployment that names an application lets the functions that vend, and no others, prove to Entra alone who they are.
func TestFunctionsProveThemselvesToAzureIfTheyAreKnownThere(t *testing.T) {
	const client = "1b1ec700-0000-4000-8000-00000000f112"
	for _, named := range []string{"", client} {
		stack := firnOf(t, "dev", func(c *config) { c.AzureClient = named })
		for _, f := range stack.of("AWS::Lambda::Function") {
			name := text(at(f.Properties, "FunctionName"))
			name = name[strings.LastIndexByte(name, '-')+1:]
			proves := named != "" && slices.Contains(vends, rest.Function(name))
			if got, _ := at(f.Properties, "Environment", "Variables", "FIRN_AZURE_CLIENT_ID").(string); got != map[bool]string{true: client}[proves] {
				t.Errorf("%s: got the client id %q, want it: %v", name, got, proves)
			}
			role := roleOf(t, stack, rest.Function(name))
			if got := told(role)["ProveToAzure"]; got != map[bool]string{true: "sts:GetWebIdentityToken on *"}[proves] {
				t.Errorf("%s: got the right %q, want it: %v", name, got, proves)
			}
			for _, s := range statements(at(role.Properties, "Policies")) {
				if text(at(s, "Sid")) != "ProveToAzure" {
					continue
				}
				want := []string{"api://AzureADTokenExchange", "api://AzureADTokenExchangeChina", "api://AzureADTokenExchangeUSGov"}
				if diff := cmp.Diff(texts(at(s, "Condition", "ForAllValues:StringEquals", "sts:IdentityTokenAudience")), want); diff != "" {
					t.Errorf("%s: audiences (-got +want):\n%s", name, diff)
				}
				if text(at(s, "Condition", "Null", "sts:IdentityTokenAudience")) != "false" {
					t.Errorf("%s: a request without an audience is allowed", name)
				}
			}
		}
	}
}
