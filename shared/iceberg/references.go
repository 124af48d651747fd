package iceberg

import (
	"slices"
	"strings"

	"firn/shared/fault"
)

// Reference is a URI that a document holds.
type Reference struct {
	Field string // the JSON name that it stands under: location, a property's key, manifest-list, manifests, statistics-path, metadata-file
	URI   string
}

// pathProperties are the properties that say where engines write.
var pathProperties = []string{"write.data.path", "write.metadata.path", "write.object-storage.path", "write.folder-storage.path"}

// References lists every URI of the document. It reads the whole document: a commit wants Added.
func (t *Table) References() []Reference {
	refs := folderReferences(t.location, t.properties)
	refs = append(refs, textsOf(t.member("snapshots").value, "manifest-list", "manifests")...)
	refs = append(refs, textsOf(t.member("statistics").value, "statistics-path")...)
	refs = append(refs, textsOf(t.member("partition-statistics").value, "statistics-path")...)
	return append(refs, textsOf(t.member("metadata-log").value, "metadata-file")...)
}

// folderReferences lists the URIs of folders.
func folderReferences(location string, properties map[string]string) []Reference {
	refs := []Reference{{"location", location}}
	for _, key := range pathProperties {
		if uri, ok := properties[key]; ok {
			refs = append(refs, Reference{key, uri})
		}
	}
	return refs
}

// newFolderReferences lists those of folders that were not so before.
func newFolderReferences(oldLocation, location string, old, properties map[string]string) []Reference {
	var refs []Reference
	if location != oldLocation {
		refs = append(refs, Reference{"location", location})
	}
	for _, key := range pathProperties {
		if uri, ok := properties[key]; ok && uri != old[key] {
			refs = append(refs, Reference{key, uri})
		}
	}
	return refs
}

// Added lists the URIs of the document that its base, as given to Apply, did not have in that place. For a table that was
// not made by Apply on a base that is all of them.
func (t *Table) Added() []Reference {
	if t.applied {
		return slices.Clone(t.added)
	}
	return t.References()
}

// textsOf gives the texts, and the texts in lists, that the objects of an array hold under the names.
func textsOf(raw []byte, names ...string) []Reference {
	list, _ := elements(raw)
	var refs []Reference
	for _, element := range list {
		members, _ := split(element)
		for _, m := range members {
			if !slices.Contains(names, m.name) {
				continue
			}
			values, _ := elements(m.value)
			for _, value := range append(values, m.value) {
				if uri, ok := unquote(value); ok {
					refs = append(refs, Reference{m.name, uri})
				}
			}
		}
	}
	return refs
}

// absolute refuses relative paths, which version 4 may have: what they are relative to is not settled.
func absolute(refs []Reference) error {
	for _, ref := range refs {
		if scheme, _, ok := strings.Cut(ref.URI, ":"); !ok || scheme == "" || strings.ContainsRune(scheme, '/') {
			return fault.New(fault.Invalid, "Invalid %s in format v4, must be absolute: %s", ref.Field, clip([]byte(ref.URI)))
		}
	}
	return nil
}

// OnlyRefs gives the document without the snapshots, and the statistics of snapshots, that no branch or tag names: what a
// client gets that asked for snapshots=refs.
func (t *Table) OnlyRefs() ([]byte, error) {
	named := make(map[int64]bool, len(t.refs))
	for _, ref := range t.refs {
		named[ref.snapshotID] = true
	}
	members := t.members
	for _, name := range []string{"snapshots", "statistics", "partition-statistics"} {
		list, _ := elements(t.member(name).value)
		var kept [][]byte
		for _, raw := range list {
			r := read(name, raw)
			id := r.long("snapshot-id")
			if r.err != nil {
				return nil, fault.New(fault.Internal, "table metadata is broken").Because(withoutValues("table", r.err))
			}
			if named[id] {
				kept = append(kept, raw)
			}
		}
		if len(kept) < len(list) {
			members = replace(members, member{name: name, value: array(kept)})
		}
	}
	doc, _ := render(members)
	return doc, nil
}
