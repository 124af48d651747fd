package icebergrest

import (
	"fmt"
	"strconv"

	"firn/shared/catalog"
	"firn/shared/lake"
	"firn/shared/vend"
)

// The names by which clients know what a store needs: the iceberg-rest specification (LoadTableResult), and for expiry and
// refresh Iceberg's modules for AWS, GCP and Azure (VendedCredentialsProvider, OAuth2RefreshCredentialsHandler,
// VendedAdlsCredentialProvider).
const (
	accessKey  = "s3.access-key-id"
	secretKey  = "s3.secret-access-key"
	sessionKey = "s3.session-token"
	expiresAt  = "s3.session-token-expires-at-ms"
	region     = "client.region"
	endpoint   = "s3.endpoint"
	pathStyle  = "s3.path-style-access"

	gcsToken     = "gcs.oauth2.token"
	gcsExpiresAt = "gcs.oauth2.token-expires-at"

	adlsSAS       = "adls.sas-token" // with the account or its host behind a dot; bare for PyIceberg, which then needs the account
	adlsExpiresAt = "adls.sas-token-expires-at-ms"
	adlsAccount   = "adls.account-name"
)

// refreshers are how the keys of each store begin that name the path of fresh credentials and switch its use on.
var refreshers = map[lake.StorageType]string{
	lake.S3: "client.refresh-credentials-", lake.GCS: "gcs.oauth2.refresh-credentials-", lake.Azure: "adls.refresh-credentials-",
}

// settings gives what a client must know of the store beside a key.
func settings(s *lake.Storage) map[string]string {
	out := map[string]string{}
	if s.Type != lake.S3 {
		return out
	}
	set(out, region, s.Region)
	set(out, endpoint, s.Endpoint)
	if s.PathStyleAccess != nil {
		out[pathStyle] = strconv.FormatBool(*s.PathStyleAccess)
	}
	return out
}

func set(out map[string]string, key, value string) {
	if value != "" {
		out[key] = value
	}
}

// keyConfig gives the properties that a key is made of; nil if there is none.
func keyConfig(k catalog.Keys) map[string]string {
	if k.Credential == nil {
		return nil
	}
	out := settings(&k.Storage)
	ends := strconv.FormatInt(k.Credential.Expires.UnixMilli(), 10)
	switch c := k.Credential; {
	case c.S3 != nil:
		addS3(out, c.S3, ends)
	case c.GCS != nil:
		out[gcsToken], out[gcsExpiresAt] = c.GCS.Token.Reveal(), ends
	case c.Azure != nil:
		addAzure(out, c.Azure, ends)
	default:
		return nil
	}
	if begin := refreshers[k.Storage.Type]; k.Refresh != "" && begin != "" {
		out[begin+"endpoint"], out[begin+"enabled"] = k.Refresh, "true"
	}
	return out
}

func addS3(out map[string]string, key *vend.S3Credential, ends string) {
	out[accessKey] = key.AccessKeyID
	out[secretKey] = key.SecretAccessKey.Reveal()
	set(out, sessionKey, key.SessionToken.Reveal())
	out[expiresAt] = ends
	set(out, region, key.Region)
	set(out, endpoint, key.Endpoint)
	if key.PathStyle {
		out[pathStyle] = "true"
	}
}

// addAzure spells the key for each way in which clients look for it: Java by the host in the location, which may be either
// of the account's endpoints; others by the account; PyIceberg with pyarrow without either.
func addAzure(out map[string]string, key *vend.AzureCredential, ends string) {
	for _, name := range []string{key.Account + ".dfs." + key.Domain, key.Account + ".blob." + key.Domain, key.Account} {
		out[adlsSAS+"."+name], out[adlsExpiresAt+"."+name] = key.SAS.Reveal(), ends
	}
	out[adlsSAS], out[adlsAccount] = key.SAS.Reveal(), key.Account
}

// credentials gives the one entry of storage-credentials (StorageCredential of the specification), whose config is
// encoded already; an empty list if there is no key. The prefix is the table's bare location, as clients ask with it
// (PyIceberg) and as Polaris gives it; what the key opens is the store's to say.
func credentials(prefix string, config []byte) []byte {
	if config == nil {
		return []byte("[]")
	}
	return fmt.Appendf(nil, `[{"prefix":%s,"config":%s}]`, encode(prefix), config)
}
