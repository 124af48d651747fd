package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/pflag"
)

// settingKind is the type of a flag and of the JSON that it becomes.
type settingKind int

const (
	text settingKind = iota // a string
	list                    // an array of strings; the flag is repeatable
	yes                     // a boolean
)

// setting is one field of StorageConfigInfo of the management API and the flag for it.
type setting struct {
	flag, field string
	kind        settingKind
	storage     string // the storage type that has it; empty: all
	update      bool   // can be changed later
	usage       string
}

var settings = []setting{
	{"allowed-location", "allowedLocations", list, "", true, "`location` that tables may use beside the base location; repeatable"},
	{"role-arn", "roleArn", text, "S3", false, "`ARN` of the role that is assumed to hand out keys"},
	{"external-id", "externalId", text, "S3", false, "external `id` of the role's trust policy"},
	{"region", "region", text, "S3", true, "AWS `region` of the bucket"},
	{"endpoint", "endpoint", text, "S3", false, "S3 `URL` that engines use, for stores other than AWS"},
	{"endpoint-internal", "endpointInternal", text, "S3", false, "S3 `URL` that the server uses, if it is another"},
	{"sts-endpoint", "stsEndpoint", text, "S3", false, "STS `URL`, for stores other than AWS"},
	{"no-sts", "stsUnavailable", yes, "S3", true, "the store has no STS"},
	{"no-kms", "kmsUnavailable", yes, "S3", true, "the store has no KMS"},
	{"path-style-access", "pathStyleAccess", yes, "S3", false, "the store wants the bucket in the path"},
	{"current-kms-key", "currentKmsKey", text, "S3", false, "`ARN` of the key that encrypts new files"},
	{"allowed-kms-key", "allowedKmsKeys", list, "S3", false, "`ARN` of a key that may be used; repeatable"},
	{"tenant-id", "tenantId", text, "AZURE", false, "tenant `id` of the storage account"},
	{"multi-tenant-app-name", "multiTenantAppName", text, "AZURE", false, "`name` of the client application"},
	{"hierarchical", "hierarchical", yes, "AZURE", false, "the account has a hierarchical namespace"},
	{"consent-url", "consentUrl", text, "AZURE", false, "`URL` at which access is granted"},
	{"service-account", "gcsServiceAccount", text, "GCS", false, "Google service `account` that keys are made for"},
}

// bindSettings declares the flags of all settings, or of those that an update may change.
func bindSettings(fs *pflag.FlagSet, update bool) {
	for _, x := range settings {
		if update && !x.update {
			continue
		}
		usage := x.usage
		if x.storage != "" {
			usage = x.storage + ": " + usage
		}
		switch x.kind {
		case text:
			fs.String(x.flag, "", usage)
		case list:
			fs.StringArray(x.flag, nil, usage)
		case yes:
			fs.Bool(x.flag, false, usage)
		}
	}
}

// settingsGiven says whether any setting's flag was given.
func settingsGiven(fs *pflag.FlagSet) bool {
	return slices.ContainsFunc(settings, func(x setting) bool { return fs.Changed(x.flag) })
}

// newStorage makes a StorageConfigInfo of the flags that were given.
func newStorage(fs *pflag.FlagSet, storageType string) (map[string]json.RawMessage, error) {
	if storageType == "AZURE" && !fs.Changed("tenant-id") {
		return nil, misused("missing --tenant-id, which storage of type AZURE needs")
	}
	return changeStorage(fs, map[string]json.RawMessage{"storageType": encoded(storageType)})
}

// changeStorage gives a StorageConfigInfo with the flags that were given in place of what was there; allowed locations
// are added to those that are there. Fields that firn does not know stay.
func changeStorage(fs *pflag.FlagSet, have map[string]json.RawMessage) (map[string]json.RawMessage, error) {
	storage := maps.Clone(have)
	storageType := storageField(have, "storageType")
	for _, x := range settings {
		if !fs.Changed(x.flag) {
			continue
		}
		if x.storage != "" && x.storage != storageType {
			return nil, misused("--%s is for storage of type %s, not %s", x.flag, x.storage, storageType)
		}
		switch x.kind {
		case text:
			value, _ := fs.GetString(x.flag)
			storage[x.field] = encoded(value)
		case yes:
			value, _ := fs.GetBool(x.flag)
			storage[x.field] = encoded(value)
		case list:
			var values []string
			if there := have[x.field]; there != nil {
				if err := json.Unmarshal(there, &values); err != nil {
					return nil, fmt.Errorf("reading %s of the catalog: %w", x.field, err)
				}
			}
			more, _ := fs.GetStringArray(x.flag)
			for _, value := range more {
				if !slices.Contains(values, value) {
					values = append(values, value)
				}
			}
			storage[x.field] = encoded(values)
		}
	}
	return storage, nil
}

// storageField reads a string; a field that is missing or no string is empty.
func storageField(storage map[string]json.RawMessage, name string) string {
	var value string
	_ = json.Unmarshal(storage[name], &value)
	return value
}

// encoded writes a string, a boolean or a list of strings, which cannot fail.
func encoded(value any) json.RawMessage {
	text, _ := json.Marshal(value)
	return text
}
