package store

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"firn/shared/kv"
	"firn/shared/lake"
)

// The bounds of what a Store remembers, in bytes as stored; what is decoded takes two to three times as much.
const (
	rememberedItems     = 8 << 20
	rememberedDocuments = 32 << 20
	rememberedPacked    = 16 << 20 // the same documents, compressed: as they are answered
)

// memory is an LRU bounded by the bytes of what it holds. Its values are lent to many requests at once: nobody changes
// them. What is more than a quarter of the bound is not held.
type memory[K comparable, V any] struct {
	mu     sync.Mutex
	lru    *simplelru.LRU[K, held[V]]
	limit  int
	filled int
}

type held[V any] struct {
	value V
	size  int
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

func (m *memory[K, V]) get(key K) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h, ok := m.lru.Get(key)
	return h.value, ok
}

func (m *memory[K, V]) add(key K, value V, size int) {
	const overhead = 256 // of an entry
	size += overhead
	if size > m.limit/4 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lru.Remove(key)
	m.lru.Add(key, held[V]{value, size})
	for m.filled += size; m.filled > m.limit; {
		m.lru.RemoveOldest()
	}
}

// itemVersion names what an item held at one time: tags are never reused, so it never means anything else.
type itemVersion struct {
	key kv.Key
	tag string
}

// tableVersion names a metadata document. Metadata files are not written twice. The table's id belongs to it: what one
// table may read, another that names the same file may not.
type tableVersion struct {
	table    lake.ID
	location string
}

// Verify holds what is remembered of items against the table, and names the first that somebody changed to whom it was
// lent. For tests of the whole server.
func (s *Store) Verify(ctx context.Context) error {
	s.items.mu.Lock()
	versions := s.items.lru.Keys()
	s.items.mu.Unlock()
	for _, v := range versions {
		known, ok := s.items.get(v)
		there, err := s.db.Get(ctx, []kv.Key{v.key})
		if err != nil {
			return fmt.Errorf("verify what is remembered: %w", err)
		}
		if !ok || there[0] == nil || there[0].Tag != v.tag {
			continue // of an older version nothing is left to compare with
		}
		fresh := reflect.New(reflect.TypeOf(known).Elem()).Interface()
		if err := decode(there[0], fresh); err != nil {
			return err
		}
		if !reflect.DeepEqual(known, fresh) {
			return fmt.Errorf("the remembered value of %s was changed", v.key)
		}
	}
	return nil
}
