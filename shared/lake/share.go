package lake

import (
	"strings"
	"time"
	"unicode"

	"firn/shared/fault"
)

// Share is a set of tables under names of their own, which recipients read by Delta Sharing. Who has a share still needs
// the right to read the table itself.
type Share struct {
	ID      ID        `json:"id"`
	Name    string    `json:"name"` // as it was written; FoldName(Name) is unique
	Created time.Time `json:"created"`
}

// SharedTable is a table's alias in a share. The id says which table is meant; the name is where it was when it was shared.
type SharedTable struct {
	ShareID   ID        `json:"share"`
	Schema    string    `json:"schema"` // as it was written, as Name
	Name      string    `json:"name"`
	Catalog   string    `json:"catalog"`
	Namespace []string  `json:"ns"`
	Table     string    `json:"table"`
	TableID   ID        `json:"id"`
	Created   time.Time `json:"created"`
}

// Identifier gives where the table was when it was shared.
func (t *SharedTable) Identifier() Identifier {
	return Identifier{Namespace: t.Namespace, Name: t.Table}
}

// Recipient is a principal that may be given shares, and bearer tokens that last.
type Recipient struct {
	ID          ID            `json:"id"`
	PrincipalID ID            `json:"principal"`
	Principal   string        `json:"name"`             // the principal's name, and the recipient's
	Tokens      []BearerToken `json:"tokens,omitempty"` // newest first, at most MaxBearers
	Created     time.Time     `json:"created"`
}

// MaxBearers is how many bearer tokens of a recipient live at a time, so that clients can change over.
const MaxBearers = 2

// BearerToken is a recipient's token as it is stored. Its generation is that of the principal's secret when it was made:
// it dies with that one, as every token does.
type BearerToken struct {
	SecretHash
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
}

// maxShared bounds a name in bytes of a key; Delta Sharing has 255 characters (PROTOCOL.md).
const maxShared = 255

// CheckShareName checks the name of a share: 1 to 255 bytes without white space, slashes and control characters, beyond
// the rule of all entities. what is the field's name for the message.
func CheckShareName(what, name string) error {
	if err := CheckEntityName(what, name); err != nil {
		return err
	}
	if weight(FoldName(name)) > maxShared || weight(name) > maxShared {
		return fault.New(fault.Argument, "Invalid value: %s: must not be longer than %d bytes", what, maxShared)
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r == '/' || unicode.IsSpace(r) }) {
		return fault.New(fault.Argument, "Invalid value: %s: must not contain spaces or slashes", what)
	}
	return nil
}

// CheckSharedName checks the name of a schema or table of a share: that of a share, without dots, since clients write
// share.schema.table.
func CheckSharedName(what, name string) error {
	if strings.Contains(name, ".") {
		return fault.New(fault.Argument, "Invalid value: %s: must not contain dots", what)
	}
	return CheckShareName(what, name)
}

// FoldName is what all spellings of a name of Delta Sharing have in common, whose names have no case: each character as
// String.equalsIgnoreCase of the reference server compares it.
func FoldName(name string) string {
	return strings.Map(func(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }, name)
}
