package bolt

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"firn/shared/fault"
	"firn/shared/kv"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func putOp(sort, tag string, cond kv.Cond) kv.Op {
	return kv.Op{Verb: kv.Put, Item: kv.Item{Key: kv.Key{Partition: "p", Sort: sort}, Tag: tag}, If: cond}
}

// queued starts writes while the turn is taken, and gives it back when all of them wait.
func (d *DB) queued(t *testing.T, writes ...[]kv.Op) []error {
	t.Helper()
	d.turn <- struct{}{}
	errs := make([]error, len(writes))
	var all sync.WaitGroup
	for i, ops := range writes {
		all.Go(func() { errs[i] = d.Write(context.Background(), ops) })
		d.waitFor(i + 1)
	}
	<-d.turn
	all.Wait()
	return errs
}

func (d *DB) waitFor(n int) {
	for {
		d.queue.mu.Lock()
		waiting := len(d.queue.waiting)
		d.queue.mu.Unlock()
		if waiting == n {
			return
		}
		runtime.Gosched()
	}
}

func TestWaitingWritersShareACommit(t *testing.T) {
	db := openTest(t, Config{NoSync: true})
	before := txID(t, db)
	var writes [][]kv.Op
	for i := range 16 {
		writes = append(writes, []kv.Op{putOp(fmt.Sprint(i), "t", kv.Always())})
	}
	for i, err := range db.queued(t, writes...) {
		if err != nil {
			t.Errorf("write %d: %v", i, err)
		}
	}
	if got := txID(t, db) - before; got != 1 {
		t.Errorf("got %d commits, want 1 for all", got)
	}
}

func txID(t *testing.T, db *DB) (id int) {
	t.Helper()
	if err := db.bolt.View(func(tx *bbolt.Tx) error { id = tx.ID(); return nil }); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestWritesOfACommitSeeEachOther(t *testing.T) {
	db := openTest(t, Config{NoSync: true})
	errs := db.queued(t,
		[]kv.Op{putOp("s", "v1", kv.Always())},
		[]kv.Op{putOp("other", "t", kv.Always()), putOp("s", "v2", kv.Match("v1"))},
		[]kv.Op{putOp("third", "t", kv.Always()), putOp("s", "v3", kv.Match("v1"))},
		[]kv.Op{{Verb: kv.Check, Item: kv.Item{Key: kv.Key{Partition: "p", Sort: "third"}}, If: kv.Match("t")}, putOp("fourth", "t", kv.Always())},
	)
	if errs[0] != nil || errs[1] != nil {
		t.Errorf("got %v and %v, want the first two to land", errs[0], errs[1])
	}
	refused, ok := errors.AsType[*kv.ConditionError](errs[2])
	if !ok || refused.Index != 1 || refused.There == nil || refused.There.Tag != "v2" {
		t.Errorf("got %v, want the third refused by the second's item", errs[2])
	}
	if refused, ok := errors.AsType[*kv.ConditionError](errs[3]); !ok || refused.There != nil {
		t.Errorf("got %v, want nothing of the refused write to be there", errs[3])
	}
}

func TestContextTakesBackAWriteThatWaits(t *testing.T) {
	db := openTest(t, Config{NoSync: true})
	ctx, cancel := context.WithCancel(t.Context())
	db.turn <- struct{}{}
	answer := make(chan error)
	go func() { answer <- db.Write(ctx, []kv.Op{putOp("s", "t", kv.Always())}) }()
	db.waitFor(1)
	cancel()
	if err := <-answer; !fault.Is(err, fault.Unavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Unavailable by the context", err)
	}
	<-db.turn
	if err := db.Write(t.Context(), []kv.Op{putOp("s", "later", kv.Absent(noon))}); err != nil {
		t.Errorf("got %v, want the withdrawn write to leave nothing", err)
	}
}

func TestContextThatEndsTooLateHearsTheOutcome(t *testing.T) {
	db := openTest(t, Config{NoSync: true})
	ctx, cancel := context.WithCancel(t.Context())
	db.turn <- struct{}{}
	answer := make(chan error)
	go func() { answer <- db.Write(ctx, []kv.Op{putOp("s", "t", kv.Always())}) }()
	db.waitFor(1)
	taken := db.queue.takeAll()
	cancel()
	db.commit(taken)
	if err := <-answer; err != nil {
		t.Errorf("got %v, want the write's own success", err)
	}
	<-db.turn
}

// A file that may not grow fails in the commit, as a full disk does.
func TestFailedCommitIsUnknownToThoseItMayHaveLanded(t *testing.T) {
	db, err := open(filepath.Join(t.TempDir(), "firn.db"), &bbolt.Options{MaxSize: 32 << 10, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Write(t.Context(), []kv.Op{putOp("there", "t", kv.Always())}); err != nil {
		t.Fatal(err)
	}
	large := putOp("large", "t", kv.Always())
	large.Item.Data = make([]byte, 300_000)
	errs := db.queued(t, []kv.Op{large}, []kv.Op{putOp("there", "u", kv.Absent(noon))}, []kv.Op{putOp("large", "u", kv.Absent(noon))})
	for i, want := range []fault.Kind{fault.StateUnknown, fault.Unavailable, fault.Unavailable} {
		if !fault.Is(errs[i], want) {
			t.Errorf("write %d: got %v, want kind %s", i, errs[i], want)
		}
	}
	items, err := db.Get(t.Context(), []kv.Key{{Partition: "p", Sort: "there"}})
	if err != nil || items[0] == nil || items[0].Tag != "t" {
		t.Errorf("got %v and %v, want what was there before", items, err)
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, writers := range []int{1, 16} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			db, err := Open(Config{Path: filepath.Join(b.TempDir(), "firn.db")})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			share(b, writers, func(n int64) error {
				op := putOp(fmt.Sprintf("%06d", n%20_000), "t", kv.Always())
				op.Item.Data = make([]byte, 500)
				return db.Write(b.Context(), []kv.Op{op})
			})
		})
	}
}

// BenchmarkBoltItself is what the package comment compares with: a transaction each, and bbolt's Batch.
func BenchmarkBoltItself(b *testing.B) {
	for _, writers := range []int{1, 16} {
		for name, write := range map[string]func(*bbolt.DB, func(*bbolt.Tx) error) error{"Update": (*bbolt.DB).Update, "Batch": (*bbolt.DB).Batch} {
			b.Run(fmt.Sprintf("%s/writers=%d", name, writers), func(b *testing.B) {
				db, err := Open(Config{Path: filepath.Join(b.TempDir(), "firn.db")})
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = db.Close() }()
				share(b, writers, func(n int64) error {
					op := putOp(fmt.Sprintf("%06d", n%20_000), "t", kv.Always())
					op.Item.Data = make([]byte, 500)
					return write(db.bolt, func(tx *bbolt.Tx) error {
						_, failed := apply(tx.Bucket(bucketName), []kv.Op{op})
						return failed
					})
				})
			})
		}
	}
}

func share(b *testing.B, writers int, write func(n int64) error) {
	var n atomic.Int64
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
				if err := write(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}
