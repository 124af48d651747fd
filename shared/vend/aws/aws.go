// Package aws vends for S3, and for stores that speak its protocols, by STS AssumeRole with a session policy.
//
// What the role may do and what the policy says are intersected, so a vended key opens the grant's prefixes and nothing
// else, whatever the role could. The policy is policy.go's; what STS answers when it does not want to is errors.go's.
//
// It refuses storage that has no STS (stsUnavailable): without a session policy a key would open the whole bucket. It
// refuses a policy longer than STS takes before it asks.
//
// # Why
//
// Expiry is STS's own answer: a clock of ours would be wrong by its own error. Keys live one hour because firn's function
// has a role itself, and a role that assumes a role gets no more (role chaining).
//
// Clients are kept per Region and endpoint: a new one costs a TLS handshake. STS is always asked in a Region, never at
// the global endpoint, whose tokens some Regions refuse.
package aws

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	lru "github.com/hashicorp/golang-lru/v2"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/vend"
)

// Config says with what the vendor asks STS.
type Config struct {
	// Base holds firn's own credentials, its Region, HTTP client and, where it has any, retries. The Region is used where storage names none.
	Base aws.Config
	// Named are credentials for storage with a storageName, by that name. A name that is not here is refused.
	Named map[string]aws.CredentialsProvider
	// Duration of the vended keys: 15 minutes to 12 hours; 0: an hour. More than an hour fails if Base is a role itself.
	Duration time.Duration
	// Timeout of one AssumeRole with its retries; 0: 5 s.
	Timeout time.Duration
}

// maxPause is the longest pause before an AssumeRole is sent again, at most twice.
const maxPause = 500 * time.Millisecond

// STS's bounds of DurationSeconds (STS API reference, AssumeRole).
const (
	minDuration = 900 * time.Second
	maxDuration = 43_200 * time.Second
)

// maxClients bounds the kept clients: endpoints are what administrators wrote into catalogs.
const maxClients = 64

// compatibleRole stands in for a role at stores that take any: the field is required by the protocol.
const compatibleRole = "arn:aws:iam::000000000000:role/firn"

// Vendor asks STS. Safe for concurrent use.
type Vendor struct {
	config  Config
	clients *lru.Cache[target, *sts.Client]
}

var _ vend.Vendor = (*Vendor)(nil)

// target is what one STS client is for.
type target struct{ region, endpoint, name string }

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
	clients, err := lru.New[target, *sts.Client](maxClients)
	if err != nil {
		return nil, fmt.Errorf("make client cache: %w", err)
	}
	return &Vendor{config: c, clients: clients}, nil
}

// Vend mints a key by one AssumeRole.
func (v *Vendor) Vend(ctx context.Context, storage *lake.Storage, g vend.Grant) (vend.Credential, error) {
	if err := vend.Validate(storage, g); err != nil {
		return vend.Credential{}, err
	}
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
	output, err := client.AssumeRole(ctx, input)
	if err != nil {
		return vend.Credential{}, translate(ctx, err)
	}
	return credential(storage, output)
}

// input is the whole request, made without I/O.
func (v *Vendor) input(storage *lake.Storage, g vend.Grant) (*sts.AssumeRoleInput, error) {
	if storage.STSUnavailable != nil && *storage.STSUnavailable {
		return nil, fault.Of(fault.Unsupported, fault.Credential, "",
			"Credentials cannot be vended for this catalog: its storage has no STS (stsUnavailable), and a key that is not scoped is never handed out.")
	}
	role, partition, err := role(storage)
	if err != nil {
		return nil, err
	}
	policy, err := sessionPolicy(partition, storage, g)
	if err != nil {
		return nil, err
	}
	input := &sts.AssumeRoleInput{
		RoleArn:         aws.String(role),
		RoleSessionName: aws.String(sessionName(g)),
		DurationSeconds: aws.Int32(int32(v.config.Duration / time.Second)),
		Policy:          aws.String(policy),
	}
	if storage.ExternalID != "" {
		input.ExternalId = aws.String(storage.ExternalID)
	}
	if g.Probe && storage.RoleARN != "" {
		tellProbe(input)
	}
	return input, nil
}

var roleARN = regexp.MustCompile(`^arn:([a-z0-9-]+):iam::[^:]*:role/.+$`)

// role gives the role to assume and the partition that its resources are in. A store without roles has partition aws,
// which S3-compatible stores expect in policies.
func role(storage *lake.Storage) (arn, partition string, err error) {
	if storage.RoleARN == "" {
		if storage.Embedded() {
			return "", "", fault.Of(fault.Unsupported, fault.Credential, "", "This catalog's storage names neither a role nor an endpoint with STS.")
		}
		return compatibleRole, "aws", nil
	}
	parts := roleARN.FindStringSubmatch(storage.RoleARN)
	if parts == nil {
		return "", "", fault.Of(fault.Invalid, fault.Credential, "", "The role of this catalog's storage is not the ARN of an IAM role.")
	}
	return storage.RoleARN, parts[1], nil
}

// client gives the STS client for the storage. Where the endpoint is not AWS's own, S3-compatible stores serve STS at the
// same place as S3; Polaris looks in this order too.
func (v *Vendor) client(storage *lake.Storage) (*sts.Client, error) {
	t := target{region: storage.Region, name: storage.Name}
	for _, endpoint := range []string{storage.STSEndpoint, storage.EndpointInternal, storage.Endpoint} {
		if t.endpoint == "" {
			t.endpoint = endpoint
		}
	}
	if t.region == "" {
		t.region = v.config.Base.Region
	}
	if t.region == "" && t.endpoint != "" {
		t.region = "us-east-1" // compatible stores sign with a Region and have none
	}
	if t.region == "" {
		return nil, fault.Of(fault.Invalid, fault.Credential, "", "This catalog's storage has no region.")
	}
	credentials := v.config.Base.Credentials
	if t.name != "" {
		named, ok := v.config.Named[t.name]
		if !ok {
			return nil, fault.Of(fault.Invalid, fault.Credential, "", "This server has no credentials for storageName %q.", t.name)
		}
		credentials = named
	}
	if client, ok := v.clients.Get(t); ok {
		return client, nil
	}
	client := sts.NewFromConfig(v.config.Base, func(o *sts.Options) {
		o.Region, o.Credentials = t.region, credentials
		if v.config.Base.Retryer == nil {
			// Short pauses: a client is told to come again before the time is out, and told why.
			o.Retryer = retry.NewStandard(func(s *retry.StandardOptions) { s.MaxBackoff = maxPause })
		}
		if t.endpoint != "" {
			o.BaseEndpoint = aws.String(t.endpoint)
		}
	})
	v.clients.Add(t, client)
	return client, nil
}

// credential reads STS's answer. An answer that lacks a part is worth nothing: a key without a known end cannot be cached,
// and engines would not refresh it.
func credential(storage *lake.Storage, output *sts.AssumeRoleOutput) (vend.Credential, error) {
	c := output.Credentials
	if c == nil || aws.ToString(c.AccessKeyId) == "" || aws.ToString(c.SecretAccessKey) == "" ||
		aws.ToString(c.SessionToken) == "" || aws.ToTime(c.Expiration).IsZero() {
		return vend.Credential{}, fault.Of(fault.Unavailable, fault.Credential, "", "The storage's token service gave an incomplete credential.")
	}
	return vend.Credential{
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
