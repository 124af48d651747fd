package icebergrest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/rest"
)

// object reads members of a body one by one, with the texts of the reference implementation's parser (JsonUtil).
type object map[string]json.RawMessage

func (o object) text(name string) (string, error) {
	raw, ok := o[name]
	if !ok {
		return "", fault.New(fault.Argument, "Cannot parse missing string: %s", name)
	}
	var s *string
	if json.Unmarshal(raw, &s) != nil || s == nil {
		return "", fault.New(fault.Argument, "Cannot parse to a string value: %s: %s", name, clip(raw))
	}
	return *s, nil
}

func (o object) flag(name string) (bool, error) {
	raw, ok := o[name]
	if !ok || string(raw) == "null" {
		return false, nil
	}
	var b bool
	if json.Unmarshal(raw, &b) != nil {
		return false, fault.New(fault.Argument, "Cannot parse to a boolean value: %s: %s", name, clip(raw))
	}
	return b, nil
}

// clip keeps what a client sent from filling a message.
func clip(raw []byte) []byte { return raw[:min(len(raw), 100)] }

func (h *handlers) registerTable(ctx context.Context, c *rest.Call, in *object) (rest.Answer, error) {
	name, err := in.text("name")
	if err != nil {
		return rest.Answer{}, err
	}
	file, err := in.text("metadata-location")
	if err != nil {
		return rest.Answer{}, err
	}
	overwrite, err := in.flag("overwrite")
	if err != nil {
		return rest.Answer{}, err
	}
	made, err := h.catalog.RegisterTable(ctx, c.Caller, c.Path("prefix"), levels(c.Path("namespace")),
		catalog.Registration{Name: name, File: file, Overwrite: overwrite}, delegation(c))
	if err != nil {
		return rest.Answer{}, err
	}
	return loaded(made)
}

// unregisterTable answers UnregisterTableResult.
func (h *handlers) unregisterTable(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	last, err := h.catalog.UnregisterTable(ctx, c.Caller, c.Path("prefix"), tableOf(c))
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.Raw(http.StatusOK, fmt.Appendf(nil, `{"metadata-location":%s,"metadata":`, encode(last.MetadataLocation)), last.Metadata, []byte("}")), nil
}
