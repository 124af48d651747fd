package iceberg

import "firn/shared/fault"

// supportedVersion is the highest format version that is read and written.
const supportedVersion = 4

// alwaysWritten are the members that the reference implementation writes in every version, even empty. Clients of today
// stumble over a document without them.
var alwaysWritten = []string{
	"format-version", "location", "last-updated-ms", "last-column-id", "current-schema-id", "schemas", "default-spec-id",
	"partition-specs", "last-partition-id", "default-sort-order-id", "sort-orders", "properties", "current-snapshot-id", "refs",
	"snapshots", "statistics", "partition-statistics", "snapshot-log", "metadata-log",
}

// Parse reads a document that anyone may have written, and checks all of it. The table's bytes are doc with the members
// added that the format lets old writers leave out, so doc itself if it is complete. The table keeps doc: the caller must
// not change it.
//
// Errors: Malformed if doc is not JSON, Argument or Invalid if it is no table metadata of versions 1 to 4.
// They quote the document: ParseForeign is for one that the caller did not send.
func Parse(doc []byte) (*Table, error) {
	t, err := parseTable(doc)
	if err != nil {
		return nil, orFault(fault.Argument, err)
	}
	return t, nil
}

// ParseForeign is Parse for a document that was read from a store. Its errors have the same kinds and quote
// no value of the document, only rules and the names of fields: whoever named the file may not be allowed to
// see it.
func ParseForeign(doc []byte) (*Table, error) {
	t, err := parseTable(doc)
	if err != nil {
		return nil, withoutValues("table", err)
	}
	return t, nil
}

func parseTable(doc []byte) (*Table, error) {
	if err := checkJSON(doc); err != nil {
		return nil, notJSON("table", err)
	}
	members, ok := split(doc)
	if !ok {
		return nil, complain("Cannot parse metadata from a non-object: %s", clip(doc))
	}
	c := completion{members: members}
	if err := c.run(); err != nil {
		return nil, err
	}
	t := &Table{doc: doc, members: members}
	if c.changed {
		t.doc, t.members = render(c.members)
	}
	if err := t.readTop(); err != nil {
		return nil, err
	}
	return t, t.validate()
}

// ParseTrusted reads a document that Parse, Create or Apply has made, and checks no more than it reads: that is a tenth of
// Parse's time. A document that this package cannot have made goes to ParseForeign, as far as it shows.
func ParseTrusted(doc []byte) (*Table, error) {
	var scan snapshotScan
	members, ok := splitDocument(doc, &scan)
	t := &Table{doc: doc, members: members, snapshots: scan.ids}
	for _, name := range alwaysWritten {
		ok = ok && t.member(name).value != nil
	}
	if !ok || len(scan.ids) != scan.count || t.readTop() != nil {
		return ParseForeign(doc)
	}
	return t, nil
}

// readTop decodes what is small: the head, the properties, the references.
func (t *Table) readTop() error {
	r := &reader{members: t.members}
	t.head = head{
		formatVersion: r.int("format-version"), location: r.text("location"), lastUpdatedMS: r.long("last-updated-ms"),
		lastColumnID: r.int("last-column-id"), currentSchemaID: r.int("current-schema-id"), defaultSpecID: r.int("default-spec-id"),
		lastPartitionID: r.int("last-partition-id"), defaultSortOrderID: r.int("default-sort-order-id"), currentSnapshotID: none,
	}
	if r.has("table-uuid") {
		t.uuid = r.text("table-uuid")
	}
	if id := r.optLong("current-snapshot-id"); id != nil {
		t.currentSnapshotID = *id
	}
	if t.formatVersion > 1 {
		t.lastSequenceNumber = r.long("last-sequence-number")
	}
	if t.formatVersion >= 3 {
		t.nextRowID = r.long("next-row-id")
	}
	t.properties = r.stringMap("properties")
	if r.err != nil {
		return r.err
	}
	if t.location = stripSlash(t.location); t.location == "" {
		return complain("path must not be null or empty")
	}
	var err error
	t.refs, err = decodeRefs(t.member("refs").value)
	return err
}

// render writes members as a document and gives them back as parts of it.
func render(members []member) ([]byte, []member) {
	size := 2
	for _, m := range members {
		size += len(m.name) + len(m.value) + 4
	}
	doc := append(make([]byte, 0, size), '{')
	placed := make([]member, len(members))
	for i, m := range members {
		if i > 0 {
			doc = append(doc, ',')
		}
		doc = append(appendText(doc, m.name), ':')
		start := len(doc)
		doc = append(doc, m.value...)
		placed[i] = member{name: m.name, value: doc[start:len(doc):len(doc)]}
	}
	return append(doc, '}'), placed
}
