package catalog

import (
	"net/url"

	"github.com/google/uuid"
)

// segment escapes a text for one segment of a URL's path.
func segment(s string) string { return url.PathEscape(s) }

// newUUID makes a random UUID in its text form.
func newUUID() string { return uuid.NewString() }
