//go:build cdk

package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/jsii-runtime-go"
)

// addSecret makes the secret of the keys that sign tokens. Secrets Manager rotates only what has a value, so it gets a random
// one that is no key; `firn bootstrap` puts the first keys in its place. To change these properties would make CloudFormation write a new
// random value over the keys.
func (s *firn) addSecret() {
	props := &awssecretsmanager.CfnSecretProps{
		Description: jsii.String("The keys that sign firn's tokens (" + s.Name + "), written by `firn bootstrap` and by rotations"),
		GenerateSecretString: &awssecretsmanager.CfnSecret_GenerateSecretStringProperty{
			PasswordLength: jsii.Number(32), ExcludePunctuation: jsii.Bool(true),
		},
	}
	if s.key != nil {
		props.KmsKeyId = s.key.KeyArn()
	}
	s.secret = awssecretsmanager.NewCfnSecret(s.Stack, jsii.String("SigningSecret"), props)
	s.secret.ApplyRemovalPolicy(s.removal(), nil)
}

// addRotation lets Secrets Manager rotate the keys by the worker. Not at once: the first deployment has no keys yet.
func (s *firn) addRotation() {
	if s.RotationDays == 0 {
		return
	}
	worker := s.functions[worker]
	allow := awslambda.NewCfnPermission(s.Stack, jsii.String("RotationPermission"), &awslambda.CfnPermissionProps{
		Action: jsii.String("lambda:InvokeFunction"), FunctionName: worker.FunctionArn(),
		Principal: jsii.String("secretsmanager.amazonaws.com"), SourceArn: s.secret.Ref(), SourceAccount: s.Account(),
	})
	rotation := awssecretsmanager.NewCfnRotationSchedule(s.Stack, jsii.String("Rotation"), &awssecretsmanager.CfnRotationScheduleProps{
		SecretId: s.secret.Ref(), RotationLambdaArn: worker.FunctionArn(), RotateImmediatelyOnUpdate: jsii.Bool(false),
		RotationRules: &awssecretsmanager.CfnRotationSchedule_RotationRulesProperty{AutomaticallyAfterDays: jsii.Number(s.RotationDays)},
	})
	rotation.AddDependency(allow)
}
