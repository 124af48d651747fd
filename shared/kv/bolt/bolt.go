// Package bolt keeps firn's items in one file, for `firn serve` and for tests: the embedded driver of kv.
//
// A Write that was answered has reached the disk: a process that is killed loses nothing and leaves nothing half done.
// It refuses a second process on the same file, after LockTimeout and not for ever, and whatever the contract refuses.
//
// # Why
//
// bbolt reads several times faster than the other embedded stores and needs no tuning; its one writer costs one fsync per
// transaction. So writers that wait anyway share one: the first to get the turn applies all that queue behind it, in
// order, each under its own conditions, and commits once. A lone writer waits for nobody, and 16 land some six times as
// many writes as one transaction each would (BenchmarkWrite, BenchmarkBoltItself). bbolt's own Batch is no help: it makes
// each writer wait for company, which costs a lone one ten times its write. What may be lost waits for the next Write and
// costs no fsync of its own.
//
// One bucket holds all, keyed by partition, a zero byte, sort key: keys hold no control characters, so the order of the
// bytes is the order of the contract and no key can forge another. A page ends at 1 MB, as DynamoDB's does, so that a
// reader who forgets to go on fails on the laptop too. Expired items stay until they are overwritten or deleted.
package bolt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"firn/shared/fault"
	"firn/shared/kv"
)

// Config says where the items are.
type Config struct {
	Path        string        // of the file; its folder must exist
	LockTimeout time.Duration // how long to wait for another process to let go; 0: one second
	NoSync      bool          // do not wait for the disk: for tests alone, a crash of the machine loses data
}

// DB is an open file of items.
type DB struct {
	bolt  *bbolt.DB
	turn  chan struct{} // holds one token while somebody commits
	queue queue
}

var (
	_ kv.Driver = (*DB)(nil)
	_ kv.Later  = (*DB)(nil)
)

var bucketName = []byte("items")

// Open opens or makes the file. It gives Unavailable when another process holds it, Argument when the file cannot be used.
func Open(c Config) (*DB, error) {
	timeout := c.LockTimeout
	if timeout == 0 {
		timeout = time.Second
	}
	return open(c.Path, &bbolt.Options{Timeout: timeout, NoSync: c.NoSync, FreelistType: bbolt.FreelistMapType})
}

func open(path string, options *bbolt.Options) (*DB, error) {
	b, err := bbolt.Open(path, 0o600, options)
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, fault.New(fault.Unavailable, "the store %s is in use by another process", path)
	}
	if err != nil {
		return nil, fault.New(fault.Argument, "the store %s cannot be opened", path).Because(err)
	}
	err = b.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucketName)
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the store: %w", err), b.Close())
	}
	return &DB{bolt: b, turn: make(chan struct{}, 1)}, nil
}

// Close waits for what is under way and lets go of the file. Calls after it are Unavailable.
func (d *DB) Close() error {
	d.commitAll()
	if err := d.bolt.Close(); err != nil {
		return fmt.Errorf("close the store: %w", err)
	}
	return nil
}

// Get implements kv.Driver.
func (d *DB) Get(ctx context.Context, keys []kv.Key) ([]*kv.Item, error) {
	if err := kv.CheckGet(keys); err != nil {
		return nil, err
	}
	found := make([]*kv.Item, len(keys))
	err := d.view(ctx, func(b *bbolt.Bucket) (err error) {
		for i, key := range keys {
			if found[i], err = load(b, key); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (d *DB) view(ctx context.Context, read func(*bbolt.Bucket) error) error {
	if err := ctx.Err(); err != nil {
		return ended(err)
	}
	return noEffect(d.bolt.View(func(tx *bbolt.Tx) error { return read(tx.Bucket(bucketName)) }))
}

func ended(err error) error {
	return fault.Of(fault.Unavailable, fault.Item, "", "The request ended before the store was asked.").Because(err)
}

// noEffect makes errors of bbolt Unavailable; firn's own pass.
func noEffect(err error) error {
	if _, own := errors.AsType[*fault.Error](err); err == nil || own {
		return err
	}
	return fault.Of(fault.Unavailable, fault.Item, "", "The store does not answer.").Because(err)
}
