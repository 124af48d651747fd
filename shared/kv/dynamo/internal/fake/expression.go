package fake

import (
	"regexp"
	"strconv"
	"strings"
)

const conditionFailed = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"

var (
	callTerm    = regexp.MustCompile(`^(attribute_not_exists|begins_with)\((#\w+)(?:, (:\w+))?\)$`)
	compareTerm = regexp.MustCompile(`^(#\w+) (=|<=) (:\w+)$`)
)

// holds evaluates the request's condition on what is there; nil if it holds.
func (t *table) holds(r request) *problem {
	there := t.items[r.target().id()]
	e := expression{there: there, request: r, used: map[string]bool{}}
	held := r.ConditionExpression == ""
	if !held {
		for _, term := range strings.Split(r.ConditionExpression, " OR ") {
			held = e.term(term) || held
		}
	}
	if e.failure == nil && len(e.used) != len(r.ExpressionAttributeNames)+len(r.ExpressionAttributeValues) {
		return invalid("Value provided in ExpressionAttributeNames or ExpressionAttributeValues unused in expressions")
	}
	if e.failure != nil || held {
		return e.failure
	}
	p := &problem{status: 400, Code: conditionFailed, Message: "The conditional request failed"}
	if r.ReturnValuesOnConditionCheckFailure == "ALL_OLD" {
		p.Item = there
	}
	return p
}

// expression is one evaluation.
type expression struct {
	there   item
	request request
	used    map[string]bool
	failure *problem
}

func (e *expression) term(text string) bool {
	if m := callTerm.FindStringSubmatch(text); m != nil {
		there, ok := e.there[e.name(m[2])]
		if m[1] == "attribute_not_exists" {
			return !ok
		}
		v := e.value(m[3])
		return there.S != nil && v.S != nil && strings.HasPrefix(*there.S, *v.S)
	}
	m := compareTerm.FindStringSubmatch(text)
	if m == nil {
		e.failure = invalid("Invalid ConditionExpression: %s", text)
		return false
	}
	there, v := e.there[e.name(m[1])], e.value(m[3])
	switch {
	case m[2] == "=" && there.S != nil && v.S != nil:
		return *there.S == *v.S
	case m[2] == "<=" && there.N != nil && v.N != nil:
		a, _ := strconv.ParseInt(*there.N, 10, 64)
		b, _ := strconv.ParseInt(*v.N, 10, 64)
		return a <= b
	}
	return false // values of different types compare as unequal
}

func (e *expression) name(placeholder string) string {
	name, ok := e.request.ExpressionAttributeNames[placeholder]
	if !ok {
		e.failure = invalid("An expression attribute name used in the document path is not defined: %s", placeholder)
	}
	e.used[placeholder] = true
	return name
}

func (e *expression) value(placeholder string) value {
	v, ok := e.request.ExpressionAttributeValues[placeholder]
	if !ok {
		e.failure = invalid("An expression attribute value used in expression is not defined: %s", placeholder)
	}
	e.used[placeholder] = true
	return v
}
