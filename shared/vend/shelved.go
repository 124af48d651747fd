package vend

import (
	"time"

	"firn/shared/lake"
)

// shelved is a credential in the clear, which exists between Shared and its Sealer alone.
type shelved struct {
	ID      string        `json:"id"`
	Expires time.Time     `json:"expires"`
	Until   time.Time     `json:"until"` // when it is served last
	S3      *shelvedS3    `json:"s3,omitempty"`
	GCS     *shelvedGCS   `json:"gcs,omitempty"`
	Azure   *shelvedAzure `json:"azure,omitempty"`
}

type shelvedS3 struct {
	Key, Secret, Token, Region, Endpoint string
	PathStyle                            bool
}

type shelvedGCS struct{ Token string }

type shelvedAzure struct{ Account, Domain, SAS string }

func shelve(c Credential, until time.Time) shelved {
	p := shelved{ID: c.ID, Expires: c.Expires, Until: until}
	if k := c.S3; k != nil {
		p.S3 = &shelvedS3{k.AccessKeyID, k.SecretAccessKey.Reveal(), k.SessionToken.Reveal(), k.Region, k.Endpoint, k.PathStyle}
	}
	if k := c.GCS; k != nil {
		p.GCS = &shelvedGCS{k.Token.Reveal()}
	}
	if k := c.Azure; k != nil {
		p.Azure = &shelvedAzure{k.Account, k.Domain, k.SAS.Reveal()}
	}
	return p
}

func (p shelved) credential() Credential {
	c := Credential{ID: p.ID, Expires: p.Expires}
	if k := p.S3; k != nil {
		c.S3 = &S3Credential{k.Key, lake.Secret(k.Secret), lake.Secret(k.Token), k.Region, k.Endpoint, k.PathStyle}
	}
	if k := p.GCS; k != nil {
		c.GCS = &GCSCredential{lake.Secret(k.Token)}
	}
	if k := p.Azure; k != nil {
		c.Azure = &AzureCredential{k.Account, k.Domain, lake.Secret(k.SAS)}
	}
	return c
}
