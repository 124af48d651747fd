package admin

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
)

// The bounds of a storage configuration.
const (
	maxFolders = 40   // allowed locations: each is claimed in the transaction that makes or changes the catalog
	maxKeys    = 100  // KMS keys
	maxField   = 2048 // bytes of a text: the longest ARN
	maxID      = 1224 // bytes of an external id (AWS STS, AssumeRole)
)

// kinds are the locations that each storage type has, and how Polaris names their schemes.
var kinds = map[lake.StorageType]struct {
	kind    location.Kind
	schemes string
}{
	lake.S3:    {location.S3, "prefixes: 's3://,s3a://'"},
	lake.GCS:   {location.GCS, "prefixes: 'gs://'"},
	lake.Azure: {location.ADLS, "prefixes: 'abfs://,wasb://,abfss://,wasbs://'"},
	lake.File:  {location.File, "prefix: file:// or /"},
}

// settle completes a catalog's properties and storage configuration and refuses what is not in order. It returns the folders
// that the catalog allows. Whether the operator allows its storage is asked once its caller may choose it (mayUse): the
// policy is no matter of those who may not.
func (s *Service) settle(realm lake.Realm, c *lake.Catalog) ([]location.Prefix, error) {
	if err := lake.CheckProperties(c.Properties, lake.IsSetting); err != nil {
		return nil, err
	}
	if _, given := c.Properties[lake.BaseLocation]; !given {
		return nil, fault.New(fault.Malformed, "Must specify default base location")
	}
	if c.Storage.Type == lake.File && !s.StoragePolicy.HasFolders(realm) {
		return nil, fault.New(fault.Argument, "Unsupported storage type: %s", c.Storage.Type)
	}
	if len(c.Storage.AllowedLocations) == 0 && c.DefaultBaseLocation() != "" {
		c.Storage.AllowedLocations = []string{c.DefaultBaseLocation()}
	}
	folders, err := allowed(c)
	if err != nil {
		return nil, err
	}
	if err := checkFields(&c.Storage); err != nil {
		return nil, err
	}
	if lake.IsMadeExternalID(c.Storage.ExternalID) && c.Storage.ExternalID != lake.MadeExternalID(c.ID) {
		return nil, fault.New(fault.Argument, "Invalid value: externalId: this id was made for another catalog; leave it out to have this catalog's own")
	}
	if err := applySettings(c); err != nil {
		return nil, err
	}
	return folders, nil
}

// mayUse refuses storage that the server's operator does not allow at the base of the catalog.
func (s *Service) mayUse(realm lake.Realm, c *lake.Catalog) error {
	base, err := location.ParsePrefix(c.DefaultBaseLocation())
	if err != nil {
		return err
	}
	return s.StoragePolicy.Allows(realm, &c.Storage, base)
}

// allowed gives the folders of the catalog's storage. The base must be in one of them.
func allowed(c *lake.Catalog) ([]location.Prefix, error) {
	all := c.Storage.AllowedLocations
	if len(all) > maxFolders {
		return nil, fault.New(fault.Argument, "A catalog has at most %d allowed locations", maxFolders)
	}
	want, known := kinds[c.Storage.Type]
	if !known {
		return nil, fault.New(fault.Malformed, "Unknown storage type: %.32q", string(c.Storage.Type))
	}
	for _, text := range all {
		if kind, _ := location.KindOf(text); kind != want.kind {
			return nil, fault.New(fault.Argument, "Location prefix not allowed: '%.200s', expected %s", text, want.schemes)
		}
	}
	folders, bad := location.Allowed(all, c.DefaultBaseLocation())
	outside := fault.New(fault.Malformed, "default-base-location '%s' is not within any of the allowed locations [%s]", c.DefaultBaseLocation(), strings.Join(all, ", "))
	if c.DefaultBaseLocation() == "" {
		return nil, outside
	}
	base, err := location.ParsePrefix(c.DefaultBaseLocation())
	if err != nil {
		return nil, err
	}
	for _, folder := range folders {
		if folder.Covers(base) {
			return folders, bad
		}
	}
	return nil, outside
}

// roleARN is Polaris's own pattern: the partition and the account are its groups.
var roleARN = regexp.MustCompile(`^.+:(.*):.+:.*:(.*):.+$`)

var (
	externalID = regexp.MustCompile(`^[\w+=,.@:/-]+$`) // AWS STS, AssumeRole
	region     = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

// checkFields refuses fields that could not be used, or would become part of something else.
func checkFields(s *lake.Storage) error {
	texts := map[string]string{"roleArn": s.RoleARN, "storageName": s.Name, "currentKmsKey": s.CurrentKMSKey, "tenantId": s.TenantID,
		"multiTenantAppName": s.MultiTenantAppName, "consentUrl": s.ConsentURL, "gcsServiceAccount": s.GCSServiceAccount}
	for i, key := range s.AllowedKMSKeys {
		texts[fmt.Sprintf("allowedKmsKeys[%d]", i)] = key
	}
	for name, text := range texts {
		if len(text) > maxField || strings.ContainsFunc(text, unicode.IsControl) {
			return fault.New(fault.Argument, "Invalid value: %s: must be at most %d bytes without control characters", name, maxField)
		}
	}
	switch {
	case len(s.AllowedKMSKeys) > maxKeys:
		return fault.New(fault.Argument, "Invalid value: allowedKmsKeys: must be at most %d", maxKeys)
	case s.RoleARN != "" && !roleARN.MatchString(s.RoleARN):
		return fault.New(fault.Argument, "Invalid role ARN format: %s", s.RoleARN)
	case s.ExternalID != "" && !externalID.MatchString(s.ExternalID) || len(s.ExternalID) > maxID:
		return fault.New(fault.Argument, "Invalid value: externalId: must be at most %d letters, digits and + = , . @ : / - _", maxID)
	case s.Region != "" && !region.MatchString(s.Region):
		return fault.New(fault.Argument, "Invalid value: region: must be letters, digits, - and _")
	}
	for name, text := range map[string]string{"endpoint": s.Endpoint, "endpointInternal": s.EndpointInternal, "stsEndpoint": s.STSEndpoint} {
		u, err := url.Parse(text)
		if text != "" && (err != nil || len(text) > maxField || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil) {
			return fault.New(fault.Argument, "Invalid value: %s: must be an http or https URL with a host and without credentials", name)
		}
	}
	return nil
}

// account gives the account of a role's ARN; empty where there is none.
func account(arn string) string {
	if m := roleARN.FindStringSubmatch(arn); m != nil {
		return m[2]
	}
	return ""
}

// sameOwner refuses a change after which the storage would belong to someone else, who never agreed to trust this catalog.
// The external id that firn made may be written down or left out: it is the same.
func sameOwner(id lake.ID, old, next *lake.Storage) error {
	external := func(s *lake.Storage) string {
		if s.ExternalID == lake.MadeExternalID(id) {
			return ""
		}
		return s.ExternalID
	}
	for _, fact := range []struct{ what, from, to string }{
		{"storage type", string(old.Type), string(next.Type)},
		{"AWS account ID", account(old.RoleARN), account(next.RoleARN)},
		{"ExternalId", external(old), external(next)},
		{"TenantId", old.TenantID, next.TenantID},
	} {
		if fact.from != fact.to {
			return fault.New(fault.Malformed, "Cannot modify %s in storage config from '%s' to '%s'", fact.what, fact.from, fact.to)
		}
	}
	return nil
}
