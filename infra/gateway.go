//go:build cdk

package main

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"firn/shared/rest"
)

// stageName is the last part of the invoke URL, before the paths of the server.
const stageName = "firn"

// api is the REST API, Regional: it keeps %1F and %2F in paths, as HTTP APIs do not.
type api struct {
	awsapigateway.SpecRestApi
	logs awslogs.LogGroup
}

func (s *firn) addAPI() error {
	table := routes()
	all, err := resources(table, maxResources)
	if err != nil {
		return err
	}
	logs := awslogs.NewLogGroup(s.Stack, jsii.String("AccessLogs"), &awslogs.LogGroupProps{
		LogGroupName: jsii.String("/firn/" + s.Name + "/access"), Retention: retention(s.LogDays), RemovalPolicy: s.removal(),
	})
	props := &awsapigateway.SpecRestApiProps{
		RestApiName:    jsii.String("firn-" + s.Name),
		Description:    jsii.String("firn's REST API (" + s.Name + ")"),
		EndpointTypes:  &[]awsapigateway.EndpointType{awsapigateway.EndpointType_REGIONAL},
		ApiDefinition:  awsapigateway.ApiDefinition_FromInline(s.document(all)),
		CloudWatchRole: jsii.Bool(s.GatewayLogs),
		DeployOptions:  s.stage(all, logs),
	}
	if s.Domain.Name != "" {
		props.DisableExecuteApiEndpoint = jsii.Bool(true) // one door, with its own name and certificate
		props.DomainName = &awsapigateway.DomainNameOptions{
			DomainName: &s.Domain.Name, EndpointType: awsapigateway.EndpointType_REGIONAL, SecurityPolicy: awsapigateway.SecurityPolicy_TLS_1_2,
			Certificate: awscertificatemanager.Certificate_FromCertificateArn(s.Stack, jsii.String("Certificate"), &s.Domain.Certificate),
		}
	}
	s.api = &api{awsapigateway.NewSpecRestApi(s.Stack, jsii.String("Api"), props), logs}
	for _, name := range order {
		if name != worker {
			awslambda.NewCfnPermission(s.Stack, jsii.String(title(name)+"Permission"), &awslambda.CfnPermissionProps{
				Action: jsii.String("lambda:InvokeFunction"), FunctionName: s.functions[name].FunctionArn(),
				Principal: jsii.String("apigateway.amazonaws.com"),
				SourceArn: s.api.ArnForExecuteApi(jsii.String("*"), jsii.String("/*"), jsii.String(stageName)), // which method calls which function, the API says
			})
		}
	}
	return nil
}

// stage is how the API is served: throttled by class, logged, and without its bodies in any log.
func (s *firn) stage(all []resource, logs awslogs.LogGroup) *awsapigateway.StageOptions {
	methods := map[string]*awsapigateway.MethodDeploymentOptions{}
	for _, r := range all {
		for verb, m := range r.methods {
			if t := s.Throttles[m.class]; m.class != reads {
				methods[r.path+"/"+verb] = &awsapigateway.MethodDeploymentOptions{ThrottlingRateLimit: &t.Rate, ThrottlingBurstLimit: &t.Burst}
			}
		}
	}
	rest := s.Throttles[reads]
	return &awsapigateway.StageOptions{
		StageName:            jsii.String(stageName),
		ThrottlingRateLimit:  &rest.Rate,
		ThrottlingBurstLimit: &rest.Burst,
		MethodOptions:        &methods,
		LoggingLevel:         awsapigateway.MethodLoggingLevel_OFF,
		DataTraceEnabled:     jsii.Bool(false),
		TracingEnabled:       jsii.Bool(s.Trace),
		AccessLogDestination: awsapigateway.NewLogGroupLogDestination(logs),
		AccessLogFormat:      awsapigateway.AccessLogFormat_Custom(jsii.String(accessLog)),
	}
}

// accessLog holds neither headers nor queries, so no token either. The path is the resource's: names of tables are in the
// functions' logs, under the same request id.
const accessLog = `{"requestId":"$context.requestId","time":"$context.requestTimeEpoch","ip":"$context.identity.sourceIp",` +
	`"method":"$context.httpMethod","resource":"$context.resourcePath","status":"$context.status","bytes":"$context.responseLength",` +
	`"ms":"$context.responseLatency","functionMs":"$context.integrationLatency","functionStatus":"$context.integrationStatus",` +
	`"refusedBy":"$context.error.responseType"}`

// document is the API as OpenAPI. As one document it is one resource of the stack, whose parts come and go together.
func (s *firn) document(all []resource) map[string]any {
	paths := map[string]any{}
	for _, r := range all {
		operations := map[string]any{}
		for verb, m := range r.methods {
			operation := map[string]any{"x-amazon-apigateway-integration": s.integration(m.function)}
			if named := parameters(r.path); named != nil {
				operation["parameters"] = named
			}
			name := strings.ToLower(verb)
			if verb == anyMethod {
				name = "x-amazon-apigateway-any-method"
			}
			operations[name] = operation
		}
		paths[r.path] = operations
	}
	return map[string]any{
		"openapi": "3.0.1",
		"info":    map[string]any{"title": "firn-" + s.Name, "version": "1"},
		"paths":   paths,
		// Packed answers are binary. Requests then arrive as binary too, and lambdahttp decodes them.
		"x-amazon-apigateway-binary-media-types": []string{"*/*"},
		"x-amazon-apigateway-gateway-responses":  refusals(),
	}
}

func (s *firn) integration(name rest.Function) map[string]any {
	return map[string]any{
		"type": "aws_proxy", "httpMethod": "POST", "passthroughBehavior": "when_no_match", "timeoutInMillis": gatewayTimeout * 1000,
		"uri": join("arn:", s.Partition(), ":apigateway:", s.Region(), ":lambda:path/2015-03-31/functions/", s.functions[name].FunctionArn(), "/invocations"),
	}
}

func parameters(path string) []any {
	var out []any
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			out = append(out, map[string]any{"name": strings.TrimRight(name, "+}"), "in": "path", "required": true,
				"schema": map[string]any{"type": "string"}})
		}
	}
	return out
}
