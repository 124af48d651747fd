package iceberg

import (
	"slices"
	"strconv"
	"strings"

	"firn/shared/fault"
)

// View is one version of a view's metadata (view spec, format version 1). It is immutable and safe for concurrent use.
//
// Views are small, so that a document is decoded as a whole, and what the format does not know is dropped by the next
// version, as Java does.
type View struct {
	viewState
	doc   []byte
	added []Reference // what ApplyView brought in; nil if the view was not made by it
}

// viewState is what a view's document says.
type viewState struct {
	formatVersion    int
	uuid             string
	location         string
	properties       map[string]string
	schemas          []*schema
	currentVersionID int
	versions         []viewVersion
	log              []versionLogEntry
}

// supportedViewVersion is the highest format version of views.
const supportedViewVersion = 1

// ParseView reads a document that anyone may have written, and checks all of it. The view keeps doc: the caller must not
// change it.
//
// Errors: Malformed if doc is not JSON, Argument if it is no view metadata of version 1. They quote the
// document: ParseForeignView is for one that the caller did not send.
func ParseView(doc []byte) (*View, error) {
	v, err := parseView(doc)
	if err != nil {
		return nil, orFault(fault.Argument, err)
	}
	return v, nil
}

// ParseForeignView is ParseView for a document that was read from a store, as ParseForeign is Parse.
func ParseForeignView(doc []byte) (*View, error) {
	v, err := parseView(doc)
	if err != nil {
		return nil, withoutValues("view", err)
	}
	return v, nil
}

func parseView(doc []byte) (*View, error) {
	if err := checkJSON(doc); err != nil {
		return nil, notJSON("view", err)
	}
	v := &View{doc: doc}
	if err := v.read(doc); err != nil {
		return nil, err
	}
	return v, v.validate()
}

func (v *viewState) read(doc []byte) error {
	members, ok := split(doc)
	if !ok {
		return complain("Cannot parse view metadata from non-object: %s", clip(doc))
	}
	r := &reader{members: members}
	v.uuid, v.formatVersion, v.location = r.text("view-uuid"), r.int("format-version"), r.text("location")
	v.properties = map[string]string{}
	if r.has("properties") {
		v.properties = r.stringMap("properties")
	}
	schemas := r.raw("schemas")
	v.currentVersionID = r.int("current-version-id")
	versions, log := r.raw("versions"), r.raw("version-log")
	if r.err != nil {
		return r.err
	}
	if v.location = stripSlash(v.location); v.location == "" {
		return complain("path must not be null or empty")
	}
	var err error
	if v.schemas, err = decodeList("schemas", schemas, decodeSchema); err != nil {
		return err
	}
	if v.versions, err = decodeList("versions", versions, decodeViewVersion); err != nil {
		return err
	}
	v.log, err = decodeList("version-log", log, decodeVersionLogEntry)
	return err
}

// validate holds the parts to each other.
func (v *viewState) validate() error {
	if v.formatVersion < 1 || v.formatVersion > supportedViewVersion {
		return complain("Unsupported format version: %d", v.formatVersion)
	}
	if _, err := pick(v.schemas, 0, func(s *schema) int { return s.id }, "schema"); err != nil {
		return err
	}
	current, err := pick(v.versions, v.currentVersionID, func(w viewVersion) int { return w.id }, "view version")
	if err != nil || current == nil {
		return orElse(err, complain("Cannot find current version %d in view versions: %s", v.currentVersionID, idsOf(v.versions, func(w viewVersion) int { return w.id })))
	}
	if !v.hasSchema(current.schemaID) {
		return complain("Cannot find current schema with id %d in schemas: %s", current.schemaID, idsOf(v.schemas, func(s *schema) int { return s.id }))
	}
	return nil
}

func (v *viewState) hasSchema(id int) bool {
	return slices.ContainsFunc(v.schemas, func(s *schema) bool { return s.id == id })
}

func (v *viewState) version(id int) (viewVersion, bool) {
	i := slices.IndexFunc(v.versions, func(w viewVersion) bool { return w.id == id })
	if i < 0 {
		return viewVersion{}, false
	}
	return v.versions[i], true
}

// idsOf shows ids in a message.
func idsOf[T any](list []T, id func(T) int) string {
	const most = 20
	var all []string
	for _, v := range list[:min(len(list), most)] {
		all = append(all, strconv.Itoa(id(v)))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// encode writes the document as the reference implementation does.
func (v *viewState) encode() []byte {
	var o object
	o.text("view-uuid", v.uuid)
	o.int("format-version", v.formatVersion)
	o.text("location", v.location)
	if len(v.properties) > 0 {
		o.raw("properties", stringMap(v.properties))
	}
	o.raw("schemas", encodeEach(v.schemas, (*schema).encode))
	o.int("current-version-id", v.currentVersionID)
	o.raw("versions", encodeEach(v.versions, viewVersion.encode))
	o.raw("version-log", encodeEach(v.log, versionLogEntry.encode))
	return o.done()
}

func encodeEach[T any](list []T, encode func(T) []byte) []byte {
	raws := make([][]byte, 0, len(list))
	for _, v := range list {
		raws = append(raws, encode(v))
	}
	return array(raws)
}

// Bytes gives the JSON document. The caller must not change it.
func (v *View) Bytes() []byte { return v.doc }

// FormatVersion is 1.
func (v *View) FormatVersion() int { return v.formatVersion }

// UUID is the view's identity as written.
func (v *View) UUID() string { return v.uuid }

// Location is the view's folder, without a trailing slash.
func (v *View) Location() string { return v.location }

// Property gives one property of the view.
func (v *View) Property(key string) (string, bool) {
	value, ok := v.properties[key]
	return value, ok
}

// References lists every URI of the document. Those of tables that a query reads are the engine's to resolve.
func (v *View) References() []Reference { return folderReferences(v.location, v.properties) }

// Added lists the URIs of the document that its base, as given to ApplyView, did not have in that place. For a view that
// was not made by ApplyView that is all of them.
func (v *View) Added() []Reference {
	if v.added != nil {
		return slices.Clone(v.added)
	}
	return v.References()
}
