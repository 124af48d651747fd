//go:build localstack

// Package suite tries a deployment whole: it deploys the CDK stack of the environment dev into the account that
// AWS_ENDPOINT_URL stands for, prepares it by `firn bootstrap`, and asks it through API Gateway: Lambda, DynamoDB, Secrets
// Manager, STS, S3 and CloudWatch's logs take part.
//
// It knows nothing of what is behind AWS_ENDPOINT_URL, and refuses to begin without one: it makes a stack and deletes it.
// `make localstack-test` runs it against LocalStack. It needs node, as the CDK does, and the functions as `make functions` builds them
// for this machine.
//
// # Why
//
// What LocalStack cannot show is shown elsewhere, or not yet. It enforces neither IAM policies nor session policies: that a
// vended key opens one table and nothing else is proven on MinIO (`make conformance-minio`), and the rights of the functions'
// roles are held to the template by infra's tests. It throttles nothing, freezes no function and has no limits of memory. It
// takes the stack's gateway responses, alarms and rotation schedule and does nothing with them. The rule that wakes the worker
// every five minutes is not waited for: the tests call the worker.
package suite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// deployed is the environment that all tests share. Each has a catalog and principals of its own.
var deployed *environment

func TestMain(m *testing.M) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	code, err := run(ctx, m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run deploys, runs the tests and removes the deployment, also one that got stuck half-way.
func run(ctx context.Context, m *testing.M) (code int, err error) {
	a, err := account(ctx)
	if err != nil {
		return 1, err
	}
	work, err := os.MkdirTemp("", "firn-suite")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(work)
	deployed = &environment{awsAccount: a, work: work, firn: filepath.Join(work, "firn")}
	err = deployed.deploy(ctx)
	if err == nil {
		code = m.Run()
	}
	if code != 0 {
		deployed.printLogs(ctx)
	}
	if wrong := deployed.remove(ctx); wrong != nil {
		err = errors.Join(err, fmt.Errorf("remove the deployment: %w", wrong))
	}
	return code, err
}
