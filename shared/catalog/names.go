package catalog

import (
	"net/url"

	"github.com/google/uuid"
)

// segment escapes a text for one segment of a URL's path.
func segment(s string) string { return url.PathEscape(s) }

// newUUID makes a random UUID in its text form.
func newUUID() string { return uuid.NewString() }

// isUUID says whether a text could be the uuid of a staged table: firn's own spelling alone.
func isUUID(text string) bool {
	u, err := uuid.Parse(text)
	return err == nil && u.String() == text
}
