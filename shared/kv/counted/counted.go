// Package counted counts the calls that reach a kv.Driver, for the tests that hold requests to their budget.
//
// It refuses nothing and changes nothing. A call that fails counts: it was paid for.
//
// # Why
//
// A budget is a promise about cost, and cost is what reaches the table; so calls are counted at the driver, by what
// DynamoDB bills differently, and not where a use-case believes that it makes them.
package counted

import (
	"context"
	"sync"

	"firn/shared/kv"
)

// Counts are calls since the last Take.
type Counts struct {
	Gets         int // calls of Get, each one round trip
	Keys         int // keys that they asked for
	Lists        int // pages
	Writes       int // Writes of a single operation
	Transactions int // Writes of several
	Ops          int // operations of these
}

// Driver counts the calls to the driver under it. Use New.
type Driver struct {
	inner  kv.Driver
	mu     sync.Mutex
	counts Counts
}

var _ kv.Driver = (*Driver)(nil)

// New counts the calls to inner.
func New(inner kv.Driver) *Driver { return &Driver{inner: inner} }

// Take gives the counts and begins again at zero.
func (d *Driver) Take() Counts {
	d.mu.Lock()
	defer d.mu.Unlock()
	taken := d.counts
	d.counts = Counts{}
	return taken
}

func (d *Driver) count(add func(*Counts)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	add(&d.counts)
}

// Get implements kv.Driver.
func (d *Driver) Get(ctx context.Context, keys []kv.Key) ([]*kv.Item, error) {
	d.count(func(c *Counts) { c.Gets++; c.Keys += len(keys) })
	return d.inner.Get(ctx, keys)
}

// List implements kv.Driver.
func (d *Driver) List(ctx context.Context, page kv.Page) ([]kv.Item, string, error) {
	d.count(func(c *Counts) { c.Lists++ })
	return d.inner.List(ctx, page)
}

// Write implements kv.Driver.
func (d *Driver) Write(ctx context.Context, ops []kv.Op) error {
	d.count(func(c *Counts) {
		if len(ops) == 1 {
			c.Writes++
			return
		}
		c.Transactions++
		c.Ops += len(ops)
	})
	return d.inner.Write(ctx, ops)
}
