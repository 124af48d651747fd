//go:build cdk

package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"
)

// addFunctionURLs gives each function that serves routes a URL of its own, which costs nothing beside the function. Nobody
// checks who asks before the function does, so it is open to all, as the API is. One URL serves one function's routes: for a
// client that is told both (token and credentials, say), or for a content network that sends paths and methods to origins.
func (s *firn) addFunctionURLs() {
	for _, name := range order {
		if name == worker {
			continue
		}
		url := s.functions[name].AddFunctionUrl(&awslambda.FunctionUrlOptions{AuthType: awslambda.FunctionUrlAuthType_NONE})
		awscdk.NewCfnOutput(s.Stack, jsii.String(title(name)+"Url"), &awscdk.CfnOutputProps{Value: url.Url()})
	}
}
