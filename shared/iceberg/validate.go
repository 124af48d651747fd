package iceberg

import (
	"maps"
	"slices"

	"firn/shared/fault"
)

// oneMinuteMS is how far clocks of writers may be apart.
const oneMinuteMS = 60_000

// validate checks a whole document against the spec, "Table Metadata Fields".
func (t *Table) validate() error {
	if t.formatVersion > 1 && t.uuid == "" {
		return complain("UUID is required in format v%d", t.formatVersion)
	}
	for _, check := range []func() error{t.validateColumns, t.validateSnapshots, t.validateFiles, t.validateLogs} {
		if err := check(); err != nil {
			return err
		}
	}
	if t.formatVersion >= 4 {
		return absolute(t.References())
	}
	return nil
}

// validateColumns checks schemas, specs and orders. Only the default spec and order must fit the current schema: others
// may be about columns that are gone.
func (t *Table) validateColumns() error {
	schemas, err := decodeList("schemas", t.member("schemas").value, decodeSchema)
	if err != nil {
		return err
	}
	current, err := pick(schemas, t.currentSchemaID, func(s *schema) int { return s.id }, "schema")
	if err != nil || current == nil {
		return orElse(err, complain("Cannot find schema with current-schema-id=%d from schemas", t.currentSchemaID))
	}
	specs, err := decodeList("partition specs", t.member("partition-specs").value, decodeSpec)
	if err != nil {
		return err
	}
	spec, err := pick(specs, t.defaultSpecID, func(s partitionSpec) int { return s.id }, "partition spec")
	if err != nil || spec == nil {
		return orElse(err, complain("Cannot find partition spec with default-spec-id=%d", t.defaultSpecID))
	}
	if err := spec.bind(*current); err != nil {
		return err
	}
	orders, err := decodeList("sort orders", t.member("sort-orders").value, decodeOrder)
	if err != nil {
		return err
	}
	order, err := pick(orders, t.defaultSortOrderID, func(o sortOrder) int { return o.id }, "sort order")
	if err != nil || order == nil {
		return orElse(err, complain("Cannot find sort order with default-sort-order-id=%d", t.defaultSortOrderID))
	}
	return order.bind(*current)
}

// pick gives the element of an id, nil if there is none, and refuses ids that are there twice.
func pick[T any](list []T, id int, idOf func(T) int, what string) (*T, error) {
	var found *T
	seen := make(map[int]bool, len(list))
	for i := range list {
		other := idOf(list[i])
		if seen[other] {
			return nil, complain("Multiple entries with the same id: %s %d", what, other)
		}
		seen[other] = true
		if other == id {
			found = &list[i]
		}
	}
	return found, nil
}

func orElse(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func (t *Table) validateSnapshots() error {
	list, ok := elements(t.member("snapshots").value)
	if !ok {
		return complain("Cannot parse snapshots from non-array: %s", clip(t.member("snapshots").value))
	}
	ids := make(map[int64]bool, len(list))
	for _, raw := range list {
		s, err := decodeSnapshot(raw)
		if err != nil {
			return err
		}
		if ids[s.id] {
			return complain("Multiple entries with the same id: snapshot %d", s.id)
		}
		ids[s.id] = true
		t.snapshots = append(t.snapshots, s.id)
		if s.sequenceNumber > t.lastSequenceNumber {
			return fault.New(fault.Invalid, "Invalid snapshot with sequence number %d greater than last sequence number %d",
				s.sequenceNumber, t.lastSequenceNumber)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.refs)) {
		if id := t.refs[name].snapshotID; !ids[id] {
			return complain("Snapshot for reference %s does not exist in the existing snapshots list: %d", name, id)
		}
	}
	if t.currentSnapshotID >= 0 && !ids[t.currentSnapshotID] {
		return complain("Invalid table metadata: Cannot find current version")
	}
	return checkMain(t.currentSnapshotID, t.refs)
}

// checkMain holds the current snapshot to the main branch.
func checkMain(current int64, refs map[string]reference) error {
	ref, ok := refs[mainBranch]
	switch {
	case ok && current < 0:
		return complain("Current snapshot is not set, but main branch exists: %d", ref.snapshotID)
	case ok && ref.snapshotID != current:
		return complain("Current snapshot ID does not match main branch (%d != %d)", current, ref.snapshotID)
	}
	return nil
}

func (t *Table) validateFiles() error {
	if _, err := decodeList("statistics files", t.member("statistics").value, decodeStatistics); err != nil {
		return err
	}
	if _, err := decodeList("partition statistics files", t.member("partition-statistics").value, decodePartitionStatistics); err != nil {
		return err
	}
	if raw := t.member("encryption-keys").value; raw != nil {
		keys, err := decodeList("encryption keys", raw, decodeKey)
		if err != nil {
			return err
		}
		seen := make(map[string]bool, len(keys))
		for _, k := range keys {
			if seen[k.id] {
				return complain("Multiple entries with the same id: encryption key %s", k.id)
			}
			seen[k.id] = true
		}
	}
	return nil
}

func (t *Table) validateLogs() error {
	snapshots, err := decodeList("snapshot log", t.member("snapshot-log").value, decodeSnapshotLogEntry)
	if err != nil {
		return err
	}
	for i := range snapshots {
		if i > 0 && snapshots[i].timestampMS-snapshots[i-1].timestampMS < -oneMinuteMS {
			return complain("Expected sorted snapshot log entries.")
		}
	}
	if n := len(snapshots); n > 0 && t.lastUpdatedMS-snapshots[n-1].timestampMS < -oneMinuteMS {
		return beforeSnapshotLog(t.lastUpdatedMS, snapshots[n-1].timestampMS)
	}
	files, err := decodeList("metadata log", t.member("metadata-log").value, decodeMetadataLogEntry)
	if err != nil {
		return err
	}
	for i := range files {
		if i > 0 && files[i].TimestampMS-files[i-1].TimestampMS < -oneMinuteMS {
			return complain("Expected sorted previous metadata log entries.")
		}
	}
	if n := len(files); n > 0 && t.lastUpdatedMS-files[n-1].TimestampMS < -oneMinuteMS {
		return beforeMetadataLog(t.lastUpdatedMS, files[n-1].TimestampMS)
	}
	return nil
}

func beforeSnapshotLog(updatedMS, entryMS int64) error {
	return fault.New(fault.Argument, "Invalid update timestamp %d: before last snapshot log entry at %d", updatedMS, entryMS)
}

func beforeMetadataLog(updatedMS, entryMS int64) error {
	return fault.New(fault.Argument, "Invalid update timestamp %d: before the latest metadata log entry timestamp %d", updatedMS, entryMS)
}
