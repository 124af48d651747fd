package aws

import (
	"context"
	"errors"

	"github.com/aws/smithy-go"

	"firn/shared/fault"
)

// What IAM's refusals mean to an administrator. ARNs and IAM's own words are in the cause alone.
const (
	notLet     = "The account of the catalog's role does not let this server end keys. Its owner must make the role for that and trust this server, under the catalog's external id."
	noBoundary = "The catalog's role has no permissions boundary of its own account, in which keys could be denied. Its owner must set one."
	notTaken   = "IAM refused the policy that would end the keys. An administrator must look at the permissions boundary of the catalog's role."
	busy       = "IAM is busy, or others write the same policy."
	away       = "IAM did not answer."
	late       = "IAM did not answer in time."
)

// refusals go by error code (IAM API reference; STS API reference, AssumeRole; common errors).
var refusals = map[string]struct {
	kind    fault.Kind
	message string
}{
	"AccessDenied":                  {fault.Forbidden, notLet},
	"AccessDeniedException":         {fault.Forbidden, notLet},
	"NoSuchEntity":                  {fault.Forbidden, notLet},
	"InvalidClientTokenId":          {fault.Forbidden, notLet},
	"UnrecognizedClientException":   {fault.Forbidden, notLet},
	"SignatureDoesNotMatch":         {fault.Forbidden, notLet},
	"MalformedPolicyDocument":       {fault.Invalid, notTaken},
	"InvalidInput":                  {fault.Invalid, notTaken},
	"ValidationError":               {fault.Invalid, notTaken},
	"Throttling":                    {fault.Unavailable, busy},
	"ThrottlingException":           {fault.Unavailable, busy},
	"RequestLimitExceeded":          {fault.Unavailable, busy},
	"LimitExceeded":                 {fault.Unavailable, busy},
	"DeleteConflict":                {fault.Unavailable, busy},
	"ConcurrentModification":        {fault.Unavailable, busy},
	"EntityTemporarilyUnmodifiable": {fault.Unavailable, busy},
	"ServiceFailure":                {fault.Unavailable, away},
}

// raced says whether others wrote the policy, or made room in it, at the same time: it is read anew.
func raced(err error) bool {
	switch code(err) {
	case "LimitExceeded", "DeleteConflict", "ConcurrentModification":
		return true
	}
	return false
}

// code is the error code of an answer of AWS's; empty for any other error.
func code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

// unreadable tells of a policy that cannot be kept as it is.
func unreadable(err error) error {
	return fault.Of(fault.Invalid, fault.Credential, "", notTaken).Because(err)
}

// translate makes an error of firn's out of one of the SDK's.
func translate(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if ctx.Err() != nil {
		return fault.Of(fault.Timeout, fault.Credential, "", late).Because(err)
	}
	if known, ok := refusals[code(err)]; ok {
		return fault.Of(known.kind, fault.Credential, "", "%s", known.message).Because(err)
	}
	return fault.Of(fault.Unavailable, fault.Credential, "", away).Because(err)
}
