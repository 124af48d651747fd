package iceberg

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"firn/shared/fault"
)

// Update is one change of a commit (REST specification, TableUpdate and ViewUpdate).
type Update struct {
	action    string
	keys      []string                 // of the properties that it sets or removes
	version   int                      // of upgrade-format-version
	uuid      string                   // of assign-uuid
	apply     func(*builder) error     // to a table; nil: it is about views
	applyView func(*viewBuilder) error // to a view; nil: it is about tables
}

// Action is the update's canonical name, as "set-properties": what privileges are looked up by.
func (u Update) Action() string { return u.action }

// PropertyKeys are the properties that the update sets or removes.
func (u Update) PropertyKeys() []string { return u.keys }

// AssignedUUID is the uuid that the update assigns; empty if it assigns none.
func (u Update) AssignedUUID() string { return u.uuid }

// decoders holds one function per action. It reads the update's members and gives what Apply will do; the caller checks the
// reader.
var decoders = map[string]func(*reader, *Update) error{
	"assign-uuid":                 decodeAssignUUID,
	"upgrade-format-version":      decodeUpgrade,
	"add-schema":                  decodeAddSchema,
	"set-current-schema":          decodeID("schema-id", (*builder).setCurrentSchema),
	"remove-schemas":              decodeIDs("schema-ids", (*builder).removeSchemas),
	"add-spec":                    decodeAddSpec,
	"set-default-spec":            decodeID("spec-id", (*builder).setDefaultSpec),
	"remove-partition-specs":      decodeIDs("spec-ids", (*builder).removeSpecs),
	"add-sort-order":              decodeAddOrder,
	"set-default-sort-order":      decodeID("sort-order-id", (*builder).setDefaultOrder),
	"add-snapshot":                decodeAddSnapshot,
	"remove-snapshots":            decodeRemoveSnapshots,
	"set-snapshot-ref":            decodeSetRef,
	"remove-snapshot-ref":         decodeRemoveRef,
	"set-properties":              decodeSetProperties,
	"remove-properties":           decodeRemoveProperties,
	"set-location":                decodeSetLocation,
	"set-statistics":              decodeSetStatistics("statistics", decodeStatistics, tableStatistics),
	"remove-statistics":           decodeRemoveStatistics(tableStatistics),
	"set-partition-statistics":    decodeSetStatistics("partition-statistics", decodePartitionStatistics, partitionStatistics),
	"remove-partition-statistics": decodeRemoveStatistics(partitionStatistics),
	"add-encryption-key":          decodeAddKey,
	"remove-encryption-key":       decodeRemoveKey,
	"add-view-version":            decodeAddVersion,
	"set-current-view-version":    decodeSetVersion,
}

// DecodeUpdates reads the list of updates of a table's commit; null and nothing are an empty list. Errors are Malformed.
func DecodeUpdates(raw json.RawMessage) ([]Update, error) {
	return decodeUpdates(raw, func(u Update) bool { return u.apply != nil })
}

// DecodeViewUpdates is DecodeUpdates for a view's commit.
func DecodeViewUpdates(raw json.RawMessage) ([]Update, error) {
	return decodeUpdates(raw, func(u Update) bool { return u.applyView != nil })
}

func decodeUpdates(raw []byte, known func(Update) bool) ([]Update, error) {
	updates, err := decodeRequest(raw, "updates", maxUpdates, func(raw []byte) (Update, error) {
		u, err := decodeUpdate(raw)
		if err == nil && !known(u) {
			err = unknownAction(u)
		}
		return u, err
	})
	if err != nil {
		return nil, err
	}
	compared := 0
	for _, u := range updates {
		if slices.Contains([]string{"add-schema", "add-spec", "add-sort-order", "add-view-version"}, u.action) {
			compared++
		}
	}
	if compared > maxColumnUpdates {
		return nil, fault.New(fault.Malformed, "Cannot add more than %d schemas, specs, sort orders and view versions: %d", maxColumnUpdates, compared)
	}
	return updates, nil
}

func unknownAction(u Update) error {
	return fmt.Errorf("Cannot convert metadata update action to json: %s", clip([]byte(u.action)))
}

func decodeUpdate(raw []byte) (Update, error) {
	r := read("metadata update", raw)
	if r.err == nil && !r.has("action") {
		r.fail("Cannot parse metadata update. Missing field: action")
	}
	u := Update{action: strings.ToLower(r.text("action"))}
	if r.err != nil {
		return u, r.err
	}
	decode, ok := decoders[u.action]
	if !ok {
		return u, unknownAction(u)
	}
	err := decode(r, &u)
	if r.err != nil {
		err = r.err
	}
	return u, err
}

func decodeID(name string, apply func(*builder, int) error) func(*reader, *Update) error {
	return func(r *reader, u *Update) error {
		id := r.int(name)
		u.apply = func(b *builder) error { return apply(b, id) }
		return nil
	}
}

func decodeIDs(name string, apply func(*builder, []int) error) func(*reader, *Update) error {
	return func(r *reader, u *Update) error {
		ids := r.ints(name)
		u.apply = func(b *builder) error { return apply(b, ids) }
		return nil
	}
}

