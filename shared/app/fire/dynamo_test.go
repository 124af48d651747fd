package fire

import (
	"context"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
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
	at := os.Getenv("FIRN_TEST_DYNAMODB")
	if at == "" {
		return dynamotest.Serve(t, table), table
	}
	target, err := url.Parse(at)
	must(t, err)
	client := dynamoClient(at, http.DefaultTransport)
	must(t, dynamo.CreateTable(t.Context(), client, table))
	t.Cleanup(func() {
		_, err := client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &table})
		must(t, err)
	})
	return httputil.NewSingleHostReverseProxy(target), table
}

// dynamoTable is an instance's driver. It does not wait between attempts.
func dynamoTable(url, name string) kv.Driver {
	return dynamo.New(dynamo.Config{Client: dynamoClient(url, &http.Transport{MaxIdleConnsPerHost: 16}), Table: name, AttemptTimeout: time.Minute,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
}

func dynamoClient(url string, transport http.RoundTripper) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: &url, HTTPClient: &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
}
