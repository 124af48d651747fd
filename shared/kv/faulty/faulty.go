// Package faulty is a kv.Driver that misbehaves as told, for tests of whatever stands on kv: lost requests and answers,
// refusals, torn reads, and other writers at the worst moment.
//
// A Fault says what happens to one call. Next scripts the coming calls of a verb; Plan decides on every call that has no
// script, as Random does from a seed. Nothing here sleeps: a slow call is one whose Before lets time pass or others run.
// It refuses nothing by itself: without faults it is the driver under it.
//
// # Why
//
// The contract allows a driver more than the embedded one ever does: a batch that is torn, a Write whose outcome nobody
// knows. Code that was never shown them is wrong about them. A race is tested by forcing its interleaving with the hooks,
// not by running it often.
package faulty

import (
	"context"
	"errors"
	"sync"

	"firn/shared/fault"
	"firn/shared/kv"
)

// Verb is one of the driver's calls.
type Verb int

// The verbs.
const (
	Get Verb = iota
	List
	Write
)

// Call is a call that is about to happen; Verb says which of the others is set.
type Call struct {
	Verb Verb
	Keys []kv.Key
	Page kv.Page
	Ops  []kv.Op
}

// Fault is what happens to a call. The zero Fault is nothing. Hooks run without locks held: they may call the driver.
type Fault struct {
	Before  func() // runs before the call reaches the driver
	Between func() // of a Get: tears it, keys 0, 2, 4... are read before and the others after; a Get of one key ignores it
	After   func() // runs when the driver has answered, before the caller hears of it

	Refuse fault.Kind // Throttled or Unavailable: the call does not reach the driver; 0: it does
	Lose   Loss
}

// Loss says which half of a call is lost on the way. A lost Write is StateUnknown, a lost Get or List is Unavailable.
type Loss int

// The losses.
const (
	Nothing Loss = iota
	Request      // the driver never hears of the call
	Answer       // the call takes effect; if a condition fails, that is lost too
)

// Driver is a driver with faults. Use New. A call that breaks a limit is refused, as any driver does, and meets no fault.
type Driver struct {
	inner kv.Driver

	mu     sync.Mutex
	script map[Verb][]Fault
	plan   func(Call) Fault
}

var _ kv.Driver = (*Driver)(nil)

// New makes a driver that behaves as inner until it is told otherwise.
func New(inner kv.Driver) *Driver {
	return &Driver{inner: inner, script: map[Verb][]Fault{}}
}

// Next gives the coming calls of a verb a fault each, behind those that are scripted already.
func (d *Driver) Next(verb Verb, faults ...Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.script[verb] = append(d.script[verb], faults...)
}

// Plan decides on all calls without a script, from now on; nil stops it. plan is called by one call at a time.
func (d *Driver) Plan(plan func(Call) Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.plan = plan
}

// Pending counts the scripted faults that no call has met, so that a test can tell that all of them happened.
func (d *Driver) Pending() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.script[Get]) + len(d.script[List]) + len(d.script[Write])
}

func (d *Driver) faultOf(c Call) Fault {
	d.mu.Lock()
	defer d.mu.Unlock()
	if queue := d.script[c.Verb]; len(queue) > 0 {
		d.script[c.Verb] = queue[1:]
		return queue[0]
	}
	if d.plan != nil {
		return d.plan(c)
	}
	return Fault{}
}

// Get implements kv.Driver.
func (d *Driver) Get(ctx context.Context, keys []kv.Key) (items []*kv.Item, err error) {
	if err := kv.CheckGet(keys); err != nil {
		return nil, err
	}
	f := d.faultOf(Call{Verb: Get, Keys: keys})
	err = f.around(fault.Unavailable, func() error {
		items, err = f.get(ctx, d.inner, keys)
		return err
	})
	if err != nil {
		return nil, err
	}
	return items, nil
}

// List implements kv.Driver.
func (d *Driver) List(ctx context.Context, page kv.Page) (items []kv.Item, next string, err error) {
	if err := kv.CheckPage(page); err != nil {
		return nil, "", err
	}
	f := d.faultOf(Call{Verb: List, Page: page})
	err = f.around(fault.Unavailable, func() error {
		items, next, err = d.inner.List(ctx, page)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	return items, next, nil
}

// Write implements kv.Driver.
func (d *Driver) Write(ctx context.Context, ops []kv.Op) error {
	if err := kv.CheckWrite(ops); err != nil {
		return err
	}
	f := d.faultOf(Call{Verb: Write, Ops: ops})
	return f.around(fault.StateUnknown, func() error { return d.inner.Write(ctx, ops) })
}

var errInjected = errors.New("injected fault")

func (f Fault) around(lost fault.Kind, call func() error) error {
	hook(f.Before)
	if f.Refuse != 0 {
		return injected(f.Refuse)
	}
	if f.Lose == Request {
		return injected(lost)
	}
	err := call()
	hook(f.After)
	if f.Lose == Answer {
		return injected(lost)
	}
	return err
}

func injected(kind fault.Kind) error {
	return fault.Of(kind, fault.Item, "", "The store did not answer.").Because(errInjected)
}

func hook(run func()) {
	if run != nil {
		run()
	}
}

// get reads in one call, or torn in two.
func (f Fault) get(ctx context.Context, inner kv.Driver, keys []kv.Key) ([]*kv.Item, error) {
	if f.Between == nil || len(keys) < 2 {
		return inner.Get(ctx, keys)
	}
	items := make([]*kv.Item, len(keys))
	for half := range 2 {
		if half == 1 {
			f.Between()
		}
		var part []kv.Key
		for i := half; i < len(keys); i += 2 {
			part = append(part, keys[i])
		}
		got, err := inner.Get(ctx, part)
		if err != nil {
			return nil, err
		}
		for i, item := range got {
			items[2*i+half] = item
		}
	}
	return items, nil
}
