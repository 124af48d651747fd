package iceberg

import "firn/shared/fault"

// completion adds what the format, version 1 above all, lets writers leave out (spec, "Table Metadata Fields" and
// "Appendix E"), so that everything behind it may rely on alwaysWritten.
type completion struct {
	members []member
	version int
	changed bool
}

func (c *completion) has(name string) bool { return (&reader{members: c.members}).has(name) }

// fill sets a member that is missing or null.
func (c *completion) fill(name string, value []byte) {
	if !c.has(name) {
		c.set(name, value)
	}
}

func (c *completion) set(name string, value []byte) {
	c.members = replace(c.members, member{name: name, value: value})
	c.changed = true
}

// replace gives members with one changed, or added at the end. It does not change its argument.
func replace(members []member, m member) []member {
	next := make([]member, 0, len(members)+1)
	found := false
	for _, old := range members {
		if old.name == m.name {
			old, found = m, true
		}
		next = append(next, old)
	}
	if !found {
		next = append(next, m)
	}
	return next
}

func (c *completion) run() error {
	r := &reader{members: c.members}
	if c.version = r.int("format-version"); r.err != nil {
		return r.err
	}
	if c.version < 1 || c.version > supportedVersion {
		return complain("Cannot read unsupported version %d", c.version)
	}
	if c.version >= 4 && !c.has("location") {
		return fault.New(fault.Invalid, "Table location is required in format v%d", c.version)
	}
	location := r.text("location")
	if stripped := stripSlash(location); stripped != location {
		c.set("location", text(stripped))
	}
	r.int("last-column-id")
	if r.err != nil {
		return r.err
	}
	for _, step := range []func(*reader) error{c.schemas, c.specs, c.orders} {
		if err := step(r); err != nil {
			return err
		}
	}
	return c.rest(r)
}

func (c *completion) required(name string) error {
	if c.version > 1 && !c.has(name) {
		return complain("%s must exist in format v%d", name, c.version)
	}
	return nil
}

func (c *completion) schemas(r *reader) error {
	if err := c.required("schemas"); err != nil {
		return err
	}
	if !c.has("schemas") {
		raw := r.raw("schema")
		if r.err != nil {
			return r.err
		}
		s, err := decodeSchema(raw)
		if err != nil {
			return err
		}
		c.fill("schemas", array([][]byte{s.encode()}))
		c.fill("current-schema-id", number(s.id))
	}
	return nil
}

func (c *completion) specs(r *reader) error {
	if err := c.required("partition-specs"); err != nil {
		return err
	}
	if !c.has("partition-specs") {
		raw := r.raw("partition-spec")
		if r.err != nil {
			return r.err
		}
		fields, err := decodeSpecFields(raw)
		if err != nil {
			return err
		}
		spec := partitionSpec{fields: fields}
		for i := range fields {
			if fields[i].id == 0 {
				fields[i].id = firstPartitionID + i
			}
		}
		c.fill("partition-specs", array([][]byte{spec.encode()}))
		c.fill("default-spec-id", number(spec.id))
	}
	if err := c.required("last-partition-id"); err != nil {
		return err
	}
	specs, err := decodeList("partition specs", find(c.members, "partition-specs").value, decodeSpec)
	if err != nil {
		return err
	}
	last := firstPartitionID - 1
	for _, s := range specs {
		last = max(last, s.lastFieldID())
	}
	c.fill("last-partition-id", number(last))
	return nil
}

func (c *completion) orders(*reader) error {
	if err := c.required("sort-orders"); err != nil {
		return err
	}
	if !c.has("sort-orders") {
		c.fill("sort-orders", array([][]byte{sortOrder{}.encode()}))
		c.fill("default-sort-order-id", number(0))
	}
	return nil
}

func (c *completion) rest(r *reader) error {
	current := r.optLong("current-snapshot-id")
	if r.err != nil {
		return r.err
	}
	if c.version < 3 {
		c.fill("current-snapshot-id", number(none))
	} else if find(c.members, "current-snapshot-id").value == nil {
		c.fill("current-snapshot-id", []byte("null"))
	}
	if current != nil && *current != none {
		c.fill("refs", encodeRefs(map[string]reference{mainBranch: {snapshotID: *current}}))
	}
	for _, name := range []string{"properties", "refs"} {
		c.fill(name, []byte("{}"))
	}
	for _, name := range []string{"snapshots", "statistics", "partition-statistics", "snapshot-log", "metadata-log"} {
		c.fill(name, []byte("[]"))
	}
	if c.version == 1 {
		return c.mirrors()
	}
	return nil
}

// mirrors adds the current schema and the default spec where readers of version 1 look for them.
func (c *completion) mirrors() error {
	r := &reader{members: c.members}
	schemaID, specID := r.int("current-schema-id"), r.int("default-spec-id")
	if r.err != nil {
		return r.err
	}
	schemas, err := decodeList("schemas", r.raw("schemas"), decodeSchema)
	if err != nil {
		return err
	}
	for _, s := range schemas {
		if s.id == schemaID {
			c.fill("schema", s.encode())
		}
	}
	specs, err := decodeList("partition specs", r.raw("partition-specs"), decodeSpec)
	if err != nil {
		return err
	}
	for _, s := range specs {
		if s.id == specID {
			c.fill("partition-spec", s.encodeFields())
		}
	}
	return nil
}
