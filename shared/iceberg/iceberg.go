// Package iceberg is firn's metadata engine: it reads, checks, changes and writes the metadata of Apache Iceberg's tables
// (https://iceberg.apache.org/spec, format versions 1 to 3) and views (https://iceberg.apache.org/view-spec, version 1) as
// bytes in, bytes out.
//
// A Table is one version of a table's metadata: the JSON document and the facts read from it. Create makes the first one,
// Parse reads one from a file, Apply makes the next one from updates of the REST protocol after Check has held its
// requirements against the present one. View, CreateView, ParseView, ApplyView and CheckView are the same for views. Rules,
// texts and order of members follow the reference implementation (Java's TableMetadata.Builder and ViewMetadata.Builder),
// because clients compare against it.
//
// The package refuses documents and updates that are not strict JSON: not UTF-8, nested deeper than maxDepth, an object
// with a name twice, numbers that are no integers where integers belong. It does no I/O, reads no clock and judges no
// location: every URI that a document names is handed out by References and Added, for the caller to judge.
//
// # Why
//
// A commit touches a few hundred bytes of a document that may hold thousands of snapshots. So the document stays bytes: one
// scan finds the members of the top level, only what an update needs is decoded, and the next document is the old bytes
// with some members replaced. A table of 20,000 snapshots takes an append some 15 times faster than decoding and encoding
// it would, and members that this package does not know survive.
//
// A document that was read from a store may be any JSON file, and whoever named it need not be allowed to
// read it: ParseForeign and ParseForeignView complain without quoting it. Parse is for a document that the
// caller has.
//
// What a client sends is another matter: schemas, specs, orders, snapshots and statistics in updates are decoded, checked
// and written anew, and what is unknown in them is dropped (as Java does): firn vouches for a document, and cannot vouch
// for a field, maybe a location, that it does not know.
//
// Member names are matched exactly, and an object that has one twice is refused. Readers disagree about which of two wins
// and about case; whoever can make firn check one location and an engine read another escapes from the table's folder.
//
// Format version 4 is taken like 3, with a location and without relative paths: the reference server of today takes it, and
// nothing else of it is settled. Deviations that we mean: a stale sequence number is CommitFailed (a 400 makes clients
// delete their files); a partition field without an id gets one that no other spec uses; what the reference server answers
// with 500 is a 400 here; a table without a snapshot log may lose snapshots; the first version of a view keeps the summary
// that its engine sent; a schema that a view has already counts as added, since two who replace it at once may add the same.
package iceberg

import (
	"encoding/json"
	"maps"
)

// Table is one version of a table's metadata. It is immutable and safe for concurrent use.
type Table struct {
	head
	doc        []byte
	members    []member // of doc, in its order; the values alias doc
	properties map[string]string
	refs       map[string]reference
	snapshots  []int64     // the ids of the document's snapshots, in its order
	added      []Reference // what Apply brought in; nil if t was not made by Apply
	applied    bool
}

// head is the scalars of a document's top level.
type head struct {
	formatVersion      int
	uuid               string
	location           string
	lastSequenceNumber int64
	lastUpdatedMS      int64
	lastColumnID       int
	currentSchemaID    int
	defaultSpecID      int
	lastPartitionID    int
	defaultSortOrderID int
	currentSnapshotID  int64 // none: no snapshot
	nextRowID          int64
}

// none is the snapshot id that stands for no snapshot.
const none = -1

// Bytes gives the JSON document. The caller must not change it.
func (t *Table) Bytes() []byte { return t.doc }

// FormatVersion is 1, 2, 3 or 4.
func (t *Table) FormatVersion() int { return t.formatVersion }

// UUID is the table's identity as written; empty only for old files of version 1.
func (t *Table) UUID() string { return t.uuid }

// Location is the table's folder, without a trailing slash.
func (t *Table) Location() string { return t.location }

// LastUpdatedMS is when this version was made, in milliseconds since the epoch.
func (t *Table) LastUpdatedMS() int64 { return t.lastUpdatedMS }

// LastSequenceNumber is the highest sequence number given out; 0 in version 1.
func (t *Table) LastSequenceNumber() int64 { return t.lastSequenceNumber }

// LastColumnID is the highest field id given out.
func (t *Table) LastColumnID() int { return t.lastColumnID }

// CurrentSchemaID names the current schema.
func (t *Table) CurrentSchemaID() int { return t.currentSchemaID }

// DefaultSpecID names the default partition spec.
func (t *Table) DefaultSpecID() int { return t.defaultSpecID }

// LastPartitionID is the highest partition field id given out; 999 if none was.
func (t *Table) LastPartitionID() int { return t.lastPartitionID }

// DefaultSortOrderID names the default sort order; 0 is unsorted.
func (t *Table) DefaultSortOrderID() int { return t.defaultSortOrderID }

// NextRowID is the first row id that is free; 0 before version 3.
func (t *Table) NextRowID() int64 { return t.nextRowID }

// CurrentSnapshotID names the snapshot that the main branch is at, if there is one.
func (t *Table) CurrentSnapshotID() (int64, bool) {
	return max(t.currentSnapshotID, 0), t.currentSnapshotID >= 0
}

// Property gives one table property.
func (t *Table) Property(key string) (string, bool) {
	value, ok := t.properties[key]
	return value, ok
}

// Properties gives a copy of the table properties.
func (t *Table) Properties() map[string]string { return maps.Clone(t.properties) }

// SnapshotCount counts the snapshots.
func (t *Table) SnapshotCount() int { return len(t.snapshots) }

// CurrentSchema gives the current schema's JSON.
func (t *Table) CurrentSchema() json.RawMessage {
	list, _ := elements(t.member("schemas").value)
	for _, raw := range list {
		if r := read("schema", raw); r.int("schema-id") == t.currentSchemaID && r.err == nil {
			return json.RawMessage(raw)
		}
	}
	return nil
}

// LogEntry is one earlier metadata file of a table.
type LogEntry struct {
	File        string // its location
	TimestampMS int64  // when it was made, in milliseconds since the epoch
}

// MetadataLog lists earlier metadata files, oldest first. The present one is not among them.
func (t *Table) MetadataLog() []LogEntry {
	list, _ := elements(t.member("metadata-log").value)
	entries := make([]LogEntry, 0, len(list))
	for _, raw := range list {
		r := read("metadata log entry", raw)
		entries = append(entries, LogEntry{File: r.text("metadata-file"), TimestampMS: r.long("timestamp-ms")})
	}
	return entries
}

// member gives a member of the top level; the zero member if there is none of that name.
func (t *Table) member(name string) member { return find(t.members, name) }
