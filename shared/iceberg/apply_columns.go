package iceberg

import (
	"slices"

	"firn/shared/fault"
)

// lastAdded stands, in set-current-schema, set-default-spec and set-default-sort-order, for what this commit added last.
const lastAdded = -1

func (b *builder) loadSchemas() error { return b.schemas.load(b.base, "schemas", "schema-id") }

func (b *builder) loadSpecs() error { return b.specs.load(b.base, "partition-specs", "spec-id") }

func (b *builder) loadOrders() error { return b.orders.load(b.base, "sort-orders", "order-id") }

// currentSchema decodes the current schema; Argument if the table has none yet.
func (b *builder) currentSchema() (*schema, error) {
	if err := b.loadSchemas(); err != nil {
		return nil, err
	}
	s, ok, err := b.schemas.get(b.currentSchemaID, decodeSchema)
	if err == nil && !ok {
		err = fault.New(fault.Argument, "Cannot find current schema: %d", b.currentSchemaID)
	}
	return s, err
}

// addSchema takes the id of a schema that is the same, else the next free one.
func (b *builder) addSchema(s *schema) error {
	if err := s.checkVersion(b.formatVersion); err != nil {
		return err
	}
	if err := b.loadSchemas(); err != nil {
		return err
	}
	id := b.currentSchemaID
	for _, e := range b.schemas.entries {
		old, _, err := b.schemas.get(e.id, decodeSchema)
		if err != nil {
			return err
		}
		if old.same(s) {
			if b.lastSchema != nil && slices.Contains(b.addedSchemas, e.id) {
				b.lastSchema = &e.id
			} else {
				b.lastSchema = nil
			}
			return nil
		}
		id = max(id, e.id+1)
	}
	b.lastColumnID = max(b.lastColumnID, s.highestFieldID())
	added := *s
	added.id = id
	b.schemas.entries = append(b.schemas.entries, entry[*schema]{id: id, raw: added.encode(), value: &added, read: true})
	b.addedSchemas = append(b.addedSchemas, id)
	b.lastSchema = &id
	b.touch("schemas")
	return nil
}

func (b *builder) setCurrentSchema(id int) error {
	if id == lastAdded {
		if b.lastSchema == nil {
			return fault.New(fault.Invalid, "Cannot set last added schema: no schema has been added")
		}
		id = *b.lastSchema
	}
	if id == b.currentSchemaID {
		return nil
	}
	if err := b.loadSchemas(); err != nil {
		return err
	}
	if _, ok, err := b.schemas.get(id, decodeSchema); err != nil || !ok {
		return orElse(err, fault.New(fault.Argument, "Cannot set current schema to unknown schema: %d", id))
	}
	b.currentSchemaID = id
	b.touch("schema", "columns")
	return nil
}

