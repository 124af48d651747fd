package cli

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"github.com/spf13/cobra"
)

func recipients(s *session) *cobra.Command {
	return group("recipients", "Manage recipients: principals that have shares",
		recipientsCreate(s), recipientsGet(s), recipientsList(s), recipientsIssueToken(s), recipientsRevokeTokens(s), recipientsDelete(s))
}

func recipientsPath() []string           { return []string{management, "recipients"} }
func recipientPath(name string) []string { return append(recipientsPath(), name) }

// recipientList is a list of recipients.
type recipientList struct {
	Recipients []struct {
		Name   string `json:"name"`
		Tokens []struct {
			Expires int64 `json:"expirationTimestamp"`
		} `json:"tokens"`
		CreateTimestamp int64 `json:"createTimestamp"`
	} `json:"recipients"`
}

// print shows the recipients as a table. Of two tokens the newer one's end is shown.
func (l recipientList) print(w io.Writer) {
	rows := make([][]string, len(l.Recipients))
	for i, r := range l.Recipients {
		rows[i] = []string{r.Name, strconv.Itoa(len(r.Tokens)), "", moment(r.CreateTimestamp)}
		if len(r.Tokens) > 0 {
			rows[i][2] = moment(r.Tokens[0].Expires)
		}
	}
	table(w, []string{"NAME", "TOKENS", "EXPIRES", "CREATED"}, rows)
}

func recipientsCreate(s *session) *cobra.Command {
	return leaf("create PRINCIPAL", "Make a principal a recipient", func(ctx context.Context, args []string) error {
		body := map[string]any{"recipient": map[string]any{"name": args[0]}}
		return s.say(ctx, request{method: http.MethodPost, path: recipientsPath(), body: body, needs: manageService}, "Created recipient %s.", args[0])
	})
}

func recipientsGet(s *session) *cobra.Command {
	return leaf("get RECIPIENT", "Show a recipient", func(ctx context.Context, args []string) error {
		return show(ctx, s, request{method: http.MethodGet, path: recipientPath(args[0]), needs: manageService}, record)
	})
}

func recipientsList(s *session) *cobra.Command {
	return leaf("list", "List recipients", func(ctx context.Context, _ []string) error {
		r := request{method: http.MethodGet, path: recipientsPath(), needs: manageService}
		return show(ctx, s, r, func(w io.Writer, all recipientList) { all.print(w) })
	})
}

// profile is a profile file with a bearer token (Delta Sharing, PROTOCOL.md, profile file format). It holds a secret in the
// clear, and nothing keeps it: it is made to be printed once.
type profile struct {
	Version  int    `json:"shareCredentialsVersion"`
	Endpoint string `json:"endpoint"`
	Bearer   string `json:"bearerToken"`
	Expires  string `json:"expirationTime"`
}

func recipientsIssueToken(s *session) *cobra.Command {
	var days int
	var alone bool
	type answer struct {
		Bearer  string `json:"bearerToken"`
		Expires string `json:"expirationTime"`
	}
	cmd := leaf("issue-token RECIPIENT", "Make a bearer token and print it as a profile file, once", func(ctx context.Context, args []string) error {
		body := map[string]any{"endPrevious": alone}
		if days != 0 {
			if days < 1 || days > 366 {
				return misused("--days must be between 1 and 366")
			}
			body["lifetimeSeconds"] = days * 24 * 60 * 60
		}
		r := request{method: http.MethodPost, path: append(recipientPath(args[0]), "tokens"), body: body, needs: manageService}
		return show(ctx, s, r, func(w io.Writer, a answer) {
			e := json.NewEncoder(w)
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			_ = e.Encode(profile{1, s.client.base.String() + sharing, a.Bearer, a.Expires}) // the printer remembers a failure
		})
	})
	cmd.Flags().IntVar(&days, "days", 0, "`days` until it ends, at most 366; 90 if not given")
	cmd.Flags().BoolVar(&alone, "end-previous", false, "end the token before it at once; else two are good at a time")
	return cmd
}

func recipientsRevokeTokens(s *session) *cobra.Command {
	return leaf("revoke-tokens RECIPIENT", "End all bearer tokens of a recipient", func(ctx context.Context, args []string) error {
		r := request{method: http.MethodDelete, path: append(recipientPath(args[0]), "tokens"), needs: manageService}
		return s.say(ctx, r, "Revoked the tokens of recipient %s.", args[0])
	})
}

func recipientsDelete(s *session) *cobra.Command {
	return leaf("delete RECIPIENT", "Delete a recipient with its tokens; the principal stays", func(ctx context.Context, args []string) error {
		return s.say(ctx, request{method: http.MethodDelete, path: recipientPath(args[0]), needs: manageService}, "Deleted recipient %s.", args[0])
	})
}
