package icebergrest

import (
	"context"
	"encoding/json"
	"net/http"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/lake"
	"firn/shared/rest"
)

// tableChange is CommitTableRequest, whose identifier a transaction needs.
type tableChange struct {
	Identifier *identifier `json:"identifier"`
	commitRequest
}

// commitTransaction takes CommitTransactionRequest, with the recorded server's texts for what is missing.
func (h *handlers) commitTransaction(ctx context.Context, c *rest.Call, in *object) (rest.Answer, error) {
	raw, ok := (*in)["table-changes"]
	if !ok {
		return rest.Answer{}, fault.New(fault.Argument, "Cannot parse missing field: table-changes")
	}
	var list []tableChange
	if err := json.Unmarshal(raw, &list); err != nil {
		return rest.Answer{}, fault.Of(fault.Malformed, rest.RequestBody, "", "Cannot parse table changes").Because(err)
	}
	changes := make([]catalog.TableChange, 0, len(list))
	for i := range list {
		change, err := list[i].change()
		if err != nil {
			return rest.Answer{}, err
		}
		changes = append(changes, change)
	}
	return rest.Empty(http.StatusNoContent), h.taking(c).CommitTransaction(ctx, c.Caller, c.Path("prefix"), changes)
}

func (t *tableChange) change() (catalog.TableChange, error) {
	if t.Identifier == nil {
		return catalog.TableChange{}, fault.New(fault.Argument, "Invalid table changes: table identifier is required")
	}
	change, err := t.decode()
	return catalog.TableChange{Table: lake.Identifier{Namespace: t.Identifier.Namespace, Name: t.Identifier.Name}, Change: change}, err
}

// decode reads what a table's commit asks for.
func (r *commitRequest) decode() (catalog.Change, error) {
	requirements, err := iceberg.DecodeRequirements(r.Requirements)
	if err != nil {
		return catalog.Change{}, unreadable(err)
	}
	updates, err := iceberg.DecodeUpdates(r.Updates)
	if err != nil {
		return catalog.Change{}, unreadable(err)
	}
	return catalog.Change{Requirements: requirements, Updates: updates}, nil
}
