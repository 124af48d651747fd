// Package lake holds firn's nouns: realms, principals and their roles, catalogs, namespaces, tables, grants, and the
// rules of their names.
//
// It refuses to know how anything is stored, sent or checked: no I/O, no HTTP, no clock. Other packages move these values
// around.
//
// # Why
//
// Objects are known by id, not by name: an object that is dropped and made again is another object, and what was granted
// on, cached for or claimed by the first must not pass to the second. Ids are random and never used twice.
package lake

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
	"time"
)

// ID names an object for ever, within every realm: 26 lower-case characters, 128 random bits.
type ID string

// OwnID stands for firn itself where keys are for a principal: its own hands. Nobody has this id: ids are longer.
const OwnID ID = "firn"

// RootID stands for a realm's root container, on which service-wide privileges are granted.
const RootID ID = "root"

var idText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewID makes an id.
func NewID() ID {
	var b [16]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return ID(idText.EncodeToString(b[:]))
}

// Realm is a tenant: nothing is shared between two of them.
type Realm string

// Properties are the key-value pairs that users hang on objects.
type Properties map[string]string

// Facts are what every object of the management API carries besides its name.
type Facts struct {
	Properties Properties `json:"props,omitempty"`
	Version    int        `json:"v"`       // entityVersion: 1 at creation, one more at each change
	Created    time.Time  `json:"created"` // to the millisecond
	Updated    time.Time  `json:"updated"` // zero until the first change of a catalog, else as Created
}

// Principal is someone, or some engine, that holds client credentials.
type Principal struct {
	ID       ID     `json:"id"`
	Name     string `json:"name"`
	ClientID string `json:"client"`
	Facts
	Secrets    Secrets        `json:"secrets"`
	Roles      []AssignedRole `json:"roles,omitempty"`
	MustRotate bool           `json:"mustRotate,omitempty"` // may do nothing but rotate its credentials
	Keys       KeyState       `json:"keys,omitzero"`
}

// KeyState says what became of the keys that were vended to a principal, or for a table. It lies on their items, which
// every vend reads anyway.
type KeyState struct {
	Epoch  int  `json:"epoch,omitempty"`  // how often keys were revoked: what was minted in an earlier one is not served again
	Halted bool `json:"halted,omitempty"` // no new keys, until an administrator lifts it
}

// AssignedRole is a principal role that a principal has. The id counts; the name is the one at the time of assignment,
// which a role keeps for its life.
type AssignedRole struct {
	ID   ID     `json:"id"`
	Name string `json:"name"`
}

// Generation finds the secret that a token was issued for.
func (p *Principal) Generation(g int) bool {
	return g == p.Secrets.Current.Generation || (p.Secrets.Previous != nil && g == p.Secrets.Previous.Generation)
}

// PrincipalRole groups principals.
type PrincipalRole struct {
	ID   ID     `json:"id"`
	Name string `json:"name"`
	Facts
	Federated bool `json:"federated,omitempty"`
}

// CatalogRole groups privileges within one catalog.
type CatalogRole struct {
	ID        ID     `json:"id"`
	Name      string `json:"name"`
	CatalogID ID     `json:"catalog"`
	Facts
}

// The roles that firn makes by itself.
const (
	RootPrincipal = "root"          // holds ServiceAdmin from the realm's bootstrap on
	ServiceAdmin  = "service_admin" // principal role with SERVICE_MANAGE_ACCESS on the root; cannot be dropped
	CatalogAdmin  = "catalog_admin" // catalog role that each catalog begins with; cannot be dropped
)

// Namespace is one level of a catalog's tree.
type Namespace struct {
	ID         ID         `json:"id"`
	CatalogID  ID         `json:"catalog"`
	ParentID   ID         `json:"parent"`           // the catalog's id at the first level
	Levels     []string   `json:"levels"`           // outermost first, its own name last
	Properties Properties `json:"props,omitempty"`  // without location
	Location   string     `json:"location"`         // as it is shown to clients
	Claims     []string   `json:"claims,omitempty"` // keys of the location index that it holds
	Moves      int        `json:"moves,omitempty"`  // how often Claims has changed
	Version    int        `json:"v"`
}

// Kind tells the table-like objects apart, which share one name space per namespace.
type Kind string

// The kinds.
const (
	TableKind   Kind = "table"
	ViewKind    Kind = "view"
	GenericKind Kind = "generic"
)

// Table is the catalog's knowledge of an Iceberg table: where its current metadata file is, and what must be known to
// vend for it without reading that file. A view is kept as one, and nothing is vended for it.
type Table struct {
	View             bool      `json:"view,omitempty"` // the metadata is a view's
	ID               ID        `json:"id"`
	CatalogID        ID        `json:"catalog"`
	NamespaceID      ID        `json:"ns"`
	Name             string    `json:"name"`
	UUID             string    `json:"uuid"` // the metadata's table-uuid or view-uuid
	MetadataLocation string    `json:"meta"`
	Previous         []string  `json:"prev,omitempty"`   // the last metadata locations before the current one, newest first
	Location         string    `json:"location"`         // the metadata's location, as written there
	Paths            []string  `json:"paths,omitempty"`  // write.data.path and write.metadata.path, where set
	Claims           []string  `json:"claims,omitempty"` // keys of the location index that it holds
	FormatVersion    int       `json:"fmt"`
	Version          int       `json:"v"`
	Created          time.Time `json:"created"`
	Updated          time.Time `json:"updated"`
	Keys             KeyState  `json:"keys,omitzero"`
	StagedAs         ID        `json:"stagedAs,omitempty"` // for what its keys were before its first commit; empty: it was not staged
}

// Kind gives the kind that the object is kept as.
func (t *Table) Kind() Kind {
	if t.View {
		return ViewKind
	}
	return TableKind
}

// KeptLocations is how many metadata locations before the current one a table's item remembers, so that a writer whose
// answer was lost can find out whether its file was once the current one.
const KeptLocations = 8

// Staged is a table that a client has asked to create and not committed yet. It holds a location, so that keys can be
// vended for it, until it expires.
type Staged struct {
	UUID        string    `json:"uuid"`
	CatalogID   ID        `json:"catalog"`
	NamespaceID ID        `json:"ns"`
	Name        string    `json:"name"`
	PrincipalID ID        `json:"principal"`
	Location    string    `json:"location"`
	Paths       []string  `json:"paths,omitempty"`
	Claims      []string  `json:"claims,omitempty"`
	Expires     time.Time `json:"expires"`
}

// Identifier names a table-like object within a catalog.
type Identifier struct {
	Namespace []string
	Name      string
}

// String joins the levels and the name with dots, as Iceberg prints identifiers.
func (i Identifier) String() string {
	if len(i.Namespace) == 0 {
		return i.Name
	}
	return strings.Join(i.Namespace, ".") + "." + i.Name
}

// Caller is who a verified token says is calling. Whether that principal is still there, still has the secret and the
// roles, is decided against the store on every request.
type Caller struct {
	Realm       Realm
	PrincipalID ID
	Principal   string   // name
	AllRoles    bool     // every role that the principal has
	Roles       []string // by name, when not AllRoles
	Generation  int      // of the secret that the token was issued for
	Address     string   // IP address that the request came from; empty: not known
}
