package iceberg

import (
	"fmt"
	"slices"

	"firn/shared/fault"
)

// memberOrder is the order in which the reference implementation writes a document; new tables have it.
var memberOrder = []string{
	"format-version", "table-uuid", "location", "last-sequence-number", "last-updated-ms", "last-column-id", "schema",
	"current-schema-id", "schemas", "partition-spec", "default-spec-id", "partition-specs", "last-partition-id",
	"default-sort-order-id", "sort-orders", "properties", "current-snapshot-id", "next-row-id", "encryption-keys", "refs",
	"snapshots", "statistics", "partition-statistics", "snapshot-log", "metadata-log",
}

// build checks the whole and writes it.
func (b *builder) build() (*Table, error) {
	b.lastUpdatedMS = b.at.NowMS
	if b.uuid == "" && b.base == nil {
		b.uuid = b.at.UUID
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	snapshots, err := b.encodeSnapshots()
	if err != nil {
		return nil, err
	}
	log, err := b.encodeLog()
	if err != nil {
		return nil, err
	}
	files, err := b.metadataLog()
	if err != nil {
		return nil, err
	}
	edits, err := b.encodeRest()
	if err != nil {
		return nil, err
	}
	edits["snapshots"], edits["snapshot-log"], edits["metadata-log"] = snapshots, log, files
	next := &Table{head: b.head, properties: b.properties, refs: b.refs, applied: b.base != nil}
	next.doc, next.members = b.assemble(edits)
	next.snapshots = b.snapshotIDs()
	next.added = b.addedURIs()
	if b.formatVersion >= 4 {
		uris := next.Added()
		if b.base != nil && b.base.formatVersion < 4 {
			uris = next.References()
		}
		if err := absolute(uris); err != nil {
			return nil, err
		}
	}
	return next, nil
}

// check holds the finished table to the rules that no single update can break.
func (b *builder) check() error {
	if b.base == nil {
		if err := b.checkNew(); err != nil {
			return err
		}
	}
	if b.formatVersion == 1 && b.lastSequenceNumber != 0 {
		return fault.New(fault.Argument, "Sequence number must be 0 in v1: %d", b.lastSequenceNumber)
	}
	if b.snapshots.lowered {
		if err := b.checkSequence(); err != nil {
			return err
		}
	}
	if b.base == nil || b.dirty["columns"] {
		if err := b.checkColumns(); err != nil {
			return err
		}
	}
	if b.dirty["properties"] {
		if err := checkProperties(b.properties); err != nil {
			return err
		}
	}
	if b.snapshots.removed && b.currentSnapshotID >= 0 {
		if !b.hasSnapshot(b.currentSnapshotID) {
			return fault.New(fault.Argument, "Invalid table metadata: Cannot find current version")
		}
	}
	if err := checkMain(b.currentSnapshotID, b.refs); err != nil {
		return orFault(fault.Argument, err)
	}
	return nil
}

// checkNew refuses a table made from nothing that lacks a part.
func (b *builder) checkNew() error {
	switch {
	case b.formatVersion < 1 || b.formatVersion > supportedVersion:
		return fault.New(fault.Argument, "Unsupported format version: v%d (supported: v%d)", b.formatVersion, supportedVersion)
	case len(b.schemas.entries) == 0:
		return fault.New(fault.Argument, "Schemas cannot be null or empty")
	case len(b.specs.entries) == 0:
		return fault.New(fault.Argument, "Partition specs cannot be null or empty")
	case len(b.orders.entries) == 0:
		return fault.New(fault.Argument, "Sort orders cannot be null or empty")
	case b.uuid == "":
		return fault.New(fault.Argument, "UUID is required in format v%d", b.formatVersion)
	case b.location == "":
		return fault.New(fault.Argument, "Table location is required in format v%d", b.formatVersion)
	}
	return nil
}

// checkColumns holds the default spec and order to the current schema.
func (b *builder) checkColumns() error {
	current, err := b.currentSchema()
	if err != nil {
		return err
	}
	if err := b.loadSpecs(); err != nil {
		return err
	}
	spec, ok, err := b.specs.get(b.defaultSpecID, decodeSpec)
	if err != nil || !ok {
		return orElse(err, fault.New(fault.Argument, "Cannot find default partition spec: %d", b.defaultSpecID))
	}
	if err := spec.check(current); err != nil {
		return err
	}
	if err := b.loadOrders(); err != nil {
		return err
	}
	order, ok, err := b.orders.get(b.defaultSortOrderID, decodeOrder)
	if err != nil || !ok {
		return orElse(err, fault.New(fault.Argument, "Cannot find default sort order: %d", b.defaultSortOrderID))
	}
	return order.check(current)
}

// checkSequence looks for a snapshot behind which the last sequence number fell.
func (b *builder) checkSequence() error {
	highest := int64(0)
	if b.base != nil {
		list, _ := elements(b.base.member("snapshots").value)
		for _, raw := range list {
			r := read("snapshot", raw)
			if n := r.optLong("sequence-number"); n != nil && !b.snapshots.dropped[r.long("snapshot-id")] {
				highest = max(highest, *n)
			}
			if r.err != nil {
				return broken("snapshots")
			}
		}
	}
	for _, s := range b.snapshots.added {
		highest = max(highest, s.sequenceNumber)
	}
	if highest > b.lastSequenceNumber {
		return fault.New(fault.Invalid, "Invalid snapshot with sequence number %d greater than last sequence number %d",
			highest, b.lastSequenceNumber)
	}
	return nil
}

// addedURIs lists what this commit brought in and kept.
func (b *builder) addedURIs() []Reference {
	if b.base == nil {
		return nil
	}
	uris := append(slices.Clone(b.uris), newFolderReferences(b.base.location, b.location, b.base.properties, b.properties)...)
	for _, s := range b.snapshots.added {
		uris = append(uris, s.references()...)
	}
	return uris
}

// encodeRest writes the members, other than logs and snapshots, that the commit changed. A nil value drops the member.
func (b *builder) encodeRest() (map[string][][]byte, error) {
	edits := make(map[string][][]byte)
	set := func(name string, value []byte) { edits[name] = [][]byte{value} }
	b.encodeHead(set)
	for name, encode := range map[string]func() []byte{
		"schemas": b.schemas.encode, "partition-specs": b.specs.encode, "sort-orders": b.orders.encode,
		"properties": func() []byte { return stringMap(b.properties) },
		"refs":       func() []byte { return encodeRefs(b.refs) },
		"statistics": func() []byte { return encodeStatistics(b.statistics[tableStatistics].files) },
		"partition-statistics": func() []byte {
			return encodeStatistics(b.statistics[partitionStatistics].files)
		},
	} {
		if b.dirty[name] || b.base == nil {
			set(name, encode())
		}
	}
	if b.dirty["encryption-keys"] {
		edits["encryption-keys"] = nil
		if len(b.keys) > 0 {
			raws := make([][]byte, 0, len(b.keys))
			for _, k := range b.keys {
				raws = append(raws, k.raw)
			}
			set("encryption-keys", array(raws))
		}
	}
	return edits, b.encodeMirrors(edits)
}

func encodeStatistics(files []statisticsFile) []byte {
	raws := make([][]byte, 0, len(files))
	for _, f := range files {
		raws = append(raws, f.raw)
	}
	return array(raws)
}

func (b *builder) encodeHead(set func(string, []byte)) {
	var old head
	if b.base != nil {
		old = b.base.head
	}
	all := b.base == nil
	upgraded := all || old.formatVersion != b.formatVersion
	for _, s := range []struct {
		name    string
		changed bool
		value   []byte
	}{
		{"format-version", upgraded, number(b.formatVersion)},
		{"table-uuid", all || old.uuid != b.uuid, text(b.uuid)},
		{"location", all || b.dirty["location"], text(b.location)},
		{"last-sequence-number", b.formatVersion > 1 && (upgraded || old.lastSequenceNumber != b.lastSequenceNumber), number(b.lastSequenceNumber)},
		{"last-updated-ms", true, number(b.lastUpdatedMS)},
		{"last-column-id", all || old.lastColumnID != b.lastColumnID, number(b.lastColumnID)},
		{"current-schema-id", all || old.currentSchemaID != b.currentSchemaID, number(b.currentSchemaID)},
		{"default-spec-id", all || old.defaultSpecID != b.defaultSpecID, number(b.defaultSpecID)},
		{"last-partition-id", all || old.lastPartitionID != b.lastPartitionID, number(b.lastPartitionID)},
		{"default-sort-order-id", all || old.defaultSortOrderID != b.defaultSortOrderID, number(b.defaultSortOrderID)},
		{"current-snapshot-id", upgraded || old.currentSnapshotID != b.currentSnapshotID, b.currentJSON()},
		{"next-row-id", b.formatVersion >= 3 && (upgraded || old.nextRowID != b.nextRowID), number(b.nextRowID)},
	} {
		if s.changed {
			set(s.name, s.value)
		}
	}
}

// currentJSON writes no snapshot as -1 before version 3: readers of then know no null there.
func (b *builder) currentJSON() []byte {
	if b.currentSnapshotID < 0 && b.formatVersion >= 3 {
		return []byte("null")
	}
	return number(max(b.currentSnapshotID, none))
}

// encodeMirrors keeps the current schema and the default spec where readers of version 1 look, and nowhere after that.
func (b *builder) encodeMirrors(edits map[string][][]byte) error {
	if b.formatVersion > 1 {
		edits["schema"], edits["partition-spec"] = nil, nil
		return nil
	}
	if b.base != nil && !b.dirty["columns"] {
		return nil
	}
	current, err := b.currentSchema()
	if err != nil {
		return err
	}
	if err := b.loadSpecs(); err != nil {
		return err
	}
	spec, ok, err := b.specs.get(b.defaultSpecID, decodeSpec)
	if err != nil || !ok {
		return orElse(err, fmt.Errorf("no default spec %d", b.defaultSpecID))
	}
	edits["schema"] = [][]byte{current.encode()}
	edits["partition-spec"] = [][]byte{spec.encodeFields()}
	return nil
}
