package bolt

import (
	"context"
	"errors"
	"slices"
	"sync"

	"go.etcd.io/bbolt"

	"firn/shared/fault"
	"firn/shared/kv"
)

// write is one Write on its way to the disk. Whoever commits it sets err and then closes done.
type write struct {
	ops  []kv.Op
	err  error
	done chan struct{}
}

// queue holds the writes that nobody has begun to commit.
type queue struct {
	mu      sync.Mutex
	waiting []*write
}

// add gives how many wait.
func (q *queue) add(w *write) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, w)
	return len(q.waiting)
}

func (q *queue) takeAll() []*write {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := q.waiting
	q.waiting = nil
	return all
}

// withdraw says whether the write was still waiting; it then never happens.
func (q *queue) withdraw(w *write) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, w)
	if i < 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, i, i+1)
	return true
}

// Write implements kv.Driver. A context that ends takes the Write back as long as nobody has begun to commit it.
func (d *DB) Write(ctx context.Context, ops []kv.Op) error {
	if err := kv.CheckWrite(ops); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return ended(err)
	}
	w := &write{ops: ops, done: make(chan struct{})}
	d.queue.add(w)
	select {
	case d.turn <- struct{}{}:
		d.commit(d.queue.takeAll())
		<-d.turn
	case <-w.done:
	case <-ctx.Done():
		if d.queue.withdraw(w) {
			return ended(ctx.Err())
		}
	}
	<-w.done
	return w.err
}

// maxLater bounds what waits without anybody who waits for it: items of at most kv.MaxItem each.
const maxLater = 64

// WriteLater implements kv.Later.
func (d *DB) WriteLater(item kv.Item) error {
	ops := []kv.Op{{Verb: kv.Put, Item: item}}
	if err := kv.CheckWrite(ops); err != nil {
		return err
	}
	if d.queue.add(&write{ops: ops, done: make(chan struct{})}) > maxLater {
		d.commitAll()
	}
	return nil
}

// commitAll commits what waits, when it is its turn.
func (d *DB) commitAll() {
	d.turn <- struct{}{}
	d.commit(d.queue.takeAll())
	<-d.turn
}

// commit applies the writes in order in one transaction of bbolt, so with one fsync.
func (d *DB) commit(writes []*write) {
	if len(writes) == 0 {
		return
	}
	var applied []*write
	err := d.bolt.Update(func(tx *bbolt.Tx) (failed error) {
		for _, w := range writes {
			if w.err, failed = apply(tx.Bucket(bucketName), w.ops); failed != nil {
				return failed
			}
			if w.err == nil {
				applied = append(applied, w)
			}
		}
		return nil
	})
	if err != nil {
		spoil(writes, applied, err)
	}
	for _, w := range writes {
		close(w.done)
	}
}

// spoil gives every write of a transaction that failed its error. A commit that failed half way may have landed; a
// condition that did not hold may have been refused for the sake of a write that never landed, so it is not told.
func spoil(writes, applied []*write, err error) {
	for _, w := range writes {
		w.err = noEffect(err)
		if slices.Contains(applied, w) {
			w.err = fault.Of(fault.StateUnknown, fault.Item, "", "The store did not say whether the write has landed.").Because(err)
		}
	}
}

// apply changes all or, where a condition does not hold, nothing. failed is the store's own trouble and dooms the transaction.
func apply(b *bbolt.Bucket, ops []kv.Op) (refused, failed error) {
	for i, op := range ops {
		there, err := load(b, op.Item.Key)
		if err != nil {
			return err, nil
		}
		if !op.If.Holds(there) {
			return &kv.ConditionError{Index: i, There: there}, nil
		}
	}
	var errs []error
	for _, op := range ops {
		switch op.Verb {
		case kv.Put:
			errs = append(errs, b.Put(rowKey(op.Item.Key), encode(op.Item)))
		case kv.Delete:
			errs = append(errs, b.Delete(rowKey(op.Item.Key)))
		}
	}
	return nil, errors.Join(errs...)
}
