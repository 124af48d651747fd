package probe

import (
	"context"
	"slices"
	"time"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
)

// The pauses before what was denied is tried again: the first, and the longest.
const (
	firstPause = 250 * time.Millisecond
	mostPause  = 2 * time.Second
)

// works makes a check that must succeed, again and again while it is denied. It says whether it did; why not is found once
// for each check.
func (t *trial) works(ctx context.Context, check Check, step func() error) bool {
	err := step()
	for pause := firstPause; passing(err) && t.config.Now().Add(pause).Before(t.until) && wait(ctx, pause); pause = min(2*pause, mostPause) {
		err = step()
	}
	if err == nil {
		if !slices.Contains(t.passed, check) {
			t.passed = append(t.passed, check)
		}
		return true
	}
	t.passed = slices.DeleteFunc(t.passed, func(c Check) bool { return c == check })
	t.blame(ctx, check, err)
	return false
}

// blame finds why a check failed. That the time is over is found once, whatever could not be tried any more.
func (t *trial) blame(ctx context.Context, check Check, err error) {
	if ctx.Err() != nil {
		if t.late {
			return
		}
		t.late = true
	}
	t.find(t.why(ctx, check, err))
}

// denied makes a check that must be refused. What is neither allowed nor refused is no proof.
func (t *trial) denied(ctx context.Context, check Check, code Code, step func() error) {
	switch err := step(); {
	case fault.Is(err, fault.Forbidden):
		t.passed = append(t.passed, check)
	case err == nil, fault.Is(err, fault.NotFound, fault.Exists): // it saw that nothing is there, or that something is
		t.find(Finding{Check: check, Code: code, Detail: t.detail(nil)})
	case ctx.Err() != nil:
		t.blame(ctx, check, err)
	default:
		t.find(Finding{Check: check, Code: ScopeUnclear, Detail: t.detail(err)})
	}
}

// wait pauses; false if the context ended first.
func wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// grace is how long a probe whose time is over may take to clean up.
const grace = 2 * time.Second

// leave empties a folder at the end, also when the time is over.
func (t *trial) leave(ctx context.Context, folder location.Prefix, key blob.Bucket) {
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
	}
	if err := empty(ctx, key, folder); err != nil && len(t.findings) == 0 {
		t.find(Finding{Check: OwnList, Code: ObjectsLeft, Detail: t.detail(err)})
	}
}

// trust proves that the role is not assumed with another external id. Stores without roles know none.
func (t *trial) trust(ctx context.Context) {
	s := t.catalog.Storage
	if s.Type != lake.S3 || s.RoleARN == "" || s.S3Profile() != lake.ProfileAWS || ctx.Err() != nil {
		return
	}
	s.ExternalID = "firn-probe-" + string(lake.NewID())
	switch _, err := t.config.Vendor.Vend(ctx, &s, t.grant(t.own, reading)); {
	case err == nil:
		t.find(Finding{Check: TrustClosed, Code: TrustOpen, Detail: t.detail(nil)})
	case fault.Is(err, fault.Forbidden):
		t.passed = append(t.passed, TrustClosed)
	}
}

// browser finds out whether pages in browsers may read.
func (t *trial) browser(ctx context.Context) {
	if t.config.Browser == nil || ctx.Err() != nil {
		return
	}
	switch err := t.config.Browser.Preflight(ctx, &t.catalog.Storage, t.own); {
	case err == nil:
		t.passed = append(t.passed, BrowserReads)
	case fault.Is(err, fault.Forbidden):
		t.find(Finding{Check: BrowserReads, Code: BrowsersKeptOut})
	}
}
