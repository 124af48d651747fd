package iceberg

import (
	"errors"
)

// snapshot is what this package reads of a snapshot (spec, "Snapshots").
type snapshot struct {
	id             int64
	sequenceNumber int64 // 0 in version 1
	parent         *int64
	timestampMS    int64
	summary        []pair // operation first; empty: none
	manifestList   *string
	manifests      []string // version 1, in place of a list
	schemaID       *int
	firstRowID     *int64
	addedRows      *int64
	keyID          *string
}

func decodeSnapshot(raw []byte) (snapshot, error) {
	r := read("table version", raw)
	s := snapshot{
		id: r.long("snapshot-id"), parent: r.optLong("parent-snapshot-id"), timestampMS: r.long("timestamp-ms"),
		schemaID: r.optInt("schema-id"), firstRowID: r.optLong("first-row-id"), addedRows: r.optLong("added-rows"),
		manifestList: r.optText("manifest-list"), keyID: r.optText("key-id"),
	}
	if r.has("sequence-number") {
		s.sequenceNumber = r.long("sequence-number")
	}
	if s.manifestList == nil {
		s.manifests = r.texts("manifests")
	}
	if r.has("summary") {
		s.summary = summary(r.pairs("summary"))
	}
	if r.err != nil {
		return s, r.err
	}
	return s, s.check()
}

// summary puts the operation first. One without it is taken as an overwrite, as the reference implementation reads it.
func summary(pairs []pair) []pair {
	if len(pairs) == 0 {
		return nil
	}
	operation := pair{"operation", "overwrite"}
	ordered := []pair{operation}
	for _, p := range pairs {
		if p.key == "operation" {
			ordered[0] = p
		} else {
			ordered = append(ordered, p)
		}
	}
	return ordered
}

func (s snapshot) check() error {
	switch {
	case s.id < 0:
		return complain("Invalid snapshot-id (cannot be negative): %d", s.id)
	case s.sequenceNumber < 0:
		return complain("Invalid sequence-number (cannot be negative): %d", s.sequenceNumber)
	case s.firstRowID != nil && *s.firstRowID < 0:
		return complain("Invalid first-row-id (cannot be negative): %d", *s.firstRowID)
	case s.addedRows != nil && *s.addedRows < 0:
		return complain("Invalid added-rows (cannot be negative): %d", *s.addedRows)
	case s.firstRowID != nil && s.addedRows == nil:
		return errors.New("Invalid added-rows (required when first-row-id is set): null")
	}
	return nil
}

// encode writes the snapshot as the reference implementation does.
func (s snapshot) encode() []byte {
	var o object
	if s.sequenceNumber > 0 {
		o.long("sequence-number", s.sequenceNumber)
	}
	o.long("snapshot-id", s.id)
	if s.parent != nil {
		o.long("parent-snapshot-id", *s.parent)
	}
	o.long("timestamp-ms", s.timestampMS)
	if len(s.summary) > 0 {
		var sum object
		for _, p := range s.summary {
			sum.text(p.key, p.value)
		}
		o.raw("summary", sum.done())
	}
	if s.manifestList != nil {
		o.text("manifest-list", *s.manifestList)
	} else {
		var list [][]byte
		for _, m := range s.manifests {
			list = append(list, text(m))
		}
		o.raw("manifests", array(list))
	}
	if s.schemaID != nil {
		o.int("schema-id", *s.schemaID)
	}
	if s.firstRowID != nil {
		o.long("first-row-id", *s.firstRowID)
	}
	if s.addedRows != nil {
		o.long("added-rows", *s.addedRows)
	}
	if s.keyID != nil {
		o.text("key-id", *s.keyID)
	}
	return o.done()
}

// references lists the snapshot's own locations.
func (s snapshot) references() []Reference {
	if s.manifestList != nil {
		return []Reference{{Field: "manifest-list", URI: *s.manifestList}}
	}
	var refs []Reference
	for _, m := range s.manifests {
		refs = append(refs, Reference{Field: "manifests", URI: m})
	}
	return refs
}
