package iceberg

import (
	"maps"
	"slices"
	"strings"
)

// viewVersion is a view's query at one time (view spec, "Versions").
type viewVersion struct {
	id               int
	timestampMS      int64
	schemaID         int // lastAdded in requests: the schema that the commit added last
	summary          map[string]string
	defaultCatalog   *string
	defaultNamespace []string
	queries          []query
}

// query is a representation of type sql, the only one that the format knows.
type query struct{ sql, dialect string }

func decodeViewVersion(raw []byte) (viewVersion, error) {
	r := read("view version", raw)
	v := viewVersion{id: r.int("version-id"), schemaID: r.int("schema-id"), timestampMS: r.long("timestamp-ms")}
	if r.err == nil {
		v.summary = r.stringMap("summary")
	}
	representations := r.raw("representations")
	v.defaultCatalog = r.optText("default-catalog")
	if r.err == nil {
		v.defaultNamespace = r.texts("default-namespace")
	}
	if r.err != nil {
		return v, r.err
	}
	var err error
	v.queries, err = decodeList("representations", representations, decodeQuery)
	return v, err
}

func decodeQuery(raw []byte) (query, error) {
	r := read("view representation", raw)
	if kind := r.text("type"); r.err == nil && !strings.EqualFold(kind, "sql") {
		return query{}, complain("Found unsupported view representations: [%s]", clip([]byte(kind)))
	}
	return query{sql: r.text("sql"), dialect: r.text("dialect")}, r.err
}

// same says whether two versions would behave the same: their ids and times do not count.
func (v viewVersion) same(other viewVersion) bool {
	return maps.Equal(v.summary, other.summary) && slices.Equal(v.queries, other.queries) && v.schemaID == other.schemaID &&
		slices.Equal(v.defaultNamespace, other.defaultNamespace) && (v.defaultCatalog == nil) == (other.defaultCatalog == nil) &&
		(v.defaultCatalog == nil || *v.defaultCatalog == *other.defaultCatalog)
}

// dialects gives the dialects of the queries in lower case, each once and in order; twice is one that is there twice.
func (v viewVersion) dialects() (all []string, twice string) {
	for _, q := range v.queries {
		dialect := strings.ToLower(q.dialect)
		if slices.Contains(all, dialect) {
			twice = dialect
			continue
		}
		all = append(all, dialect)
	}
	return all, twice
}

func (v viewVersion) encode() []byte {
	var o object
	o.int("version-id", v.id)
	o.long("timestamp-ms", v.timestampMS)
	o.int("schema-id", v.schemaID)
	o.raw("summary", stringMap(v.summary))
	if v.defaultCatalog != nil {
		o.text("default-catalog", *v.defaultCatalog)
	}
	o.raw("default-namespace", encodeEach(v.defaultNamespace, text))
	o.raw("representations", encodeEach(v.queries, query.encode))
	return o.done()
}

func (q query) encode() []byte {
	var o object
	o.text("type", "sql")
	o.text("sql", q.sql)
	o.text("dialect", q.dialect)
	return o.done()
}

// versionLogEntry says since when a version was current (view spec, "Version log").
type versionLogEntry struct {
	timestampMS int64
	versionID   int
}

func decodeVersionLogEntry(raw []byte) (versionLogEntry, error) {
	r := read("version-log entry", raw)
	return versionLogEntry{timestampMS: r.long("timestamp-ms"), versionID: r.int("version-id")}, r.err
}

func (e versionLogEntry) encode() []byte {
	var o object
	o.long("timestamp-ms", e.timestampMS)
	o.int("version-id", e.versionID)
	return o.done()
}
