package lake

import "time"

// Revocation is keys to storage that an administrator took back: all that a principal has, all that are out for a table, or
// one. Of a principal and a table it is also the halt, which holds until it is lifted.
//
// There is one for each subject: whoever revokes again renews it.
type Revocation struct {
	ID        ID       `json:"id"` // made from the subject: RevocationOf
	Realm     Realm    `json:"realm"`
	Of        Revoked  `json:"of"`
	Principal string   `json:"principal,omitempty"` // name
	Catalog   string   `json:"catalog,omitempty"`
	Namespace []string `json:"ns,omitempty"`    // of the table, when it was revoked
	Table     string   `json:"table,omitempty"` // name

	Reason  string    `json:"reason,omitempty"`
	By      string    `json:"by"` // name of the administrator's principal
	Created time.Time `json:"created"`
	Before  time.Time `json:"before"`          // keys that were issued earlier die
	Until   time.Time `json:"until"`           // then the last of them has expired by itself
	Lifted  time.Time `json:"lifted,omitzero"` // zero: it holds

	Planned bool          `json:"planned,omitempty"` // Places are known
	Places  []RevokePlace `json:"places,omitempty"`
}

// Revoked is whose keys are meant. Of the last three fields one is set; CatalogID goes with TableID.
type Revoked struct {
	PrincipalID ID     `json:"principal,omitempty"`
	CatalogID   ID     `json:"catalog,omitempty"`
	TableID     ID     `json:"table,omitempty"`
	Credential  string `json:"key,omitempty"` // vend.Credential.ID
}

// RevocationOf is the id of the revocation of these keys.
func RevocationOf(of Revoked) ID {
	switch {
	case of.PrincipalID != "":
		return "principal-" + of.PrincipalID
	case of.TableID != "":
		return "table-" + of.TableID
	}
	return "key-" + ID(of.Credential)
}

// Halts says whether no new keys are vended because of it.
func (r *Revocation) Halts() bool { return r.Of.Credential == "" && r.Lifted.IsZero() }

// RevokePlace is a store, or several with one role, to which the revoked keys may lead.
type RevokePlace struct {
	Kind       PlaceKind `json:"kind"`
	Catalogs   []string  `json:"catalogs"` // at most MaxPlaceCatalogs names
	More       int       `json:"more,omitempty"`
	Role       string    `json:"role,omitempty"`
	ExternalID string    `json:"ext,omitempty"`
	Done       PlaceDone `json:"done,omitempty"`
	Why        string    `json:"why,omitempty"` // what a client may know of the last failure
}

// Same says whether two places are one.
func (p RevokePlace) Same(q RevokePlace) bool {
	return p.Kind == q.Kind && p.Role == q.Role && p.ExternalID == q.ExternalID
}

// MaxPlaceCatalogs bounds the names of catalogs that a place is known by.
const MaxPlaceCatalogs = 10

// PlaceKind says by what means keys of a store can be ended.
type PlaceKind string

// The kinds.
const (
	AWSRole         PlaceKind = "aws"        // by denies on the role
	EmbeddedStore   PlaceKind = "embedded"   // by the store itself, at once
	CompatibleStore PlaceKind = "compatible" // by nothing: keys expire
	GCSBucket       PlaceKind = "gcs"        // by nothing that would end these alone
	AzureAccount    PlaceKind = "azure"      // by nothing that would end these alone
)

// PlaceDone is how far it is with a place.
type PlaceDone string

// The states of a place whose keys can be ended.
const (
	Pending      PlaceDone = ""       // not yet; it is tried again
	Denied       PlaceDone = "denied" // the keys open nothing any more
	DeniedWidely PlaceDone = "widely" // and no others that are as old: there was no room for a narrower rule
)

// CredentialLife is how long after a request was decided a credential that it vended may be good: the longest session of
// STS, with the longest request and the difference of clocks. What a credential opens is kept from others for as long.
const CredentialLife = 12*time.Hour + time.Minute

// PlaceOf says where the keys of a storage lead; ok is false if it has none.
func (s *Storage) PlaceOf(catalog ID) (p RevokePlace, ok bool) {
	switch {
	case s.Type == GCS:
		return RevokePlace{Kind: GCSBucket}, true
	case s.Type == Azure:
		return RevokePlace{Kind: AzureAccount}, true
	case s.Embedded():
		return RevokePlace{Kind: EmbeddedStore}, true
	case s.Type == S3 && s.RoleARN != "" && s.S3Profile() == ProfileAWS:
		return RevokePlace{Kind: AWSRole, Role: s.RoleARN, ExternalID: s.ExternalIDOf(catalog)}, true
	case s.Type == S3:
		return RevokePlace{Kind: CompatibleStore}, true
	}
	return RevokePlace{}, false
}
