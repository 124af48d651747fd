package attack

import (
	"slices"
	"strings"
	"testing"
)

// advisories are the holes of other catalogs and clients, published or fixed in silence, and what here attacks each: a door
// with a location, a name at every door that takes one, a story, or a test.
var advisories = []struct{ id, hole, tried string }{
	{"CVE-2026-42809", "a staged create vended for a location before it was judged", "door: staged create location"},
	{"CVE-2026-42809", "and for paths", "door: staged create write.data.path; door: staged create write.metadata.path; story: tables that overlap"},
	{"CVE-2026-42810", "a star in a name reached the policy", "name: *.*; name: f*.t1; location: a star; location: a policy variable"},
	{"CVE-2026-42811", "a quote in a name left the expression", "name: a'b; name: x') || true || resource.name.startsWith('; location: an expression"},
	{"CVE-2026-42812", "a change of write.metadata.path alone was not judged", "door: commit write.metadata.path; door: first commit write.metadata.path"},
	{"polaris#4884", "a prefix without its slash opened siblings", "location: a sibling of the catalog's base; location: a sibling of the namespace in name; test: neighbours"},
	{"polaris#4860", "a vend trusted locations that are no longer allowed", "story: a catalog that was tightened; story: requests for a catalog that was tightened"},
	{"polaris#5114", "register did not judge what the metadata names", "door: register with location; door: register with manifest-list; door: register with metadata-log; door: register with statistics"},
	{"polaris#5115", "a commit did not judge what the metadata names", "door: commit statistics; door: commit partition statistics; door: commit a snapshot; story: a metadata file that was changed by hand"},
	{"polaris#4210", "names were decoded twice", "segment: theirs%252ft; segment: %252e%252e; name: %2e%2e%2ftheirs; name: %252e"},
	{"polaris#4282", "slashes, nothing and outer spaces were names", "name: a/b; name: /; name:  t; name: t "},
	{"polaris#4975", "a folder's name depended on the platform's charset", "name: caf\u00e9; name: cafe\u0301"},
	{"lakekeeper#1740", "paths in policies and expressions", "location: an end of a policy; location: an expression"},
	{"lakekeeper#1862", "not modified, with keys that had ended", "story: an answer from before"},
	{"lakekeeper#1925", "signed lists and parameters beyond the table", "story: signed requests; story: requests of a reader"},
	{"unity#1715", "characters of IAM", "location: a star; location: a question mark; location: a dollar"},
	{"unity#1721", "characters of CEL", "location: a quote; location: a backslash"},
	{"unity#1726", "a bucket's root as a location", "location: the bucket's root; location: another bucket's root; door: create a catalog allowedLocations"},
	{"CVE-2026-27478", "keys were fetched from the issuer that a token names", "story: a token of the attacker's own issuer"},
	{"CVE-2026-34214", "credentials in what is written down", "test: secret"},
	{"iceberg#16472", "clients trust locations of the server", "test: open"},
	{"iceberg#17003", "clients compare prefixes as texts", "test: open"},
	{"seaweedfs#10777", "wildcards widened the policy", "location: stars and a dot; location: a bucket with a star"},
	{"gravitino", "paths are written into policies as they are", "story: Gravitino's names; location: an end of a policy"},

	{"section 8.1", "the corpus", "location: NUL; location: a change of direction; location: user information; location: a key beyond the store's; location: the scheme in capitals; location: a port"},
	{"section 8.5", "copies, lists without the slash, multi-deletes", "test: neighbours"},
	{"section 8.6", "keys that callers share", "story: a reader behind a writer; story: a right that was taken away"},
	{"section 8.7", "every door judges", "door: commit write.object-storage.path; door: commit write.folder-storage.path; door: move a namespace; door: register; story: a share"},
}

// tests are what holds for every attack, by what it is called in the code.
var tests = []string{"neighbours", "open", "secret"}

func TestEachAdvisoryIsAttacked(t *testing.T) {
	known := map[string]bool{}
	for _, d := range locationDoors() {
		known["door: "+d.name] = true
	}
	for _, l := range locations {
		known["location: "+l.name] = true
	}
	for _, n := range names {
		known["name: "+n.text] = true
	}
	for _, s := range segments {
		known["segment: "+s] = true
	}
	for _, s := range stories {
		known["story: "+s.name] = true
	}
	for _, a := range advisories {
		for tried := range strings.SplitSeq(a.tried, "; ") {
			if name, ok := strings.CutPrefix(tried, "test: "); !known[tried] && !(ok && slices.Contains(tests, name)) {
				t.Errorf("%s (%s): there is no %q", a.id, a.hole, tried)
			}
		}
	}
}
