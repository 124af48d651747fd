package aws

import (
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"firn/shared/fault"
	"firn/shared/revoke"
)

// roleARN is a role's ARN, taken apart.
type roleARN struct{ arn, partition, account, name string }

var roleARNs = regexp.MustCompile(`^arn:([a-z0-9-]+):iam::([0-9]{12}):role/(?:[!-~]*/)?([\w+=,.@-]{1,64})$`)

func parseRole(arn string) (roleARN, error) {
	p := roleARNs.FindStringSubmatch(arn)
	if p == nil {
		return roleARN{}, fault.Of(fault.Invalid, fault.Credential, "", "The role of this catalog's storage is not the ARN of an IAM role.")
	}
	return roleARN{arn, p[1], p[2], p[3]}, nil
}

// owns says whether a policy is one that the role's account made: AWS's own have no account.
func (r roleARN) owns(policy string) bool {
	prefix := "arn:" + r.partition + ":iam::" + r.account + ":policy/"
	return len(policy) > len(prefix) && policy[:len(prefix)] == prefix
}

// The revoker's path, and what its name adds to that of the role whose keys it ends.
const (
	revokerPath   = "/firn-revoking/"
	revokerSuffix = "-revoke"
)

// revoker is the ARN of the role that may write the boundary.
func (r roleARN) revoker() string {
	return "arn:" + r.partition + ":iam::" + r.account + ":role" + revokerPath + r.name + revokerSuffix
}

// client gives an IAM client with the rights of the target's revoker.
func (e *Ender) client(t revoke.Target) (*iam.Client, roleARN, error) {
	role, err := parseRole(t.Role)
	if err != nil {
		return nil, role, err
	}
	if c, ok := e.clients.Get(t); ok {
		return c, role, nil
	}
	base := e.config.Base.Copy()
	if base.Retryer == nil {
		base.Retryer = func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = maxPause })
		}
	}
	base.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(base), role.revoker(), func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = "firn-revoke"
		if t.ExternalID != "" {
			o.ExternalID = &t.ExternalID
		}
	}))
	c := iam.NewFromConfig(base)
	e.clients.Add(t, c)
	return c, role, nil
}
