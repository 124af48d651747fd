package dynamo

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/uuid"

	"firn/shared/kv"
)

// Write implements kv.Driver.
func (t *Table) Write(ctx context.Context, ops []kv.Op) error {
	if err := kv.CheckWrite(ops); err != nil {
		return err
	}
	if err := endedOr(ctx); err != nil {
		return err
	}
	if len(ops) == 1 {
		return t.settle(ctx, ops, t.single(ops[0]), landsOnce(ops[0]))
	}
	return t.settle(ctx, ops, t.transaction(ops), true)
}

// landsOnce says that the operation's condition cannot hold again once it has landed, because tags are never reused.
func landsOnce(op kv.Op) bool {
	_, match, prefix := op.If.Parts()
	if op.Verb == kv.Delete {
		return match != "" || prefix != ""
	}
	return match != "" && match != op.Item.Tag
}

type send = func(context.Context) error

// settle sends until the outcome is known. repeatable says that a second landing changes nothing.
func (t *Table) settle(ctx context.Context, ops []kv.Op, send send, repeatable bool) error {
	keys := make([]kv.Key, len(ops))
	for i, op := range ops {
		keys[i] = op.Item.Key
	}
	var doubt error // of an attempt that may have landed
	for n := 1; ; n++ {
		sent, err := t.attempt(ctx, send)
		v := judge(err, sent, keys)
		switch v.outcome {
		case done:
			return nil
		case refused, hopeless:
			if doubt == nil {
				return v.err
			}
			return inDoubt(doubt, v.err, ops)
		case unclear:
			doubt = v.err
			if !repeatable {
				return t.look(ctx, ops[0], doubt)
			}
		}
		if n < t.attempts && t.pause(ctx, n) == nil {
			continue
		}
		if doubt != nil {
			return unknown(doubt)
		}
		return v.err
	}
}

// inDoubt decides after an attempt without answer was followed by a refusal: by the Write's own earlier success, or not.
func inDoubt(doubt, refusal error, ops []kv.Op) error {
	if c, ok := errors.AsType[*kv.ConditionError](refusal); ok && ops[c.Index].Verb == kv.Put && same(c.There, ops[c.Index].Item) {
		return nil
	}
	return unknown(errors.Join(doubt, refusal))
}

// look finds out whether a Put that must not be sent again is there. Its absence proves nothing.
func (t *Table) look(ctx context.Context, op kv.Op, doubt error) error {
	if op.Verb != kv.Put {
		return unknown(doubt)
	}
	there, err := t.getOne(ctx, op.Item.Key)
	if err == nil && same(there, op.Item) {
		return nil
	}
	return unknown(errors.Join(doubt, err))
}

// single is PutItem or DeleteItem: half the price of a transaction, and never in conflict with its like.
func (t *Table) single(op kv.Op) send {
	c := spell(op.If)
	if op.Verb == kv.Delete {
		in := &dynamodb.DeleteItemInput{TableName: t.name, Key: encodeKey(op.Item.Key), ConditionExpression: c.expression,
			ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values, ReturnValuesOnConditionCheckFailure: c.onFailure}
		return func(ctx context.Context) error {
			_, err := t.client.DeleteItem(ctx, in)
			return err
		}
	}
	in := &dynamodb.PutItemInput{TableName: t.name, Item: encode(op.Item), ConditionExpression: c.expression,
		ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values, ReturnValuesOnConditionCheckFailure: c.onFailure}
	return func(ctx context.Context) error {
		_, err := t.client.PutItem(ctx, in)
		return err
	}
}

// transaction is TransactWriteItems under one token for all attempts.
func (t *Table) transaction(ops []kv.Op) send {
	token := uuid.NewString()
	in := &dynamodb.TransactWriteItemsInput{ClientRequestToken: &token, TransactItems: make([]types.TransactWriteItem, len(ops))}
	for i, op := range ops {
		in.TransactItems[i] = t.part(op)
	}
	return func(ctx context.Context) error {
		_, err := t.client.TransactWriteItems(ctx, in)
		return err
	}
}

func (t *Table) part(op kv.Op) types.TransactWriteItem {
	c := spell(op.If)
	switch op.Verb {
	case kv.Put:
		return types.TransactWriteItem{Put: &types.Put{TableName: t.name, Item: encode(op.Item), ConditionExpression: c.expression,
			ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values, ReturnValuesOnConditionCheckFailure: c.onFailure}}
	case kv.Delete:
		return types.TransactWriteItem{Delete: &types.Delete{TableName: t.name, Key: encodeKey(op.Item.Key), ConditionExpression: c.expression,
			ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values, ReturnValuesOnConditionCheckFailure: c.onFailure}}
	default:
		return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{TableName: t.name, Key: encodeKey(op.Item.Key), ConditionExpression: c.expression,
			ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values, ReturnValuesOnConditionCheckFailure: c.onFailure}}
	}
}
