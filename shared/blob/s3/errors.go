package s3

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"firn/shared/fault"
)

// kinds of S3's refusals, by error code (S3 API reference, error responses) and, for what is not listed, by status.
var kinds = map[string]fault.Kind{
	"NoSuchKey": fault.NotFound, "NotFound": fault.NotFound,
	"PreconditionFailed":         fault.Exists,
	"ConditionalRequestConflict": fault.Unavailable, // another put of the name is under way; this one did nothing
	"ExpiredToken":               fault.Forbidden, "InvalidToken": fault.Forbidden,
	"AccessDenied": fault.Forbidden,
	"SlowDown":     fault.Unavailable, "RequestTimeout": fault.Unavailable, "TooManyRequests": fault.Unavailable,
	"InternalError": fault.Unavailable, "ServiceUnavailable": fault.Unavailable, "OperationAborted": fault.Unavailable,
	"NoSuchBucket": fault.Invalid, "KeyTooLongError": fault.Invalid, "AuthorizationHeaderMalformed": fault.Invalid, "PermanentRedirect": fault.Invalid,
	"IllegalLocationConstraintException": fault.Invalid, "InvalidArgument": fault.Invalid, "InvalidRequest": fault.Invalid, "InvalidBucketName": fault.Invalid,
	"KMS.DisabledException": fault.Invalid, "KMS.NotFoundException": fault.Invalid, "KMS.KMSInvalidStateException": fault.Invalid,
	"InvalidAccessKeyId": fault.Forbidden, "SignatureDoesNotMatch": fault.Forbidden, "RequestTimeTooSkewed": fault.Forbidden,
}

// retryAfter is what clients are told when the store is throttling or away.
const retryAfter = 2 * time.Second

// answered reports whether an error is a refusal of S3's that is known, as a store wrote it. Without a
// document the SDK makes a code and a message of the status alone.
func answered(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok || statusOf(err) != 0 && api.ErrorMessage() == http.StatusText(statusOf(err)) {
		return false
	}
	_, known := kinds[api.ErrorCode()]
	return known
}

// unlikeS3 is the one error for an endpoint of the catalog's own that does not answer as S3: whether nobody
// listens there, the connection is not allowed, or something else answers is in the cause alone. A difference
// would scan ports.
func unlikeS3(name string, cause error) error {
	return fault.Of(fault.Unavailable, fault.File, name, "The endpoint does not answer as S3.").After(retryAfter).Because(unheard{cause.Error()})
}

// unheard is the text of an error for a log: nobody may unwrap it and act on what the endpoint said.
type unheard struct{ text string }

func (u unheard) Error() string { return u.text }

// errNoTag is of a success that no store would answer: every object has an entity tag.
var errNoTag = errors.New("the answer has no ETag")

// translate makes an error of the SDK's one of firn's; nil stays nil. It takes the call to have had no effect: Put
// decides for itself. An endpoint that the catalog's storage names is heard by its known codes alone.
func (b *Bucket) translate(ctx context.Context, name string, err error) error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*fault.Error](err); ok {
		return known // of the request, not of the store
	}
	if b.custom && !answered(err) {
		return unlikeS3(name, errors.Join(ctx.Err(), err))
	}
	if ctx.Err() != nil {
		return fault.Of(fault.Timeout, fault.File, name, "The storage of %s did not answer in time.", name).Because(errors.Join(ctx.Err(), err))
	}
	switch kind := kindOf(err); kind {
	case fault.NotFound, fault.Exists:
		return fault.Of(kind, fault.File, name, "").Because(err)
	case fault.Forbidden:
		return fault.Of(kind, fault.File, name, "The storage does not let this server touch %s.", name).Because(err)
	case fault.Invalid:
		return fault.Of(kind, fault.Location, name, "The storage refused %s: check the bucket, the region and the endpoint of the catalog's storage.", name).Because(err)
	}
	f := fault.Of(fault.Unavailable, fault.File, name, "The storage of %s does not answer. Try again.", name).Because(err)
	f.RetryAfter = retryAfter
	return f
}

func kindOf(err error) fault.Kind {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		if kind, known := kinds[api.ErrorCode()]; known {
			return kind
		}
	}
	switch status := statusOf(err); {
	case status == http.StatusNotFound:
		return fault.NotFound
	case status == http.StatusPreconditionFailed:
		return fault.Exists
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return fault.Forbidden
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status == http.StatusConflict:
		return fault.Unavailable
	case status >= 300 && status < 500: // a redirect is a bucket in another Region
		return fault.Invalid
	}
	return fault.Unavailable
}

// statusOf gives the status of the store's answer; 0 if there was none.
func statusOf(err error) int {
	if r, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		return r.HTTPStatusCode()
	}
	return 0
}

// unclear says whether the failed attempt may have had an effect: no whole answer came, or one from a server that did
// not know itself. A refusal had none, nor had a connection that was never made.
func unclear(err error) bool {
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return false
	}
	if status := statusOf(err); status >= 300 {
		api, ok := errors.AsType[smithy.APIError](err)
		return status >= 500 && !(ok && api.ErrorCode() == "SlowDown")
	}
	return true
}

// watch is a call's retries: it remembers whether an attempt failed without a clear answer.
type watch struct {
	aws.Retryer
	unclear bool
}

// IsErrorRetryable is asked after each failed attempt.
func (w *watch) IsErrorRetryable(err error) bool {
	w.unclear = w.unclear || unclear(err)
	return w.Retryer.IsErrorRetryable(err)
}

// patient sends again what was answered otherwise than by S3, so that such an endpoint takes as long to fail
// as one that refuses connections.
type patient struct{ aws.Retryer }

// IsErrorRetryable is asked after each failed attempt.
func (p patient) IsErrorRetryable(err error) bool {
	if statusOf(err) != 0 && !answered(err) {
		return true
	}
	return p.Retryer.IsErrorRetryable(err)
}
