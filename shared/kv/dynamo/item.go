package dynamo

import (
	"bytes"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"firn/shared/fault"
	"firn/shared/kv"
)

// The names of the attributes. Expressions name them by placeholders, because DynamoDB reserves many words.
const (
	partitionName = "pk"
	sortName      = "sk"
	tagName       = "tag"
	dataName      = "data"
	expiresName   = "expires"
)

type attributes = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func seconds(t time.Time) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(t.Unix(), 10)}
}

func encodeKey(key kv.Key) attributes {
	return attributes{partitionName: text(key.Partition), sortName: text(key.Sort)}
}

func encode(item kv.Item) attributes {
	a := encodeKey(item.Key)
	a[tagName] = text(item.Tag)
	if len(item.Data) > 0 {
		a[dataName] = &types.AttributeValueMemberB{Value: item.Data}
	}
	if !item.Expires.IsZero() {
		a[expiresName] = seconds(item.Expires)
	}
	return a
}

func decode(a attributes) (*kv.Item, error) {
	partition, ok1 := a[partitionName].(*types.AttributeValueMemberS)
	sort, ok2 := a[sortName].(*types.AttributeValueMemberS)
	tag, ok3 := a[tagName].(*types.AttributeValueMemberS)
	if !ok1 || !ok2 || !ok3 {
		return nil, unreadable("")
	}
	item := &kv.Item{Key: kv.Key{Partition: partition.Value, Sort: sort.Value}, Tag: tag.Value}
	if a[dataName] != nil {
		data, ok := a[dataName].(*types.AttributeValueMemberB)
		if !ok {
			return nil, unreadable(item.Key.String())
		}
		item.Data = data.Value
	}
	if a[expiresName] != nil {
		n, ok := a[expiresName].(*types.AttributeValueMemberN)
		if !ok {
			return nil, unreadable(item.Key.String())
		}
		epoch, err := strconv.ParseInt(n.Value, 10, 64)
		if err != nil {
			return nil, unreadable(item.Key.String())
		}
		item.Expires = time.Unix(epoch, 0).UTC()
	}
	return item, nil
}

func unreadable(name string) error {
	return fault.Of(fault.Internal, fault.Item, name, "The store holds an item of an unknown format.")
}

// same says whether what is there under the key is what was put, as far as DynamoDB keeps it.
func same(there *kv.Item, put kv.Item) bool {
	if there == nil || there.Tag != put.Tag || !bytes.Equal(there.Data, put.Data) {
		return false
	}
	return there.Expires.IsZero() == put.Expires.IsZero() && (put.Expires.IsZero() || there.Expires.Unix() == put.Expires.Unix())
}
