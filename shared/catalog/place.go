package catalog

import (
	"fmt"
	"slices"
	"strings"

	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/store"
)

// bounds are the folders within which a table's locations must be.
type bounds struct {
	folders []location.Prefix
	shown   []string // as the refusal names them
}

// boundsOf reads folders; what cannot be a folder bounds nothing.
func boundsOf(texts []string) bounds {
	var b bounds
	for _, t := range texts {
		b.shown = append(b.shown, strings.TrimSuffix(t, "/"))
		if p, err := location.ParsePrefix(t); err == nil {
			b.folders = append(b.folders, p)
		}
	}
	return b
}

// allowedBy are the folders that a catalog allows now.
func allowedBy(c *lake.Catalog) bounds {
	b := boundsOf(c.Storage.AllowedLocations)
	b.folders, _ = location.Allowed(c.Storage.AllowedLocations, c.DefaultBaseLocation())
	return b
}

func (b bounds) contain(u location.URI) bool {
	for _, f := range b.folders {
		if f.Contains(u) {
			return true
		}
	}
	return false
}

func (b bounds) cover(p location.Prefix) bool {
	for _, f := range b.folders {
		if f.Covers(p) {
			return true
		}
	}
	return false
}

// namespaceFolder gives the folder of the innermost namespace of the chain that has one; the catalog's base otherwise.
func namespaceFolder(c *lake.Catalog, chain []*lake.Namespace) string {
	for i := len(chain) - 1; i >= 0; i-- {
		if chain[i].Location != "" {
			return chain[i].Location
		}
	}
	return c.DefaultBaseLocation()
}

// creationBounds gives where a new table of the namespace may be: in the namespace's folder, or with unstructured
// locations anywhere that the catalog allows. Both hold: the catalog's bound is checked as well, since it may have been
// tightened after the namespace was made.
func creationBounds(c *lake.Catalog, n *store.NamespaceSlot) bounds {
	if c.On(lake.UnstructuredLocations, false) {
		return allowedBy(c)
	}
	return boundsOf([]string{namespaceFolder(c, n.Chain())})
}

// commitBounds gives where the locations of an existing table may be: in its own folders, or with unstructured locations
// anywhere that the catalog allows.
func commitBounds(c *lake.Catalog, t *lake.Table) bounds {
	if c.On(lake.UnstructuredLocations, false) {
		return allowedBy(c)
	}
	return boundsOf(append([]string{t.Location}, t.Paths...))
}

// refuseLocations is the recorded server's refusal of locations out of bounds.
func refuseLocations(id lake.Identifier, bad string, all []string, b bounds) error {
	return fault.Of(fault.Forbidden, fault.Location, bad, "Invalid locations '[%s]' for identifier '%s': %s is not in the list of allowed locations: [%s]",
		strings.Join(all, ", "), id, bad, strings.Join(b.shown, ", "))
}

// judge checks every location against the bounds and against what the catalog allows now. A location that is none, or
// holds what a location may not hold, is refused with the rule; one out of bounds with the list that shown gives.
func judge(id lake.Identifier, refs []iceberg.Reference, shown func() []string, within bounds, c *lake.Catalog) error {
	bad, err := outOfBounds(refs, within, c)
	switch {
	case err != nil:
		return fmt.Errorf("judge %s: %w", bad.Field, err)
	case bad != nil:
		return refuseLocations(id, bad.URI, shown(), within)
	}
	return nil
}

// judgeForeign is judge for the locations in a metadata file that the caller did not send: it names the field
// in which a location is wrong, and quotes none.
func judgeForeign(id lake.Identifier, file location.URI, refs []iceberg.Reference, within bounds, c *lake.Catalog) error {
	bad, err := outOfBounds(refs, within, c)
	switch {
	case err != nil:
		return fault.Of(fault.From(err).Kind, fault.Location, file.String(),
			"Invalid location in field '%s' of metadata file '%s' for identifier '%s'", bad.Field, file, id)
	case bad != nil:
		return fault.Of(fault.Forbidden, fault.Location, file.String(),
			"Invalid location in field '%s' of metadata file '%s' for identifier '%s': "+
				"it is not in the list of allowed locations: [%s]",
			bad.Field, file, id, strings.Join(within.shown, ", "))
	}
	return nil
}

// outOfBounds returns the first location that is out of bounds, with an error if it is no location; nil if
// all are within.
func outOfBounds(refs []iceberg.Reference, within bounds, c *lake.Catalog) (*iceberg.Reference, error) {
	now := allowedBy(c)
	for i, r := range refs {
		u, err := location.Parse(r.URI)
		if err != nil {
			return &refs[i], err
		}
		inside := within.contain(u) && now.contain(u)
		if folderFields[r.Field] {
			p, err := location.ParsePrefix(r.URI)
			if err != nil {
				return &refs[i], err
			}
			inside = within.cover(p) && now.cover(p)
		}
		if !inside {
			return &refs[i], nil
		}
	}
	return nil, nil
}

// maxShown bounds the locations that a refusal lists.
const maxShown = 20

// files gives the files among references that a refusal lists beside the folders, each once.
func files(refs []iceberg.Reference) []string {
	var out []string
	for _, r := range refs {
		if !folderFields[r.Field] && r.Field != "metadata-file" && !slices.Contains(out, r.URI) {
			out = append(out, r.URI)
		}
		if len(out) == maxShown {
			break
		}
	}
	return out
}

// folderFields are the references that name a folder: everything else names a file.
var folderFields = map[string]bool{"location": true, "write.data.path": true, "write.metadata.path": true,
	"write.object-storage.path": true, "write.folder-storage.path": true}

// folders gives every folder that a table's keys open: its location, and its data and metadata paths where they are
// outside.
func folders(loc string, paths []string) ([]location.Prefix, error) {
	var all []location.Prefix
	for _, text := range append([]string{loc}, paths...) {
		p, err := location.ParsePrefix(text)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return location.Reduce(all), nil
}

// pathProperties are the table properties that name folders which engines write to.
var pathProperties = []string{"write.data.path", "write.metadata.path", "write.object-storage.path", "write.folder-storage.path"}

// pathsOf gives the folders that a table's properties name.
func pathsOf(property func(string) (string, bool)) []string {
	var out []string
	for _, key := range pathProperties {
		if v, ok := property(key); ok && v != "" {
			out = append(out, v)
		}
	}
	return out
}

// emptied gives the path properties that a commit sets to nothing: no location, but new. Added takes what is empty and what
// is not there for the same.
func emptied(base, next metadata) []iceberg.Reference {
	var out []iceberg.Reference
	for _, key := range pathProperties {
		v, set := next.Property(key)
		if _, was := base.Property(key); set && v == "" && !was {
			out = append(out, iceberg.Reference{Field: key})
		}
	}
	return out
}

// freeFolder gives a new table's folder where the client names none: below its namespace's, named for the table, and with
// a random leaf if the folder shall be its own for ever. alone says that it has one.
func (x *session) freeFolder(n *store.NamespaceSlot, name string) (text string, alone bool, err error) {
	base, err := location.ParsePrefix(namespaceFolder(x.cat.Value, n.Chain()))
	if err != nil {
		return "", false, err
	}
	segment := location.Segment(name)
	if alone = x.cat.Value.On(lake.UniqueLocations, x.UniqueLocations); alone {
		segment += "-" + string(lake.NewID())
	}
	p, err := base.Join(segment)
	if err != nil {
		return "", false, err
	}
	return strings.TrimSuffix(p.String(), "/"), alone, nil
}
