// Package aws vends for S3, and for stores that speak its protocols, by STS AssumeRole with a session policy.
//
// What the role may do and what the policy says are intersected, so a vended key opens the grant's prefixes and nothing
// else, whatever the role could. The policy is policy.go's, what a store can do profile.go's, who a key is for attribution.go's,
// and what STS answers when it does not want to errors.go's.
//
// It refuses storage whose keys it cannot narrow: without a session policy a key would open the whole bucket. It refuses a
// policy longer than STS takes before it asks.
//
// # Why
//
// Expiry is STS's own answer: a clock of ours would be wrong by its own error. Keys live one hour because firn's function
// has a role itself, and a role that assumes a role gets no more (role chaining).
//
// Clients are kept per Region and endpoint: a new one costs a TLS handshake. STS is always asked in a Region, never at
// the global endpoint, whose tokens some Regions refuse.
//
// What is wrong with a role, its trust or a policy is not asked again: the answer would be the same, and the client waits.
// What may pass is (throttling, a server's error, a lost connection), for as long as one client waits for one key. If
// STS finds firn's own credentials expired, they are fetched afresh once.
//
// The endpoint of a catalog's storage is what an administrator of the catalog wrote. Config.Base has the HTTP
// client that judges its address (package outbound), and its answers are never quoted: errors.go knows STS's
// codes, and has one error for all that is none.
//
// A grant of the session's ARN by a bucket policy is not narrowed by the session policy (IAM User Guide, "Session policies"):
// bucket policies should name roles.
package aws

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	lru "github.com/hashicorp/golang-lru/v2"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/vend"
	"firn/shared/vend/aws/session"
)

// Config says with what the vendor asks STS.
type Config struct {
	// Base holds firn's own credentials, its Region, HTTP client and, where it has any, retries. The Region is used where storage names none.
	// The HTTP client must be one for addresses that a caller may influence.
	Base aws.Config
	// Named gives the credentials for storage with a storageName, or nil: such storage is refused. A nil func knows none.
	Named func(storageName string) aws.CredentialsProvider
	// Duration of the vended keys: 15 minutes to 12 hours; 0: an hour. More than an hour fails if Base is a role itself.
	Duration time.Duration
	// Timeout of one AssumeRole with its retries; 0: 5 s.
	Timeout time.Duration
	// Log is told of policies that STS can hardly pack; nil: nobody is.
	Log *slog.Logger
}

// STS's bounds of DurationSeconds (STS API reference, AssumeRole). Compatible stores took them over.
const (
	minDuration = 900 * time.Second
	maxDuration = 43_200 * time.Second
)

// fullWarning is the percentage of STS's space for policy and tags from which on the log is told. What STS packs into it, and
// how, it does not publish: the percentage in its answers is all that can be known before 100 is an error.
const fullWarning = 75

// Vendor asks STS. Safe for concurrent use.
type Vendor struct {
	config  Config
	clients *lru.Cache[target, *client]
}

var (
	_ vend.Vendor  = (*Vendor)(nil)
	_ vend.Checker = (*Vendor)(nil)
)

// New makes a vendor. It does no I/O.
func New(c Config) (*Vendor, error) {
	if c.Duration == 0 {
		c.Duration = time.Hour
	}
	if c.Duration < minDuration || c.Duration > maxDuration {
		return nil, fault.New(fault.Argument, "The duration of vended credentials must be %s to %s, not %s.", minDuration, maxDuration, c.Duration)
	}
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	clients, err := lru.New[target, *client](maxClients)
	if err != nil {
		return nil, fmt.Errorf("make client cache: %w", err)
	}
	return &Vendor{config: c, clients: clients}, nil
}

