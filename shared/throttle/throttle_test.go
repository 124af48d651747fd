package throttle_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"firn/shared/fault"
	"firn/shared/throttle"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

var ann = throttle.Key{Realm: "R", Client: "ann", Address: "192.0.2.7"}

// after is a memory in which an attempt failed that often, each as soon as it was allowed, and when the last one was.
func after(t *testing.T, k throttle.Key, failed int) (*throttle.Failures, time.Time) {
	t.Helper()
	f, now := throttle.New(), noon
	for range failed {
		if e := fault.From(f.Check(k, now)); e != nil {
			now = now.Add(e.RetryAfter)
		}
		f.Failed(k, now)
	}
	return f, now
}

func TestCheck_WaitDoublesUpToTheBound(t *testing.T) {
	for _, row := range []struct {
		failed int
		want   time.Duration // 0: allowed
	}{
		{0, 0}, {1, 0}, {throttle.Free, 0}, {throttle.Free + 1, time.Second}, {throttle.Free + 2, 2 * time.Second}, {throttle.Free + 3, 4 * time.Second},
		{throttle.Free + 7, time.Minute}, {throttle.Free + 100, time.Minute},
	} {
		t.Run(fmt.Sprint(row.failed, " failures"), func(t *testing.T) {
			f, now := after(t, ann, row.failed)
			err := f.Check(ann, now)
			if row.want == 0 {
				if err != nil {
					t.Errorf("got %v, want no wait", err)
				}
				return
			}
			if e := fault.From(err); e == nil || e.Kind != fault.Throttled || e.RetryAfter != row.want {
				t.Errorf("got %+v, want Throttled for %v", e, row.want)
			}
			if err := f.Check(ann, now.Add(row.want-1)); err == nil {
				t.Error("got no wait before the end of it")
			}
			if err := f.Check(ann, now.Add(row.want)); err != nil {
				t.Errorf("got %v when the wait is over", err)
			}
		})
	}
}

func TestCheck_IsPerClientAndAddress(t *testing.T) {
	six := func(address string) throttle.Key { return throttle.Key{Realm: "R", Client: "ann", Address: address} }
	for _, row := range []struct {
		name    string
		failing throttle.Key
		other   throttle.Key
		waits   bool
	}{
		{"the same", ann, ann, true},
		{"another address", ann, six("192.0.2.8"), false},
		{"another client", ann, throttle.Key{Realm: "R", Client: "bob", Address: "192.0.2.7"}, false},
		{"another realm", ann, throttle.Key{Realm: "S", Client: "ann", Address: "192.0.2.7"}, false},
		{"the address as IPv6 spells it", ann, six("::ffff:192.0.2.7"), true},
		{"another address of an IPv6 network", six("2001:db8:1:2::1"), six("2001:db8:1:2:ffff::9"), true},
		{"another IPv6 network", six("2001:db8:1:2::1"), six("2001:db8:1:3::1"), false},
		{"no address", six(""), six(""), true},
		{"parts that read alike together", throttle.Key{Realm: "R", Client: `a" "b`, Address: "c"}, throttle.Key{Realm: "R", Client: "a", Address: `b" "c`}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			f, now := after(t, row.failing, throttle.Free+1)
			if err := f.Check(row.other, now); (err != nil) != row.waits {
				t.Errorf("got %v, want a wait %v", err, row.waits)
			}
		})
	}
}

func TestSucceeded_ForgetsTheFailures(t *testing.T) {
	f, now := after(t, ann, throttle.Free+3)
	f.Succeeded(ann)
	for range throttle.Free {
		f.Failed(ann, now)
	}
	if err := f.Check(ann, now); err != nil {
		t.Errorf("got %v, want the count begun anew", err)
	}
}

func TestFailures_AreForgottenInTime(t *testing.T) {
	f, now := after(t, ann, throttle.Free+3)
	now = now.Add(throttle.Memory)
	f.Failed(ann, now)
	if err := f.Check(ann, now); err != nil {
		t.Errorf("got %v, want the count begun anew", err)
	}
}

// Whatever is sent, the memory is bounded: the oldest goes.
func TestFailures_MemoryIsBounded(t *testing.T) {
	f, now := after(t, ann, throttle.Free+3)
	long := strings.Repeat("x", 1000)
	for i := range 8192 {
		f.Failed(throttle.Key{Realm: "R", Client: long + fmt.Sprint(i), Address: "192.0.2.7"}, now)
	}
	if err := f.Check(ann, now); err != nil {
		t.Errorf("got %v, want the oldest entry gone", err)
	}
}

func TestNilFailures_RefuseNobody(t *testing.T) {
	var f *throttle.Failures
	f.Failed(ann, noon)
	f.Succeeded(ann)
	if err := f.Check(ann, noon); err != nil {
		t.Error(err)
	}
}
