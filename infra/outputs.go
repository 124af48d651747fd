//go:build cdk

package main

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"
	"github.com/aws/jsii-runtime-go"
)

// addOutputs tells what others need to know: as outputs of the stack to who deploys it, as parameters below /firn/ENV/ to
// programs of the account, which need no right on the stack for them.
func (s *firn) addOutputs() {
	url := s.api.DeploymentStage().UrlForPath(jsii.String("/api/catalog"))
	if s.Domain.Name != "" {
		url = jsii.String("https://" + s.Domain.Name + "/api/catalog")
		awscdk.NewCfnOutput(s.Stack, jsii.String("DomainTarget"), &awscdk.CfnOutputProps{
			Description: jsii.String("What the DNS record of " + s.Domain.Name + " must be an alias of"), Value: s.api.DomainName().DomainNameAliasDomainName(),
		})
	}
	for _, o := range []struct {
		name, what string
		value      *string
	}{
		{"catalog-uri", "The uri of the catalog, for engines", url},
		{"table-name", "The name of the table", s.table.Ref()},
		{"signing-secret-arn", "The ARN of the secret with the keys that sign tokens", s.secret.Ref()},
		{"api-id", "The id of the REST API", s.api.RestApiId()},
	} {
		awscdk.NewCfnOutput(s.Stack, jsii.String(camel(o.name)), &awscdk.CfnOutputProps{Description: &o.what, Value: o.value})
		awsssm.NewStringParameter(s.Stack, jsii.String(camel(o.name)+"Parameter"), &awsssm.StringParameterProps{
			ParameterName: jsii.String("/firn/" + s.Name + "/" + o.name), Description: &o.what, StringValue: o.value,
		})
	}
}

// camel makes a construct's id of a parameter's name.
func camel(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "-") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}
