package catalog

import (
	"net/url"
	"strings"

	"github.com/google/uuid"
)

// PathSegment escapes a name for one segment of a path below Iceberg's, where a plus that is not escaped is a space.
func PathSegment(name string) string { return strings.ReplaceAll(url.PathEscape(name), "+", "%2B") }

// newUUID makes a random UUID in its text form.
func newUUID() string { return uuid.NewString() }

// isUUID says whether a text could be the uuid of a staged table: firn's own spelling alone.
func isUUID(text string) bool {
	u, err := uuid.Parse(text)
	return err == nil && u.String() == text
}
