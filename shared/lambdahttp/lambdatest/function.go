//go:build unix

package lambdatest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// function keeps the environments of one function.
type function struct {
	Function
	name   string
	config *Config

	mu     sync.Mutex
	live   map[*environment]bool // whether it is to be replaced after its request
	idle   []*environment        // the last used is used first
	slots  int                   // of Concurrency, in use by live environments and by those about to start
	counts Counts
	closed bool
	work   sync.WaitGroup // invocations, and processes that were not yet waited for
}

var errClosed = errors.New("the gateway is closed")

// invoke gives an event to an environment and returns what the function answers, or a problem, with what the function said
// of it.
func (f *function) invoke(call *invocation) ([]byte, error) {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return nil, failed
	}
	f.work.Add(1)
	defer f.work.Done()
	if len(f.idle) == 0 && f.slots >= f.Concurrency {
		f.counts.Throttles++
		f.mu.Unlock()
		return nil, throttled
	}
	f.counts.Invocations++
	f.counts.Running++
	var e *environment
	if n := len(f.idle); n > 0 {
		e, f.idle = f.idle[n-1], f.idle[:n-1]
	} else {
		f.slots++
	}
	f.mu.Unlock()

	var err error
	if e == nil {
		e, err = f.init()
	}
	if err == nil {
		call.deadline = f.config.Now().Add(f.Timeout)
		err = e.serve(call, f.Timeout)
	}
	f.settle(e, err)
	if err != nil {
		fmt.Fprintf(f.config.Output, "%s: %s: %v\n", f.name, call.id, err)
		return call.answer, failed
	}
	return call.answer, nil
}

// init starts an environment and waits until it asks for work. Where that fails it is tried once more, as Lambda does
// within the invocation and its time-out.
func (f *function) init() (*environment, error) {
	for _, patience := range []time.Duration{f.config.InitTimeout, f.Timeout} {
		e, err := f.launch()
		if err == nil {
			if err = e.await(patience); err == nil {
				return e, nil
			}
		}
		f.mu.Lock()
		f.counts.InitFailures++
		f.mu.Unlock()
		fmt.Fprintf(f.config.Output, "%s: init: %v\n", f.name, err)
	}
	return nil, errors.New("no environment could be initialised")
}

// launch starts a process, under the lock so that none starts after close.
func (f *function) launch() (*environment, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, errClosed
	}
	f.counts.ColdStarts++
	e, err := start(f.name, f.Function, f.config.Output)
	if err != nil {
		return nil, err
	}
	f.live[e] = false
	f.work.Go(func() {
		<-e.exited
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.live, e)
		if i := slices.Index(f.idle, e); i >= 0 { // it died in its sleep
			f.idle = slices.Delete(f.idle, i, i+1)
			f.slots--
		}
	})
	return e, nil
}

// settle makes an environment idle after its request, or gives its place to another. There is none if init failed.
func (f *function) settle(e *environment, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts.Running--
	if err != nil {
		f.counts.Failures++
	}
	switch {
	case e == nil || e.gone():
		f.slots--
	case f.live[e] || f.closed:
		e.kill()
		f.slots--
	default:
		if !f.config.NoFreeze {
			e.freeze()
		}
		f.idle = append(f.idle, e)
	}
}

func (f *function) recycle() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for e := range f.live {
		f.live[e] = true
	}
	for _, e := range f.idle {
		e.kill()
	}
	f.slots -= len(f.idle)
	f.idle = nil
}

func (f *function) kill() (killed int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for e := range f.live {
		if !slices.Contains(f.idle, e) && !e.gone() {
			e.kill()
			killed++
		}
	}
	return killed
}

func (f *function) close() {
	f.mu.Lock()
	f.closed = true
	for e := range f.live {
		e.kill()
	}
	f.mu.Unlock()
	f.work.Wait()
}

func (f *function) tell() Counts {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts
}
