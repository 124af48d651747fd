package iceberg

import (
	"encoding/base64"
	"errors"
)

// statisticsFile is a file of statistics about a snapshot (spec, "Table Statistics" and "Partition Statistics").
type statisticsFile struct {
	snapshotID int64
	path       string
	raw        []byte // as the document has it
}

func decodeStatistics(raw []byte) (statisticsFile, error) {
	r := read("statistics file", raw)
	s := statisticsFile{snapshotID: r.long("snapshot-id"), path: r.text("statistics-path")}
	var o object
	o.long("snapshot-id", s.snapshotID)
	o.text("statistics-path", s.path)
	o.long("file-size-in-bytes", r.long("file-size-in-bytes"))
	o.long("file-footer-size-in-bytes", r.long("file-footer-size-in-bytes"))
	var blobs [][]byte
	for _, element := range r.list("blob-metadata") {
		blob, err := encodeBlob(read("blob metadata", element))
		if err != nil {
			return s, err
		}
		blobs = append(blobs, blob)
	}
	o.raw("blob-metadata", array(blobs))
	s.raw = o.done()
	return s, r.err
}

func encodeBlob(r *reader) ([]byte, error) {
	var o object
	o.text("type", r.text("type"))
	o.long("snapshot-id", r.long("snapshot-id"))
	o.long("sequence-number", r.long("sequence-number"))
	var fields [][]byte
	for _, id := range r.ints("fields") {
		fields = append(fields, number(id))
	}
	o.raw("fields", array(fields))
	if r.has("properties") {
		if m := r.stringMap("properties"); len(m) > 0 {
			o.raw("properties", stringMap(m))
		}
	}
	return o.done(), r.err
}

func decodePartitionStatistics(raw []byte) (statisticsFile, error) {
	r := read("partition statistics file", raw)
	s := statisticsFile{snapshotID: r.long("snapshot-id"), path: r.text("statistics-path")}
	var o object
	o.long("snapshot-id", s.snapshotID)
	o.text("statistics-path", s.path)
	o.long("file-size-in-bytes", r.long("file-size-in-bytes"))
	s.raw = o.done()
	return s, r.err
}

// placeStatistics reads no more of an entry that the document has than edits need.
func placeStatistics(raw []byte) (statisticsFile, error) {
	r := read("statistics file", raw)
	return statisticsFile{snapshotID: r.long("snapshot-id"), path: r.text("statistics-path"), raw: raw}, r.err
}

// encryptionKey is a key that is itself encrypted (spec, "Encryption Keys").
type encryptionKey struct {
	id  string
	raw []byte
}

func decodeKey(raw []byte) (encryptionKey, error) {
	r := read("encryption key", raw)
	k := encryptionKey{id: r.text("key-id")}
	material := r.text("encrypted-key-metadata")
	var o object
	o.text("key-id", k.id)
	o.text("encrypted-key-metadata", material)
	if by := r.optText("encrypted-by-id"); by != nil {
		o.text("encrypted-by-id", *by)
	}
	if r.has("properties") {
		if m := r.stringMap("properties"); len(m) > 0 {
			o.raw("properties", stringMap(m))
		}
	}
	if r.err != nil {
		return k, r.err
	}
	if _, err := base64.StdEncoding.DecodeString(material); err != nil {
		return k, errors.New("Cannot parse encrypted-key-metadata: not base64")
	}
	k.raw = o.done()
	return k, nil
}

// placeKey reads no more of a key that the document has than edits need.
func placeKey(raw []byte) (encryptionKey, error) {
	r := read("encryption key", raw)
	return encryptionKey{id: r.text("key-id"), raw: raw}, r.err
}

// decodeList decodes each element of an array.
func decodeList[T any](what string, raw []byte, decode func([]byte) (T, error)) ([]T, error) {
	list, ok := elements(raw)
	if !ok {
		return nil, complain("Cannot parse %s from non-array: %s", what, clip(raw))
	}
	decoded := make([]T, 0, len(list))
	for _, element := range list {
		value, err := decode(element)
		if err != nil {
			return nil, err
		}
		decoded = append(decoded, value)
	}
	return decoded, nil
}
