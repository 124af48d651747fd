package dynamo

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"firn/shared/fault"
)

const createTimeout = 2 * time.Minute

// CreateTable makes a table that New can use, billed on demand, with its time to live switched on, and waits until it can
// be used: for endpoints on this machine and for tests. Deployments declare the same table. Exists if the name is taken.
func CreateTable(ctx context.Context, client *dynamodb.Client, table string) error {
	client = tamed(client)
	text := func(name string) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: aws.String(name), AttributeType: types.ScalarAttributeTypeS}
	}
	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            &table,
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{text(partitionName), text(sortName)},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String(partitionName), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(sortName), KeyType: types.KeyTypeRange},
		},
	})
	if _, taken := errors.AsType[*types.ResourceInUseException](err); taken {
		return fault.New(fault.Exists, "The DynamoDB table %s is there already.", table).Because(err)
	}
	if err != nil {
		return notMade(table, err)
	}
	wait := dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) { o.MinDelay = 100 * time.Millisecond })
	if err := wait.Wait(ctx, &dynamodb.DescribeTableInput{TableName: &table}, createTimeout); err != nil {
		return notMade(table, err)
	}
	_, err = client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName:               &table,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String(expiresName), Enabled: aws.Bool(true)},
	})
	if err != nil {
		return notMade(table, err)
	}
	return nil
}

func notMade(table string, err error) error {
	return fault.New(fault.Unavailable, "The DynamoDB table %s cannot be made.", table).Because(err)
}
