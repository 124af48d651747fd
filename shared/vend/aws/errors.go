package aws

import (
	"context"
	"errors"
	"time"

	"github.com/aws/smithy-go"

	"firn/shared/fault"
)

// What STS's refusals mean to a client. The ARN, the account and STS's own words are in the cause alone: who may read a
// table need not learn who owns its bucket.
const (
	notTrusted = "The storage's token service does not let this server assume the catalog's role. An administrator must check the role's trust policy: whom it trusts, its external id, and that it allows source identity and session tags where the catalog asks for them."
	notKnown   = "The storage's token service does not accept this server's own credentials. An administrator must check them."
	tooLarge   = "The session policy for this table is too large for the storage's token service. Shorten the table's location, or keep write.data.path and write.metadata.path inside it."
	notRead    = "The storage's token service does not read this catalog's session policy. An administrator must check which store it is (firn.config.s3-profile) and its KMS keys."
	notScoped  = "The storage's token service cannot scope keys, and a key that is not scoped is never handed out. " + signInstead
	notTaken   = "The storage's token service refused the request. An administrator must check the catalog's role, external id and the duration of vended credentials."
	elsewhere  = "The storage's token service is not enabled in the catalog's region. An administrator must enable it or change the region."
	busy       = "The storage's token service is busy. Try again."
	away       = "The storage's token service did not answer. Try again."
	late       = "The storage's token service did not answer in time. Try again."
	notSTS     = "The endpoint does not answer as STS."
)

// refusals go by error code (STS API reference, AssumeRole and common errors). Throttling comes as status 400.
var refusals = map[string]struct {
	kind    fault.Kind
	message string
}{
	"AccessDenied":                {fault.Forbidden, notTrusted},
	"AccessDeniedException":       {fault.Forbidden, notTrusted},
	"InvalidClientTokenId":        {fault.Forbidden, notKnown},
	"InvalidAccessKeyId":          {fault.Forbidden, notKnown},
	"UnrecognizedClientException": {fault.Forbidden, notKnown},
	"SignatureDoesNotMatch":       {fault.Forbidden, notKnown},
	"RegionDisabledException":     {fault.Forbidden, elsewhere},
	"PackedPolicyTooLarge":        {fault.Invalid, tooLarge},
	"MalformedPolicyDocument":     {fault.Invalid, notRead},
	"NotImplemented":              {fault.Unsupported, notScoped}, // a store without STS, or whose STS takes no policy
	"MethodNotAllowed":            {fault.Unsupported, notScoped},
	"ValidationError":             {fault.Invalid, notTaken},
	"InvalidParameterValue":       {fault.Invalid, notTaken},
	"Throttling":                  {fault.Unavailable, busy},
	"ThrottlingException":         {fault.Unavailable, busy},
	"ThrottledException":          {fault.Unavailable, busy},
	"TooManyRequestsException":    {fault.Unavailable, busy},
	"RequestLimitExceeded":        {fault.Unavailable, busy},
	"RequestThrottled":            {fault.Unavailable, busy},
	"SlowDown":                    {fault.Unavailable, busy},
	"ExpiredToken":                {fault.Unavailable, away}, // firn's own, and again after they were fetched afresh
	"ExpiredTokenException":       {fault.Unavailable, away},
	"InternalFailure":             {fault.Unavailable, away},
	"ServiceUnavailable":          {fault.Unavailable, away},
}

// retryAfter is what clients are told when STS is throttling or away: its quota is per second.
const retryAfter = 2 * time.Second

// unlikeSTS is the one error for an endpoint of the catalog's own that does not answer as STS: whether nobody
// listens there, the connection is not allowed, or something else answers is in the cause alone. A difference
// would scan ports.
func unlikeSTS(cause error) error {
	return fault.Of(fault.Unavailable, fault.Credential, "", notSTS).After(retryAfter).Because(unheard{cause.Error()})
}

// unheard is the text of an error for a log: nobody may unwrap it and act on what the endpoint said.
type unheard struct{ text string }

func (u unheard) Error() string { return u.text }

// answered reports whether the error is a refusal of STS's that is known.
func answered(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return false
	}
	_, known := refusals[api.ErrorCode()]
	return known
}

// translate makes an error of firn's out of one of the SDK's. Nothing has an effect yet, so everything may be
// repeated. An endpoint that the catalog's storage names is heard by its known codes alone, and never quoted.
func (c *client) translate(ctx context.Context, err error) error {
	if own, ok := errors.AsType[*fault.Error](err); ok { // of whoever finds the credentials of a storageName
		return own
	}
	if c.custom && !answered(err) {
		return unlikeSTS(errors.Join(ctx.Err(), err))
	}
	if ctx.Err() != nil {
		return fault.Of(fault.Timeout, fault.Credential, "", late).Because(err)
	}
	r := refusals["ServiceUnavailable"]
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		if known, ok := refusals[api.ErrorCode()]; ok {
			r = known
		}
	}
	f := fault.Of(r.kind, fault.Credential, "", "%s", r.message).Because(err)
	if r.kind == fault.Unavailable {
		f.RetryAfter = retryAfter
	}
	return f
}
