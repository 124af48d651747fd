package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
)

// Once is a change that a client named by a key, so that it has its effect once however often it is sent (iceberg-rest,
// Idempotency-Key). It is of one try of one request, and not for several goroutines.
//
// What the change came to is a record under the key, written in the very transaction of its effect: the record is there if
// and only if the effect is. Whoever comes second loses on the record's condition, whatever else it wrote, and finds how
// the first was answered. A record belongs to its realm and principal: nobody learns of another's.
type Once struct {
	Realm     lake.Realm
	Principal lake.ID
	Key       string        // a UUID, in lower case
	Request   string        // what is asked, as a hash: a key is for one request
	Keep      time.Duration // how long the record stands

	facts   json.RawMessage // for the answer's body
	asked   bool            // the record was looked for, by a caller who is known
	found   *Record         // by the last batch
	written bool            // the record is stored
}

// Record is what a change with a key came to.
type Record struct {
	Request string          `json:"request"`
	Facts   json.RawMessage `json:"facts,omitempty"`   // what the answer's body is made of again
	Refusal *Refusal        `json:"refusal,omitempty"` // nil: it was done
	Expires time.Time       `json:"expires"`
}

// Refusal is an error as a record keeps it.
type Refusal struct {
	Kind    string     `json:"kind"`
	Noun    fault.Noun `json:"noun,omitempty"`
	Name    string     `json:"name,omitempty"`
	Message string     `json:"message,omitempty"`
}

// Replayed is the error of a request that was answered before.
type Replayed struct{ Record Record }

// Error is for logs: a use-case, or who calls it, answers as the first time.
func (r *Replayed) Error() string { return "the request was answered before, under its key" }

// Refusal gives the error that the first request was answered with; nil if it was done.
func (r *Replayed) Refusal() error {
	told := r.Record.Refusal
	if told == nil {
		return nil
	}
	for kind := range fault.Timeout + 1 {
		if kind.String() == told.Kind {
			return &fault.Error{Kind: kind, Noun: told.Noun, Name: told.Name, Message: told.Message}
		}
	}
	return fault.New(fault.Internal, "Internal error.").Because(r)
}

// For gives the store to a request with a key: each of its batches looks for the record, and its first write takes the
// record along. nil: a request without one.
func (s *Store) For(o *Once) *Store {
	own := *s
	own.once = o
	return &own
}

// Remember keeps facts that the answer to a replay is made of, if the request has a key. Call it before the write.
func (s *Store) Remember(facts any) error {
	if s.once == nil {
		return nil
	}
	var err error
	s.once.facts, err = json.Marshal(facts)
	return err
}

func (o *Once) key() kv.Key { return onceKey(o.Realm, o.Key, o.Principal) }

// ask reads the record with a batch.
func (o *Once) ask(b *Batch) {
	i := b.index(o.key())
	b.loads = append(b.loads, func(items []*kv.Item) (err error) {
		o.found, err = readRecord(items[i], b.s.now())
		return err
	})
}

func readRecord(item *kv.Item, now time.Time) (*Record, error) {
	if item == nil {
		return nil, nil
	}
	var r Record
	if err := decode(item, &r); err != nil || !now.Before(r.Expires) {
		return nil, err
	}
	return &r, nil
}

// Replayed is for who has read the batch and knows the caller: a *Replayed if the request has a key and was answered
// before, Unprocessable if the key was that of another request.
func (b *Batch) Replayed() error {
	o := b.s.once
	if o == nil {
		return nil
	}
	o.asked = true
	switch {
	case o.found == nil:
		return nil
	case o.found.Request != o.Request:
		return fault.New(fault.Unprocessable, "Idempotency-Key was already used for a different request")
	}
	return &Replayed{*o.found}
}

// op makes the operation that stores the record, if nobody's is there.
func (o *Once) op(now time.Time, refusal *Refusal) (kv.Op, error) {
	r := Record{Request: o.Request, Facts: o.facts, Refusal: refusal, Expires: now.Add(o.Keep)}
	op, err := put(o.key(), tagOf(lake.NewID()), r, kv.Absent(now))
	op.Item.Expires = r.Expires.Add(time.Second) // cut to whole seconds: the reader decides
	return op, err
}

// send writes the operations; the first time for a request with a key with its record behind them.
func (s *Store) send(ctx context.Context, ops []kv.Op) error {
	o := s.once
	if o == nil || o.written {
		return s.db.Write(ctx, ops)
	}
	record, err := o.op(s.now(), nil)
	if err != nil {
		return err
	}
	return s.keep(ctx, append(slices.Clip(ops), record))
}

// keep writes operations of which the last is the record. Where the driver cannot say whether they landed, the record
// says it: it has this write's own tag.
func (s *Store) keep(ctx context.Context, ops []kv.Op) error {
	record := ops[len(ops)-1]
	err := s.db.Write(ctx, ops)
	if fault.Is(err, fault.StateUnknown) {
		there, readErr := s.db.Get(ctx, []kv.Key{record.Item.Key})
		if readErr == nil && there[0] != nil && there[0].Tag == record.Item.Tag {
			err = nil
		}
	}
	if err == nil {
		s.once.written = true
	}
	return err
}

// reserved is how many operations of a transaction are not the use-case's.
func (s *Store) reserved() int {
	if s.once != nil && !s.once.written {
		return 1
	}
	return 0
}

// Settle ends a request with a key: it records how the request ends where no write did, so that its next try is told the
// same. err is how it ends. The answer is err, unless again says that another try was faster: then it is to be done anew,
// which finds that one's record.
//
// Refusals are recorded but for those that depend on more than the request and the catalog (401, 403, 429; no 5xx is a
// refusal). None is told before it is known that no other try had its effect: read at an unlucky moment, what that one
// did looks like what is in the way.
func (s *Store) Settle(ctx context.Context, err error) (again bool, told error) {
	o := s.once
	if o.written || !o.asked || o.found != nil || fault.Is(err, fault.Unauthenticated) {
		return false, err
	}
	refused := fault.From(err)
	switch {
	case refused == nil:
	case fault.Is(err, fault.Forbidden, fault.Throttled):
		there, readErr := s.db.Get(ctx, []kv.Key{o.key()})
		if readErr != nil {
			return false, undecided(readErr)
		}
		r, readErr := readRecord(there[0], s.now())
		if readErr != nil {
			return false, undecided(readErr)
		}
		return r != nil, err
	case !final(refused.Kind):
		return false, err
	}
	var refusal *Refusal
	if refused != nil {
		refusal = &Refusal{refused.Kind.String(), refused.Noun, refused.Name, refused.Message}
	}
	record, opErr := o.op(s.now(), refusal)
	if opErr != nil {
		return false, opErr
	}
	writeErr := s.keep(ctx, []kv.Op{record})
	if i, _ := failedAt(writeErr); i >= 0 {
		return true, err
	}
	if writeErr != nil {
		return false, undecided(writeErr)
	}
	return false, err
}

// undecided tells that it is not known what other tries of the request came to.
func undecided(cause error) error {
	return fault.New(fault.StateUnknown, "It is not known whether another try of the request succeeded").Because(cause)
}

// final says whether an error of the kind is a refusal that a retry would meet again, as long as nothing else changes.
func final(kind fault.Kind) bool {
	return !slices.Contains([]fault.Kind{fault.Internal, fault.StateUnknown, fault.Unavailable, fault.Timeout}, kind)
}
