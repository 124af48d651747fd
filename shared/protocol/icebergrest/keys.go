package icebergrest

import (
	"fmt"
	"strconv"

	"firn/shared/catalog"
	"firn/shared/lake"
)

// The names by which clients know the properties of an S3 store (iceberg-rest specification, LoadTableResult; the
// expiry and the refresh endpoint by Iceberg's AWS module).
const (
	accessKey  = "s3.access-key-id"
	secretKey  = "s3.secret-access-key"
	sessionKey = "s3.session-token"
	expiresAt  = "s3.session-token-expires-at-ms"
	region     = "client.region"
	endpoint   = "s3.endpoint"
	pathStyle  = "s3.path-style-access"
	refreshAt  = "client.refresh-credentials-endpoint"
	refreshOn  = "client.refresh-credentials-enabled"
)

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
	if k.Credential == nil || k.Credential.S3 == nil {
		return nil
	}
	key := k.Credential.S3
	out := settings(&k.Storage)
	out[accessKey] = key.AccessKeyID
	out[secretKey] = key.SecretAccessKey.Reveal()
	set(out, sessionKey, key.SessionToken.Reveal())
	out[expiresAt] = strconv.FormatInt(k.Credential.Expires.UnixMilli(), 10)
	set(out, region, key.Region)
	set(out, endpoint, key.Endpoint)
	if key.PathStyle {
		out[pathStyle] = "true"
	}
	if k.Refresh != "" {
		out[refreshAt], out[refreshOn] = k.Refresh, "true"
	}
	return out
}

// credentials gives the one entry of storage-credentials (StorageCredential of the specification), whose config is
// encoded already; an empty list if there is no key.
func credentials(prefix string, config []byte) []byte {
	if config == nil {
		return []byte("[]")
	}
	return fmt.Appendf(nil, `[{"prefix":%s,"config":%s}]`, encode(prefix), config)
}
