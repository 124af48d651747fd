package iceberg

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"firn/shared/budget"
	"firn/shared/fault"
)

// MetadataFile gives the location for a table's metadata file: under write.metadata.path if the table has it, else in the
// folder metadata of its location. version counts the table's files from 0; uuid makes the name unique.
func MetadataFile(t *Table, version int, uuid string) string {
	return metadataFile(t.location, t.properties, "none", version, uuid)
}

// ViewMetadataFile is MetadataFile for a view, whose files are compressed unless it says otherwise.
func ViewMetadataFile(v *View, version int, uuid string) string {
	return metadataFile(v.location, v.properties, "gzip", version, uuid)
}

func metadataFile(location string, properties map[string]string, codec string, version int, uuid string) string {
	folder := location + "/metadata"
	if path, ok := properties[metadataPath]; ok && path != "" {
		folder = stripSlash(path)
	}
	if chosen, ok := properties[metadataCodec]; ok {
		codec = chosen
	}
	extension := ".metadata.json"
	if strings.EqualFold(codec, "gzip") {
		extension = ".gz.metadata.json"
	}
	return fmt.Sprintf("%s/%05d-%s%s", folder, version, uuid, extension)
}

// VersionOf reads the version from a metadata file's location, -1 if the name is of another kind.
func VersionOf(file string) int {
	name := file[strings.LastIndexByte(file, '/')+1:]
	digits, _, ok := strings.Cut(name, "-")
	version, err := strconv.ParseInt(digits, 10, 32)
	if !ok || err != nil {
		return -1
	}
	return int(version)
}

// gzipped says whether the file's name promises gzip; ".metadata.json.gz" is how old writers called it.
func gzipped(file string) bool {
	return strings.HasSuffix(file, ".gz.metadata.json") || strings.HasSuffix(file, ".metadata.json.gz")
}

// NamesMetadata reports whether a location ends as those of metadata files do, compressed or not.
func NamesMetadata(file string) bool {
	return strings.HasSuffix(file, ".metadata.json") || strings.HasSuffix(file, ".metadata.json.gz")
}

// Decode returns the document in a metadata file's bytes. The bytes say whether they are compressed: names
// lie, since some stores decompress on the way. What is inflated is taken from the budget of the request
// before it is. Errors: TooLarge if the document has more than maxBytes, Malformed if gzip breaks off, those
// of budget.Take.
func Decode(ctx context.Context, file string, raw []byte, maxBytes int) ([]byte, error) {
	if !bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		if len(raw) > maxBytes {
			return nil, longFile(file, maxBytes)
		}
		return raw, nil
	}
	doc, err := budget.Gunzip(ctx, raw, int64(maxBytes))
	switch _, known := errors.AsType[*fault.Error](err); {
	case errors.Is(err, budget.ErrLong):
		return nil, longFile(file, maxBytes)
	case err != nil && !known:
		return nil, brokenFile(file, err)
	}
	return doc, err
}

func longFile(file string, maxBytes int) error {
	return fault.Of(fault.TooLarge, fault.File, file, "Metadata has more than %d bytes", maxBytes)
}

func brokenFile(file string, err error) error {
	return fault.Of(fault.Malformed, fault.File, file, "Cannot read compressed metadata").Because(err)
}

// Encode gives the bytes to write to a metadata file of that name.
func Encode(file string, doc []byte) ([]byte, error) {
	if !gzipped(file) {
		return doc, nil
	}
	var buf bytes.Buffer
	zip := gzip.NewWriter(&buf)
	_, err := zip.Write(doc)
	if err = errors.Join(err, zip.Close()); err != nil {
		return nil, fmt.Errorf("compress metadata: %w", err)
	}
	return buf.Bytes(), nil
}
