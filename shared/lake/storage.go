package lake

// CatalogType says who owns a catalog's tables.
type CatalogType string

// The catalog types of the Polaris management API.
const (
	Internal CatalogType = "INTERNAL"
	External CatalogType = "EXTERNAL"
)

// Catalog is a tree of namespaces over one storage configuration.
type Catalog struct {
	ID   ID          `json:"id"`
	Name string      `json:"name"`
	Type CatalogType `json:"type"`
	Facts
	Storage Storage  `json:"storage"`
	Claims  []string `json:"claims,omitempty"` // folders that it has claimed, as keys of the index of catalogs' locations
	Reaches []string `json:"reach,omitempty"`  // Storage.Reaches when they were claimed; empty: claimed by a release before that index
	Shared  bool     `json:"shared,omitempty"` // its tables may share folders, or might once: some may claim none
	Probe   *Probe   `json:"probe,omitempty"`  // nil: the storage was never tried as it is
}

// BaseLocation is the property that names the folder under which a catalog's namespaces begin.
const BaseLocation = "default-base-location"

// DefaultBaseLocation is the folder under which a catalog's namespaces begin, as its administrator wrote it.
func (c *Catalog) DefaultBaseLocation() string { return c.Properties[BaseLocation] }

// StorageType names a kind of object store as the management API does.
type StorageType string

// The storage types.
const (
	S3    StorageType = "S3"
	GCS   StorageType = "GCS"
	Azure StorageType = "AZURE"
	File  StorageType = "FILE" // a folder of the server's own machine: opt-in, for tests
)

// Storage is a catalog's storage configuration: StorageConfigInfo of the Polaris management API, all variants in one.
// A field that the type does not have is empty.
type Storage struct {
	Type             StorageType `json:"type"`
	AllowedLocations []string    `json:"allowed"`
	Name             string      `json:"name,omitempty"` // storageName: names server-side credentials

	// S3
	RoleARN          string   `json:"role,omitempty"`
	ExternalID       string   `json:"ext,omitempty"`
	UserARN          string   `json:"user,omitempty"`
	Region           string   `json:"region,omitempty"`
	Endpoint         string   `json:"endpoint,omitempty"`         // given to clients
	EndpointInternal string   `json:"endpointInternal,omitempty"` // used by the server itself
	STSEndpoint      string   `json:"sts,omitempty"`
	STSUnavailable   *bool    `json:"noSTS,omitempty"`
	PathStyleAccess  *bool    `json:"pathStyle,omitempty"`
	KMSUnavailable   *bool    `json:"noKMS,omitempty"`
	CurrentKMSKey    string   `json:"kms,omitempty"`
	AllowedKMSKeys   []string `json:"kmsKeys,omitempty"`

	// S3, from settings in the catalog's properties
	Profile        S3Profile `json:"profile,omitempty"`    // what was chosen; S3Profile gives what holds
	SourceIdentity bool      `json:"srcIdent,omitempty"`   // sessions carry the principal as source identity
	SessionTags    bool      `json:"tagged,omitempty"`     // sessions carry who and what as tags
	CatalogName    string    `json:"taggedName,omitempty"` // of the catalog, for tags

	// AZURE
	TenantID           string `json:"tenant,omitempty"`
	MultiTenantAppName string `json:"app,omitempty"`
	ConsentURL         string `json:"consent,omitempty"`
	Hierarchical       *bool  `json:"hns,omitempty"`

	// GCS
	GCSServiceAccount string `json:"gcsAccount,omitempty"`
}

// Embedded says whether the catalog's files are in the object store that `firn serve` carries in itself: storage type S3
// with neither an endpoint nor a role to assume.
func (s *Storage) Embedded() bool {
	return s.Type == S3 && s.RoleARN == "" && s.Endpoint == "" && s.EndpointInternal == "" && s.STSEndpoint == ""
}
