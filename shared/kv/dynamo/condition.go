package dynamo

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"firn/shared/kv"
)

// condition is a kv.Cond in DynamoDB's language; the zero condition always holds.
type condition struct {
	expression *string
	names      map[string]string
	values     attributes
	onFailure  types.ReturnValuesOnConditionCheckFailure
}

func spell(cond kv.Cond) condition {
	absentAt, match, prefix := cond.Parts()
	c := condition{onFailure: types.ReturnValuesOnConditionCheckFailureAllOld}
	switch {
	case !absentAt.IsZero():
		c.expression = aws.String("attribute_not_exists(#pk) OR #expires <= :now")
		c.names = map[string]string{"#pk": partitionName, "#expires": expiresName}
		c.values = attributes{":now": seconds(absentAt)}
	case match != "":
		c.expression = aws.String("#tag = :tag")
		c.names, c.values = map[string]string{"#tag": tagName}, attributes{":tag": text(match)}
	case prefix != "":
		c.expression = aws.String("begins_with(#tag, :tag)")
		c.names, c.values = map[string]string{"#tag": tagName}, attributes{":tag": text(prefix)}
	default:
		return condition{}
	}
	return c
}
