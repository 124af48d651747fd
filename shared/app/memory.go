package app

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"firn/shared/app/base"
)

// unknownLimit is taken for the memory of a machine that does not say how much it has.
const unknownLimit = 1 << 30

// divideMemory finds how much memory this process may use, makes the collector keep to it, and divides it.
// That is GOMEMLIMIT where it is set, else nine tenths of the limit of the control group. Without either
// nothing is enforced, and what is divided is the machine's memory.
func divideMemory(log *slog.Logger) base.Memory {
	limit, err := memlimit.Set()
	if err != nil && !errors.Is(err, memlimit.ErrNoCgroup) && !errors.Is(err, memlimit.ErrCgroupsNotSupported) {
		log.Warn("the memory limit of the control group cannot be read; set GOMEMLIMIT if there is one", "error", err.Error())
	}
	if limit == math.MaxInt64 {
		limit = unknownLimit
		if all, err := memlimit.FromSystem(); err == nil {
			limit = int64(all)
		}
	}
	return base.Divide(limit)
}

// keepToLimit makes the process keep to its memory limit, and return to the machine what it does not use, until release
// is called.
func keepToLimit(ctx context.Context, w World, log *slog.Logger) (memory base.Memory, release func()) {
	memory = divideMemory(log)
	ctx, stop := context.WithCancel(ctx)
	if w.Getenv("GOGC") == "" {
		steer(ctx, memory.Garbage)
	}
	var watch sync.WaitGroup
	watch.Go(func() { watchMemory(ctx) })
	return memory, func() {
		stop()
		watch.Wait()
	}
}

// The collector's patience. A heap that is as small as an idle server's would be collected some hundred
// times a second: that took a fifth of the time of a loadTable. So garbage may grow to enoughGarbage, or to
// what lives, whichever is more, within its part of the memory: four times of what lives would be too much
// once the caches are full.
const (
	enoughGarbage = 32 << 20
	mostPercent   = 400
)

// gcPercent returns the GOGC for a heap of which so many bytes live.
func gcPercent(live, most int64) int {
	garbage := min(max(enoughGarbage, live), most)
	return int(min(mostPercent, max(1, 100*garbage/max(live, 1))))
}

// steer sets GOGC after each collection, by what it has found to live, until ctx ends. The runtime's own
// GOGC is a part of what lived before: a burst would grow to five times of that.
func steer(ctx context.Context, most int64) {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	percent := 0
	var collected func()
	arm := func() { runtime.AddCleanup(new(sentinel), func(f func()) { f() }, collected) }
	collected = func() {
		if ctx.Err() != nil {
			return
		}
		metrics.Read(samples)
		if p := gcPercent(int64(samples[0].Value.Uint64()), most); p != percent {
			percent = p
			debug.SetGCPercent(p)
		}
		arm()
	}
	collected()
}

// sentinel is what nothing refers to: the next collection finds it.
type sentinel struct{ _ *byte }

// When a server is idle, and what it then returns to the machine.
const (
	watchEvery   = time.Second
	idleFor      = 10      // times of watchEvery with less than idleBytes allocated
	idleBytes    = 1 << 20 // bytes
	worthFreeing = 8 << 20 // bytes
)

// watcher finds out when the server is idle. Its owner calls look now and then.
type watcher struct {
	allocated uint64
	quiet     int // times in a row that nothing happened
	free      func()
}

// heap is what there is to see of one.
type heap struct{ live, held, allocated uint64 } // bytes: after the last collection; of memory that the process has; ever

// look takes what is to be seen, and returns memory where the server has become idle.
func (w *watcher) look(h heap) {
	if h.allocated-w.allocated >= idleBytes {
		w.quiet = 0
	} else {
		w.quiet++
	}
	w.allocated = h.allocated
	if w.quiet == idleFor && h.held > h.live+worthFreeing {
		w.free()
	}
}

// watchMemory looks until ctx ends.
func watchMemory(ctx context.Context) {
	w := watcher{free: debug.FreeOSMemory}
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"}, {Name: "/gc/heap/allocs:bytes"}}
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		metrics.Read(samples)
		of := func(i int) uint64 { return samples[i].Value.Uint64() }
		w.look(heap{live: of(0), held: of(1) + of(2) + of(3), allocated: of(4)})
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
