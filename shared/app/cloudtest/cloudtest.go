// Package cloudtest is an AWS account within a test's process: one endpoint for the table, the signing secret, KMS, STS and the
// roles that end keys, found as the SDK finds it, by AWS_ENDPOINT_URL.
package cloudtest

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"firn/shared/kv/dynamo/dynamotest"
	"firn/shared/revoke/revoketest"
	"firn/shared/token/secretsmanager/secretsmanagertest"
	"firn/shared/vend/kms/kmstest"
)

// iamVersion tells requests of IAM from those of STS, which both speak the query protocol.
const iamVersion = "2010-05-08"

// Table is the name of the account's table.
const Table = "firn-test"

// Account is what a deployment has made. It may be asked, and told to fail, concurrently.
type Account struct {
	URL    string
	Secret *secretsmanagertest.Manager
	Keys   *kmstest.Keys
	IAM    *revoketest.Account // boundaries of vending roles, and the roles that write them

	mu     sync.Mutex
	roles  map[string]bool // that may be assumed
	minted int             // keys of STS
	plan   func(action string) Fault
	calls  map[string]int
}

// Fault is what happens to one call. The zero value lets it through.
type Fault struct {
	Refuse string // the error's code, such as ThrottlingException: the call has no effect
	Lose   bool   // it has its effect, and the connection breaks before the answer
	Before func() // runs before the effect
	After  func() // runs behind it, before the answer
}

// Plan says what happens to calls from now on; nil: nothing does. The action is the last part of the call's X-Amz-Target,
// such as PutItem, and AssumeRole for STS.
func (a *Account) Plan(plan func(action string) Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.plan = plan
}

// Take gives how often each action was called since the last Take.
func (a *Account) Take() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	was := a.calls
	a.calls = map[string]int{}
	return was
}

func (a *Account) begin(action string) Fault {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls[action]++
	if a.plan == nil {
		return Fault{}
	}
	return a.plan(action)
}

// New makes an account that is gone with the test.
func New(t testing.TB) *Account {
	t.Helper()
	a := &Account{Secret: secretsmanagertest.New(), Keys: kmstest.New(), IAM: revoketest.New(), roles: map[string]bool{}, calls: map[string]int{}}
	table := dynamotest.Serve(t, Table)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		service, action, isJSON := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if !isJSON && (r.FormValue("Version") == iamVersion || strings.Contains(r.FormValue("RoleArn"), ":role/firn-revoking/")) {
			a.begin(r.FormValue("Action"))
			a.IAM.ServeHTTP(w, r)
			return
		}
		if !isJSON { // STS speaks the query protocol
			sts(w, r, a)
			return
		}
		f := a.begin(action)
		if f.Before != nil {
			f.Before()
		}
		if f.Refuse != "" {
			w.Header().Set("X-Amzn-ErrorType", f.Refuse)
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"__type":"%s","message":"planned"}`, f.Refuse)
			return
		}
		to := table
		switch service {
		case "secretsmanager":
			to = a.Secret
		case "TrentService":
			to = a.Keys
		}
		if f.Lose || f.After != nil {
			there := httptest.NewRecorder()
			to.ServeHTTP(there, r)
			if f.After != nil {
				f.After()
			}
			if f.Lose {
				panic(http.ErrAbortHandler)
			}
			maps.Copy(w.Header(), there.Header())
			w.WriteHeader(there.Code)
			_, _ = w.Write(there.Body.Bytes())
			return
		}
		to.ServeHTTP(w, r)
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
func (a *Account) Use(t testing.TB) {
	t.Helper()
	for name, value := range a.Environment() {
		t.Setenv(name, value)
	}
}
