package lake

import (
	"slices"
	"strconv"
	"strings"
)

// Setting is a property of a catalog by which its administrator changes what the catalog allows. The names are Polaris's,
// but for those that Polaris has no setting for: they begin with OwnSettings.
type Setting string

// The settings that firn heeds, with the default in brackets.
const (
	UnstructuredLocations  Setting = "polaris.config.allow.unstructured.table.location"           // [false] tables outside their namespace's folder
	ClientLocations        Setting = "polaris.config.allow.client-specified.table.location"       // [true] clients may choose a table's location
	ExternalMetadataFiles  Setting = "polaris.config.allow.external.metadata.file.location"       // [false] register metadata outside the table's folder
	OverlappingLocations   Setting = "polaris.config.allow.overlapping.table.location"            // [false] tables may share folders
	CustomNamespaceFolders Setting = "polaris.config.namespace-custom-location.enabled"           // [false] namespaces outside their parent's folder
	DropWithPurge          Setting = "polaris.config.drop-with-purge.enabled"                     // [false] purgeRequested deletes files
	ListPagination         Setting = "polaris.config.list-pagination-enabled"                     // [false] lists come in pages
	UniqueLocations        Setting = "polaris.config.default-unique-table-location.enabled"       // [the server's] a table's folder ends in a random leaf
	FineGrainedUpdates     Setting = "polaris.config.enable-fine-grained-update-table-privileges" // [true] each update has a privilege of its own
	CommitRetries          Setting = "polaris.config.iceberg-commit-max-retries"                  // [4] how often a lost swap is tried again
	CredentialVending      Setting = "polaris.config.enable.credential.vending"                   // [true] keys for external catalogs
)

// OwnSettings begins the names of settings that are firn's alone.
const OwnSettings = "firn.config."

// firn's own settings, with the default in brackets.
const (
	S3ProfileSetting  Setting = OwnSettings + "s3-profile"          // [aws, or compatible with an endpoint] one of S3Profiles
	AWSSourceIdentity Setting = OwnSettings + "aws-source-identity" // [false] the role's trust policy must allow sts:SetSourceIdentity
	AWSSessionTags    Setting = OwnSettings + "aws-session-tags"    // [false] the role's trust policy must allow sts:TagSession
	Probing           Setting = OwnSettings + "probe"               // [true] keys wait until the storage passed a probe
)

// rank says who may change a setting.
type rank bool

const (
	ofStorage  rank = true  // who may create catalogs: it decides what credentials to the catalog's storage may open, and who gets any
	ofCatalogs rank = false // who may write the catalog's properties, as in Polaris
)

// known are all catalog settings: those above, and those of Polaris 1.7 that are kept and change nothing in firn. The latter
// are ranked by what they say, so that a catalog which has one keeps its meaning when firn comes to heed it.
var known = map[Setting]rank{
	UnstructuredLocations:  ofStorage,
	ClientLocations:        ofStorage,
	ExternalMetadataFiles:  ofStorage,
	OverlappingLocations:   ofStorage,
	CustomNamespaceFolders: ofStorage,
	UniqueLocations:        ofStorage,
	DropWithPurge:          ofStorage,
	CredentialVending:      ofStorage,
	FineGrainedUpdates:     ofStorage, // without it TABLE_WRITE_PROPERTIES is enough to set a location
	S3ProfileSetting:       ofStorage,
	AWSSourceIdentity:      ofStorage,
	AWSSessionTags:         ofStorage,
	Probing:                ofStorage,
	ListPagination:         ofCatalogs,
	CommitRetries:          ofCatalogs,
	"polaris.config.allow.external.table.location":                        ofStorage,
	"polaris.config.supported.storage.types":                              ofStorage,
	"polaris.config.cleanup.on.namespace.drop":                            ofStorage,
	"polaris.config.cleanup.on.catalog.drop":                              ofStorage,
	"polaris.config.purge-view-metadata-on-drop":                          ofStorage,
	"polaris.config.enable-sub-catalog-rbac-for-federated-catalogs":       ofStorage,
	"polaris.config.rollback.compaction.on-conflicts.enabled":             ofCatalogs,
	"polaris.config.add-trailing-slash-to-location":                       ofCatalogs,
	"polaris.config.default-table-location-object-storage-prefix.enabled": ofStorage,
	"polaris.config.allow-dropping-non-empty-passthrough-facade-catalog":  ofStorage,
	"polaris.config.allow-federated-catalogs-credential-vending":          ofStorage,
}

// IsSetting reports whether a property key is a catalog setting, and so may have the reserved prefix.
func IsSetting(key string) bool {
	_, ok := known[Setting(key)]
	return ok
}

// Settings returns the keys of all settings, sorted.
func Settings() []string {
	var out []string
	for s := range known {
		out = append(out, string(s))
	}
	slices.Sort(out)
	return out
}

// IsStorageSetting reports whether a property key is a setting that only those may change who may create catalogs.
func IsStorageSetting(key string) bool { return key == BaseLocation || bool(known[Setting(key)]) }

// On gives a yes-or-no setting of the catalog, or the default where it is not set.
func (c *Catalog) On(s Setting, otherwise bool) bool {
	switch strings.ToLower(c.Properties[string(s)]) {
	case "true":
		return true
	case "":
		return otherwise
	}
	return false
}

// Number gives a numeric setting of the catalog, or the default where it is not set or no number from 0 to most.
func (c *Catalog) Number(s Setting, otherwise, most int) int {
	n, err := strconv.Atoi(c.Properties[string(s)])
	if err != nil || n < 0 || n > most {
		return otherwise
	}
	return n
}
