package app

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
)

func TestGarbageIsBoundedWhateverLives(t *testing.T) {
	for _, row := range []struct {
		live, most int64 // MiB
		want       int
	}{
		{0, 64, 400}, {5, 64, 400}, {8, 64, 400}, {16, 64, 200}, {32, 64, 100}, {64, 64, 100}, {128, 64, 50}, {1000, 64, 6}, {100_000, 64, 1},
		{1000, 8000, 100}, {8, 16, 200}, {32, 16, 50},
	} {
		if got := gcPercent(row.live<<20, row.most<<20); got != row.want {
			t.Errorf("%d MiB, of which %d may be garbage: got %d, want %d", row.live, row.most, got, row.want)
		}
	}
}

// What a collection finds decides when the next one begins.
func TestTheCollectorIsSteeredByWhatLives(t *testing.T) {
	const mb = 1 << 20
	before := debug.SetGCPercent(400)
	defer debug.SetGCPercent(before)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	steer(ctx, 1<<30)
	lives := make([]byte, 64*mb)
	sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	for range 1000 { // what is called after a collection has a goroutine of its own
		runtime.GC()
		if metrics.Read(sample); sample[0].Value.Uint64() == 100 {
			break
		}
	}
	if got := sample[0].Value.Uint64(); got != 100 {
		t.Errorf("got GOGC %d with %d MiB alive, want 100", got, len(lives)/mb)
	}
	runtime.KeepAlive(lives)
}

// Memory goes back to the machine when nothing has happened for a while, once, and only if it is worth it.
func TestIdleMemoryIsReturned(t *testing.T) {
	const mb = 1 << 20
	freed := 0
	w := watcher{free: func() { freed++ }}
	look := func(times int, live, held, each uint64) {
		for range times {
			w.look(heap{live: live, held: held, allocated: w.allocated + each})
		}
	}
	look(100, 10*mb, 300*mb, 50*mb)
	if freed != 0 {
		t.Errorf("under load: got %d, want none", freed)
	}
	look(idleFor-1, 10*mb, 300*mb, 1000)
	if freed != 0 {
		t.Errorf("after a short while: got %d, want none", freed)
	}
	look(100, 10*mb, 300*mb, 1000)
	if freed != 1 {
		t.Errorf("idle: got %d, want one", freed)
	}
	look(1, 10*mb, 300*mb, 50*mb)
	look(idleFor, 10*mb, 300*mb, 1000)
	if freed != 2 {
		t.Errorf("idle again: got %d, want another", freed)
	}
	look(1, 40*mb, 45*mb, 50*mb)
	look(idleFor, 40*mb, 45*mb, 1000)
	if freed != 2 {
		t.Errorf("with nothing to return: got %d, want no other", freed)
	}
}
