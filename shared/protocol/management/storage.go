package management

import (
	"firn/shared/fault"
	"firn/shared/lake"
)

// storage is StorageConfigInfo with the fields of all its variants. A field that is not the type's is ignored.
type storage struct {
	// AwsStorageConfigInfo
	RoleARN          *text   `json:"roleArn,omitempty"`
	ExternalID       *text   `json:"externalId,omitempty"`
	UserARN          string  `json:"userArn,omitempty"`
	CurrentKMSKey    *text   `json:"currentKmsKey,omitempty"`
	AllowedKMSKeys   *[]text `json:"allowedKmsKeys,omitempty"`
	Region           *text   `json:"region,omitempty"`
	Endpoint         *text   `json:"endpoint,omitempty"`
	STSEndpoint      *text   `json:"stsEndpoint,omitempty"`
	STSUnavailable   *bool   `json:"stsUnavailable,omitempty"`
	EndpointInternal *text   `json:"endpointInternal,omitempty"`
	PathStyleAccess  *bool   `json:"pathStyleAccess,omitempty"`
	KMSUnavailable   *bool   `json:"kmsUnavailable,omitempty"`

	// AzureStorageConfigInfo
	TenantID           *text `json:"tenantId,omitempty"`
	MultiTenantAppName *text `json:"multiTenantAppName,omitempty"`
	ConsentURL         *text `json:"consentUrl,omitempty"`
	Hierarchical       *bool `json:"hierarchical,omitempty"`

	// GcpStorageConfigInfo
	GCSServiceAccount *text `json:"gcsServiceAccount,omitempty"`

	Type             *text  `json:"storageType"`
	AllowedLocations []text `json:"allowedLocations"`
	Name             *text  `json:"storageName,omitempty"`
}

// lake gives the configuration as the use-cases know it. Which values are good is theirs to say.
func (s *storage) lake() (lake.Storage, error) {
	out := lake.Storage{Type: lake.StorageType(s.Type.or()), AllowedLocations: plain(s.AllowedLocations), Name: s.Name.or()}
	switch out.Type {
	case lake.S3:
		if s.RoleARN != nil && *s.RoleARN == "" {
			return out, fault.New(fault.Argument, "ARN must not be empty")
		}
		out.RoleARN, out.ExternalID, out.Region = s.RoleARN.or(), s.ExternalID.or(), s.Region.or()
		out.Endpoint, out.EndpointInternal, out.STSEndpoint = s.Endpoint.or(), s.EndpointInternal.or(), s.STSEndpoint.or()
		out.STSUnavailable, out.PathStyleAccess, out.KMSUnavailable = s.STSUnavailable, s.PathStyleAccess, s.KMSUnavailable
		out.CurrentKMSKey = s.CurrentKMSKey.or()
		if s.AllowedKMSKeys != nil {
			out.AllowedKMSKeys = plain(*s.AllowedKMSKeys)
		}
	case lake.Azure:
		if s.TenantID == nil {
			return out, missing("tenantId")
		}
		out.TenantID, out.MultiTenantAppName, out.ConsentURL = s.TenantID.or(), s.MultiTenantAppName.or(), s.ConsentURL.or()
		out.Hierarchical = s.Hierarchical
	case lake.GCS:
		out.GCSServiceAccount = s.GCSServiceAccount.or()
	case lake.File:
	default:
		return out, shape("storageType must be S3, GCS, AZURE or FILE")
	}
	return out, nil
}

// storageOf is the configuration as clients see it. S3's always says which keys and which style (recorded).
func storageOf(s *lake.Storage) *storage {
	out := &storage{Type: given(string(s.Type)), AllowedLocations: texts(s.AllowedLocations), Name: given(s.Name),
		RoleARN: given(s.RoleARN), ExternalID: given(s.ExternalID), UserARN: s.UserARN, CurrentKMSKey: given(s.CurrentKMSKey),
		Region: given(s.Region), Endpoint: given(s.Endpoint), EndpointInternal: given(s.EndpointInternal), STSEndpoint: given(s.STSEndpoint),
		STSUnavailable: s.STSUnavailable, PathStyleAccess: s.PathStyleAccess, KMSUnavailable: s.KMSUnavailable,
		TenantID: given(s.TenantID), MultiTenantAppName: given(s.MultiTenantAppName), ConsentURL: given(s.ConsentURL), Hierarchical: s.Hierarchical,
		GCSServiceAccount: given(s.GCSServiceAccount)}
	if s.Type == lake.S3 {
		keys := texts(s.AllowedKMSKeys)
		out.AllowedKMSKeys = &keys
		if out.PathStyleAccess == nil {
			out.PathStyleAccess = new(bool)
		}
	}
	return out
}

// given gives nil for an empty text.
func given(s string) *text {
	if s == "" {
		return nil
	}
	return (*text)(&s)
}

func texts(all []string) []text {
	return each(all, func(s *string) text { return text(*s) })
}

func plain(all []text) []string {
	return each(all, func(t *text) string { return string(*t) })
}
