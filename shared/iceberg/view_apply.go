package iceberg

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"firn/shared/fault"
)

// requirementNames are the names of the requirements about tables, as a view's refusal tells them.
var requirementNames = map[string]string{
	"assert-create": "AssertTableDoesNotExist", "assert-table-uuid": "AssertTableUUID", "assert-ref-snapshot-id": "AssertRefSnapshotID",
	"assert-last-assigned-field-id": "AssertLastAssignedFieldId", "assert-current-schema-id": "AssertCurrentSchemaID",
	"assert-last-assigned-partition-id": "AssertLastAssignedPartitionId", "assert-default-spec-id": "AssertDefaultSpecID",
	"assert-default-sort-order-id": "AssertDefaultSortOrderID",
}

// CheckView holds requirements against the view as it is. The first that does not hold is the error: CommitFailed, or
// Invalid for a requirement about tables.
func CheckView(base *View, reqs []Requirement) error {
	for _, r := range reqs {
		if r.kind != "assert-view-uuid" {
			return fault.New(fault.Invalid, "Cannot validate %s against a view", requirementNames[r.kind])
		}
		if !strings.EqualFold(r.uuid, base.uuid) {
			return fault.New(fault.CommitFailed, "Requirement failed: view UUID does not match: expected %s != %s", base.uuid, clip([]byte(r.uuid)))
		}
	}
	return nil
}

// ApplyView makes the next version of a view from updates, in their order. If they come to nothing, it answers base and
// false. Base is never changed.
//
// Errors: Argument or Invalid if an update does not fit the view.
func ApplyView(base *View, updates []Update, at At) (next *View, changed bool, err error) {
	b := &viewBuilder{viewState: base.viewState, at: at}
	b.properties, b.schemas = maps.Clone(base.properties), slices.Clone(base.schemas)
	b.versions, b.log = slices.Clone(base.versions), slices.Clone(base.log)
	b.previous, _ = base.version(base.currentVersionID)
	b.replaces = true
	for _, u := range updates {
		if err := u.applyView(b); err != nil {
			return nil, false, err
		}
	}
	if !b.changed {
		return base, false, nil
	}
	if next, err = b.build(); err != nil {
		return nil, false, err
	}
	next.added = append([]Reference{}, newFolderReferences(base.location, next.location, base.properties, next.properties)...)
	return next, true, nil
}

// viewBuilder is a view in the making.
type viewBuilder struct {
	viewState
	at       At
	changed  bool
	previous viewVersion // the current version of the base
	replaces bool        // there is a base

	// What -1 stands for; nil if this commit added none.
	lastSchema, lastVersion *int
	addedVersions           []int
	current                 *versionLogEntry // of the version that this commit made current
}

func (b *viewBuilder) assignUUID(uuid string) error {
	if uuid != b.uuid {
		return fault.New(fault.Argument, "Cannot reassign uuid")
	}
	return nil
}

func (b *viewBuilder) upgrade(version int) error {
	if version < b.formatVersion {
		return fault.New(fault.Argument, "Cannot downgrade v%d view to v%d", b.formatVersion, version)
	}
	if version > supportedViewVersion {
		return fault.New(fault.Argument, "Unsupported format version: %d", version)
	}
	return nil
}

// setLocation drops a trailing slash; whether the view may move there is the caller's to judge, by Added.
func (b *viewBuilder) setLocation(location string) error {
	next := stripSlash(location)
	if next == "" {
		return fault.New(fault.Argument, "path must not be null or empty")
	}
	b.changed = b.changed || next != b.location
	b.location = next
	return nil
}

func (b *viewBuilder) setProperties(pairs []pair) {
	for _, p := range pairs {
		b.properties[p.key] = p.value
		b.changed = true
	}
}

func (b *viewBuilder) removeProperties(keys []string) {
	for _, key := range keys {
		delete(b.properties, key)
		b.changed = true
	}
}

// addSchema takes the id of a schema that is the same, else the next free one. Either is what -1 then stands for: whoever
// adds what another has just added means the same.
func (b *viewBuilder) addSchema(s *schema) {
	id := 0
	for _, old := range b.schemas {
		if old.same(s) {
			b.lastSchema = &old.id
			return
		}
		id = max(id, old.id+1)
	}
	added := *s
	added.id = id
	b.schemas = append(b.schemas, &added)
	b.lastSchema = &id
	b.changed = true
}

