package function

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"firn/shared/app/base"
	"firn/shared/lambdahttp"
	"firn/shared/rest"
)

// Run serves a function's routes of the protocols, from the first event until Lambda ends the process.
func Run(name rest.Function, keys Keys, protocols func(*Env) ([]rest.Protocol, error)) {
	start(keys, func(e *Env) (any, error) {
		all, err := protocols(e)
		if err != nil {
			return nil, err
		}
		door, err := e.Door(name, nil, all...)
		if err != nil {
			return nil, err
		}
		adapter := lambdahttp.New(lambdahttp.Config{Handler: door, Log: e.Log})
		return func(ctx context.Context, event json.RawMessage) (any, error) {
			e.refresh(ctx)
			return adapter.Handle(ctx, event)
		}, nil
	})
}

// Part makes the protocols of a part that needs no driver but the table's.
func Part(protocol func(*base.Base) rest.Protocol) func(*Env) ([]rest.Protocol, error) {
	return func(e *Env) ([]rest.Protocol, error) { return []rest.Protocol{protocol(&e.Base)}, nil }
}

// RunEvents serves events that no client sent.
func RunEvents(keys Keys, handler func(*Env) (func(context.Context, json.RawMessage) error, error)) {
	start(keys, func(e *Env) (any, error) { return handler(e) })
}

// start makes a handler of Lambda's and serves it. A failure ends the process: Lambda tells it as one of initialisation,
// and begins anew.
func start(keys Keys, handler func(*Env) (any, error)) {
	ctx := context.Background()
	e, err := open(ctx, os.Getenv, keys)
	if err == nil {
		var h any
		if h, err = handler(e); err == nil {
			lambda.StartWithOptions(h, lambda.WithContext(ctx))
			return
		}
	}
	fmt.Fprintln(os.Stderr, "firn:", err)
	os.Exit(1)
}

// refresh reads the keys again if they are old. Where that fails the function goes on with those it has.
func (e *Env) refresh(ctx context.Context) {
	if err := e.ring.Refresh(ctx, e.Now()); err != nil {
		e.Log.WarnContext(ctx, "the signing keys could not be read again", "error", err.Error())
	}
}
