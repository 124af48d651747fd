//go:build cdk

package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/jsii-runtime-go"
)

// newKey makes a KMS key. What is encrypted with a key that is gone is gone, so the key of a table that is kept is kept.
func (s *firn) newKey(id, what string) awskms.Key {
	return awskms.NewKey(s.Stack, &id, &awskms.KeyProps{
		Description:       jsii.String(what + " (" + s.Name + ")"),
		EnableKeyRotation: jsii.Bool(true),
		PendingWindow:     awscdk.Duration_Days(jsii.Number(30)),
		RemovalPolicy:     s.removal(),
	})
}

// addTable makes the table as kv/dynamo expects it. Its name is CloudFormation's to choose: a table that was kept must not
// be in the way of its successor, into which a backup is restored.
func (s *firn) addTable() {
	text := func(name string) *awsdynamodb.CfnTable_AttributeDefinitionProperty {
		return &awsdynamodb.CfnTable_AttributeDefinitionProperty{AttributeName: &name, AttributeType: jsii.String("S")}
	}
	part := func(name, kind string) *awsdynamodb.CfnTable_KeySchemaProperty {
		return &awsdynamodb.CfnTable_KeySchemaProperty{AttributeName: &name, KeyType: &kind}
	}
	props := &awsdynamodb.CfnTableProps{
		AttributeDefinitions: &[]any{text("pk"), text("sk")},
		KeySchema:            &[]any{part("pk", "HASH"), part("sk", "RANGE")},
		BillingMode:          jsii.String("PAY_PER_REQUEST"), // nothing is paid for while nobody asks
		PointInTimeRecoverySpecification: &awsdynamodb.CfnTable_PointInTimeRecoverySpecificationProperty{
			PointInTimeRecoveryEnabled: jsii.Bool(true), RecoveryPeriodInDays: jsii.Number(35),
		},
		TimeToLiveSpecification: &awsdynamodb.CfnTable_TimeToLiveSpecificationProperty{
			AttributeName: jsii.String("expires"), Enabled: jsii.Bool(true),
		},
		DeletionProtectionEnabled: jsii.Bool(s.Keep),
	}
	if s.key != nil {
		props.SseSpecification = &awsdynamodb.CfnTable_SSESpecificationProperty{
			SseEnabled: jsii.Bool(true), SseType: jsii.String("KMS"), KmsMasterKeyId: s.key.KeyArn(),
		}
	} // else DynamoDB encrypts with a key of its own
	s.table = awsdynamodb.NewCfnTable(s.Stack, jsii.String("Table"), props)
	s.table.ApplyRemovalPolicy(s.removal(), nil)
}
