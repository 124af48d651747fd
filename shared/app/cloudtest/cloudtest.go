// Package cloudtest is an AWS account within a test's process: one endpoint for the table and the signing secret, found as
// the SDK finds it, by AWS_ENDPOINT_URL.
package cloudtest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"firn/shared/kv/dynamo/dynamotest"
	"firn/shared/token/secretsmanager/secretsmanagertest"
)

// Table is the name of the account's table.
const Table = "firn-test"

// Account is what a deployment has made.
type Account struct {
	URL    string
	Secret *secretsmanagertest.Manager
}

// New makes an account that is gone with the test.
func New(t testing.TB) *Account {
	t.Helper()
	a := &Account{Secret: secretsmanagertest.New()}
	table := dynamotest.Serve(t, Table)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("X-Amz-Target"), "secretsmanager.") {
			a.Secret.ServeHTTP(w, r)
			return
		}
		table.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	a.URL = server.URL
	return a
}

// Environment is how the SDK, and a function, find the account.
func (a *Account) Environment() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL": a.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"FIRN_TABLE": Table, "FIRN_SIGNING_SECRET": secretsmanagertest.ARN,
	}
}

// Use sets the environment for a test.
func (a *Account) Use(t *testing.T) {
	t.Helper()
	for name, value := range a.Environment() {
		t.Setenv(name, value)
	}
}
