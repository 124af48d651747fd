package icebergrest

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/rest"
)

// keyHeader names a change, so that a client may repeat it (iceberg-rest, Idempotency-Key).
const keyHeader = "Idempotency-Key"

// idempotencyKey is the noun of the header's errors, whose type is Polaris's.
const idempotencyKey fault.Noun = "idempotency key"

// once makes the handler of a change without a body that may come with a key: what the handler does through its
// use-cases is done once.
func (h *handlers) once(do func(*handlers, context.Context, *rest.Call) (rest.Answer, error)) rest.Handler {
	return func(ctx context.Context, c *rest.Call) (rest.Answer, error) {
		return h.keyed(ctx, c, func(h *handlers) (rest.Answer, error) { return do(h, ctx, c) })
	}
}

// onceBody is once for a change with a body.
func onceBody[In any](h *handlers, do func(*handlers, context.Context, *rest.Call, *In) (rest.Answer, error)) rest.Handler {
	return rest.Body(func(ctx context.Context, c *rest.Call, in *In) (rest.Answer, error) {
		return h.keyed(ctx, c, func(h *handlers) (rest.Answer, error) { return do(h, ctx, c, in) })
	})
}

// keyed runs a handler as it is, or with a key once. An answer that is a status alone is the same for a replay.
func (h *handlers) keyed(ctx context.Context, c *rest.Call, do func(*handlers) (rest.Answer, error)) (rest.Answer, error) {
	key, err := keyOf(c)
	if err != nil {
		return rest.Answer{}, err
	}
	if key == "" {
		return do(h)
	}
	var a rest.Answer
	err = h.catalog.Once(ctx, c.Caller, key, c.Digest(), func(s *catalog.Service) (err error) {
		own := *h
		own.catalog = s
		a, err = do(&own)
		return err
	})
	return a, err
}

// keyOf reads the key in its one spelling; empty if none is sent. The specification asks clients for version 7; any UUID
// is taken, as Polaris does: the version proves nothing.
func keyOf(c *rest.Call) (string, error) {
	values := c.Header.Values(keyHeader)
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return "", nil
	}
	key, err := uuid.Parse(values[0])
	if len(values) > 1 || len(values[0]) != 36 || err != nil {
		return "", fault.Of(fault.Malformed, idempotencyKey, "", "Invalid Idempotency-Key header; expected a UUID")
	}
	return key.String(), nil
}

// lifetime is how long a key may be repeated, as a duration of ISO 8601.
var lifetime = fmt.Sprintf("PT%dM", int(catalog.KeyLifetime.Minutes()))
