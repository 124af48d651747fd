package iceberg

import (
	"encoding/json"

	"firn/shared/fault"
)

// CreateViewRequest is what a client asks of a new view (REST specification, CreateViewRequest), without its name, which
// is the caller's.
type CreateViewRequest struct {
	Location   string            // asked for; empty: the caller chooses
	Properties map[string]string // as sent
	schema     *schema
	version    viewVersion
}

// DecodeCreateView reads the body of a view's create. Errors are Malformed if it is not JSON, else Argument.
func DecodeCreateView(body json.RawMessage) (CreateViewRequest, error) {
	var req CreateViewRequest
	if err := checkJSON(body); err != nil {
		return req, fault.New(fault.Malformed, "Cannot parse create view request: %s", err)
	}
	r := read("create view request", body)
	if location := r.optText("location"); location != nil {
		req.Location = *location
	}
	version, schema := r.raw("view-version"), r.raw("schema")
	req.Properties = map[string]string{}
	if r.has("properties") {
		req.Properties = r.stringMap("properties")
	}
	err := r.err
	if err == nil {
		req.version, err = decodeViewVersion(version)
	}
	if err == nil {
		req.schema, err = decodeSchema(schema)
	}
	if err != nil {
		return req, fault.New(fault.Argument, "%s", err)
	}
	return req, nil
}

// CreateView makes the first version of a view: version 1, made now, of the request's schema, whatever ids the client
// chose.
//
// Errors: Argument or Invalid if the parts of the request do not fit each other.
func CreateView(req CreateViewRequest, uuid, location string, nowMS int64) (*View, error) {
	b := &viewBuilder{at: At{NowMS: nowMS}}
	b.formatVersion, b.uuid, b.properties = 1, uuid, req.Properties
	first := req.version
	first.id, first.timestampMS, first.schemaID = 1, nowMS, lastAdded
	b.addSchema(req.schema)
	for _, step := range []func() error{
		func() error { return b.setLocation(location) },
		func() error { return b.addVersion(first) },
		func() error { return b.setCurrentVersion(lastAdded) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return b.build()
}
