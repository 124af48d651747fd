package aws

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// How a role tells a probe from vending: by its external id, for trust policies, and by a tag of the session, for what the
// role may do.
const (
	ProbeSuffix = "/probe" // behind the catalog's external id
	ProbeTag    = "firn-purpose"
	ProbeValue  = "probe"
)

// tellProbe marks a request as a probe's. A server that may probe need not be one that may vend (infra/roles.go): such a
// role can be assumed by it in no other way, and with no other tags.
func tellProbe(input *sts.AssumeRoleInput) {
	input.ExternalId = aws.String(aws.ToString(input.ExternalId) + ProbeSuffix)
	input.Tags = []types.Tag{{Key: aws.String(ProbeTag), Value: aws.String(ProbeValue)}}
	input.SourceIdentity = nil
}
