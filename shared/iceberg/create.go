package iceberg

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"firn/shared/fault"
)

// CreateRequest is what a client asks of a new table (REST specification, CreateTableRequest), without its name and without
// the flag that stages it: these are the caller's.
type CreateRequest struct {
	Location   string            // asked for; empty: the caller chooses
	Properties map[string]string // as sent
	schema     *schema           // nil: none was sent
	spec       partitionSpec
	order      sortOrder
}

// reserved are the properties that say something else than they store; a new table does not keep them.
var reserved = []string{
	"format-version", "uuid", "snapshot-count", "current-snapshot-id", "current-snapshot-summary",
	"current-snapshot-timestamp-ms", "current-schema", "default-partition-spec", "default-sort-order",
}

// DecodeCreate reads the body of a create. A missing schema is Create's complaint, so that the caller may complain about the
// name first. Errors are Malformed.
func DecodeCreate(body json.RawMessage) (CreateRequest, error) {
	var req CreateRequest
	if err := checkJSON(body); err != nil {
		return req, fault.New(fault.Malformed, "Cannot parse create table request: %s", err)
	}
	r := read("create table request", body)
	if location := r.optText("location"); location != nil {
		req.Location = *location
	}
	if r.has("properties") {
		req.Properties = r.stringMap("properties")
	}
	err := r.err
	for _, part := range []struct {
		name   string
		decode func([]byte) error
	}{
		{"schema", func(raw []byte) (err error) { req.schema, err = decodeSchema(raw); return err }},
		{"partition-spec", func(raw []byte) (err error) { req.spec, err = decodeSpec(raw); return err }},
		{"write-order", func(raw []byte) (err error) { req.order, err = decodeOrder(raw); return err }},
	} {
		if err == nil && r.has(part.name) {
			err = part.decode(r.raw(part.name))
		}
	}
	if err != nil {
		return req, fault.New(fault.Malformed, "%s", err)
	}
	return req, nil
}

// Create makes the first version of a table. Field ids are given anew from 1, partition field ids from 1000, as the
// reference implementation does; the property format-version chooses the version, 2 if it is not there.
//
// Errors: Argument or Invalid if the parts of the request do not fit each other.
func Create(req CreateRequest, uuid string, location string, nowMS int64) (*Table, error) {
	version, err := req.check()
	if err != nil {
		return nil, err
	}
	b := newBuilder(nil, nil, At{NowMS: nowMS, UUID: uuid})
	b.formatVersion = version
	columns, ids := req.schema.refresh()
	spec := partitionSpec{fields: slices.Clone(req.spec.fields)}
	for i := range spec.fields {
		f := &spec.fields[i]
		f.id = firstPartitionID + i
		f.source = ids[f.source]
	}
	order := sortOrder{id: min(1, len(req.order.fields)), fields: slices.Clone(req.order.fields)}
	for i := range order.fields {
		order.fields[i].source = ids[order.fields[i].source]
	}
	properties := []pair{
		{"write.parquet.compression-codec", "zstd"},
		{"created-at", time.UnixMilli(nowMS).UTC().Format("2006-01-02T15:04:05.000Z07:00")},
	}
	for _, key := range slices.Sorted(maps.Keys(req.Properties)) {
		if !slices.Contains(reserved, key) {
			properties = append(properties, pair{key, req.Properties[key]})
		}
	}
	for _, step := range []func() error{
		func() error { return b.addSchema(columns) },
		func() error { return b.addSpec(spec) },
		func() error { return b.addOrder(order) },
		func() error { return b.setDefaultOrder(order.id) },
		func() error { return b.setLocation(location) },
		func() error { return b.setProperties(properties) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return b.build()
}

// check holds the request's parts to each other and gives the format version.
func (req CreateRequest) check() (version int, err error) {
	if req.schema == nil {
		return 0, fault.New(fault.Argument, "Invalid schema: null")
	}
	spec := req.spec
	spec.fields = slices.Clone(spec.fields)
	for i := range spec.fields {
		if spec.fields[i].id == 0 {
			spec.fields[i].id = firstPartitionID + i
		}
	}
	if err := spec.bind(req.schema); err != nil {
		return 0, err
	}
	for _, f := range spec.fields {
		if _, ok := req.schema.index[f.source]; !ok {
			return 0, fault.New(fault.Invalid, "Cannot find source column for partition field: %s", f)
		}
	}
	if err := req.order.bind(req.schema); err != nil {
		return 0, err
	}
	version = 2
	if value, ok := req.Properties["format-version"]; ok {
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			return 0, fault.New(fault.Argument, "For input string: %q", clip([]byte(value)))
		}
		version = int(n)
	}
	return version, req.checkProperties(version)
}

// checkProperties refuses, on new tables alone, properties that engines would fail on later.
func (req CreateRequest) checkProperties(version int) error {
	const metricsPrefix = "write.metadata.metrics.column."
	for _, key := range slices.Sorted(maps.Keys(req.Properties)) {
		if column, ok := strings.CutPrefix(key, metricsPrefix); ok {
			if _, found := req.schema.names[column]; !found {
				return fault.New(fault.Invalid, "Invalid metrics config, could not find column %s from table prop %s in schema", column, key)
			}
		}
	}
	for _, key := range []string{"commit.retry.num-retries", "commit.retry.min-wait-ms", "commit.retry.max-wait-ms", "commit.retry.total-timeout-ms"} {
		value, ok := req.Properties[key]
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			return fault.New(fault.Invalid, "Table property %s must have integer value", key)
		}
		if n < 0 {
			return fault.New(fault.Invalid, "Table property %s must have non negative integer value", key)
		}
	}
	var encryption []string
	for _, key := range []string{"encryption.key-id", "encryption.data-key-length"} {
		if _, ok := req.Properties[key]; ok && version < 3 {
			encryption = append(encryption, key)
		}
	}
	if encryption != nil {
		return fault.New(fault.Argument, "Invalid properties for v%d: [%s]", version, strings.Join(encryption, ", "))
	}
	return nil
}
