package aws

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"firn/shared/fault"
	"firn/shared/lake"
)

// maxPause is the longest pause before an AssumeRole is sent again, at most twice.
const maxPause = 500 * time.Millisecond

// maxClients bounds the kept clients: endpoints are what administrators wrote into catalogs.
const maxClients = 64

// target is what one client is for.
type target struct{ region, endpoint, name string }

// client asks one STS as one caller.
type client struct {
	sts         *sts.Client
	credentials aws.CredentialsProvider
	custom      bool // the endpoint is one that the catalog's storage names
}

// client gives the client for the storage. Where the endpoint is not AWS's own, S3-compatible stores serve STS at the
// same place as S3; Polaris looks in this order too.
func (v *Vendor) client(storage *lake.Storage) (*client, error) {
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
	if c, ok := v.clients.Get(t); ok {
		return c, nil
	}
	c := &client{credentials: v.config.Base.Credentials, custom: t.endpoint != ""}
	if t.name != "" {
		c.credentials = nil
		if v.config.Named != nil {
			c.credentials = v.config.Named(t.name)
		}
		if c.credentials == nil {
			return nil, fault.Of(fault.Invalid, fault.Credential, "", "This server has no credentials for storageName %q.", t.name)
		}
	}
	c.sts = sts.NewFromConfig(v.config.Base, func(o *sts.Options) {
		o.Region, o.Credentials = t.region, c.credentials
		if v.config.Base.Retryer == nil {
			// Short pauses: a client is told to come again before the time is out, and told why.
			o.Retryer = retry.NewStandard(func(s *retry.StandardOptions) { s.MaxBackoff = maxPause })
		}
		if c.custom {
			o.BaseEndpoint = aws.String(t.endpoint)
			o.Retryer = patient{o.Retryer}
		}
	})
	v.clients.Add(t, c)
	return c, nil
}

// assumeRole asks, and once more with fresh credentials if STS finds firn's own expired: a cache of the SDK's holds them
// until the time that their issuer told, and a machine that slept or whose clock is behind does not see it pass.
func (c *client) assumeRole(ctx context.Context, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
	out, err := c.sts.AssumeRole(ctx, in)
	if api, ok := errors.AsType[smithy.APIError](err); !ok || !expired[api.ErrorCode()] {
		return out, err
	}
	cache, ok := c.credentials.(interface{ Invalidate() })
	if !ok {
		return out, err
	}
	cache.Invalidate()
	return c.sts.AssumeRole(ctx, in)
}

// expired are the codes that say that the caller's own credentials have ended.
var expired = map[string]bool{"ExpiredToken": true, "ExpiredTokenException": true}

// patient sends again what was answered otherwise than by STS, so that such an endpoint takes as long to fail
// as one that refuses connections.
type patient struct{ aws.Retryer }

// IsErrorRetryable is asked after each failed attempt.
func (p patient) IsErrorRetryable(err error) bool {
	if _, ok := errors.AsType[*awshttp.ResponseError](err); ok && !answered(err) {
		return true
	}
	return p.Retryer.IsErrorRetryable(err)
}
