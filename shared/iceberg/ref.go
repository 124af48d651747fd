package iceberg

import (
	"maps"
	"slices"
	"strings"

	"firn/shared/fault"
)

// mainBranch is the reference that the current snapshot follows.
const mainBranch = "main"

// reference is a branch or tag (spec, "Snapshot References"). It has no pointers, so that references compare with ==.
type reference struct {
	snapshotID   int64
	tag          bool
	minSnapshots limit
	maxAgeMS     limit // of the branch's snapshots
	maxRefAgeMS  limit
}

// limit is an optional number.
type limit struct {
	set   bool
	value int64
}

func decodeRef(r *reader) (reference, error) {
	ref := reference{snapshotID: r.long("snapshot-id")}
	kind := r.text("type")
	if n := r.optInt("min-snapshots-to-keep"); n != nil {
		ref.minSnapshots = limit{true, int64(*n)}
	}
	if n := r.optLong("max-snapshot-age-ms"); n != nil {
		ref.maxAgeMS = limit{true, *n}
	}
	if n := r.optLong("max-ref-age-ms"); n != nil {
		ref.maxRefAgeMS = limit{true, *n}
	}
	if r.err != nil {
		return ref, r.err
	}
	switch strings.ToLower(kind) {
	case "branch":
	case "tag":
		ref.tag = true
	default:
		return ref, complain("Invalid snapshot ref type: %s", clip([]byte(kind)))
	}
	return ref, nil
}

func (ref reference) kind() string {
	if ref.tag {
		return "tag"
	}
	return "branch"
}

// checkRetention holds the limits to the spec, "Snapshot Retention Policy".
func (ref reference) checkRetention() error {
	message := ""
	switch {
	case ref.minSnapshots.set && ref.tag:
		message = "Tags do not support setting minSnapshotsToKeep"
	case ref.minSnapshots.set && ref.minSnapshots.value <= 0:
		message = "Min snapshots to keep must be greater than 0"
	case ref.maxAgeMS.set && ref.tag:
		message = "Tags do not support setting maxSnapshotAgeMs"
	case ref.maxAgeMS.set && ref.maxAgeMS.value <= 0:
		message = "Max snapshot age must be greater than 0 ms"
	case ref.maxRefAgeMS.set && ref.maxRefAgeMS.value <= 0:
		message = "Max reference age must be greater than 0"
	default:
		return nil
	}
	return fault.New(fault.Argument, "%s", message)
}

func (ref reference) encode() []byte {
	var o object
	o.long("snapshot-id", ref.snapshotID)
	o.text("type", ref.kind())
	if ref.minSnapshots.set {
		o.long("min-snapshots-to-keep", ref.minSnapshots.value)
	}
	if ref.maxAgeMS.set {
		o.long("max-snapshot-age-ms", ref.maxAgeMS.value)
	}
	if ref.maxRefAgeMS.set {
		o.long("max-ref-age-ms", ref.maxRefAgeMS.value)
	}
	return o.done()
}

func encodeRefs(refs map[string]reference) []byte {
	var o object
	for _, name := range slices.Sorted(maps.Keys(refs)) {
		o.raw(name, refs[name].encode())
	}
	return o.done()
}

func decodeRefs(raw []byte) (map[string]reference, error) {
	members, ok := split(raw)
	if !ok {
		return nil, complain("Cannot parse refs from non-object: %s", clip(raw))
	}
	refs := make(map[string]reference, len(members))
	for _, m := range members {
		ref, err := decodeRef(read("snapshot reference", m.value))
		if err == nil {
			err = ref.checkRetention()
		}
		if err != nil {
			return nil, err
		}
		refs[m.name] = ref
	}
	return refs, nil
}
