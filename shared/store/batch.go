package store

import (
	"context"
	"fmt"
	"slices"

	"firn/shared/kv"
	"firn/shared/lake"
)

// Slot is what a batch read found under one key. Value is nil where nothing is; else it is lent and must not be changed,
// nor anything in it: other requests see it too.
type Slot[T any] struct {
	Value *T
	Tag   string
	key   kv.Key
}

func (s *Slot[T]) load(remembered *memory[kv.Key, any], item *kv.Item) error {
	s.Value, s.Tag = nil, ""
	if item == nil {
		return nil
	}
	known, _ := remembered.get(item.Key, item.Tag)
	v, ok := known.(*T)
	if !ok {
		v = new(T)
		if err := decode(item, v); err != nil {
			return err
		}
		remembered.add(item.Key, item.Tag, v, decodedItem*item.Size())
	}
	s.Value, s.Tag = v, item.Tag
	return nil
}

// nothing is the value of items that say all by their key and tag.
type nothing struct{}

// Batch gathers what one request needs, to be read at once. Name everything first, then Read, then look into the slots.
type Batch struct {
	s     *Store
	realm lake.Realm
	keys  []kv.Key
	at    map[kv.Key]int
	loads []func([]*kv.Item) error
	links []link
}

// link is a relation that items of one batch must have to each other.
type link struct {
	holds func() bool // also where the child is not there
	drop  func()      // treats the child as not there
}

// Batch begins a batch read in a realm.
func (s *Store) Batch(realm lake.Realm) *Batch {
	b := &Batch{s: s, realm: realm, at: map[kv.Key]int{}}
	if s.once != nil {
		s.once.ask(b)
	}
	return b
}

// index is the key's place in the batch: a key is read once.
func (b *Batch) index(k kv.Key) int {
	i, there := b.at[k]
	if !there {
		i = len(b.keys)
		b.at[k] = i
		b.keys = append(b.keys, k)
	}
	return i
}

func slot[T any](b *Batch, k kv.Key) *Slot[T] {
	i := b.index(k)
	s := &Slot[T]{key: k}
	b.loads = append(b.loads, func(items []*kv.Item) error { return s.load(b.s.items, items[i]) })
	return s
}

// tornReads bounds how often a batch is read again because its items do not belong together.
const tornReads = 4

// Read fills the slots with one strongly consistent batch read. Items that do not belong together (a child of another
// parent: a torn read, or the rest of a dropped object) are read again, and in the end treated as not there.
func (b *Batch) Read(ctx context.Context) error {
	for try := 1; ; try++ {
		var items []*kv.Item
		for keys := range slices.Chunk(b.keys, kv.MaxGet) { // a transaction may need more than one
			found, err := b.s.db.Get(ctx, keys)
			if err != nil {
				return fmt.Errorf("read batch: %w", err)
			}
			items = append(items, found...)
		}
		for _, load := range b.loads {
			if err := load(items); err != nil {
				return err
			}
		}
		whole := true
		for _, l := range b.links {
			if l.holds() {
				continue
			}
			whole = false
			if try == tornReads {
				l.drop()
			}
		}
		if whole || try == tornReads {
			return nil
		}
	}
}
