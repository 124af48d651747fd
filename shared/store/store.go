// Package store is the single table: which items there are, how their keys are spelt, and every change of them as one
// conditional write that holds all that must be true together.
//
// It refuses to decide who may do what (access), what a location may look like (location), or what a dialect answers. It
// does decide races: each method that writes states which interleaving would break it and names the item that closes it.
//
// # Why
//
// Keys are computable from a request's path, so all that a request needs arrives in one strongly consistent batch read
// (Batch). A batch is consistent per item, not as a snapshot: what must belong together is checked by id (a namespace
// names its parent's id, a table its namespace's) and a torn read is read again.
//
// Objects are items under their names; ids are in the items and at the front of every tag. A condition therefore says
// "this very object, unchanged" (kv.Match) or "this very object, whatever its version" (kv.Prefix), never "some object of
// that name".
//
// Guards close the races of a set against its members. A namespace (and a catalog's root) has a few guard items. Making
// a child bumps one of them at random, so that many can be made at once; whoever must know that no child came or went
// (the drop of the parent, a location that a client chose) reads all guards, then looks, then writes all guards under the
// condition that they are as read. Guards exist exactly as long as their parent: a bump on a dropped parent fails.
//
// Locations are claimed in an index: one item per folder that is, or will be, vended. Containers (namespaces) hold
// claims that contain those of their tables; everything else must not overlap. The claims of a table are written in the
// transaction that makes it vendable, and given back by the one that drops it. Who claims below a container relies on
// that container's claim to keep others out of what is above; so the tags of a namespace's guards name its seat, which
// changes when its folders do, and the guard that is written anyway tells whether it moved. In a catalog whose tables may
// share folders nothing is claimed and nothing is purged, for ever; only what is being purged stays taken. A namespace
// may be made around what an earlier one of its name left (a staged table that nobody committed, a purge under way): else
// a name would be lost until that is over.
//
// Folders of catalogs are claimed in one index of all realms, as two realms of a server may reach one physical store. Its
// partitions are buckets, and a claim records the realm and the addresses at which the catalog's storage reaches the bucket
// (lake.Storage.Reaches). Claims of two realms are in each other's way if they have an address in common; within a realm
// the address does not count, as in Polaris. The addresses are not part of the key: a storage has up to three of them
// (clients', firn's own, STS's), and a claim of each folder at each would not fit one transaction. Ignoring them would be
// simpler and would keep two tenants, each with a MinIO and a bucket "lake", from using one server. A second host name of a
// store goes unnoticed here; the operator's policy lists the endpoints of each realm. The embedded store is one store for
// each realm, so the realm is its address.
//
// Access heads are items with a random version, bumped in the same transaction as any grant, assignment or role change
// and read with every request: what an instance remembers of a role's grants is valid for one head alone.
//
// What was decoded is remembered under key and tag, what was inflated under the table's id and the file's
// name: neither ever means anything else, so nothing remembered can be stale. Every request still reads every
// item it needs. Only the version that was seen last is remembered, counted as it lies in memory: a table
// that is committed to all day takes the room of one document.
//
// A change that a client names by a key leaves a record in the transaction of its effect (Once). So the record is proof both
// ways, and closes the race of two tries of one request, however late one of them arrives.
//
// Dropped objects leave items that name dead ids (grants on a table, assignees of a role). They are inert, since ids
// never come back, and are removed as lists come by them.
package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
	"firn/shared/packed"
)

// Store reads and writes firn's objects over a driver.
type Store struct {
	db      kv.Driver
	realms  []lake.Realm
	overlap func(BaseOverlap)
	now     func() time.Time
	roles   *memory[roleKey, *roleGrants] // in versions by their heads
	items   *memory[kv.Key, any]          // decoded, in versions by their tags
	docs    *memory[lake.ID, []byte]      // metadata documents of tables, in versions by the names of their files
	packs   *memory[lake.ID, *packed.Text]
	once    *Once // the request that this is for, if it has a key; nil: any
}

// Config is what a Store needs.
type Config struct {
	Driver kv.Driver
	Now    func() time.Time // the clock that expiry is judged by
	Realms []lake.Realm     // all of the server: their catalogs share an index of folders
	// Overlap is called with each folder that catalogs of two realms were found to share, from before that was refused:
	// somebody must act. nil: it is not reported.
	Overlap func(BaseOverlap)
	Memory  int // most bytes that are remembered of what was read; 0: DefaultMemory
}

