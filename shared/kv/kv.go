// Package kv is the contract of firn's storage: one table of small items, read strongly, written conditionally.
//
// A driver gives three verbs. Get reads many keys, each strongly consistent by itself but not as a snapshot: a batch may
// show one item before and another after the same write (a torn read), and what is read together must be checked to
// belong together. List pages through one partition in key order. Write changes up to MaxOps items, all or none, each
// under a condition.
//
// It refuses what DynamoDB would refuse, in every driver: keys, items and transactions over the limits below, a key named
// twice in one Write. A laptop must not learn later that its data does not fit.
//
// # Why
//
// Conditions see nothing but an item's Tag, a string that the writer chose. So a driver knows no field of any item, a
// condition is one comparison, and whoever designs an item decides what its tag must change with. Tags are never reused:
// they begin with the object's id and hold a version or a random part, so that "unchanged" cannot be true of another
// object of the same name.
//
// A single-operation Write is never priced or sent as a transaction. There are no secondary indexes: a look-up in the
// other direction is an item of its own, written in the same Write.
package kv

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// The limits of DynamoDB, which are the limits of the contract.
const (
	MaxPartition = 2048      // bytes of a partition key
	MaxSort      = 1024      // bytes of a sort key
	MaxItem      = 400_000   // bytes of an item: keys, tag, data and 100 for the attributes' names (DynamoDB: 400 KB)
	MaxOps       = 100       // operations of a Write
	MaxWrite     = 4_000_000 // bytes of a Write of several operations
	MaxGet       = 100       // keys of a Get
	MaxList      = 1000      // items of a page
)

// Key names an item. Both parts are non-empty UTF-8 without control characters.
type Key struct {
	Partition string // type first, then realm: IAM's leading-key conditions select by it
	Sort      string
}

// String is for logs and test output.
func (k Key) String() string { return k.Partition + " " + k.Sort }

// Item is what is stored under a key.
type Item struct {
	Key     Key
	Tag     string    // non-empty UTF-8; what conditions compare
	Data    []byte    // opaque; no bytes come back as nil
	Expires time.Time // zero: never; else after 1970, cut to whole seconds. Drivers may delete an expired item at any later time
}

// Size counts the bytes that the limits count.
func (i Item) Size() int {
	return len(i.Key.Partition) + len(i.Key.Sort) + len(i.Tag) + len(i.Data) + 100
}

// Expired says whether the item's time is over. Drivers give expired items back as they are: the reader, and the Absent
// condition, decide by the time that they were given.
func (i *Item) Expired(now time.Time) bool { return !i.Expires.IsZero() && !now.Before(i.Expires) }

// A condition on the item that is there before the operation.
type condKind int

const (
	always condKind = iota
	absent
	match
	prefix
)

// Cond is a condition of an operation.
type Cond struct {
	kind condKind
	tag  string
	now  time.Time
}

// Always holds.
func Always() Cond { return Cond{} }

// Absent holds if there is no item, or one that is expired at now.
func Absent(now time.Time) Cond { return Cond{kind: absent, now: now} }

// Match holds if there is an item with exactly this tag.
func Match(tag string) Cond { return Cond{kind: match, tag: tag} }

// Prefix holds if there is an item whose tag begins so: the object with this id, whatever its version.
func Prefix(tag string) Cond { return Cond{kind: prefix, tag: tag} }

// Holds evaluates the condition on what is there (nil: nothing). For drivers that hold the data themselves.
func (c Cond) Holds(there *Item) bool {
	switch c.kind {
	case absent:
		return there == nil || there.Expired(c.now)
	case match:
		return there != nil && there.Tag == c.tag
	case prefix:
		return there != nil && strings.HasPrefix(there.Tag, c.tag)
	}
	return true
}

// Parts gives the condition to a driver that must spell it in its own language: exactly one of the results is set, none
// for Always (CheckWrite refuses the conditions with an empty part). absentAt is the moment of an Absent condition.
func (c Cond) Parts() (absentAt time.Time, matchTag, tagPrefix string) {
	switch c.kind {
	case absent:
		return c.now, "", ""
	case match:
		return time.Time{}, c.tag, ""
	case prefix:
		return time.Time{}, "", c.tag
	}
	return time.Time{}, "", ""
}

// Verb is what an operation does when its condition holds.
type Verb int

// The verbs. A Check alone is not a Write.
const (
	Put    Verb = iota // store Item, whatever was there
	Delete             // remove what is there; nothing there is fine if the condition allows it
	Check              // change nothing; needs a condition
)

// Op is one operation of a Write.
type Op struct {
	Verb Verb
	Item Item // for Delete and Check only its Key counts
	If   Cond
}

// Page asks for a part of a partition.
type Page struct {
	Partition string
	Prefix    string // of the sort keys; may be empty
	After     string // sort key to begin behind; empty: from the start
	Limit     int    // 1 to MaxList
}

// Driver stores items. Implementations are safe for concurrent use. Errors are *fault.Error of kind Throttled or
// Unavailable (no effect; try later; Unavailable too, with the context's error as cause, when ctx ends before any effect),
// Argument or TooLarge (a limit of the contract is broken; no effect), StateUnknown (Write alone: it may or may not have
// landed), Internal (what is stored cannot be read, the table is not there; no effect), or a *ConditionError.
type Driver interface {
	// Get answers one entry per key, in order; nil where nothing is stored. 1 to MaxGet different keys. Each item is at
	// least as new as every Write that was answered before Get was called.
	Get(ctx context.Context, keys []Key) ([]*Item, error)
	// List answers items of a partition in byte order of their sort keys, strongly consistent. next is empty at the end of
	// what was asked for, also where the page is just full; else more may follow: go on with it as Page.After. A page may be
	// shorter than Limit, even empty, with more to follow. After need not name an item, nor begin with Prefix.
	List(ctx context.Context, page Page) (items []Item, next string, err error)
	// Write applies all operations or none. If a condition does not hold the error is a *ConditionError about the first
	// such operation, and nothing changed. A lost answer is never reported as a ConditionError that the Write itself
	// caused: it is nil where the driver can prove that the Write landed, else StateUnknown.
	Write(ctx context.Context, ops []Op) error
}

// Later is a Driver that has a cheaper way for what may be lost: caches.
type Later interface {
	// WriteLater stores an item, whatever was there, with the next Write that is called or when the driver is closed; until
	// then readers do not see it. It is lost if the process ends before. A Write that is called later comes after it. The
	// error is a limit of the contract that the item breaks.
	WriteLater(item Item) error
}

// ConditionError says which operation's condition did not hold.
type ConditionError struct {
	Index int   // of the operation in the Write
	There *Item // the item in the way; nil if there was none
}

// Error names the operation, never the data.
func (e *ConditionError) Error() string {
	return fmt.Sprintf("condition of operation %d does not hold", e.Index)
}
