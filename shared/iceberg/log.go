package iceberg

import "bytes"

// snapshotLogEntry says since when a snapshot was current (spec, "snapshot-log").
type snapshotLogEntry struct {
	timestampMS int64
	snapshotID  int64
}

func decodeSnapshotLogEntry(raw []byte) (snapshotLogEntry, error) {
	r := read("snapshot log entry", raw)
	return snapshotLogEntry{timestampMS: r.long("timestamp-ms"), snapshotID: r.long("snapshot-id")}, r.err
}

func (e snapshotLogEntry) encode() []byte {
	var o object
	o.long("timestamp-ms", e.timestampMS)
	o.long("snapshot-id", e.snapshotID)
	return o.done()
}

// lastSnapshotLogEntry reads the end of a log without reading the log: from its last brace on. What stands there is the
// last entry only if it is a whole object of exactly the two members and nothing but the array's end follows.
func lastSnapshotLogEntry(log []byte) (snapshotLogEntry, bool) {
	if start := bytes.LastIndexByte(log, '{'); start >= 0 {
		end := skip(log, start)
		if members, _ := split(log[start:max(end, start)]); len(members) == 2 && string(bytes.TrimSpace(log[end:])) == "]" {
			if entry, err := decodeSnapshotLogEntry(log[start:end]); err == nil {
				return entry, true
			}
		}
	}
	list, _ := elements(log)
	if len(list) == 0 {
		return snapshotLogEntry{}, false
	}
	entry, err := decodeSnapshotLogEntry(list[len(list)-1])
	return entry, err == nil
}

func decodeMetadataLogEntry(raw []byte) (LogEntry, error) {
	r := read("metadata log entry", raw)
	return LogEntry{TimestampMS: r.long("timestamp-ms"), File: r.text("metadata-file")}, r.err
}

func (e LogEntry) encode() []byte {
	var o object
	o.long("timestamp-ms", e.TimestampMS)
	o.text("metadata-file", e.File)
	return o.done()
}