func (b *builder) removeSchemas(ids []int) error {
	for _, id := range ids {
		if id == b.currentSchemaID {
			return fault.New(fault.Argument, "Cannot remove the current schema")
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if err := b.loadSchemas(); err != nil {
		return err
	}
	b.schemas.without(ids)
	b.touch("schemas")
	return nil
}

// addSpec takes the id of a compatible spec, else the next free one.
func (b *builder) addSpec(s partitionSpec) error {
	current, err := b.currentSchema()
	if err != nil {
		return err
	}
	if err := b.loadSpecs(); err != nil {
		return err
	}
	if s, err = b.placeFields(s); err != nil {
		return err
	}
	if err := s.bind(current); err != nil {
		return err
	}
	id := 0
	for _, e := range b.specs.entries {
		old, _, err := b.specs.get(e.id, decodeSpec)
		if err != nil {
			return err
		}
		if old.compatible(s) {
			if b.lastSpec != nil { // Java: anything added before makes the reused spec the last
				b.lastSpec = &e.id
			}
			return nil
		}
		id = max(id, e.id+1)
	}
	if b.formatVersion == 1 && !s.sequential() {
		return fault.New(fault.Invalid, "Spec does not use sequential IDs that are required in v1: %s", s.encodeFields())
	}
	s.id = id
	b.lastPartitionID = max(b.lastPartitionID, s.lastFieldID())
	b.specs.entries = append(b.specs.entries, entry[partitionSpec]{id: id, raw: s.encode(), value: s, read: true})
	b.lastSpec = &id
	b.touch("partition-specs")
	return nil
}

// placeFields gives ids to the fields of a spec that came without: in version 1 those that it demands, else that of the
// same field in another spec, or a free one.
func (b *builder) placeFields(s partitionSpec) (partitionSpec, error) {
	next := max(b.lastPartitionID, firstPartitionID-1)
	fields := append([]partitionField(nil), s.fields...)
	for i := range fields {
		f := &fields[i]
		if f.id != 0 {
			continue
		}
		if b.formatVersion == 1 {
			f.id = firstPartitionID + i
			continue
		}
		for _, e := range b.specs.entries {
			old, _, err := b.specs.get(e.id, decodeSpec)
			if err != nil {
				return s, err
			}
			for _, o := range old.fields {
				if o.source == f.source && o.transform == f.transform {
					f.id = max(f.id, o.id)
				}
			}
		}
		if f.id == 0 {
			next++
			f.id = next
		}
	}
	s.fields = fields
	return s, nil
}

func (b *builder) setDefaultSpec(id int) error {
	if id == lastAdded {
		if b.lastSpec == nil {
			return fault.New(fault.Invalid, "Cannot set last added spec: no spec has been added")
		}
		id = *b.lastSpec
	}
	if id == b.defaultSpecID {
		return nil
	}
	if err := b.loadSpecs(); err != nil {
		return err
	}
	if _, ok, err := b.specs.get(id, decodeSpec); err != nil || !ok {
		return orElse(err, fault.New(fault.Argument, "Cannot set default partition spec to unknown spec: %d", id))
	}
	b.defaultSpecID = id
	b.touch("partition-spec", "columns")
	return nil
}

func (b *builder) removeSpecs(ids []int) error {
	for _, id := range ids {
		if id == b.defaultSpecID {
			return fault.New(fault.Argument, "Cannot remove the default partition spec")
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if err := b.loadSpecs(); err != nil {
		return err
	}
	b.specs.without(ids)
	b.touch("partition-specs")
	return nil
}

// addOrder takes the id of the same order, else the next free one; the order without fields is 0.
func (b *builder) addOrder(o sortOrder) error {
	current, err := b.currentSchema()
	if err != nil {
		return err
	}
	if err := b.loadOrders(); err != nil {
		return err
	}
	if err := o.bind(current); err != nil {
		return err
	}
	id := min(1, len(o.fields))
	for _, e := range b.orders.entries {
		old, _, err := b.orders.get(e.id, decodeOrder)
		if err != nil {
			return err
		}
		if old.same(o) {
			if b.lastOrder != nil { // Java: anything added before makes the reused order the last
				b.lastOrder = &e.id
			}
			return nil
		}
		if len(o.fields) > 0 {
			id = max(id, e.id+1)
		}
	}
	o.id = id
	b.orders.entries = append(b.orders.entries, entry[sortOrder]{id: id, raw: o.encode(), value: o, read: true})
	b.lastOrder = &id
	b.touch("sort-orders")
	return nil
}

func (b *builder) setDefaultOrder(id int) error {
	if id == lastAdded {
		if b.lastOrder == nil {
			return fault.New(fault.Invalid, "Cannot set last added sort order: no sort order has been added")
		}
		id = *b.lastOrder
	}
	if id == b.defaultSortOrderID {
		return nil
	}
	if err := b.loadOrders(); err != nil {
		return err
	}
	if _, ok, err := b.orders.get(id, decodeOrder); err != nil || !ok {
		return orElse(err, fault.New(fault.Argument, "Cannot set default sort order to unknown order: %d", id))
	}
	b.defaultSortOrderID = id
	b.touch("columns")
	return nil
}
