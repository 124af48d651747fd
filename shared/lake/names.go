package lake

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"firn/shared/fault"
)

// The bounds of names, in bytes of UTF-8. They keep every key that names make within the store's limits.
const (
	MaxName      = 512 // one level of a namespace, or a table's name; a percent sign counts three
	MaxLevels    = 16  // of a namespace
	MaxNamespace = 900 // all levels of a namespace together
	maxEntity    = 256 // characters of a management name (Polaris management API: 1 to 256)
)

var reserved = regexp.MustCompile(`^\s*[sS][yY][sS][tT][eE][mM]\$`)

// CheckEntityName checks the name of a catalog, principal or role: 1 to 256 characters, not beginning with SYSTEM$
// (Polaris management API, the pattern of every name), and no control characters, which firn refuses beyond Polaris: they
// would make keys and log lines that cannot be printed. what is the field's name for the message.
func CheckEntityName(what, name string) error {
	switch n := utf8.RuneCountInString(name); {
	case !utf8.ValidString(name):
		return fault.New(fault.Argument, "Invalid value: %s: must be valid UTF-8", what)
	case n < 1 || n > maxEntity:
		return fault.New(fault.Argument, "Invalid value: %s: size must be between 1 and %d", what, maxEntity)
	case reserved.MatchString(name):
		return fault.New(fault.Argument, `Invalid value: %s: must match "^(?!\s*[sS][yY][sS][tT][eE][mM]\$).*$"`, what)
	case strings.ContainsFunc(name, isControl):
		return fault.New(fault.Argument, "Invalid value: %s: must not contain control characters", what)
	}
	return nil
}

// CheckName checks one level of a namespace, or the name of a table-like object, as Polaris 1.6 does (polaris.md 3.2).
func CheckName(name string) error {
	if name == "" {
		return fault.New(fault.Argument, "Entity name must not be empty")
	}
	if !utf8.ValidString(name) {
		return fault.New(fault.Argument, "Entity name must be valid UTF-8")
	}
	if weight(name) > MaxName {
		return fault.New(fault.Argument, "Entity name must not be longer than %d bytes", MaxName)
	}
	if name == "." || name == ".." {
		return fault.New(fault.Argument, "Entity name must not be '.' or '..'")
	}
	for _, r := range name {
		if isControl(r) {
			return fault.New(fault.Argument, "Entity name must not contain control characters (U+%04X): %s", r, visible(name))
		}
		if strings.ContainsRune(`/\:*?"<>|#+`+"`", r) {
			return fault.New(fault.Argument, "Entity name must not contain '%c': %s", r, name)
		}
	}
	if strings.TrimSpace(name) != name {
		return fault.New(fault.Argument, "Entity name must not have leading or trailing whitespace: %s", name)
	}
	return nil
}

// CheckLevels checks a namespace that is to be made.
func CheckLevels(levels []string) error {
	if len(levels) > MaxLevels {
		return fault.New(fault.Argument, "A namespace must not have more than %d levels", MaxLevels)
	}
	total := 0
	for _, level := range levels {
		if err := CheckName(level); err != nil {
			return err
		}
		total += weight(level)
	}
	if total > MaxNamespace {
		return fault.New(fault.Argument, "A namespace's names must not be longer than %d bytes together", MaxNamespace)
	}
	return nil
}

// Reachable says whether a namespace or table of these names could be there at all: names that no rule would have let in
// are not looked up, so that what a client sends never makes a key that breaks the store's limits.
func Reachable(names ...string) bool {
	total := 0
	for _, name := range names {
		if CheckName(name) != nil {
			return false
		}
		total += weight(name)
	}
	return len(names) <= MaxLevels+1 && total <= MaxNamespace+MaxName
}

// weight is what a name costs in a key, where a percent sign is escaped.
func weight(name string) int { return len(name) + 2*strings.Count(name, "%") }

func isControl(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 || r == utf8.RuneError }

// visible writes control characters as Java does in Polaris's message: \u001F.
func visible(name string) string {
	var b strings.Builder
	for _, r := range name {
		if isControl(r) {
			fmt.Fprintf(&b, `\u%04X`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// ReservedPrefix is the beginning of property keys that users may not set.
const ReservedPrefix = "polaris."

// CheckProperties refuses reserved keys, except those that allowed names, and bounds the rest.
func CheckProperties(p Properties, allowed func(key string) bool) error {
	total := 0
	for key, value := range p {
		if strings.HasPrefix(key, ReservedPrefix) && (allowed == nil || !allowed(key)) {
			return fault.New(fault.Argument, "Property '%s' matches reserved prefix '%s'", key, ReservedPrefix)
		}
		total += len(key) + len(value)
	}
	if total > MaxProperties {
		return fault.New(fault.Argument, "Properties must not be longer than %d bytes together", MaxProperties)
	}
	return nil
}

// MaxProperties bounds the bytes of one object's properties, keys and values together.
const MaxProperties = 200_000
