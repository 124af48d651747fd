package iceberg

import (
	"math"
	"slices"

	"firn/shared/fault"
)

// snapshotChanges is what a commit does to the list of snapshots. The base's list stays bytes as long as it can.
type snapshotChanges struct {
	added    []snapshot
	addedAt  map[int64]int  // index in added
	dropped  map[int64]bool // of the base
	removed  bool           // a snapshot was removed, of the base or added
	mainSeen []int64        // added and set as main
	known    map[int64]bool // the base's ids
	lookups  int
	lowered  bool // the last sequence number went down
}

// hasSnapshot looks for a snapshot. The first few times it looks through the base's ids, then it makes an index.
func (b *builder) hasSnapshot(id int64) bool {
	c := &b.snapshots
	if _, ok := c.addedAt[id]; ok {
		return true
	}
	if c.dropped[id] || b.base == nil {
		return false
	}
	if c.lookups++; c.lookups <= 8 {
		return slices.Contains(b.base.snapshots, id)
	}
	if c.known == nil {
		c.known = make(map[int64]bool, len(b.base.snapshots))
		for _, id := range b.base.snapshots {
			c.known[id] = true
		}
	}
	return c.known[id]
}

func (b *builder) addSnapshot(s snapshot) error {
	for _, need := range []struct {
		missing bool
		what    string
	}{
		{b.schemas.loaded && len(b.schemas.entries) == 0, "schema"},
		{b.specs.loaded && len(b.specs.entries) == 0, "partition spec"},
		{b.orders.loaded && len(b.orders.entries) == 0, "sort order"},
	} {
		if need.missing {
			return fault.New(fault.Invalid, "Attempting to add a snapshot before a %s is added", need.what)
		}
	}
	if b.hasSnapshot(s.id) {
		return fault.New(fault.Invalid, "Snapshot already exists for id: %d", s.id)
	}
	if b.formatVersion > 1 && s.sequenceNumber <= b.lastSequenceNumber && s.parent != nil {
		return fault.New(fault.CommitFailed, "Cannot add snapshot with sequence number %d older than last sequence number %d",
			s.sequenceNumber, b.lastSequenceNumber)
	}
	if err := b.takeRows(s); err != nil {
		return err
	}
	b.snapshots.lowered = b.snapshots.lowered || s.sequenceNumber < b.lastSequenceNumber
	b.lastSequenceNumber = s.sequenceNumber
	if b.snapshots.addedAt == nil {
		b.snapshots.addedAt = make(map[int64]int)
	}
	b.snapshots.addedAt[s.id] = len(b.snapshots.added)
	b.snapshots.added = append(b.snapshots.added, s)
	b.touch("snapshots")
	return nil
}

// takeRows gives the snapshot its row ids (spec, "Row Lineage").
func (b *builder) takeRows(s snapshot) error {
	if b.formatVersion < 3 {
		return nil
	}
	if s.firstRowID == nil {
		return fault.New(fault.Invalid, "Cannot add a snapshot: first-row-id is null")
	}
	if *s.firstRowID < b.nextRowID {
		return fault.New(fault.CommitFailed, "Cannot add a snapshot, first-row-id is behind table next-row-id: %d < %d",
			*s.firstRowID, b.nextRowID)
	}
	if *s.addedRows > math.MaxInt64-b.nextRowID {
		return fault.New(fault.Invalid, "Cannot add a snapshot: no row ids are left for %d rows", *s.addedRows)
	}
	b.nextRowID += *s.addedRows
	return nil
}

// removeSnapshots also removes the statistics of what it removes, and the references to it, main among them.
func (b *builder) removeSnapshots(ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	gone := make(map[int64]bool)
	for _, id := range ids {
		if b.hasSnapshot(id) {
			gone[id] = true
			if err := b.removeSnapshot(id); err != nil {
				return err
			}
		}
	}
	for name, ref := range b.refs {
		if gone[ref.snapshotID] {
			b.removeRef(name)
		}
	}
	return nil
}

func (b *builder) removeSnapshot(id int64) error {
	c := &b.snapshots
	if i, ok := c.addedAt[id]; ok {
		c.added = append(c.added[:i:i], c.added[i+1:]...)
		delete(c.addedAt, id)
		for other, at := range c.addedAt {
			if at > i {
				c.addedAt[other] = at - 1
			}
		}
	} else {
		if c.dropped == nil {
			c.dropped = make(map[int64]bool)
		}
		c.dropped[id] = true
	}
	c.removed = true
	b.touch("snapshots")
	for _, kind := range []statisticsKind{tableStatistics, partitionStatistics} {
		if err := b.removeStatistics(kind, id); err != nil {
			return err
		}
	}
	return nil
}

// setRef moves, makes or changes a branch or tag. What moves main makes a snapshot current, since the snapshot's own time
// if this commit brought it, since now if it is an older one.
func (b *builder) setRef(name string, ref reference) error {
	if err := ref.checkRetention(); err != nil {
		return err
	}
	if old, ok := b.refs[name]; ok && old == ref {
		return nil
	}
	if !b.hasSnapshot(ref.snapshotID) {
		return fault.New(fault.Invalid, "Cannot set %s to unknown snapshot: %d", name, ref.snapshotID)
	}
	if name == mainBranch {
		b.currentSnapshotID = ref.snapshotID
		since := b.at.NowMS
		if i, ok := b.snapshots.addedAt[ref.snapshotID]; ok {
			since = b.snapshots.added[i].timestampMS
			b.snapshots.mainSeen = append(b.snapshots.mainSeen, ref.snapshotID)
		}
		b.log = append(b.log, snapshotLogEntry{timestampMS: since, snapshotID: ref.snapshotID})
		b.touch("snapshot-log")
	}
	b.ownRefs()
	b.refs[name] = ref
	b.touch("refs")
	return nil
}

func (b *builder) removeRef(name string) {
	if name == mainBranch {
		b.currentSnapshotID = none
	}
	if _, ok := b.refs[name]; ok {
		b.ownRefs()
		delete(b.refs, name)
		b.touch("refs")
	}
}
