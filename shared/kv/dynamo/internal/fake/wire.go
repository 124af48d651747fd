package fake

import "fmt"

// value is an attribute's value: one of its fields is set.
type value struct {
	S *string `json:",omitempty"`
	N *string `json:",omitempty"`
	B []byte  `json:",omitempty"`
}

type item map[string]value

// id is the item's key as one string; keys hold no zero byte.
func (i item) id() string { return i.text("pk") + "\x00" + i.text("sk") }

func (i item) text(name string) string {
	if v := i[name].S; v != nil {
		return *v
	}
	return ""
}

func (i item) key() item { return item{"pk": i["pk"], "sk": i["sk"]} }

func (i item) size() (n int) {
	for name, v := range i {
		n += len(name) + len(v.B)
		if v.S != nil {
			n += len(*v.S)
		}
	}
	return n
}

// request has the fields of all operations.
type request struct {
	TableName string
	Key       item
	Item      item

	ConditionExpression                 string
	ExpressionAttributeNames            map[string]string
	ExpressionAttributeValues           map[string]value
	ReturnValuesOnConditionCheckFailure string

	KeyConditionExpression string
	ExclusiveStartKey      item
	Limit                  int
	ConsistentRead         bool

	RequestItems map[string]struct {
		Keys           []item
		ConsistentRead bool
	}

	ClientRequestToken string
	TransactItems      []struct{ Put, Delete, ConditionCheck *request }

	KeySchema []struct{ AttributeName, KeyType string }

	TimeToLiveSpecification struct {
		AttributeName string
		Enabled       bool
	}
}

// target is the key that a write is about.
func (r request) target() item {
	if r.Item != nil {
		return r.Item.key()
	}
	return r.Key
}

// problem is an error as it is sent.
type problem struct {
	status  int
	Code    string   `json:"__type"`
	Message string   `json:"message"`
	Item    item     `json:",omitempty"`
	Reasons []reason `json:"CancellationReasons,omitempty"`
}

type reason struct {
	Code    string
	Message string `json:",omitempty"`
	Item    item   `json:",omitempty"`
}

func invalid(format string, args ...any) *problem {
	return &problem{status: 400, Code: "com.amazon.coral.validate#ValidationException", Message: fmt.Sprintf(format, args...)}
}

func injected(f Fault) *problem {
	p := &problem{status: 400, Code: "com.amazonaws.dynamodb.v20120810#" + f.Code, Message: "injected"}
	if f.Status != 0 {
		p.status = f.Status
	}
	for _, code := range f.Reasons {
		p.Reasons = append(p.Reasons, reason{Code: code})
	}
	return p
}