func decodeAssignUUID(r *reader, u *Update) error {
	uuid := r.text("uuid")
	u.uuid = uuid
	u.apply = func(b *builder) error { return b.assignUUID(uuid) }
	u.applyView = func(b *viewBuilder) error { return b.assignUUID(uuid) }
	return nil
}

func decodeUpgrade(r *reader, u *Update) error {
	u.version = r.int("format-version")
	version := u.version
	u.apply = func(b *builder) error { return b.upgrade(version) }
	u.applyView = func(b *viewBuilder) error { return b.upgrade(version) }
	return nil
}

func decodeAddSchema(r *reader, u *Update) error {
	raw := r.raw("schema")
	if r.err != nil {
		return nil
	}
	s, err := decodeSchema(raw)
	u.apply = func(b *builder) error { return b.addSchema(s) }
	u.applyView = func(b *viewBuilder) error { b.addSchema(s); return nil }
	return err
}

func decodeAddSpec(r *reader, u *Update) error {
	raw := r.raw("spec")
	if r.err != nil {
		return nil
	}
	s, err := decodeSpec(raw)
	u.apply = func(b *builder) error { return b.addSpec(s) }
	return err
}

func decodeAddOrder(r *reader, u *Update) error {
	raw := r.raw("sort-order")
	if r.err != nil {
		return nil
	}
	o, err := decodeOrder(raw)
	u.apply = func(b *builder) error { return b.addOrder(o) }
	return err
}

func decodeAddSnapshot(r *reader, u *Update) error {
	raw := r.raw("snapshot")
	if r.err != nil {
		return nil
	}
	s, err := decodeSnapshot(raw)
	u.apply = func(b *builder) error { return b.addSnapshot(s) }
	return err
}

func decodeRemoveSnapshots(r *reader, u *Update) error {
	ids := r.longs("snapshot-ids")
	u.apply = func(b *builder) error { return b.removeSnapshots(ids) }
	return nil
}

func decodeSetRef(r *reader, u *Update) error {
	name := r.text("ref-name")
	ref, err := decodeRef(r)
	u.apply = func(b *builder) error { return b.setRef(name, ref) }
	return err
}

func decodeRemoveRef(r *reader, u *Update) error {
	name := r.text("ref-name")
	u.apply = func(b *builder) error { b.removeRef(name); return nil }
	return nil
}

// decodeSetProperties also takes the name that the list had in old clients.
func decodeSetProperties(r *reader, u *Update) error {
	name := "updates"
	if !r.has(name) && r.has("updated") {
		name = "updated"
	}
	pairs := r.pairs(name)
	for _, p := range pairs {
		u.keys = append(u.keys, p.key)
	}
	u.apply = func(b *builder) error { return b.setProperties(pairs) }
	u.applyView = func(b *viewBuilder) error { b.setProperties(pairs); return nil }
	return nil
}

// decodeRemoveProperties also takes the name that the list had in old clients.
func decodeRemoveProperties(r *reader, u *Update) error {
	name := "removals"
	if !r.has(name) && r.has("removed") {
		name = "removed"
	}
	u.keys = r.texts(name)
	keys := u.keys
	u.apply = func(b *builder) error { return b.removeProperties(keys) }
	u.applyView = func(b *viewBuilder) error { b.removeProperties(keys); return nil }
	return nil
}

func decodeSetLocation(r *reader, u *Update) error {
	location := r.text("location")
	u.apply = func(b *builder) error { return b.setLocation(location) }
	u.applyView = func(b *viewBuilder) error { return b.setLocation(location) }
	return nil
}

func decodeSetStatistics(name string, decode func([]byte) (statisticsFile, error), kind statisticsKind) func(*reader, *Update) error {
	return func(r *reader, u *Update) error {
		raw := r.raw(name)
		if r.err != nil {
			return nil
		}
		s, err := decode(raw)
		u.apply = func(b *builder) error { return b.setStatistics(kind, s) }
		return err
	}
}

func decodeRemoveStatistics(kind statisticsKind) func(*reader, *Update) error {
	return func(r *reader, u *Update) error {
		id := r.long("snapshot-id")
		u.apply = func(b *builder) error { return b.removeStatistics(kind, id) }
		return nil
	}
}

func decodeAddKey(r *reader, u *Update) error {
	raw := r.raw("encryption-key")
	if r.err != nil {
		return nil
	}
	k, err := decodeKey(raw)
	u.apply = func(b *builder) error { return b.addKey(k) }
	return err
}

func decodeRemoveKey(r *reader, u *Update) error {
	id := r.text("key-id")
	u.apply = func(b *builder) error { return b.removeKey(id) }
	return nil
}

func decodeAddVersion(r *reader, u *Update) error {
	raw := r.raw("view-version")
	if r.err != nil {
		return nil
	}
	v, err := decodeViewVersion(raw)
	u.applyView = func(b *viewBuilder) error { return b.addVersion(v) }
	return err
}

func decodeSetVersion(r *reader, u *Update) error {
	id := r.int("view-version-id")
	u.applyView = func(b *viewBuilder) error { return b.setCurrentVersion(id) }
	return nil
}
