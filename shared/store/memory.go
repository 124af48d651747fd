package store

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"firn/shared/kv"
)

// DefaultMemory is how many bytes a Store remembers at most if its Config does not say.
const DefaultMemory = 96 << 20

// The parts of a Store's memory, in twelfths.
const (
	itemsPart     = 3 // decoded items
	documentsPart = 4 // metadata documents
	packedPart    = 2 // the same, compressed: as they are answered
	rolesPart     = 3 // what roles hold
)

// What is remembered is counted as it lies in memory.
const (
	decodedItem = 3   // times the bytes of an item as stored
	entrySize   = 256 // bytes of an entry beside its value
	grantSize   = 128 // bytes of the privileges on one object
	idSize      = 64  // bytes of an id in a list
)

// memory is an LRU of the latest version of things, bounded by the bytes of memory that they take. Its values
// are lent to many requests at once: nobody changes them. What is more than a quarter of the bound is not
// held.
type memory[K comparable, V any] struct {
	mu     sync.Mutex
	lru    *simplelru.LRU[K, held[V]]
	limit  int
	filled int
}

type held[V any] struct {
	version string
	value   V
	size    int
}

func newMemory[K comparable, V any](limit int) *memory[K, V] {
	m := &memory[K, V]{limit: limit}
	const most = 1 << 20 // entries: the bytes are the bound
	lru, err := simplelru.NewLRU(most, func(_ K, gone held[V]) { m.filled -= gone.size })
	if err != nil {
		panic(err) // the size is a constant
	}
	m.lru = lru
	return m
}

// get returns the value if it is remembered in this version. Versions are never reused, so it never means
// anything else.
func (m *memory[K, V]) get(key K, version string) (value V, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h, ok := m.lru.Get(key)
	if !ok || h.version != version {
		return value, false
	}
	return h.value, true
}

// add remembers a version of the value, of size bytes in memory, in the place of another.
func (m *memory[K, V]) add(key K, version string, value V, size int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lru.Remove(key)
	if size += entrySize; size > m.limit/4 {
		return
	}
	m.lru.Add(key, held[V]{version, value, size})
	for m.filled += size; m.filled > m.limit; {
		m.lru.RemoveOldest()
	}
}

// Verify holds what is remembered of items against the table, and names the first that somebody changed to whom it was
// lent. For tests of the whole server.
func (s *Store) Verify(ctx context.Context) error {
	s.items.mu.Lock()
	keys := s.items.lru.Keys()
	s.items.mu.Unlock()
	for _, key := range keys {
		there, err := s.db.Get(ctx, []kv.Key{key})
		if err != nil {
			return fmt.Errorf("verify what is remembered: %w", err)
		}
		if there[0] == nil {
			continue
		}
		known, ok := s.items.get(key, there[0].Tag)
		if !ok {
			continue // of an older version nothing is left to compare with
		}
		fresh := reflect.New(reflect.TypeOf(known).Elem()).Interface()
		if err := decode(there[0], fresh); err != nil {
			return err
		}
		if !reflect.DeepEqual(known, fresh) {
			return fmt.Errorf("the remembered value of %s was changed", key)
		}
	}
	return nil
}
