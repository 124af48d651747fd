package iceberg

import (
	"encoding/json"
	"fmt"
	"strings"

	"firn/shared/fault"
)

// Bounds of one commit. Expiring a table's snapshots takes one update each in Java's client. Each schema, spec, order or
// view version that is added is compared with all that are there.
const (
	maxUpdates       = 100_000
	maxColumnUpdates = 1_000 // and view versions
	maxRequirements  = 10_000
)

// Requirement is something that must be true of the table or view for a commit to happen (REST specification,
// TableRequirement and ViewRequirement).
type Requirement struct {
	kind     string
	uuid     string
	ref      string
	snapshot *int64 // nil: the reference must not exist
	id       int
}

// Type is the requirement's canonical name, as "assert-create".
func (r Requirement) Type() string { return r.kind }

// requirementIDs names the member of those requirements that are about one number.
var requirementIDs = map[string]string{
	"assert-last-assigned-field-id":     "last-assigned-field-id",
	"assert-current-schema-id":          "current-schema-id",
	"assert-last-assigned-partition-id": "last-assigned-partition-id",
	"assert-default-spec-id":            "default-spec-id",
	"assert-default-sort-order-id":      "default-sort-order-id",
}

// DecodeRequirements reads a commit's list of requirements; null and nothing are an empty list. Errors are Malformed.
func DecodeRequirements(raw json.RawMessage) ([]Requirement, error) {
	return decodeRequest(raw, "requirements", maxRequirements, decodeRequirement)
}

// decodeRequest reads a list of a commit request.
func decodeRequest[T any](raw []byte, what string, most int, decode func([]byte) (T, error)) ([]T, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	if err := checkJSON(raw); err != nil {
		return nil, fault.New(fault.Malformed, "Cannot parse %s: %s", what, err)
	}
	list, ok := elements(raw)
	if !ok {
		return nil, fault.New(fault.Malformed, "Cannot parse %s from non-array: %s", what, clip(raw))
	}
	if len(list) > most {
		return nil, fault.New(fault.Malformed, "Cannot take more than %d %s: %d", most, what, len(list))
	}
	decoded := make([]T, 0, len(list))
	for _, element := range list {
		value, err := decode(element)
		if err != nil {
			return nil, fault.New(fault.Malformed, "%s", err)
		}
		decoded = append(decoded, value)
	}
	return decoded, nil
}

func decodeRequirement(raw []byte) (Requirement, error) {
	r := read("update requirement", raw)
	if r.err == nil && !r.has("type") {
		r.fail("Cannot parse update requirement. Missing field: type")
	}
	req := Requirement{kind: strings.ToLower(r.text("type"))}
	if r.err != nil {
		return req, r.err
	}
	switch req.kind {
	case "assert-create":
	case "assert-table-uuid", "assert-view-uuid":
		req.uuid = r.text("uuid")
	case "assert-ref-snapshot-id":
		req.ref, req.snapshot = r.text("ref"), r.optLong("snapshot-id")
	default:
		name, ok := requirementIDs[req.kind]
		if !ok {
			return req, fmt.Errorf("Unrecognized update requirement. Cannot convert to json: %s", clip([]byte(req.kind)))
		}
		req.id = r.int(name)
	}
	return req, r.err
}

// IsCreate says whether a commit makes a table. Such a commit may require nothing else: Argument if it does.
func IsCreate(reqs []Requirement) (bool, error) {
	create := false
	var others []string
	for _, r := range reqs {
		if r.kind == "assert-create" {
			create = true
		} else {
			others = append(others, r.kind)
		}
	}
	if create && len(others) > 0 {
		return false, fault.New(fault.Argument, "Invalid create requirements: [%s]", strings.Join(others, ", "))
	}
	return create, nil
}

// Check holds requirements against the table as it is; base is nil if there is none. The first that does not hold is the
// error: CommitFailed, or Invalid for a requirement about views.
func Check(base *Table, reqs []Requirement) error {
	for _, r := range reqs {
		if r.kind == "assert-view-uuid" {
			return fault.New(fault.Invalid, "Cannot validate AssertViewUUID against a table")
		}
		if problem := r.problem(base); problem != "" {
			return fault.New(fault.CommitFailed, "Requirement failed: %s", problem)
		}
	}
	return nil
}

func (r Requirement) problem(base *Table) string {
	switch {
	case r.kind == "assert-create" && base != nil:
		return "table already exists"
	case r.kind == "assert-create":
		return ""
	case base == nil:
		return "table does not exist"
	}
	switch r.kind {
	case "assert-table-uuid":
		if !strings.EqualFold(r.uuid, base.uuid) {
			return fmt.Sprintf("UUID does not match: expected %s != %s", base.uuid, clip([]byte(r.uuid)))
		}
	case "assert-ref-snapshot-id":
		return r.refProblem(base)
	case "assert-last-assigned-field-id":
		return r.idProblem("last assigned field id", base.lastColumnID)
	case "assert-current-schema-id":
		return r.idProblem("current schema", base.currentSchemaID)
	case "assert-last-assigned-partition-id":
		return r.idProblem("last assigned partition id", base.lastPartitionID)
	case "assert-default-spec-id":
		return r.idProblem("default partition spec", base.defaultSpecID)
	case "assert-default-sort-order-id":
		return r.idProblem("default sort order", base.defaultSortOrderID)
	}
	return ""
}

func (r Requirement) idProblem(what string, is int) string {
	if r.id == is {
		return ""
	}
	return fmt.Sprintf("%s changed: expected id %d != %d", what, r.id, is)
}

func (r Requirement) refProblem(base *Table) string {
	ref, there := base.refs[r.ref]
	switch {
	case there && r.snapshot == nil:
		return fmt.Sprintf("%s %s was created concurrently", ref.kind(), r.ref)
	case there && *r.snapshot != ref.snapshotID:
		return fmt.Sprintf("%s %s has changed: expected id %d != %d", ref.kind(), r.ref, *r.snapshot, ref.snapshotID)
	case !there && r.snapshot != nil:
		return fmt.Sprintf("branch or tag %s is missing, expected %d", r.ref, *r.snapshot)
	}
	return ""
}
