package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/store"
	"firn/shared/vend"
)

// KeyLifetime is how long a client may repeat a change under its key (iceberg-rest, idempotency-key-lifetime).
const KeyLifetime = 30 * time.Minute

// keyGrace is how much longer its record stands, for requests that were under way.
const keyGrace = 5 * time.Minute

// onceTries bounds how often a request with a key is done anew because another try of it was faster.
const onceTries = 3

// Once does a change that the client named by a key, a UUID in lower case: if a request of the caller's with that key was
// answered before, it has no effect, and the answer is that one's. request is a hash of all that is asked:
// Unprocessable if the key was that of another. do makes the change by the service that it is given.
//
// A replay that was done the first time is told by nil; where the answer has a body, do has made it again of what the
// object is by now (reload). It is never refused: the change did happen. Nor is it told to come again (503) once another try,
// which may be an answer that this one lost, has left its record: clients take that for nothing having happened.
func (s *Service) Once(ctx context.Context, c lake.Caller, key, request string, do func(*Service) error) error {
	for try := range onceTries {
		own := *s
		own.Store = s.Store.For(&store.Once{Realm: c.Realm, Principal: c.PrincipalID, Key: key, Request: request, Keep: KeyLifetime + keyGrace})
		err := do(&own)
		if first, ok := errors.AsType[*store.Replayed](err); ok {
			return first.Refusal()
		}
		again, err := own.Store.Settle(ctx, err)
		if !again && try > 0 && fault.Is(err, fault.Throttled, fault.Unavailable, fault.Timeout) {
			return fault.New(fault.StateUnknown, "This request was answered before, and how cannot be told now").Because(err)
		}
		if !again {
			return err
		}
	}
	return fault.New(fault.StateUnknown, "It is not known what other tries of the request came to")
}

// facts gives what the first try of a request with a key remembered for its answer, if err says that it was done then.
func facts[T any](err error) (T, bool) {
	var known T
	first, ok := errors.AsType[*store.Replayed](err)
	if !ok || first.Record.Refusal != nil || first.Record.Facts == nil {
		return known, false
	}
	return known, json.Unmarshal(first.Record.Facts, &known) == nil
}

// plain is the service without the request's key: to look at what an earlier try did.
func (s *Service) plain() *Service {
	own := *s
	own.Store = s.Store.For(nil)
	return &own
}

// reload answers for a table or view that an earlier try of the request made or changed, as it is now. Access requirement:
// that of the change, which allow checks; it gives the actions of the keys.
func (s *Service) reload(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, kind lake.Kind, object lake.ID, allow func(*session, access.Path) (vend.Actions, error)) (Loaded, error) {
	var copied *store.CopySlot
	x, n, t, err := s.plain().entry(ctx, c, catalog, id, kind, func(x *session, n *store.NamespaceSlot) { copied = x.batch.Copy(n, id.Name) })
	if err == nil && t.Value.ID != object {
		err = fault.Missing(store.NounOf(kind), id.String())
	}
	if err != nil {
		return Loaded{}, untold(id, err)
	}
	actions, err := allow(x, append(n.Path(), t.Value.ID))
	if err != nil {
		return Loaded{}, untold(id, err)
	}
	doc, err := x.document(ctx, n, t.Value, copied, readActions)
	if err != nil {
		return Loaded{}, untold(id, err)
	}
	k, err := x.keys(ctx, n, holderOf(t.Value), actions, "replay")
	if err != nil {
		return Loaded{}, untold(id, err)
	}
	return Loaded{MetadataLocation: t.Value.MetadataLocation, Metadata: doc, Keys: k}, nil
}

// allowing is for reload: the operation's access, and no keys.
func allowing(ctx context.Context, op access.Operation) func(*session, access.Path) (vend.Actions, error) {
	return func(x *session, path access.Path) (vend.Actions, error) { return 0, x.allow(ctx, op, path) }
}

// untold says that a change happened of which no more can be told: to refuse it would have the client clean up.
func untold(id lake.Identifier, cause error) error {
	return fault.Of(fault.StateUnknown, fault.Table, id.String(), "An earlier try of this request succeeded, but %s cannot be answered any more; look at what is there", id).Because(cause)
}
