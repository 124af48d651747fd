//go:build cdk

package main

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"firn/shared/rest"
)

// config says what to deploy.
type config struct {
	Environment
	Arch      string // arm64 or amd64
	Functions string // the folder of the built functions: Functions/ARCH/NAME/bootstrap
}

// firn is the stack of one environment, with the parts that others of its parts refer to.
type firn struct {
	awscdk.Stack
	config
	key       awskms.Key // nil: AWS's own keys
	shared    awskms.Key // of shared credentials; nil: none are shared
	table     awsdynamodb.CfnTable
	secret    awssecretsmanager.CfnSecret
	functions map[rest.Function]*function
	api       *api
	topic     awscloudwatch.IAlarmAction // nil: alarms are told to nobody
}

func newFirn(scope constructs.Construct, id string, c config) (*firn, error) {
	props := &awscdk.StackProps{
		Description:           jsii.String("firn: a lakehouse catalog that hands out keys (" + c.Name + ")"),
		TerminationProtection: jsii.Bool(c.Keep),
	}
	if c.Account != "" || c.Region != "" {
		props.Env = &awscdk.Environment{Account: optional(c.Account), Region: optional(c.Region)}
	}
	s := &firn{Stack: awscdk.NewStack(scope, jsii.String(id), props), config: c}
	awscdk.Tags_Of(s.Stack).Add(jsii.String("firn-environment"), jsii.String(c.Name), nil)
	if c.OwnKey {
		s.key = s.newKey("Key", "firn's table and signing secret")
	}
	if c.SharedCredentials {
		s.shared = s.newKey("SharedCredentialsKey", "firn's vended credentials, which its functions share")
	}
	s.addTable()
	s.addSecret()
	if err := s.addFunctions(); err != nil {
		return nil, err
	}
	s.addSchedule()
	s.addRotation()
	if err := s.addAPI(); err != nil {
		return nil, fmt.Errorf("declare the API: %w", err)
	}
	if c.Firewall.Requests > 0 {
		s.addFirewall()
	}
	if c.FunctionURLs {
		s.addFunctionURLs()
	}
	s.addAlarms()
	s.addDashboard()
	s.addOutputs()
	return s, nil
}

// removal says what becomes of things that hold something when the stack goes, or they leave it.
func (s *firn) removal() awscdk.RemovalPolicy {
	if s.Keep {
		return awscdk.RemovalPolicy_RETAIN
	}
	return awscdk.RemovalPolicy_DESTROY
}

// name spells the name of something that must be the same after it was made anew.
func (s *firn) name(part string) string { return "firn-" + s.Name + "-" + part }

// join puts texts, and what CloudFormation will know, together.
func join(parts ...any) *string {
	var all []*string
	for _, p := range parts {
		if text, ok := p.(string); ok {
			p = &text
		}
		all = append(all, p.(*string))
	}
	return awscdk.Fn_Join(jsii.String(""), &all)
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// retention gives the period for which CloudWatch keeps logs; empty if it knows none of that length.
func retention(days int) awslogs.RetentionDays {
	return map[int]awslogs.RetentionDays{
		1: awslogs.RetentionDays_ONE_DAY, 3: awslogs.RetentionDays_THREE_DAYS, 7: awslogs.RetentionDays_ONE_WEEK,
		14: awslogs.RetentionDays_TWO_WEEKS, 30: awslogs.RetentionDays_ONE_MONTH, 90: awslogs.RetentionDays_THREE_MONTHS,
		180: awslogs.RetentionDays_SIX_MONTHS, 365: awslogs.RetentionDays_ONE_YEAR, 731: awslogs.RetentionDays_TWO_YEARS,
	}[days]
}
