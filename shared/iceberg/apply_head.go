package iceberg

import (
	"slices"
	"strconv"
	"strings"

	"firn/shared/fault"
)

func (b *builder) assignUUID(uuid string) error {
	if uuid == "" {
		return fault.New(fault.Argument, "Cannot set uuid to empty")
	}
	if uuid != b.uuid {
		b.uuid = uuid
		b.touch()
	}
	return nil
}

func (b *builder) upgrade(version int) error {
	if version > supportedVersion {
		return fault.New(fault.Argument, "Cannot upgrade table to unsupported format version: v%d (supported: v%d)", version, supportedVersion)
	}
	if version < b.formatVersion || version < 1 {
		return fault.New(fault.Argument, "Cannot downgrade v%d table to v%d", b.formatVersion, version)
	}
	if version > b.formatVersion {
		b.formatVersion = version
		b.touch()
	}
	return nil
}

// setLocation drops a trailing slash; whether the table may move there is the caller's to judge, by Added.
func (b *builder) setLocation(location string) error {
	if location == "" {
		return fault.New(fault.Argument, "path must not be null or empty")
	}
	if b.location == location {
		return nil
	}
	if next := stripSlash(location); next != b.location {
		b.location = next
		b.touch("location")
	}
	b.touch()
	return nil
}

func (b *builder) setProperties(pairs []pair) error {
	if len(pairs) == 0 {
		return nil
	}
	b.own()
	for _, p := range pairs {
		b.properties[p.key] = p.value
	}
	b.touch("properties")
	return nil
}

func (b *builder) removeProperties(keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	b.own()
	for _, key := range keys {
		delete(b.properties, key)
	}
	b.touch("properties")
	return nil
}

// The properties that say how metadata files are kept.
const (
	previousVersionsMax = "write.metadata.previous-versions-max"
	metadataCodec       = "write.metadata.compression-codec"
	metadataPath        = "write.metadata.path"
)

// checkProperties refuses values that would make every later commit fail.
func checkProperties(properties map[string]string) error {
	if codec, ok := properties[metadataCodec]; ok && !slices.Contains([]string{"none", "gzip"}, strings.ToLower(codec)) {
		return fault.New(fault.Argument, "Invalid codec name: %s", clip([]byte(codec)))
	}
	if path, ok := properties[metadataPath]; ok && path == "" {
		return fault.New(fault.Argument, "path must not be null or empty")
	}
	_, err := previousFiles(properties)
	return err
}

// previousFiles is how many earlier metadata files the log keeps: 100 unless the table says otherwise, 1 at least.
func previousFiles(properties map[string]string) (int, error) {
	value, ok := properties[previousVersionsMax]
	if !ok {
		return 100, nil
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		return 0, fault.New(fault.Argument, "For input string: %q", clip([]byte(value)))
	}
	return max(1, int(n)), nil
}
