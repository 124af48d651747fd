//go:build cdk

package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awswafv2"
	"github.com/aws/jsii-runtime-go"
)

// addFirewall limits how often one address may ask. There are only rates: rules that look for attacks in texts take %1F in a
// path, or a metadata document, for one.
func (s *firn) addFirewall() {
	seen := func(name string) *awswafv2.CfnWebACL_VisibilityConfigProperty {
		return &awswafv2.CfnWebACL_VisibilityConfigProperty{CloudWatchMetricsEnabled: jsii.Bool(true), MetricName: jsii.String(s.name(name)),
			SampledRequestsEnabled: jsii.Bool(false)} // samples hold headers, and those hold tokens
	}
	rule := func(priority int, name string, limit int, only *awswafv2.CfnWebACL_StatementProperty) *awswafv2.CfnWebACL_RuleProperty {
		rate := &awswafv2.CfnWebACL_RateBasedStatementProperty{AggregateKeyType: jsii.String("IP"), Limit: jsii.Number(limit)}
		if only != nil {
			rate.ScopeDownStatement = only
		}
		return &awswafv2.CfnWebACL_RuleProperty{Name: &name, Priority: jsii.Number(priority), VisibilityConfig: seen(name),
			Action:    &awswafv2.CfnWebACL_RuleActionProperty{Block: &awswafv2.CfnWebACL_BlockActionProperty{}},
			Statement: &awswafv2.CfnWebACL_StatementProperty{RateBasedStatement: rate}}
	}
	tokens := &awswafv2.CfnWebACL_StatementProperty{ByteMatchStatement: &awswafv2.CfnWebACL_ByteMatchStatementProperty{
		FieldToMatch: &awswafv2.CfnWebACL_FieldToMatchProperty{UriPath: map[string]any{}}, PositionalConstraint: jsii.String("ENDS_WITH"),
		SearchString: jsii.String("/oauth/tokens"), TextTransformations: &[]any{&awswafv2.CfnWebACL_TextTransformationProperty{
			Priority: jsii.Number(0), Type: jsii.String("URL_DECODE")}},
	}}
	acl := awswafv2.NewCfnWebACL(s.Stack, jsii.String("Firewall"), &awswafv2.CfnWebACLProps{
		Scope: jsii.String("REGIONAL"), VisibilityConfig: seen("firewall"),
		DefaultAction: &awswafv2.CfnWebACL_DefaultActionProperty{Allow: &awswafv2.CfnWebACL_AllowActionProperty{}},
		Rules:         &[]any{rule(0, "tokens", s.Firewall.Tokens, tokens), rule(1, "requests", s.Firewall.Requests, nil)},
	})
	awswafv2.NewCfnWebACLAssociation(s.Stack, jsii.String("FirewallAssociation"), &awswafv2.CfnWebACLAssociationProps{
		ResourceArn: s.api.DeploymentStage().StageArn(), WebAclArn: acl.AttrArn(),
	})
}
