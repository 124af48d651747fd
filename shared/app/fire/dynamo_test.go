package fire

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/uuid"

	"firn/shared/kv"
	"firn/shared/kv/dynamo"
	"firn/shared/kv/dynamo/dynamotest"
)

// endpoint gives a DynamoDB with a table: that which FIRN_TEST_DYNAMODB names, or the one within this process.
func endpoint(t *testing.T) (to http.Handler, table string) {
	t.Helper()
	table = "firn-fire-" + uuid.NewString()
	return dynamotest.Serve(t, table), table
}

// dynamoTable is an instance's driver. It does not wait between attempts.
func dynamoTable(url, name string) kv.Driver {
	client := dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: &url, HTTPClient: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}},
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
	return dynamo.New(dynamo.Config{Client: client, Table: name, AttemptTimeout: time.Minute,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
}