// New makes a Store.
func New(c Config) *Store {
	if c.Overlap == nil {
		c.Overlap = func(BaseOverlap) {}
	}
	twelfth := cmp.Or(c.Memory, DefaultMemory) / 12
	return &Store{db: c.Driver, realms: c.Realms, overlap: c.Overlap, now: c.Now,
		items: newMemory[kv.Key, any](itemsPart * twelfth), docs: newMemory[lake.ID, []byte](documentsPart * twelfth),
		packs: newMemory[lake.ID, *packed.Text](packedPart * twelfth), roles: newMemory[roleKey, *roleGrants](rolesPart * twelfth)}
}

// format leads every item's data, so that a later layout can be told from this one.
const format = '1'

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte(format)
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode item: %w", err)
	}
	return b.Bytes(), nil
}

func decode(item *kv.Item, v any) error {
	if len(item.Data) == 0 || item.Data[0] != format {
		return fault.New(fault.Internal, "Internal error.").Because(fmt.Errorf("item %s has an unknown format", item.Key))
	}
	if err := json.Unmarshal(item.Data[1:], v); err != nil {
		return fmt.Errorf("decode item %s: %w", item.Key, err)
	}
	return nil
}

// tagOf makes a tag that no other version of any object has.
func tagOf(id lake.ID) string { return owner(id) + string(lake.NewID()[:13]) }

// owner is how every tag of the object begins.
func owner(id lake.ID) string { return string(id) + ":" }

// write applies the changes, all or none. Where the driver cannot say whether they landed, the first operation's item
// says it: the tag that was put, or the object that was made there, can be there by this write alone; and what should go
// and is gone cannot come back by a delete that is still under way. (What can also move must not be deleted first.) Of a
// request with a key the record alone says it: what looks done may be another's, and the request's other tries are told by
// the record.
func (s *Store) write(ctx context.Context, ops ...kv.Op) error {
	err := s.send(ctx, ops)
	if !fault.Is(err, fault.StateUnknown) || s.reserved() > 0 {
		return err
	}
	found, readErr := s.db.Get(ctx, []kv.Key{ops[0].Item.Key})
	if readErr != nil {
		return err
	}
	first, there := ops[0], found[0]
	if first.Verb == kv.Delete && there == nil || first.Verb == kv.Put && there != nil && landed(first, there) {
		return nil
	}
	return err
}

// landed says whether what is there comes from the put: it has the tag, or it is a later version of what the put made.
func landed(made kv.Op, there *kv.Item) bool {
	absentAt, _, _ := made.If.Parts()
	id, _, _ := strings.Cut(made.Item.Tag, ":")
	return there.Tag == made.Item.Tag || !absentAt.IsZero() && owns(lake.ID(id), there.Tag)
}

// put makes an operation that stores v under the key.
func put(key kv.Key, tag string, v any, cond kv.Cond) (kv.Op, error) {
	data, err := encode(v)
	return kv.Op{Verb: kv.Put, Item: kv.Item{Key: key, Tag: tag, Data: data}, If: cond}, err
}

func remove(key kv.Key, cond kv.Cond) kv.Op {
	return kv.Op{Verb: kv.Delete, Item: kv.Item{Key: key}, If: cond}
}

func check(key kv.Key, cond kv.Cond) kv.Op {
	return kv.Op{Verb: kv.Check, Item: kv.Item{Key: key}, If: cond}
}

// mark makes an operation that stores an item which says all by its key and tag.
func mark(key kv.Key, tag string, cond kv.Cond) kv.Op {
	return kv.Op{Verb: kv.Put, Item: kv.Item{Key: key, Tag: tag, Data: []byte{format, '{', '}'}}, If: cond}
}

// failedAt gives the index of the operation whose condition did not hold, and what was there; -1 for any other error.
func failedAt(err error) (int, *kv.Item) {
	if c, ok := errors.AsType[*kv.ConditionError](err); ok {
		return c.Index, c.There
	}
	return -1, nil
}

// attempts bounds how often a change is planned anew because what it was planned on had changed meanwhile.
const attempts = 8

// again runs plan until it does not fail by a lost race. plan reads afresh each time.
func (s *Store) again(ctx context.Context, plan func() error) error {
	for range attempts {
		err := plan()
		if i, _ := failedAt(err); i < 0 {
			return err
		}
		if ctx.Err() != nil {
			return fault.New(fault.Unavailable, "The request ended before it got a turn.").Because(ctx.Err())
		}
	}
	return fault.New(fault.Unavailable, "Too many concurrent changes; please retry.").After(time.Second)
}
