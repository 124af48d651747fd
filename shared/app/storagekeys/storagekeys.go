// Package storagekeys finds the credentials that a catalog's storageName names.
//
//   - On one machine: the profile firn-NAME of AWS's shared configuration (~/.aws/config, ~/.aws/credentials, or where
//     AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE point), read when it is first asked for.
//   - In functions: the secret FIRN_STORAGE_SECRETS + NAME of Secrets Manager, a JSON object with accessKeyId and
//     secretAccessKey, read again every quarter of an hour. Without FIRN_STORAGE_SECRETS no name is known.
//
// It refuses names that are not plain, and never falls back to the server's own credentials.
//
// # Why
//
// Whoever may make a catalog chooses the name. So an operator must have meant a profile or a secret for it: the prefix keeps
// profiles and secrets that are there for other ends out of reach.
package storagekeys

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"firn/shared/fault"
)

// Named gives the credentials of a storageName; nil if the server knows none of that name.
type Named func(storageName string) aws.CredentialsProvider

// plain is what a name may be made of.
var plain = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// profilePrefix begins the profiles that catalogs may name.
const profilePrefix = "firn-"

// Profiles finds names in AWS's shared configuration. A profile is read once: a changed one needs a restart, unless it
// names a program or a role, whose credentials are fetched as they end.
func Profiles() Named {
	return remembered(func(name string) aws.CredentialsProvider {
		// Files alone are read here; what calls out does so under the context of whoever needs a key.
		c, err := config.LoadDefaultConfig(context.Background(), config.WithSharedConfigProfile(profilePrefix+name))
		if err != nil || !namesCredentials(c) {
			return nil
		}
		return c.Credentials
	})
}

// namesCredentials says whether a profile has credentials of its own: for one that has none the SDK would go on to look for
// those of the machine, which are the server's.
func namesCredentials(c aws.Config) bool {
	for _, source := range c.ConfigSources {
		if p, ok := source.(config.SharedConfig); ok {
			return p.Credentials.HasKeys() || p.CredentialProcess != "" || p.RoleARN != "" || p.SSOSessionName != "" || p.SSOAccountID != ""
		}
	}
	return false
}

// reread is how long a secret's text is trusted.
const reread = 15 * time.Minute

// Secrets finds names behind a prefix in Secrets Manager; an empty prefix knows none.
func Secrets(c aws.Config, prefix string, now func() time.Time) Named {
	if prefix == "" {
		return func(string) aws.CredentialsProvider { return nil }
	}
	client := secretsmanager.NewFromConfig(c)
	return remembered(func(name string) aws.CredentialsProvider {
		return aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(prefix + name)})
			if _, missing := errors.AsType[*types.ResourceNotFoundException](err); missing {
				return aws.Credentials{}, unknown(name).Because(err)
			}
			if err != nil {
				return aws.Credentials{}, fmt.Errorf("read the secret of storageName %q: %w", name, err)
			}
			key, err := parse(aws.ToString(out.SecretString))
			if err != nil {
				return aws.Credentials{}, unknown(name).Because(err)
			}
			key.CanExpire, key.Expires = true, now().Add(reread)
			return key, nil
		}))
	})
}

func unknown(name string) *fault.Error {
	return fault.Of(fault.Invalid, fault.Credential, "", "This server has no credentials for storageName %q.", name)
}

// parse reads the text of a secret. Errors hold nothing of it.
func parse(text string) (aws.Credentials, error) {
	var key struct {
		ID     string `json:"accessKeyId"`
		Secret string `json:"secretAccessKey"`
	}
	if json.Unmarshal([]byte(text), &key) != nil || key.ID == "" || key.Secret == "" {
		return aws.Credentials{}, errors.New("the secret is not a JSON object with accessKeyId and secretAccessKey")
	}
	return aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret, Source: "storageName"}, nil
}

// maxNames bounds the names that are remembered: whoever may make catalogs chooses them.
const maxNames = 256

// remembered keeps what was found for each plain name.
func remembered(find Named) Named {
	var mu sync.Mutex
	known := map[string]aws.CredentialsProvider{}
	return func(name string) aws.CredentialsProvider {
		if !plain.MatchString(name) {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if p, ok := known[name]; ok {
			return p
		}
		p := find(name)
		if p != nil && len(known) < maxNames {
			known[name] = p
		}
		return p
	}
}
