package s3local

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestOfManyCreatesOneWins(t *testing.T) {
	w := newWorld(t)
	c := w.mint(Write)
	client := w.as(Write)
	for round := range 8 {
		key := fmt.Sprintf("%sround-%d/x", prefix, round)
		var won atomic.Int32
		var all sync.WaitGroup
		for i := range 32 {
			all.Go(func() {
				if i%2 == 0 {
					if client.Put(t.Context(), bucket, key, []byte("x"), true) == nil {
						won.Add(1)
					}
					return
				}
				rec := w.call(c, ask{method: "PUT", target: at(key), body: "y", header: map[string]string{"If-None-Match": "*"}})
				switch {
				case rec.Code == 200:
					won.Add(1)
				case codeOf(rec) != "PreconditionFailed":
					t.Errorf("loser: got %d %s, want PreconditionFailed", rec.Code, rec.Body)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("round %d: got %d winners, want 1", round, won.Load())
		}
	}
}

func TestPutsAndDeletesInOneFolderDoNotLoseEachOther(t *testing.T) {
	w := newWorldOf(t, Config{Quota: 1 << 20})
	c := w.mint(everyAction)
	start := w.store.used
	var all sync.WaitGroup
	for i := range 8 {
		key := fmt.Sprintf("%sdeep/er/%d", prefix, i)
		all.Go(func() {
			for range 100 {
				if rec := w.call(c, ask{method: "PUT", target: at(key), body: key}); rec.Code != 200 {
					t.Errorf("put: got %d %s, want 200", rec.Code, rec.Body)
				}
				if rec := w.call(c, get(key)); rec.Body.String() != key {
					t.Errorf("get: got %d %s, want the key", rec.Code, rec.Body)
				}
				if rec := w.call(c, ask{method: "GET", target: "/" + bucket + "?list-type=2&delimiter=%2F&prefix=" + encodeURI(prefix, false)}); !strings.Contains(rec.Body.String(), "deep/") {
					t.Errorf("list: got %d %s, want the folder", rec.Code, rec.Body)
				}
				if rec := w.call(c, ask{method: "DELETE", target: at(key)}); rec.Code != 204 {
					t.Errorf("delete: got %d %s, want 204", rec.Code, rec.Body)
				}
			}
		})
	}
	all.Wait()
	if w.store.used != start || w.leftovers() != 0 {
		t.Errorf("after all: got %d bytes used and %d work files, want %d and none", w.store.used, w.leftovers(), start)
	}
}

func TestReadersSeeTheOldObjectOrTheNewOne(t *testing.T) {
	w := newWorld(t)
	c, key := w.mint(everyAction), prefix+"x"
	texts := []string{strings.Repeat("a", 300_000), strings.Repeat("b", 200_000)}
	w.put(key, texts[0])
	var all sync.WaitGroup
	for i := range 2 {
		all.Go(func() {
			for range 20 {
				w.call(c, ask{method: "PUT", target: at(key), body: texts[i]})
			}
		})
		all.Go(func() {
			for range 40 {
				if got := w.call(c, get(key)).Body.String(); got != texts[0] && got != texts[1] {
					t.Errorf("got %d bytes, mixed or torn", len(got))
				}
			}
		})
	}
	all.Wait()
}
