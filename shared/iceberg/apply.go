package iceberg

import (
	"maps"

	"firn/shared/fault"
)

// At is when and on what a commit happens.
type At struct {
	NowMS    int64  // the server's clock, in milliseconds since the epoch
	Previous string // location of the base's metadata file, for the metadata log; empty: log nothing
	UUID     string // of a table made from nothing, if no update assigns one
}

// Apply makes the next version of a table from updates, in their order. base is nil to build a table from nothing, as the
// commit of a staged create does; the first upgrade-format-version then chooses the version. If the updates come to
// nothing, Apply answers base and false. Base is never changed.
//
// Errors: Argument or Invalid if an update does not fit the table, CommitFailed if it would fit a newer base.
func Apply(base *Table, updates []Update, at At) (next *Table, changed bool, err error) {
	b := newBuilder(base, updates, at)
	for _, u := range updates {
		if err := u.apply(b); err != nil {
			return nil, false, err
		}
	}
	if !b.changed {
		if base == nil {
			return nil, false, fault.New(fault.Argument, "Cannot create a table without updates")
		}
		return base, false, nil
	}
	next, err = b.build()
	return next, err == nil, err
}

// builder is a table in the making. Lists of the base are decoded when the first update asks for them.
type builder struct {
	head
	base    *Table // nil: from nothing
	at      At
	changed bool

	schemas list[*schema]
	specs   list[partitionSpec]
	orders  list[sortOrder]
	// The ids that -1 stands for; nil if this commit added none.
	lastSchema, lastSpec, lastOrder *int
	addedSchemas                    []int

	properties map[string]string
	refs       map[string]reference
	dirty      map[string]bool // members that must be written anew
	statistics [2]statisticsList
	keys       []encryptionKey
	keysLoaded bool

	snapshots snapshotChanges
	log       []snapshotLogEntry // appended
	uris      []Reference        // brought in
}

func newBuilder(base *Table, updates []Update, at At) *builder {
	b := &builder{base: base, at: at, dirty: make(map[string]bool)}
	if base != nil {
		b.head, b.properties, b.refs = base.head, base.properties, base.refs
		return b
	}
	b.base = nil
	b.head = head{formatVersion: 2, currentSnapshotID: none}
	for _, u := range updates {
		if u.version != 0 {
			b.formatVersion = u.version
			break
		}
	}
	b.properties, b.refs = map[string]string{}, map[string]reference{}
	b.schemas.loaded, b.specs.loaded, b.orders.loaded, b.keysLoaded = true, true, true, true
	b.statistics[0].loaded, b.statistics[1].loaded = true, true
	return b
}

// touch notes that the commit changes something, and which members must be written anew.
func (b *builder) touch(members ...string) {
	b.changed = true
	for _, name := range members {
		b.dirty[name] = true
	}
}

// list is schemas, specs or orders: each element with its id and the JSON that it has, or will have, in the document.
type list[T any] struct {
	loaded  bool
	entries []entry[T]
}

type entry[T any] struct {
	id    int
	raw   []byte
	value T
	read  bool // value is decoded
}

// load takes the list from the base, undecoded.
func (l *list[T]) load(base *Table, member, id string) error {
	if l.loaded {
		return nil
	}
	l.loaded = true
	raws, ok := elements(base.member(member).value)
	if !ok {
		return broken(member)
	}
	for _, raw := range raws {
		r := read(member, raw)
		e := entry[T]{raw: raw, id: r.int(id)}
		if r.err != nil {
			return broken(member)
		}
		l.entries = append(l.entries, e)
	}
	return nil
}

// get decodes the element of an id.
func (l *list[T]) get(id int, decode func([]byte) (T, error)) (value T, ok bool, err error) {
	for i := range l.entries {
		e := &l.entries[i]
		if e.id != id {
			continue
		}
		if !e.read {
			if e.value, err = decode(e.raw); err != nil {
				return value, false, fault.New(fault.Internal, "table metadata is broken").Because(withoutValues("table", err))
			}
			e.read = true
		}
		return e.value, true, nil
	}
	return value, false, nil
}

// without drops elements by id.
func (l *list[T]) without(ids []int) {
	drop := make(map[int]bool, len(ids))
	for _, id := range ids {
		drop[id] = true
	}
	var kept []entry[T]
	for _, e := range l.entries {
		if !drop[e.id] {
			kept = append(kept, e)
		}
	}
	l.entries = kept
}

func (l *list[T]) encode() []byte {
	raws := make([][]byte, 0, len(l.entries))
	for _, e := range l.entries {
		raws = append(raws, e.raw)
	}
	return array(raws)
}

// broken is the error for a base that was trusted and should not have been.
func broken(member string) error {
	return fault.New(fault.Internal, "table metadata is broken: %s", member)
}

// own gives the builder a properties map of its own.
func (b *builder) own() {
	if !b.dirty["properties"] {
		b.properties = maps.Clone(b.properties)
	}
}

// ownRefs gives the builder a references map of its own.
func (b *builder) ownRefs() {
	if !b.dirty["refs"] {
		b.refs = maps.Clone(b.refs)
	}
}
