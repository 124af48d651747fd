// Package dynamo keeps firn's items in one DynamoDB table: the driver of kv for deployments.
//
// The table has the partition key pk and the sort key sk, both strings, and the attributes tag (string), data (binary)
// and expires (number, epoch seconds; the table's time to live). All reads are strongly consistent. A Write of one
// operation is one PutItem or DeleteItem, of several one TransactWriteItems.
//
// It refuses whatever the contract refuses before anything is sent, and to guess: a Write whose outcome it cannot prove is
// StateUnknown. No type and no error of the SDK leaves it but as the cause in a log.
//
// # Why
//
// The SDK's retries are off: they send a conditional write again without telling, and then report the failure of a
// condition that the first attempt itself has changed. This driver sends again what is known to have had no effect
// (throttled, in conflict with a transaction, never sent), a bounded number of times, pausing with jitter as long as the
// context allows. An attempt whose answer is lost leaves doubt, and in doubt no failed condition is reported:
//   - a transaction is sent again under the same token, which DynamoDB applies once;
//   - so is a single operation under a condition that cannot hold again once it has landed (Match; Prefix on Delete), and
//     a Put that finds its own item in the way has landed, because tags are never reused;
//   - any other single operation is not sent again: the lost attempt may still arrive, and landing twice could undo what
//     somebody wrote between. A Put is looked for instead.
//
// Whether an attempt was sent is asked of the HTTP client, not read from the error's text.
package dynamo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"firn/shared/fault"
	"firn/shared/kv"
)

// Config says which table, and how patient to be.
type Config struct {
	Client         *dynamodb.Client // its retries are not used
	Table          string
	AttemptTimeout time.Duration // of one attempt; 0: 3 seconds

	// Sleep waits between attempts, or until the context ends, which it reports; nil: with a timer.
	Sleep func(context.Context, time.Duration) error
}

// Table is a DynamoDB table of items.
type Table struct {
	client         *dynamodb.Client
	name           *string
	attempts       int
	attemptTimeout time.Duration
	sleep          func(context.Context, time.Duration) error
}

var _ kv.Driver = (*Table)(nil)

// New makes a driver; it sends nothing.
func New(c Config) *Table {
	t := &Table{name: &c.Table, attempts: 6, attemptTimeout: c.AttemptTimeout, sleep: c.Sleep}
	t.client = tamed(c.Client)
	if t.attemptTimeout == 0 {
		t.attemptTimeout = 3 * time.Second
	}
	if t.sleep == nil {
		t.sleep = sleep
	}
	return t
}

// tamed is a client without retries, and without a defect of the SDK.
func tamed(c *dynamodb.Client) *dynamodb.Client {
	return dynamodb.New(c.Options(), func(o *dynamodb.Options) {
		o.Retryer = aws.NopRetryer{}
		o.HTTPClient = plainBody{o.HTTPClient}
	})
}

// Client makes a client from the machine's AWS configuration. An empty region or endpoint is taken from there too.
func Client(ctx context.Context, region, endpoint string) (*dynamodb.Client, error) {
	c, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
	if err != nil {
		return nil, fmt.Errorf("load the AWS configuration: %w", err)
	}
	return dynamodb.NewFromConfig(c, func(o *dynamodb.Options) {
		if endpoint != "" {
			o.BaseEndpoint = &endpoint
		}
	}), nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

const (
	firstPause = 20 * time.Millisecond
	maxPause   = 500 * time.Millisecond
)

// pause waits before the nth repetition (from 1): up to 20 ms, twice as long each time, at most 500 ms; at random, so that
// those who met in conflict do not meet again.
func (t *Table) pause(ctx context.Context, n int) error {
	longest := min(maxPause, firstPause<<min(n-1, 10))
	return t.sleep(ctx, longest/4+rand.N(longest*3/4))
}

// attempt sends once. sent says whether any of the request left this process.
func (t *Table) attempt(ctx context.Context, send func(context.Context) error) (sent bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, t.attemptTimeout)
	defer cancel()
	var wrote atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	err = send(ctx)
	return wrote.Load(), err
}

func ended(err error) error {
	return fault.Of(fault.Unavailable, fault.Item, "", "The request ended before the store was asked.").Because(err)
}
