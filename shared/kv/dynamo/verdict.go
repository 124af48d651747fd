package dynamo

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"firn/shared/fault"
	"firn/shared/kv"
)

// outcome is what one attempt is known to have done.
type outcome int

const (
	done      outcome = iota
	refused           // no effect: a condition does not hold
	untouched         // no effect, and another attempt may succeed
	hopeless          // no effect, and no other attempt will have one
	unclear           // it may have landed, now or later
)

// verdict is an attempt's outcome with the contract's error for it.
type verdict struct {
	outcome outcome
	err     error
}

// judge reads the answer to a request. keys are those of a Write's operations, in order; nil for a read.
func judge(err error, sent bool, keys []kv.Key) verdict {
	if err == nil {
		return verdict{outcome: done}
	}
	status := 0
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		status = response.HTTPStatusCode()
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return judgeStatus(err, sent, status, keys)
	}
	switch api.ErrorCode() {
	case "ConditionalCheckFailedException":
		var failed *types.ConditionalCheckFailedException
		if errors.As(err, &failed) {
			return refusal(0, failed.Item, keys)
		}
	case "TransactionCanceledException":
		var cancelled *types.TransactionCanceledException
		if errors.As(err, &cancelled) {
			return judgeReasons(err, cancelled.CancellationReasons, keys)
		}
	case "ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded":
		return verdict{untouched, throttled(err)}
	case "TransactionConflictException":
		return verdict{untouched, unavailable(err)}
	case "TransactionInProgressException":
		return verdict{unclear, unavailable(err)} // the attempt before is under way
	}
	if status >= 400 && status < 500 {
		return verdict{hopeless, fault.Of(fault.Internal, fault.Item, "", "The store refused the request.").Because(err)}
	}
	return verdict{unclear, unavailable(err)}
}

// judgeStatus is for an answer that broke off in its body, or before it. The status of a write tells enough: a write that
// was answered 200 has landed, and one that was answered 4xx has not.
func judgeStatus(err error, sent bool, status int, keys []kv.Key) verdict {
	switch {
	case status == 200 && keys != nil:
		return verdict{outcome: done}
	case status >= 400 && status < 500, !sent:
		return verdict{untouched, unavailable(err)}
	}
	return verdict{unclear, unavailable(err)}
}

// judgeReasons reads one reason for each operation. A failed condition weighs more than whatever else went wrong: trying
// again does not mend it.
func judgeReasons(err error, reasons []types.CancellationReason, keys []kv.Key) verdict {
	worst := verdict{hopeless, fault.Of(fault.Internal, fault.Item, "", "The store refused the transaction.").Because(err)}
	for i, reason := range reasons {
		switch aws.ToString(reason.Code) {
		case "ConditionalCheckFailed":
			if i < len(keys) {
				return refusal(i, reason.Item, keys)
			}
		case "TransactionConflict":
			worst = verdict{untouched, unavailable(err)}
		case "ThrottlingError", "ProvisionedThroughputExceeded":
			worst = verdict{untouched, throttled(err)}
		}
	}
	return worst
}

func refusal(index int, there attributes, keys []kv.Key) verdict {
	if len(there) == 0 {
		return verdict{refused, &kv.ConditionError{Index: index}}
	}
	item, err := decode(there)
	if err != nil {
		return verdict{hopeless, err}
	}
	return verdict{refused, &kv.ConditionError{Index: index, There: item}}
}

func throttled(err error) error {
	return fault.Of(fault.Throttled, fault.Item, "", "The store is busy; try again later.").Because(err)
}

func unavailable(err error) error {
	return fault.Of(fault.Unavailable, fault.Item, "", "The store does not answer; try again later.").Because(err)
}

func unknown(err error) error {
	return fault.Of(fault.StateUnknown, fault.Item, "", "The store did not say whether the write has landed.").Because(err)
}
