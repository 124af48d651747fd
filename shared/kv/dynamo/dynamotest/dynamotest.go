// Package dynamotest opens a table of the DynamoDB driver for tests of what stands on kv: on the endpoint within the
// test's process, or on the one that FIRN_TEST_DYNAMODB names.
//
// It refuses to sleep: the driver's pauses are skipped on the endpoint within the process, which has no load to wait for.
//
// # Why
//
// Whatever is tested over the embedded driver alone may rely on what the embedded driver promises beyond the contract.
package dynamotest

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
	"firn/shared/kv/dynamo/internal/fake"
)

// Serve gives the endpoint, with one table that is gone with the test, to whoever brings requests there by other ways.
func Serve(t testing.TB, table string) http.Handler {
	t.Helper()
	endpoint := os.Getenv("FIRN_TEST_DYNAMODB")
	if endpoint == "" {
		server := fake.New(t)
		create(t, connect(server.URL, http.DefaultTransport), table)
		return server
	}
	client := connect(endpoint, http.DefaultTransport)
	create(t, client, table)
	t.Cleanup(func() { drop(t, client, table) })
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return httputil.NewSingleHostReverseProxy(target)
}

// Open makes a table that is gone with the test.
func Open(t testing.TB) kv.Driver {
	t.Helper()
	endpoint := os.Getenv("FIRN_TEST_DYNAMODB")
	var sleep func(context.Context, time.Duration) error
	if endpoint == "" {
		endpoint = fake.New(t).URL
		sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	t.Cleanup(transport.CloseIdleConnections)
	client, name := connect(endpoint, transport), "firn-test-"+uuid.NewString()
	create(t, client, name)
	if sleep == nil { // the endpoint within the process does not know how to drop, and needs not
		t.Cleanup(func() { drop(t, client, name) })
	}
	return dynamo.New(dynamo.Config{Client: client, Table: name, Sleep: sleep})
}

func connect(endpoint string, transport http.RoundTripper) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint, HTTPClient: &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
}

func create(t testing.TB, client *dynamodb.Client, table string) {
	t.Helper()
	if err := dynamo.CreateTable(context.Background(), client, table); err != nil {
		t.Fatal(err)
	}
}

func drop(t testing.TB, client *dynamodb.Client, table string) {
	t.Helper()
	if _, err := client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &table}); err != nil {
		t.Error(err)
	}
}
