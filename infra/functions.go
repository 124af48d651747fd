//go:build cdk

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"firn/shared/rest"
)

// function is a Lambda function with its role and its logs.
type function struct {
	awslambda.Function
	name rest.Function
	logs awslogs.LogGroup
}

// memory is what the functions get, in MB. Processor time goes with it: a first request at 256 MB has a seventh of a
// processor for its TLS handshakes. Those that pack and unpack metadata get more.
var memory = map[rest.Function]int{rest.Token: 512, rest.Management: 512, rest.Catalog: 1024, rest.Commit: 1024, rest.Credentials: 512, worker: 512}

// The times, in seconds: the server gives up on a request first (rest.DefaultTimeout), then Lambda, then the gateway. Nobody
// waits for the worker.
const (
	gatewayTimeout  = 29
	functionTimeout = gatewayTimeout - 1
	workerTimeout   = 5 * 60
)

func (s *firn) addFunctions() error {
	s.functions = map[rest.Function]*function{}
	for _, name := range order {
		f, err := s.function(name)
		if err != nil {
			return err
		}
		s.functions[name] = f
	}
	return nil
}

func (s *firn) function(name rest.Function) (*function, error) {
	folder := filepath.Join(s.Functions, s.Arch, string(name))
	if _, err := os.Stat(filepath.Join(folder, "bootstrap")); err != nil {
		return nil, fmt.Errorf("the function %s is not built (`make functions` builds it): %w", name, err)
	}
	architecture, ok := map[string]awslambda.Architecture{"arm64": awslambda.Architecture_ARM_64(), "amd64": awslambda.Architecture_X86_64()}[s.Arch]
	if !ok {
		return nil, fmt.Errorf("-c arch=%s: the architectures are arm64 and amd64", s.Arch)
	}
	logs := awslogs.NewLogGroup(s.Stack, jsii.String(title(name)+"Logs"), &awslogs.LogGroupProps{
		LogGroupName: jsii.String("/aws/lambda/" + s.name(string(name))), Retention: retention(s.LogDays), RemovalPolicy: s.removal(),
	})
	timeout := functionTimeout
	if name == worker {
		timeout = workerTimeout
	}
	props := &awslambda.FunctionProps{
		FunctionName: jsii.String(s.name(string(name))),
		Description:  jsii.String("firn (" + s.Name + "): " + string(name)),
		Runtime:      awslambda.Runtime_PROVIDED_AL2023(),
		Architecture: architecture,
		Handler:      jsii.String("bootstrap"),
		Code:         awslambda.Code_FromAsset(&folder, nil),
		MemorySize:   jsii.Number(memory[name]),
		Timeout:      awscdk.Duration_Seconds(jsii.Number(timeout)),
		Environment:  s.variables(name),
		LogGroup:     logs,
		// Whole as it is: constructs that use the function must not widen it.
		Role: s.role(name, logs).WithoutPolicyUpdates(nil),
	}
	if s.Trace {
		props.Tracing = awslambda.Tracing_ACTIVE
	}
	if name == rest.Token && s.TokenConcurrency > 0 {
		props.ReservedConcurrentExecutions = jsii.Number(s.TokenConcurrency)
	}
	return &function{Function: awslambda.NewFunction(s.Stack, jsii.String(title(name)), props), name: name, logs: logs}, nil
}

// variables are the environment that app/function reads.
func (s *firn) variables(name rest.Function) *map[string]*string {
	v := map[string]*string{
		"FIRN_TABLE":                      s.table.Ref(),
		"FIRN_REALMS":                     jsii.String(strings.Join(s.Realms, ",")),
		"FIRN_UNIQUE_LOCATIONS":           jsii.String(strconv.FormatBool(!s.SharedLocations)),
		"FIRN_REQUIRE_ROTATION":           jsii.String(strconv.FormatBool(s.RequireRotation)),
		"FIRN_ALLOW_OVERLAPPING_CATALOGS": jsii.String(strconv.FormatBool(s.AllowOverlappingCatalogs)),
		"FIRN_STORAGE_POLICY":             jsii.String(s.StoragePolicy),
		// The collector works harder before Lambda ends the process for want of memory.
		"GOMEMLIMIT": jsii.String(strconv.Itoa(memory[name]*9/10) + "MiB"),
	}
	if s.NoProbes && name == rest.Management {
		v["FIRN_PROBE"] = jsii.String("false")
	}
	if s.CredentialMinutes > 0 {
		v["FIRN_CREDENTIAL_DURATION"] = jsii.String(strconv.Itoa(s.CredentialMinutes) + "m")
	}
	if s.SessionHours > 0 && name == rest.Token {
		v["FIRN_MAX_SESSION"] = jsii.String(strconv.Itoa(s.SessionHours) + "h")
	}
	if s.NamedStorage && slices.Contains(vends, name) {
		v["FIRN_STORAGE_SECRETS"] = jsii.String(s.storageSecrets())
	}
	if s.shared != nil && slices.Contains(vends, name) {
		v["FIRN_SHARED_CREDENTIALS_KEY"] = s.shared.KeyArn()
	}
	if s.GoogleProvider != "" && slices.Contains(vends, name) {
		v["FIRN_GCP_AUDIENCE"] = jsii.String(s.GoogleProvider)
		if s.GoogleAccount != "" {
			v["FIRN_GCP_SERVICE_ACCOUNT"] = jsii.String(s.GoogleAccount)
		}
	}
	if s.AzureClient != "" && slices.Contains(vends, name) {
		v["FIRN_AZURE_CLIENT_ID"] = jsii.String(s.AzureClient)
	}
	if s.MaxBody > 0 {
		v["FIRN_MAX_BODY"] = jsii.String(strconv.Itoa(s.MaxBody))
	}
	for _, f := range signs {
		if f == name {
			v["FIRN_SIGNING_SECRET"] = s.secret.Ref()
		}
	}
	return &v
}

// storageSecrets is how the names of the secrets begin that hold credentials of catalogs' storage.
func (s *firn) storageSecrets() string { return "firn-" + s.Name + "/storage/" }

// addSchedule wakes the worker. A turn that failed is not repeated: the next one comes soon.
func (s *firn) addSchedule() {
	awsevents.NewRule(s.Stack, jsii.String("Schedule"), &awsevents.RuleProps{
		Description: jsii.String("Takes up what must go on after firn's answers (" + s.Name + ")"),
		Schedule:    awsevents.Schedule_Rate(awscdk.Duration_Minutes(jsii.Number(5))),
		Targets: &[]awsevents.IRuleTarget{awseventstargets.NewLambdaFunction(s.functions[worker].Function, &awseventstargets.LambdaFunctionProps{
			RetryAttempts: jsii.Number(0), MaxEventAge: awscdk.Duration_Minutes(jsii.Number(5)),
		})},
	})
}

// title makes a construct's id of a function's name.
func title(name rest.Function) string { return strings.ToUpper(string(name[:1])) + string(name[1:]) }
