package iceberg

import (
	"bytes"
	"slices"

	"firn/shared/fault"
)

// encodeSnapshots gives the pieces of the list of snapshots; what stays is a piece of the base.
func (b *builder) encodeSnapshots() ([][]byte, error) {
	if b.base != nil && !b.dirty["snapshots"] {
		return [][]byte{b.base.member("snapshots").value}, nil
	}
	var added [][]byte
	for _, s := range b.snapshots.added {
		added = append(added, s.encode())
	}
	if b.base == nil {
		return [][]byte{array(added)}, nil
	}
	if len(b.snapshots.dropped) == 0 {
		return appendElements(b.base.member("snapshots").value, added), nil
	}
	list, _ := elements(b.base.member("snapshots").value)
	var kept [][]byte
	for _, raw := range list {
		if r := read("snapshot", raw); !b.snapshots.dropped[r.long("snapshot-id")] {
			kept = append(kept, raw)
		}
	}
	return [][]byte{array(append(kept, added...))}, nil
}

// appendElements adds elements to the end of an array without reading it.
func appendElements(raw []byte, added [][]byte) [][]byte {
	if len(added) == 0 {
		return [][]byte{raw}
	}
	open := bytes.TrimRight(raw[:len(raw)-1], " \t\r\n")
	tail := array(added)
	if len(open) > 1 {
		tail[0] = ','
		return [][]byte{open, tail}
	}
	return [][]byte{tail}
}

// encodeLog gives the pieces of the snapshot log. Entries of snapshots that were current in the middle of this commit alone
// go; a removed snapshot takes all entries before it with it, since a gap would make time travel read the wrong snapshot.
func (b *builder) encodeLog() ([][]byte, error) {
	if b.base == nil {
		b.dirty["snapshot-log"] = true
	}
	var intermediate []int64
	for _, id := range b.snapshots.mainSeen {
		if id != b.currentSnapshotID {
			intermediate = append(intermediate, id)
		}
	}
	base := []byte("[]")
	if b.base != nil {
		base = b.base.member("snapshot-log").value
	}
	if len(intermediate) == 0 && !b.snapshots.removed {
		if err := b.checkAppended(base); err != nil {
			return nil, err
		}
		var added [][]byte
		for _, e := range b.log {
			added = append(added, e.encode())
		}
		return appendElements(base, added), nil
	}
	entries, err := decodeList("snapshot log", base, decodeSnapshotLogEntry)
	if err != nil {
		return nil, broken("snapshot-log")
	}
	var kept []snapshotLogEntry
	for _, e := range append(entries, b.log...) {
		there := b.hasSnapshot(e.snapshotID)
		if there && !slices.Contains(intermediate, e.snapshotID) {
			kept = append(kept, e)
		} else if !there && b.snapshots.removed {
			kept = nil
		}
	}
	if n := len(kept); n > 0 && b.currentSnapshotID >= 0 && kept[n-1].snapshotID != b.currentSnapshotID {
		return nil, fault.New(fault.Invalid, "Cannot set invalid snapshot log: latest entry is not the current snapshot")
	}
	raws := make([][]byte, 0, len(kept))
	for i, e := range kept {
		if i > 0 && e.timestampMS-kept[i-1].timestampMS < -oneMinuteMS {
			return nil, unsortedLog()
		}
		raws = append(raws, e.encode())
	}
	if n := len(kept); n > 0 && b.lastUpdatedMS-kept[n-1].timestampMS < -oneMinuteMS {
		return nil, beforeSnapshotLog(b.lastUpdatedMS, kept[n-1].timestampMS)
	}
	return [][]byte{array(raws)}, nil
}

func unsortedLog() error {
	return fault.New(fault.Argument, "[BUG] Expected sorted snapshot log entries.")
}

// checkAppended holds the entries that are appended, and the time of the commit, to the order of the log.
func (b *builder) checkAppended(base []byte) error {
	last, ok := lastSnapshotLogEntry(base)
	for _, e := range b.log {
		if ok && e.timestampMS-last.timestampMS < -oneMinuteMS {
			return unsortedLog()
		}
		last, ok = e, true
	}
	if ok && b.lastUpdatedMS-last.timestampMS < -oneMinuteMS {
		return beforeSnapshotLog(b.lastUpdatedMS, last.timestampMS)
	}
	return nil
}

// metadataLog appends the base's file, with the base's time, and keeps as many as the table wants.
func (b *builder) metadataLog() ([][]byte, error) {
	if b.base == nil {
		return [][]byte{[]byte("[]")}, nil
	}
	raws, ok := elements(b.base.member("metadata-log").value)
	if !ok {
		return nil, broken("metadata-log")
	}
	if b.at.Previous != "" {
		most, err := previousFiles(b.properties)
		if err != nil {
			return nil, err
		}
		if n := len(raws); n > 0 {
			if e, err := decodeMetadataLogEntry(raws[n-1]); err != nil || b.base.lastUpdatedMS-e.TimestampMS < -oneMinuteMS {
				return nil, orElse(err, fault.New(fault.Argument, "[BUG] Expected sorted previous metadata log entries."))
			}
		}
		raws = append(raws, LogEntry{File: b.at.Previous, TimestampMS: b.base.lastUpdatedMS}.encode())
		raws = raws[max(0, len(raws)-most):]
		b.uris = append(b.uris, Reference{Field: "metadata-file", URI: b.at.Previous})
	}
	if n := len(raws); n > 0 {
		e, err := decodeMetadataLogEntry(raws[n-1])
		if err != nil {
			return nil, broken("metadata-log")
		}
		if b.lastUpdatedMS-e.TimestampMS < -oneMinuteMS {
			return nil, beforeMetadataLog(b.lastUpdatedMS, e.TimestampMS)
		}
	}
	return [][]byte{array(raws)}, nil
}

// assemble writes the next document: the base's members in their order with the edits in place, then what is new in the
// reference implementation's order. It gives the members back as parts of the document.
func (b *builder) assemble(edits map[string][][]byte) ([]byte, []member) {
	type span struct{ start, end int }
	pieces := [][]byte{[]byte("{")}
	size := 1
	var spans []span
	var members []member
	add := func(name string, value [][]byte) {
		if value == nil {
			return
		}
		key := []byte(",")
		if len(members) == 0 {
			key = nil
		}
		key = append(appendText(key, name), ':')
		pieces = append(append(pieces, key), value...)
		start := size + len(key)
		size = start
		for _, piece := range value {
			size += len(piece)
		}
		members, spans = append(members, member{name: name}), append(spans, span{start, size})
	}
	if b.base != nil {
		for _, m := range b.base.members {
			if value, edited := edits[m.name]; edited {
				add(m.name, value)
				delete(edits, m.name)
			} else {
				add(m.name, [][]byte{m.value})
			}
		}
	}
	for _, name := range memberOrder {
		add(name, edits[name])
	}
	doc := bytes.Join(append(pieces, []byte("}")), nil)
	for i, s := range spans {
		members[i].value = doc[s.start:s.end:s.end]
	}
	return doc, members
}

// snapshotIDs lists the ids in the order of the list.
func (b *builder) snapshotIDs() []int64 {
	var ids []int64
	if b.base != nil {
		ids = b.base.snapshots
		if b.dirty["snapshots"] {
			ids = slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return b.snapshots.dropped[id] })
		}
	}
	for _, s := range b.snapshots.added {
		ids = append(ids, s.id)
	}
	return ids
}
