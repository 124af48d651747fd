package dynamo

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"firn/shared/kv"
)

// Get implements kv.Driver: GetItem for one key, else BatchGetItem until no key is left unprocessed.
func (t *Table) Get(ctx context.Context, keys []kv.Key) ([]*kv.Item, error) {
	if err := kv.CheckGet(keys); err != nil {
		return nil, err
	}
	if len(keys) == 1 {
		item, err := t.getOne(ctx, keys[0])
		if err != nil {
			return nil, err
		}
		return []*kv.Item{item}, nil
	}
	found := make(map[kv.Key]*kv.Item, len(keys))
	left := make([]attributes, len(keys))
	for i, key := range keys {
		left[i] = encodeKey(key)
	}
	for stuck := 0; len(left) > 0; {
		answered := len(left)
		rest, err := t.getSome(ctx, left, found)
		if err != nil {
			return nil, err
		}
		left = rest
		// An answer of 16 MB is full and the next may be asked for at once; an answer of nothing is a table under load.
		if answered -= len(left); answered > 0 {
			stuck = 0
			continue
		}
		if stuck++; stuck == t.attempts {
			return nil, throttled(nil)
		}
		if err := t.pause(ctx, stuck); err != nil {
			return nil, unavailable(err)
		}
	}
	items := make([]*kv.Item, len(keys))
	for i, key := range keys {
		items[i] = found[key]
	}
	return items, nil
}

func (t *Table) getOne(ctx context.Context, key kv.Key) (*kv.Item, error) {
	var out *dynamodb.GetItemOutput
	err := t.read(ctx, func(ctx context.Context) (err error) {
		out, err = t.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: t.name, Key: encodeKey(key), ConsistentRead: aws.Bool(true)})
		return err
	})
	if err != nil || len(out.Item) == 0 {
		return nil, err
	}
	return decode(out.Item)
}

// getSome asks once for all keys, adds to found what is answered, and gives back the keys that DynamoDB left.
func (t *Table) getSome(ctx context.Context, keys []attributes, found map[kv.Key]*kv.Item) ([]attributes, error) {
	in := &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
		*t.name: {Keys: keys, ConsistentRead: aws.Bool(true)},
	}}
	var out *dynamodb.BatchGetItemOutput
	err := t.read(ctx, func(ctx context.Context) (err error) {
		out, err = t.client.BatchGetItem(ctx, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, a := range out.Responses[*t.name] {
		item, err := decode(a)
		if err != nil {
			return nil, err
		}
		found[item.Key] = item
	}
	return out.UnprocessedKeys[*t.name].Keys, nil
}

// List implements kv.Driver: one Query.
func (t *Table) List(ctx context.Context, page kv.Page) ([]kv.Item, string, error) {
	if err := kv.CheckPage(page); err != nil {
		return nil, "", err
	}
	if page.After > page.Prefix && !strings.HasPrefix(page.After, page.Prefix) {
		return nil, "", endedOr(ctx) // behind all that begins with Prefix
	}
	in := &dynamodb.QueryInput{
		TableName:                 t.name,
		ConsistentRead:            aws.Bool(true),
		Limit:                     aws.Int32(int32(page.Limit) + 1), // DynamoDB tells of a next page where the last is just full
		KeyConditionExpression:    aws.String("#pk = :pk"),
		ExpressionAttributeNames:  map[string]string{"#pk": partitionName},
		ExpressionAttributeValues: attributes{":pk": text(page.Partition)},
	}
	if page.Prefix != "" {
		in.KeyConditionExpression = aws.String("#pk = :pk AND begins_with(#sk, :prefix)")
		in.ExpressionAttributeNames["#sk"] = sortName
		in.ExpressionAttributeValues[":prefix"] = text(page.Prefix)
	}
	// DynamoDB refuses a start that the condition excludes.
	if page.After != "" && strings.HasPrefix(page.After, page.Prefix) {
		in.ExclusiveStartKey = encodeKey(kv.Key{Partition: page.Partition, Sort: page.After})
	}
	var out *dynamodb.QueryOutput
	err := t.read(ctx, func(ctx context.Context) (err error) {
		out, err = t.client.Query(ctx, in)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	items := make([]kv.Item, len(out.Items))
	for i, a := range out.Items {
		item, err := decode(a)
		if err != nil {
			return nil, "", err
		}
		items[i] = *item
	}
	if len(items) > page.Limit {
		return items[:page.Limit], items[page.Limit-1].Key.Sort, nil
	}
	next, _ := out.LastEvaluatedKey[sortName].(*types.AttributeValueMemberS)
	if next == nil {
		return items, "", nil
	}
	return items, next.Value, nil
}

// read sends until there is an answer; a read may always be sent again.
func (t *Table) read(ctx context.Context, send func(context.Context) error) error {
	if err := endedOr(ctx); err != nil {
		return err
	}
	for n := 1; ; n++ {
		sent, err := t.attempt(ctx, send)
		v := judge(err, sent, nil)
		if v.outcome != untouched && v.outcome != unclear || n == t.attempts {
			return v.err
		}
		if err := t.pause(ctx, n); err != nil {
			return v.err
		}
	}
}

func endedOr(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return ended(err)
	}
	return nil
}
