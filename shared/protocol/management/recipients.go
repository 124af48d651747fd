package management

import (
	"context"
	"net/http"
	"time"

	"firn/shared/admin"
	"firn/shared/lake"
	"firn/shared/rest"
)

// recipientOut is a recipient. Of its tokens nothing is told but their time.
type recipientOut struct {
	Name    string     `json:"name"` // the principal's
	ID      lake.ID    `json:"id"`
	Created int64      `json:"createTimestamp"` // ms
	Tokens  []tokenOut `json:"tokens"`          // newest first
}

type tokenOut struct {
	Created int64 `json:"createTimestamp"`     // ms
	Expires int64 `json:"expirationTimestamp"` // ms
}

func recipientOf(r *lake.Recipient) recipientOut {
	return recipientOut{Name: r.Principal, ID: r.ID, Created: r.Created.UnixMilli(), Tokens: each(r.Tokens, func(t *lake.BearerToken) tokenOut {
		return tokenOut{t.Created.UnixMilli(), t.Expires.UnixMilli()}
	})}
}

func recipientsAnswer(all []lake.Recipient, err error) (rest.Answer, error) {
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusOK, map[string][]recipientOut{"recipients": each(all, recipientOf)})
}

func (h *handlers) listRecipients(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return recipientsAnswer(h.admin.ListRecipients(ctx, c.Caller))
}

func (h *handlers) listRecipientsOfShare(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return recipientsAnswer(h.admin.ListMembers(ctx, c.Caller, c.Path("shareName")))
}

// recipientIn names a recipient: by its principal.
type recipientIn struct {
	Name *text `json:"name"`
}

func (recipientIn) wrapper() string { return "recipient" }

func recipientFrom(in *within[recipientIn]) (string, error) {
	if in.Value == nil || in.Value.Name == nil {
		return "", missing("recipient.name")
	}
	return in.Value.Name.or(), nil
}

func (h *handlers) grantShare(ctx context.Context, c *rest.Call, in *within[recipientIn]) (rest.Answer, error) {
	name, err := recipientFrom(in)
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.Empty(http.StatusCreated), h.admin.GrantShare(ctx, c.Caller, c.Path("shareName"), name)
}

func (h *handlers) revokeShare(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return rest.Empty(http.StatusNoContent), h.admin.RevokeShare(ctx, c.Caller, c.Path("shareName"), c.Path("recipientName"))
}

func (h *handlers) createRecipient(ctx context.Context, c *rest.Call, in *within[recipientIn]) (rest.Answer, error) {
	name, err := recipientFrom(in)
	if err != nil {
		return rest.Answer{}, err
	}
	made, err := h.admin.CreateRecipient(ctx, c.Caller, name)
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusCreated, recipientOf(made))
}

func (h *handlers) getRecipient(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	found, err := h.admin.LoadRecipient(ctx, c.Caller, c.Path("recipientName"))
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.JSON(http.StatusOK, recipientOf(found))
}

func (h *handlers) deleteRecipient(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return rest.Empty(http.StatusNoContent), h.admin.DeleteRecipient(ctx, c.Caller, c.Path("recipientName"))
}

// issueRequest says how a bearer token is made.
type issueRequest struct {
	Lifetime *int64 `json:"lifetimeSeconds"` // 90 days where it is not given
	Alone    bool   `json:"endPrevious"`
}

// issueToken answers with the token, and with its end as a profile file spells it (Delta Sharing, profile file format).
func (h *handlers) issueToken(ctx context.Context, c *rest.Call, in *issueRequest) (rest.Answer, error) {
	var how admin.Issue
	if in != nil {
		how.Alone = in.Alone
		if in.Lifetime != nil {
			var err error
			if how.Lifetime, err = seconds(*in.Lifetime); err != nil {
				return rest.Answer{}, err
			}
		}
	}
	r, made, err := h.admin.IssueToken(ctx, c.Caller, c.Path("recipientName"), how)
	if err != nil {
		return rest.Answer{}, err
	}
	answer, err := rest.JSON(http.StatusCreated, struct {
		Recipient recipientOut `json:"recipient"`
		Bearer    string       `json:"bearerToken"`
		Expires   string       `json:"expirationTime"`
	}{recipientOf(r), made.Reveal(), r.Tokens[0].Expires.UTC().Format(time.RFC3339)})
	return answer.NoStore(), err
}

// seconds reads a length of time that a use-case judges; what would not fit one is refused here.
func seconds(n int64) (time.Duration, error) {
	const most = int64(1<<63-1) / int64(time.Second)
	if n < 1 || n > most {
		return 0, shape("lifetimeSeconds must be a positive number of seconds")
	}
	return time.Duration(n) * time.Second, nil
}

func (h *handlers) revokeTokens(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return rest.Empty(http.StatusNoContent), h.admin.RevokeTokens(ctx, c.Caller, c.Path("recipientName"))
}