// Vend mints a key by one AssumeRole. The credential's ID is the session's name (package session).
func (v *Vendor) Vend(ctx context.Context, storage *lake.Storage, g vend.Grant) (vend.Credential, error) {
	input, err := v.input(storage, g)
	if err != nil {
		return vend.Credential{}, err
	}
	client, err := v.client(storage)
	if err != nil {
		return vend.Credential{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, v.config.Timeout)
	defer cancel()
	output, err := client.assumeRole(ctx, input)
	if err != nil {
		return vend.Credential{}, client.translate(ctx, err)
	}
	if percent := full(output); percent >= fullWarning {
		v.config.Log.WarnContext(ctx, "the session policy of a table nearly fills what STS takes; a longer location will be refused",
			"full_percent", percent, "characters", len(*input.Policy), "tags", len(input.Tags), "prefixes", len(g.Prefixes),
			"credential", *input.RoleSessionName, "catalog_id", string(g.CatalogID), "table", g.Table, "table_id", string(g.TableID))
	}
	cred, err := credential(storage, *input.RoleSessionName, output)
	if err != nil && client.custom {
		return vend.Credential{}, unlikeSTS(err)
	}
	return cred, err
}

// full is the percentage of its space that STS says was filled, 0 if it says none: by the token's size, or as it said before
// that and compatible stores still do, by the packed size of policy and tags.
func full(output *sts.AssumeRoleOutput) int32 {
	//lint:ignore SA1019 what replaces it is read beside it
	return max(aws.ToInt32(output.SessionTokenUtilization), aws.ToInt32(output.PackedPolicySize))
}

// Check makes the request, which has the policy, and does not send it.
func (v *Vendor) Check(storage *lake.Storage, g vend.Grant) error {
	_, err := v.input(storage, g)
	return err
}

// input is the whole request, made without I/O.
func (v *Vendor) input(storage *lake.Storage, g vend.Grant) (*sts.AssumeRoleInput, error) {
	if err := vend.Validate(storage, g); err != nil {
		return nil, err
	}
	p, err := profileOf(storage)
	if err != nil {
		return nil, err
	}
	role, resource, err := p.names(storage)
	if err != nil {
		return nil, err
	}
	policy, err := sessionPolicy(resource, p.kms, storage, g)
	if err != nil {
		return nil, err
	}
	input := &sts.AssumeRoleInput{
		RoleArn:         aws.String(role),
		RoleSessionName: aws.String(session.Name(g.Realm, g.Principal, g.PrincipalID, g.TableID)),
		DurationSeconds: aws.Int32(int32(v.config.Duration / time.Second)),
		Policy:          aws.String(policy),
	}
	if id := storage.ExternalIDOf(g.CatalogID); id != "" {
		input.ExternalId = aws.String(id)
	}
	attribute(input, storage, g)
	if g.Probe && storage.RoleARN != "" {
		tellProbe(input)
	}
	return input, nil
}

// credential reads STS's answer. An answer that lacks a part is worth nothing: a key without a known end cannot be cached,
// and engines would not refresh it.
func credential(storage *lake.Storage, name string, output *sts.AssumeRoleOutput) (vend.Credential, error) {
	c := output.Credentials
	if c == nil || aws.ToString(c.AccessKeyId) == "" || aws.ToString(c.SecretAccessKey) == "" ||
		aws.ToString(c.SessionToken) == "" || aws.ToTime(c.Expiration).IsZero() {
		return vend.Credential{}, fault.Of(fault.Unavailable, fault.Credential, "", "The storage's token service gave an incomplete credential.").After(retryAfter)
	}
	return vend.Credential{
		ID: name,
		S3: &vend.S3Credential{
			AccessKeyID:     *c.AccessKeyId,
			SecretAccessKey: lake.Secret(*c.SecretAccessKey),
			SessionToken:    lake.Secret(*c.SessionToken),
			Region:          storage.Region,
			Endpoint:        storage.Endpoint,
			PathStyle:       storage.PathStyleAccess != nil && *storage.PathStyleAccess,
		},
		Expires: *c.Expiration,
	}, nil
}
