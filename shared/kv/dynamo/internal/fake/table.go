package fake

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

const (
	maxQuery = 1 << 20
	maxBatch = 16 << 20
)

type table struct {
	items      map[string]item
	timeToLive string
}

// TimeToLive is the attribute that a table expires by; empty if none, or if there is no such table.
func (s *Server) TimeToLive(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tables[name]; t != nil {
		return t.timeToLive
	}
	return ""
}

// Store puts an item of any shape, given as DynamoDB's JSON.
func (s *Server) Store(name, text string) {
	var i item
	if err := json.Unmarshal([]byte(text), &i); err != nil {
		panic(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tables[name].items[i.id()] = i
}

func (s *Server) createTable(r request) (any, *problem) {
	if s.tables[r.TableName] != nil {
		return nil, &problem{status: 400, Code: "ResourceInUseException"}
	}
	if got := fmt.Sprint(r.KeySchema); got != "[{pk HASH} {sk RANGE}]" {
		return nil, invalid("unexpected key schema %s", got)
	}
	s.tables[r.TableName] = &table{items: map[string]item{}}
	return map[string]any{"TableDescription": map[string]any{"TableStatus": "CREATING"}}, nil
}

func (s *Server) batchGet(r request, process int) (any, *problem) {
	responses, unprocessed := map[string][]item{}, map[string]any{}
	for name, asked := range r.RequestItems {
		t := s.tables[name]
		if t == nil {
			return nil, &problem{status: 400, Code: "ResourceNotFoundException"}
		}
		if !asked.ConsistentRead {
			return nil, invalid("an eventually consistent read of %s", name)
		}
		answered, size := 0, 0
		for _, key := range asked.Keys {
			if process != 0 && answered >= max(process, 0) || size >= maxBatch {
				break
			}
			answered++
			if found := t.items[key.id()]; found != nil {
				size += found.size()
				responses[name] = append(responses[name], found)
			}
		}
		// DynamoDB promises no order.
		slices.Reverse(responses[name])
		if rest := asked.Keys[answered:]; len(rest) > 0 {
			unprocessed[name] = map[string]any{"Keys": rest, "ConsistentRead": true}
		}
	}
	return map[string]any{"Responses": responses, "UnprocessedKeys": unprocessed}, nil
}

func (t *table) query(r request) (any, *problem) {
	prefix := r.ExpressionAttributeValues[":prefix"].S
	from := "#pk = :pk"
	if prefix != nil {
		from = "#pk = :pk AND begins_with(#sk, :prefix)"
	} else {
		prefix = new(string)
	}
	if r.KeyConditionExpression != from || !r.ConsistentRead || r.Limit < 1 || r.ExpressionAttributeNames["#pk"] != "pk" {
		return nil, invalid("not the query that firn sends: %s", r.KeyConditionExpression)
	}
	partition := item{"pk": r.ExpressionAttributeValues[":pk"]}.text("pk")
	start := r.ExclusiveStartKey
	if start != nil && (start.text("pk") != partition || !strings.HasPrefix(start.text("sk"), *prefix)) {
		return nil, invalid("The provided starting key is outside query boundaries based on provided conditions")
	}
	var ids []string
	for id := range t.items {
		if strings.HasPrefix(id, partition+"\x00"+*prefix) && (start == nil || id > start.id()) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	items, size := []item{}, 0
	for _, id := range ids {
		items = append(items, t.items[id])
		if size += t.items[id].size(); len(items) == r.Limit || size >= maxQuery {
			return map[string]any{"Items": items, "LastEvaluatedKey": t.items[id].key()}, nil
		}
	}
	return map[string]any{"Items": items}, nil
}

func (s *Server) transact(r request) (any, *problem) {
	if done, seen := s.tokens[r.ClientRequestToken]; seen && r.ClientRequestToken != "" {
		if !reflect.DeepEqual(done.TransactItems, r.TransactItems) {
			return nil, &problem{status: 400, Code: "IdempotentParameterMismatchException"}
		}
		return struct{}{}, nil
	}
	var parts []request
	for _, op := range r.TransactItems {
		for _, part := range []*request{op.Put, op.Delete, op.ConditionCheck} {
			if part != nil {
				parts = append(parts, *part)
			}
		}
	}
	cancelled := &problem{status: 400, Code: "TransactionCanceledException"}
	failed := false
	for _, part := range parts {
		t := s.tables[part.TableName]
		if t == nil {
			return nil, &problem{status: 400, Code: "ResourceNotFoundException"}
		}
		failure := t.holds(part)
		switch {
		case failure == nil:
			cancelled.Reasons = append(cancelled.Reasons, reason{Code: "None"})
		case failure.Code != conditionFailed:
			return nil, failure
		default:
			failed = true
			cancelled.Reasons = append(cancelled.Reasons, reason{"ConditionalCheckFailed", failure.Message, failure.Item})
		}
	}
	if failed {
		return nil, cancelled
	}
	for i, part := range parts {
		if r.TransactItems[i].ConditionCheck == nil {
			s.tables[part.TableName].apply(part)
		}
	}
	s.tokens[r.ClientRequestToken] = r
	return struct{}{}, nil
}

// apply puts the request's item, or deletes what is under its key.
func (t *table) apply(r request) {
	if r.Item == nil {
		delete(t.items, r.target().id())
		return
	}
	t.items[r.target().id()] = r.Item
}
