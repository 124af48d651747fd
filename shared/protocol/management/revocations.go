package management

import (
	"context"
	"net/http"

	"firn/shared/admin"
	"firn/shared/lake"
	"firn/shared/rest"
)

// revoking are the routes of keys to storage that are taken back.
func (h *handlers) revoking() []rest.Route {
	const revocations = base + "/revocations"
	return []rest.Route{
		route("GET", revocations, "listRevocations", h.listRevocations),
		route("POST", revocations, "revokeKeys", rest.Body(h.revokeKeys)),
		route("DELETE", revocations+"/{revocationId}", "liftRevocation", h.liftRevocation),
	}
}

// revocationOut is a revocation. Roles and external ids are not told: whoever may revoke the keys of a table need not know them.
type revocationOut struct {
	ID           lake.ID     `json:"id"`
	Principal    string      `json:"principal,omitempty"`
	Catalog      string      `json:"catalog,omitempty"`
	Namespace    []string    `json:"namespace,omitempty"`
	Table        string      `json:"table,omitempty"`
	CredentialID string      `json:"credentialId,omitempty"`
	Reason       string      `json:"reason,omitempty"`
	RevokedBy    string      `json:"revokedBy"`
	Halted       bool        `json:"halted"`  // no new keys
	Pending      bool        `json:"pending"` // keys may live on that could be ended; it is tried again
	Created      int64       `json:"createTimestamp"`
	IssuedBefore int64       `json:"keysIssuedBeforeTimestamp"`
	Lifted       int64       `json:"liftedTimestamp,omitempty"`
	Storages     []revokedAt `json:"storages"`
}

// revokedAt tells what became of the keys of one store.
type revokedAt struct {
	StorageType  string   `json:"storageType"`
	Catalogs     []string `json:"catalogs"`
	MoreCatalogs int      `json:"moreCatalogs,omitempty"`
	Outcome      string   `json:"outcome"`
	Detail       string   `json:"detail"`
}

// The outcomes.
const (
	outcomeDenied  = "DENIED"     // keys that are out open nothing
	outcomeWidely  = "ALL_DENIED" // and others that are as old do not either
	outcomePending = "PENDING"    // keys that are out may live on; it is tried again
	outcomeExpire  = "EXPIRE"     // keys that are out live until they expire: nothing can end them
)

// outcomes are told for each kind of store, by how far it is.
var outcomes = map[lake.PlaceKind]map[lake.PlaceDone]struct{ storage, outcome, detail string }{
	lake.AWSRole: {
		lake.Denied: {"S3", outcomeDenied, "Everything is denied to these keys from now on. AWS applies that within seconds, at most a few minutes."},
		lake.DeniedWidely: {"S3", outcomeWidely, "The role's policy has no room for more single denies: everything is denied to all its keys that are as old, " +
			"whosever they are. Engines must fetch new ones. AWS applies that within seconds, at most a few minutes."},
		lake.Pending: {"S3", outcomePending, "Keys that are out may live until they expire. It is tried again at each turn of the worker."},
	},
	lake.EmbeddedStore: {lake.Pending: {"S3", outcomeDenied, "The embedded object store refuses these keys from now on."}},
	lake.CompatibleStore: {lake.Pending: {"S3", outcomeExpire, "This store has no policies by which one principal's or table's keys could be ended: they live until they expire, " +
		"an hour at most unless the store was told otherwise. Requests that firn signs are refused from now on. To end all keys at once, disable the user at the store with whose credentials firn asks for them."}},
	lake.GCSBucket: {lake.Pending: {"GCS", outcomeExpire, "Google Cloud Storage cannot end one principal's or table's keys: they live until they expire, an hour at most. " +
		"To end all keys of the catalog at once, disable its service account, or take its rights on the bucket away, and give them back an hour later."}},
	lake.AzureAccount: {lake.Pending: {"AZURE", outcomeExpire, "Azure cannot end one principal's or table's keys: they live until they expire, an hour at most. " +
		"To end all keys of the storage account at once, revoke its user delegation keys (az storage account revoke-delegation-keys)."}},
}

func revocationOf(r *lake.Revocation) revocationOut {
	out := revocationOut{ID: r.ID, Principal: r.Principal, Catalog: r.Catalog, Namespace: r.Namespace, Table: r.Table, CredentialID: r.Of.Credential,
		Reason: r.Reason, RevokedBy: r.By, Halted: r.Halts(), Pending: !r.Planned, Created: r.Created.UnixMilli(), IssuedBefore: r.Before.UnixMilli(),
		Storages: []revokedAt{}}
	if !r.Lifted.IsZero() {
		out.Lifted = r.Lifted.UnixMilli()
	}
	for _, p := range r.Places {
		told := outcomes[p.Kind][p.Done]
		at := revokedAt{StorageType: told.storage, Catalogs: p.Catalogs, MoreCatalogs: p.More, Outcome: told.outcome, Detail: told.detail}
		if p.Why != "" {
			at.Detail += " " + p.Why
		}
		out.Pending = out.Pending || at.Outcome == outcomePending
		out.Storages = append(out.Storages, at)
	}
	return out
}

func (h *handlers) listRevocations(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	all, err := h.admin.ListRevocations(ctx, c.Caller)
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusOK, map[string][]revocationOut{"revocations": each(all, revocationOf)})
}

// revokeIn says whose keys are revoked.
type revokeIn struct {
	Principal    *text   `json:"principal"`
	Catalog      *text   `json:"catalog"`
	Namespace    *[]text `json:"namespace"`
	Table        *text   `json:"table"`
	CredentialID *text   `json:"credentialId"`
	Reason       *text   `json:"reason"`
}

func (h *handlers) revokeKeys(ctx context.Context, c *rest.Call, in *revokeIn) (rest.Answer, error) {
	t := admin.TakeBack{Principal: in.Principal.or(), Catalog: in.Catalog.or(), Credential: in.CredentialID.or(), Reason: in.Reason.or()}
	if in.Table != nil || in.Namespace != nil {
		t.Table = &lake.Identifier{Name: in.Table.or()}
		if in.Namespace != nil {
			t.Table.Namespace = plain(*in.Namespace)
		}
	}
	made, err := h.admin.RevokeKeys(ctx, c.Caller, t)
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusCreated, revocationOf(made))
}

func (h *handlers) liftRevocation(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return rest.Empty(http.StatusNoContent), h.admin.LiftRevocation(ctx, c.Caller, lake.ID(c.Path("revocationId")))
}
