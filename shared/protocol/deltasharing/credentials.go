package deltasharing

import (
	"errors"
	"strings"

	"firn/shared/catalog"
)

// credentials is TemporaryCredentials; exactly one of the three kinds is there.
type credentials struct {
	Location string      `json:"location"`
	AWS      *awsKey     `json:"awsTempCredentials,omitempty"`
	Azure    *azureToken `json:"azureUserDelegationSas,omitempty"`
	GCP      *gcpToken   `json:"gcpOauthToken,omitempty"`
	Expires  int64       `json:"expirationTime"` // ms; the issuer's own
}

type awsKey struct {
	ID      string `json:"accessKeyId"`
	Secret  string `json:"secretAccessKey"`
	Session string `json:"sessionToken"`
}

type azureToken struct {
	SAS string `json:"sasToken"`
}

type gcpToken struct {
	Token string `json:"oauthToken"`
}

// temporary spells a key. Its secrets are in the clear from here on.
func temporary(k catalog.Keys) (credentials, error) {
	out := credentials{Location: strings.TrimSuffix(k.Prefix, "/"), Expires: k.Credential.Expires.UnixMilli()}
	switch c := k.Credential; {
	case c.S3 != nil:
		out.AWS = &awsKey{c.S3.AccessKeyID, c.S3.SecretAccessKey.Reveal(), c.S3.SessionToken.Reveal()}
	case c.Azure != nil:
		out.Azure = &azureToken{c.Azure.SAS.Reveal()}
	case c.GCS != nil:
		out.GCP = &gcpToken{c.GCS.Token.Reveal()}
	default:
		return out, errors.New("a credential of a kind that Delta Sharing does not know")
	}
	return out, nil
}
