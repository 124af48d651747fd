package admin

import (
	"slices"
	"strings"

	"firn/shared/fault"
	"firn/shared/lake"
)

// applySettings writes what the catalog's properties say of its storage into the storage's configuration, which vendors
// read. A setting that could not take effect is refused: who turned attribution on must not find out from a log without it.
func applySettings(c *lake.Catalog) error {
	for key := range c.Properties {
		if strings.HasPrefix(key, lake.OwnSettings) && !lake.IsSetting(key) {
			return fault.New(fault.Argument, "Property '%.200s' is not a setting of a catalog", key)
		}
	}
	s := &c.Storage
	s.Profile = lake.S3Profile(c.Properties[string(lake.S3ProfileSetting)])
	if err := checkProfile(s); err != nil {
		return err
	}
	for _, flag := range []struct {
		setting lake.Setting
		on      *bool
	}{{lake.AWSSourceIdentity, &s.SourceIdentity}, {lake.AWSSessionTags, &s.SessionTags}} {
		value := c.Properties[string(flag.setting)]
		*flag.on = value == "true"
		switch {
		case value != "" && value != "true" && value != "false":
			return fault.New(fault.Argument, "Invalid value: %s: must be true or false", flag.setting)
		case *flag.on && (s.Type != lake.S3 || s.RoleARN == "" || s.S3Profile() != lake.ProfileAWS):
			return fault.New(fault.Argument, "Invalid value: %s: is for storage of type S3 with a roleArn and %s %s", flag.setting, lake.S3ProfileSetting, lake.ProfileAWS)
		}
	}
	if value := c.Properties[string(lake.Probing)]; value != "" && value != "true" && value != "false" {
		return fault.New(fault.Argument, "Invalid value: %s: must be true or false", lake.Probing)
	}
	s.CatalogName = ""
	if s.SessionTags {
		s.CatalogName = c.Name
	}
	return nil
}

// checkProfile refuses a profile that the storage cannot have.
func checkProfile(s *lake.Storage) error {
	switch {
	case s.Profile == "":
		return nil
	case !slices.Contains(lake.S3Profiles, s.Profile):
		var names []string
		for _, p := range lake.S3Profiles {
			names = append(names, string(p))
		}
		return fault.New(fault.Argument, "Invalid value: %s: must be one of %s", lake.S3ProfileSetting, strings.Join(names, ", "))
	case s.Type != lake.S3:
		return fault.New(fault.Argument, "Invalid value: %s: is for storage of type S3", lake.S3ProfileSetting)
	case s.Profile != lake.ProfileAWS && s.Endpoint == "":
		return fault.New(fault.Argument, "Invalid value: %s: %s needs an endpoint", lake.S3ProfileSetting, s.Profile)
	case s.Profile == lake.ProfileR2 && s.Name == "":
		return fault.New(fault.Argument, "Invalid value: %s: r2 needs a storageName, which names the API token that keys are made from", lake.S3ProfileSetting)
	}
	return nil
}
