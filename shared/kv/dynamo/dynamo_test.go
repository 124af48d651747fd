package dynamo

import (
	"context"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/uuid"

	"firn/shared/kv"
	"firn/shared/kv/dynamo/internal/fake"
	"firn/shared/kv/kvtest"
)

// clientOf retries by itself, as a client from the machine's configuration does: the driver must not let it.
func clientOf(t *testing.T, endpoint string) *dynamodb.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	t.Cleanup(transport.CloseIdleConnections)
	return dynamodb.New(dynamodb.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint, RetryMaxAttempts: 3,
		HTTPClient:  &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
}

// openTable makes a table; sleeps are told to pauses and not slept. A slow machine is not a lost answer.
func openTable(t *testing.T, endpoint string, pauses *[]time.Duration) *Table {
	t.Helper()
	client, name := clientOf(t, endpoint), "firn-test-"+uuid.NewString()
	if err := CreateTable(t.Context(), client, name); err != nil {
		t.Fatal(err)
	}
	return New(Config{Client: client, Table: name, AttemptTimeout: time.Minute, Sleep: func(ctx context.Context, d time.Duration) error {
		if pauses != nil {
			*pauses = append(*pauses, d)
		}
		return ctx.Err()
	}})
}

func TestContract(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Driver { return openTable(t, fake.New(t).URL, nil) })
}

// TestContractOnEndpoint asks a real DynamoDB or an emulator; the table is removed afterwards.
func TestContractOnEndpoint(t *testing.T) {
	endpoint := os.Getenv("FIRN_TEST_DYNAMODB")
	if endpoint == "" {
		t.Skip("FIRN_TEST_DYNAMODB names no endpoint")
	}
	client, name := clientOf(t, endpoint), "firn-test-"+uuid.NewString()
	if err := CreateTable(t.Context(), client, name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := tamed(client).DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
			t.Error(err)
		}
	})
	kvtest.Run(t, func(*testing.T) kv.Driver {
		return New(Config{Client: client, Table: name, AttemptTimeout: time.Minute})
	})
}
