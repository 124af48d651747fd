package gcstest

import (
	"fmt"
	"strings"
	"testing"
)

const (
	ownResource = "//storage.googleapis.com/projects/_/buckets/lake"
	ownObjects  = "resource.name.startsWith('projects/_/buckets/lake/objects/t/')"
	ownListing  = "api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith('t/')"
)

func options(permission, resource, key, expression string) string {
	return fmt.Sprintf(`{"accessBoundary":{"accessBoundaryRules":[{"availablePermissions":["inRole:%s"],"availableResource":"%s","%s":{"expression":"%s"}}]}}`,
		permission, resource, key, expression)
}

// A verifier that lets everything through proves nothing: here is what it must not let through.
func TestWideBoundariesAreFound(t *testing.T) {
	const viewer, key = "roles/storage.objectViewer", "availabilityCondition"
	rows := []struct{ name, options, want string }{
		{"as narrow as it can be", options(viewer, ownResource, key, ownObjects+" || "+ownListing), ""},
		{"no boundary", `{}`, "no boundary"},
		{"no rules", `{"accessBoundary":{"accessBoundaryRules":[]}}`, "0 rules"},
		{"eleven rules", `{"accessBoundary":{"accessBoundaryRules":[` + strings.Repeat(rules(viewer)+",", 10) + rules(viewer) + `]}}`, "11 rules"},
		{"no condition", `{"accessBoundary":{"accessBoundaryRules":[{"availablePermissions":["inRole:` + viewer + `"],"availableResource":"` + ownResource + `"}]}}`, "opens the whole bucket"},
		{"an empty condition", options(viewer, ownResource, key, ""), "opens the whole bucket"},
		{"a condition in another spelling", options(viewer, ownResource, "availability_condition", ownObjects), "the key availability_condition is one that Google skips"},
		{"a condition in another case", options(viewer, ownResource, "AvailabilityCondition", ownObjects), "is one that Google skips"},
		{"a condition that is too long", options(viewer, ownResource, key, "resource.name.startsWith('projects/_/buckets/lake/objects/"+strings.Repeat("k", 2048)+"/')"), "characters"},
		{"true", options(viewer, ownResource, key, "true"), "no predicate"},
		{"or true", options(viewer, ownResource, key, ownObjects+" || true"), "no predicate"},
		{"not", options(viewer, ownResource, key, "!"+ownObjects), "the condition calls"},
		{"equal to itself", options(viewer, ownResource, key, "resource.name == resource.name"), "the condition calls"},
		{"no slash", options(viewer, ownResource, key, "resource.name.startsWith('projects/_/buckets/lake/objects/t')"), "does not end in a slash"},
		{"no slash in a listing", options(viewer, ownResource, key, "api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith('t')"), "does not end in a slash"},
		{"the whole bucket", options(viewer, ownResource, key, "resource.name.startsWith('projects/_/buckets/lake/objects/')"), "no folder of the bucket"},
		{"every bucket", options(viewer, ownResource, key, "resource.name.startsWith('projects/_/buckets/')"), "no folder of the bucket"},
		{"another bucket", options(viewer, ownResource, key, "resource.name.startsWith('projects/_/buckets/lake2/objects/t/')"), "no folder of the bucket"},
		{"every listing", options(viewer, ownResource, key, "api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith('/')"), "something else"},
		{"a listing that holds where there is none", options(viewer, ownResource, key, "api.getAttribute('storage.googleapis.com/objectListPrefix', 't/').startsWith('t/')"), "something else"},
		{"another attribute", options(viewer, ownResource, key, "api.getAttribute('x', '').startsWith('t/')"), "something else"},
		{"another field", options(viewer, ownResource, key, "resource.type.startsWith('t/')"), "something else"},
		{"no CEL", options(viewer, ownResource, key, "resource.name.startsWith('"), "Syntax error"},
		{"a role that is none", options("roles/storage.admin", ownResource, key, ownObjects), "is no role"},
		{"a project", options(viewer, "//cloudresourcemanager.googleapis.com/projects/p", key, ownObjects), "is no bucket"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := parseBoundary([]byte(row.options))
			if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

func rules(role string) string {
	return fmt.Sprintf(`{"availablePermissions":["inRole:%s"],"availableResource":"%s","availabilityCondition":{"expression":"%s"}}`, role, ownResource, ownObjects)
}