// addVersion takes the id of a version that is the same, else one that is free and highest.
func (b *viewBuilder) addVersion(v viewVersion) error {
	for _, old := range b.versions {
		if old.same(v) {
			b.lastVersion = nil
			if slices.Contains(b.addedVersions, old.id) {
				b.lastVersion = &old.id
			}
			return nil
		}
		v.id = max(v.id, old.id+1)
	}
	if v.schemaID == lastAdded {
		if b.lastSchema == nil {
			return fault.New(fault.Invalid, "Cannot set last added schema: no schema has been added")
		}
		v.schemaID = *b.lastSchema
	}
	if !b.hasSchema(v.schemaID) {
		return fault.New(fault.Argument, "Cannot add version with unknown schema: %d", v.schemaID)
	}
	if len(v.queries) == 0 {
		return fault.New(fault.Invalid, "Cannot create view without specifying a query")
	}
	if _, twice := v.dialects(); twice != "" {
		return fault.New(fault.Argument, "Invalid view version: Cannot add multiple queries for dialect %s", clip([]byte(twice)))
	}
	b.versions = append(b.versions, v)
	b.addedVersions = append(b.addedVersions, v.id)
	b.lastVersion = &v.id
	b.changed = true
	return nil
}

// setCurrentVersion logs since when the version is current: since it was made, if that was in this commit.
func (b *viewBuilder) setCurrentVersion(id int) error {
	if id == lastAdded {
		if b.lastVersion == nil {
			return fault.New(fault.Invalid, "Cannot set last version id: no current version id has been set")
		}
		id = *b.lastVersion
	}
	if id == b.currentVersionID {
		return nil
	}
	v, ok := b.version(id)
	if !ok {
		return fault.New(fault.Argument, "Cannot set current version to unknown version: %d", id)
	}
	b.currentVersionID = id
	b.current = &versionLogEntry{timestampMS: b.at.NowMS, versionID: id}
	if slices.Contains(b.addedVersions, id) {
		b.current.timestampMS = v.timestampMS
	}
	b.changed = true
	return nil
}

// The properties that say how versions are kept (view spec, "Table properties").
const (
	versionHistory = "version.history.num-entries"
	dropDialect    = "replace.drop-dialect.allowed"
)

// build checks the whole and writes it. What it writes is read again: ids may be used up, or the whole nested too deep, where
// the parts were not.
func (b *viewBuilder) build() (*View, error) {
	if err := checkProperties(b.properties); err != nil {
		return nil, err
	}
	if err := b.checkDialects(); err != nil {
		return nil, err
	}
	if b.current != nil {
		b.log = append(b.log, *b.current)
	}
	if err := b.expire(); err != nil {
		return nil, err
	}
	return ParseView(b.encode())
}

// checkDialects refuses a replacement that an engine of before cannot read, unless the view allows it.
func (b *viewBuilder) checkDialects() error {
	if !b.replaces || strings.EqualFold(b.properties[dropDialect], "true") {
		return nil
	}
	current, _ := b.version(b.currentVersionID)
	before, _ := b.previous.dialects()
	after, _ := current.dialects()
	if slices.ContainsFunc(before, func(d string) bool { return !slices.Contains(after, d) }) {
		return fault.New(fault.Invalid, "Cannot replace view due to loss of view dialects (%s=false):\nPrevious dialects: [%s]\nNew dialects: [%s]",
			dropDialect, strings.Join(before, ", "), strings.Join(after, ", "))
	}
	return nil
}

// expire drops the versions with the lowest ids but for the current one, and the log up to the last entry of any of them.
func (b *viewBuilder) expire() error {
	kept := 10
	if value, ok := b.properties[versionHistory]; ok {
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			return fault.New(fault.Argument, "For input string: %q", clip([]byte(value)))
		}
		if n < 1 {
			return fault.New(fault.Argument, "%s must be positive but was %d", versionHistory, n)
		}
		kept = int(n)
	}
	fresh := len(b.addedVersions)
	if !slices.Contains(b.addedVersions, b.currentVersionID) {
		fresh++
	}
	drop := len(b.versions) - max(kept, fresh)
	if drop <= 0 {
		return nil
	}
	ids := make([]int, 0, len(b.versions))
	for _, v := range b.versions {
		if v.id != b.currentVersionID {
			ids = append(ids, v.id)
		}
	}
	slices.Sort(ids)
	gone := make(map[int]bool, drop)
	for _, id := range ids[:drop] {
		gone[id] = true
	}
	b.versions = slices.DeleteFunc(b.versions, func(v viewVersion) bool { return gone[v.id] })
	for i := len(b.log) - 1; i >= 0; i-- {
		if _, there := b.version(b.log[i].versionID); !there {
			b.log = b.log[i+1:]
			break
		}
	}
	return nil
}
