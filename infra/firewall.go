//go:build cdk

package main

import (
	"net/http"
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2/awswafv2"
	"github.com/aws/jsii-runtime-go"

	"firn/shared/fault"
)

// pause is how long a client that the firewall blocks is asked to wait, in seconds: the rates are looked at each ten seconds or so.
const pause = 30

// addFirewall limits how often one address may ask. There are only rates: rules that look for attacks in texts take %1F in a
// path, or a metadata document, for one. What is beyond a rate is answered as what the gateway throttles, 429 with Retry-After: clients
// take a 403 for the end and come again after a 429.
func (s *firn) addFirewall() {
	seen := func(name string) *awswafv2.CfnWebACL_VisibilityConfigProperty {
		return &awswafv2.CfnWebACL_VisibilityConfigProperty{CloudWatchMetricsEnabled: jsii.Bool(true), MetricName: jsii.String(s.name(name)),
			SampledRequestsEnabled: jsii.Bool(false)} // samples hold headers, and those hold tokens
	}
	const body = "throttled"
	throttled := &awswafv2.CfnWebACL_CustomResponseProperty{ResponseCode: jsii.Number(http.StatusTooManyRequests), CustomResponseBodyKey: jsii.String(body),
		ResponseHeaders: &[]any{&awswafv2.CfnWebACL_CustomHTTPHeaderProperty{Name: jsii.String("Retry-After"), Value: jsii.String(strconv.Itoa(pause))}}}
	rule := func(priority int, name string, limit int, only *awswafv2.CfnWebACL_StatementProperty) *awswafv2.CfnWebACL_RuleProperty {
		rate := &awswafv2.CfnWebACL_RateBasedStatementProperty{AggregateKeyType: jsii.String("IP"), Limit: jsii.Number(limit)}
		if only != nil {
			rate.ScopeDownStatement = only
		}
		return &awswafv2.CfnWebACL_RuleProperty{Name: &name, Priority: jsii.Number(priority), VisibilityConfig: seen(name),
			Action:    &awswafv2.CfnWebACL_RuleActionProperty{Block: &awswafv2.CfnWebACL_BlockActionProperty{CustomResponse: throttled}},
			Statement: &awswafv2.CfnWebACL_StatementProperty{RateBasedStatement: rate}}
	}
	tokens := &awswafv2.CfnWebACL_StatementProperty{ByteMatchStatement: &awswafv2.CfnWebACL_ByteMatchStatementProperty{
		FieldToMatch: &awswafv2.CfnWebACL_FieldToMatchProperty{UriPath: map[string]any{}}, PositionalConstraint: jsii.String("CONTAINS"),
		SearchString: jsii.String("/oauth/tokens"), TextTransformations: &[]any{&awswafv2.CfnWebACL_TextTransformationProperty{
			Priority: jsii.Number(0), Type: jsii.String("URL_DECODE")}, &awswafv2.CfnWebACL_TextTransformationProperty{
			Priority: jsii.Number(1), Type: jsii.String("NORMALIZE_PATH")}}, // the server takes doubled slashes, and one at the end
	}}
	acl := awswafv2.NewCfnWebACL(s.Stack, jsii.String("Firewall"), &awswafv2.CfnWebACLProps{
		Scope: jsii.String("REGIONAL"), VisibilityConfig: seen("firewall"),
		DefaultAction: &awswafv2.CfnWebACL_DefaultActionProperty{Allow: &awswafv2.CfnWebACL_AllowActionProperty{}},
		CustomResponseBodies: &map[string]any{body: &awswafv2.CfnWebACL_CustomResponseBodyProperty{ContentType: jsii.String("APPLICATION_JSON"),
			Content: jsii.String(words(fault.Throttled))}},
		Rules: &[]any{rule(0, "tokens", s.Firewall.Tokens, tokens), rule(1, "requests", s.Firewall.Requests, nil)},
	})
	awswafv2.NewCfnWebACLAssociation(s.Stack, jsii.String("FirewallAssociation"), &awswafv2.CfnWebACLAssociationProps{
		ResourceArn: s.api.DeploymentStage().StageArn(), WebAclArn: acl.AttrArn(),
	})
}
