package attack

import (
	"encoding/json"
	"strings"
)

// key is a credential as some answer spelt it.
type key struct {
	id, secret, token, endpoint string // of S3; of other stores the token alone
	account                     string // of ADLS
	prefix                      string // for which it was given, where the answer says so
}

// spellings are the names under which dialects give S3 keys: id, secret, token.
var spellings = [][3]string{
	{"s3.access-key-id", "s3.secret-access-key", "s3.session-token"}, // Iceberg REST
	{"s3-access-key-id", "s3-secret-access-key", "s3-session-token"}, // Gravitino
	{"accessKeyId", "secretAccessKey", "sessionToken"},               // Delta Sharing
}

// bearers are those of the other stores: the token or SAS, and the account.
var bearers = [][2]string{
	{"gcs.oauth2.token", ""}, {"oauthToken", ""}, {"token", ""}, // of GCS: Iceberg REST, Delta Sharing, Gravitino
	{"adls.sas-token", "adls.account-name"}, {"sasToken", ""}, {"adls-sas-token", "azure-storage-account-name"}, // of ADLS
}

// harvest finds every key in an answer, wherever it stands, each once.
func harvest(body []byte) []key {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return nil
	}
	var found []key
	seen := map[string]int{}
	var walk func(v any, prefix string)
	walk = func(v any, prefix string) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e, prefix)
			}
		case map[string]any:
			if p, ok := v["prefix"].(string); ok {
				prefix = p
			}
			for _, names := range bearers { // of one text
				if token, ok := v[names[0]].(string); ok {
					k := key{token: token, prefix: prefix}
					if names[1] != "" {
						k.account, _ = v[names[1]].(string)
					}
					if i, twice := seen[token]; twice {
						found[i].prefix += prefix
						continue
					}
					seen[token] = len(found)
					found = append(found, k)
				}
			}
			for _, names := range spellings {
				if id, ok := v[names[0]].(string); ok {
					k := key{id: id, prefix: prefix}
					k.secret, _ = v[names[1]].(string)
					k.token, _ = v[names[2]].(string)
					k.endpoint, _ = v["s3.endpoint"].(string)
					if i, twice := seen[id]; twice {
						found[i].prefix += prefix // it stands in config, without one, and in storage-credentials
						continue
					}
					seen[id] = len(found)
					found = append(found, k)
				}
			}
			for _, e := range v {
				walk(e, prefix)
			}
		}
	}
	walk(v, "")
	return found
}

// folderOf gives the object that stands for a location's folder: with the slash that makes it one.
func folderOf(location string) object {
	_, rest, _ := strings.Cut(location, "://")
	bucket, path, _ := strings.Cut(strings.TrimRight(rest, "/"), "/")
	return object{bucket, path + "/"}
}

// object is a place in a store.
type object struct{ bucket, key string }

func (o object) String() string { return o.bucket + "/" + o.key }

// in says whether the object is in the folder.
func (o object) in(folder object) bool {
	return o.bucket == folder.bucket && strings.HasPrefix(o.key, folder.key)
}
