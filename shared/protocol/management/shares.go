package management

import (
	"context"
	"net/http"

	"firn/shared/admin"
	"firn/shared/lake"
	"firn/shared/rest"
)

// sharing are the routes of shares and recipients.
func (h *handlers) sharing() []rest.Route {
	const (
		shares     = base + "/shares"
		share      = shares + "/{shareName}"
		members    = share + "/recipients"
		recipients = base + "/recipients"
		recipient  = recipients + "/{recipientName}"
	)
	return []rest.Route{
		route("GET", shares, "listShares", h.listShares),
		route("POST", shares, "createShare", rest.Body(h.createShare)),
		route("GET", share, "getShare", h.getShare),
		route("DELETE", share, "deleteShare", h.deleteShare),
		route("GET", share+"/tables", "listSharedTables", h.listSharedTables),
		route("POST", share+"/tables", "addTableToShare", rest.Body(h.addTableToShare)),
		route("DELETE", share+"/schemas/{schemaName}/tables/{tableName}", "removeTableFromShare", h.removeTableFromShare),
		route("GET", members, "listRecipientsOfShare", h.listRecipientsOfShare),
		route("PUT", members, "grantShare", rest.Body(h.grantShare)),
		route("DELETE", members+"/{recipientName}", "revokeShare", h.revokeShare),

		route("GET", recipients, "listRecipients", h.listRecipients),
		route("POST", recipients, "createRecipient", rest.Body(h.createRecipient)),
		route("GET", recipient, "getRecipient", h.getRecipient),
		route("DELETE", recipient, "deleteRecipient", h.deleteRecipient),
		route("POST", recipient+"/tokens", "issueRecipientToken", rest.OptionalBody(h.issueToken)),
		route("DELETE", recipient+"/tokens", "revokeRecipientTokens", h.revokeTokens),
	}
}

// shareOut is a share.
type shareOut struct {
	Name    string  `json:"name"`
	ID      lake.ID `json:"id"`
	Created int64   `json:"createTimestamp"` // ms
}

func shareOf(s *lake.Share) shareOut { return shareOut{s.Name, s.ID, s.Created.UnixMilli()} }

func (h *handlers) listShares(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	all, err := h.admin.ListShares(ctx, c.Caller)
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusOK, map[string][]shareOut{"shares": each(all, shareOf)})
}

// shareIn is what a client says of a share.
type shareIn struct {
	Name *text `json:"name"`
}

func (shareIn) wrapper() string { return "share" }

func (h *handlers) createShare(ctx context.Context, c *rest.Call, in *within[shareIn]) (rest.Answer, error) {
	if in.Value == nil || in.Value.Name == nil {
		return rest.Answer{}, missing("share.name")
	}
	made, err := h.admin.CreateShare(ctx, c.Caller, in.Value.Name.or())
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusCreated, shareOf(made))
}

func (h *handlers) getShare(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	found, err := h.admin.LoadShare(ctx, c.Caller, c.Path("shareName"))
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusOK, shareOf(found))
}

func (h *handlers) deleteShare(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return rest.Empty(http.StatusNoContent), h.admin.DeleteShare(ctx, c.Caller, c.Path("shareName"))
}

// sharedTableOut is a table of a share: its alias, and where the table is now. One that is broken was dropped, and its
// recipients are told that it does not exist; it then has the name that it had.
type sharedTableOut struct {
	Schema    string   `json:"schema"`
	Name      string   `json:"name"`
	Catalog   string   `json:"catalogName"`
	Namespace []string `json:"namespace"`
	Table     string   `json:"tableName"`
	TableID   lake.ID  `json:"tableId"`
	Broken    bool     `json:"broken"`
	Created   int64    `json:"createTimestamp"` // ms
}

func sharedTableOf(t *admin.SharedTable) sharedTableOut {
	at := t.Identifier()
	if t.At != nil {
		at = *t.At
	}
	return sharedTableOut{Schema: t.Schema, Name: t.Name, Catalog: t.Catalog, Namespace: at.Namespace, Table: at.Name,
		TableID: t.TableID, Broken: t.At == nil, Created: t.Created.UnixMilli()}
}

func (h *handlers) listSharedTables(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	all, err := h.admin.ListSharedTables(ctx, c.Caller, c.Path("shareName"))
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusOK, map[string][]sharedTableOut{"tables": each(all, sharedTableOf)})
}

// sharedTableIn is what a client says of a table that is to be shared.
type sharedTableIn struct {
	Schema    *text   `json:"schema"`
	Name      *text   `json:"name"`
	Catalog   *text   `json:"catalogName"`
	Namespace *[]text `json:"namespace"`
	Table     *text   `json:"tableName"`
}

func (sharedTableIn) wrapper() string { return "table" }

func (h *handlers) addTableToShare(ctx context.Context, c *rest.Call, in *within[sharedTableIn]) (rest.Answer, error) {
	t := in.Value
	switch {
	case t == nil || t.Schema == nil:
		return rest.Answer{}, missing("table.schema")
	case t.Name == nil:
		return rest.Answer{}, missing("table.name")
	case t.Catalog == nil:
		return rest.Answer{}, missing("table.catalogName")
	case t.Namespace == nil:
		return rest.Answer{}, missing("table.namespace")
	case t.Table == nil:
		return rest.Answer{}, missing("table.tableName")
	}
	made, err := h.admin.ShareTable(ctx, c.Caller, c.Path("shareName"), admin.NewSharedTable{Schema: t.Schema.or(), Name: t.Name.or(),
		Catalog: t.Catalog.or(), Table: lake.Identifier{Namespace: plain(*t.Namespace), Name: t.Table.or()}})
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusCreated, sharedTableOf(made))
}

func (h *handlers) removeTableFromShare(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	err := h.admin.UnshareTable(ctx, c.Caller, c.Path("shareName"), c.Path("schemaName"), c.Path("tableName"))
	return rest.Empty(http.StatusNoContent), err
}
