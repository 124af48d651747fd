package cli

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
)

func shares(s *session) *cobra.Command {
	return group("shares", "Manage shares: tables under names of their own, which recipients read by Delta Sharing",
		sharesCreate(s), sharesGet(s), sharesList(s), sharesTables(s), sharesAddTable(s), sharesRemoveTable(s),
		sharesRecipients(s), sharesGrant(s), sharesRevoke(s), sharesDelete(s))
}

func sharesPath() []string            { return []string{management, "shares"} }
func sharePath(share string) []string { return append(sharesPath(), share) }

func sharesCreate(s *session) *cobra.Command {
	return leaf("create SHARE", "Create an empty share", func(ctx context.Context, args []string) error {
		body := map[string]any{"share": map[string]any{"name": args[0]}}
		return s.say(ctx, request{method: http.MethodPost, path: sharesPath(), body: body, needs: manageService}, "Created share %s.", args[0])
	})
}

func sharesGet(s *session) *cobra.Command {
	return leaf("get SHARE", "Show a share", func(ctx context.Context, args []string) error {
		return show(ctx, s, request{method: http.MethodGet, path: sharePath(args[0]), needs: manageService}, record)
	})
}

func sharesList(s *session) *cobra.Command {
	type answer struct {
		Shares []entity `json:"shares"`
	}
	return leaf("list", "List shares", func(ctx context.Context, _ []string) error {
		return show(ctx, s, request{method: http.MethodGet, path: sharesPath(), needs: manageService}, func(w io.Writer, all answer) {
			rows := make([][]string, len(all.Shares))
			for i, share := range all.Shares {
				rows[i] = []string{share.Name, moment(share.CreateTimestamp)}
			}
			table(w, []string{"NAME", "CREATED"}, rows)
		})
	})
}

// sharedTable is a table of a share.
type sharedTable struct {
	Schema    string   `json:"schema"`
	Name      string   `json:"name"`
	Catalog   string   `json:"catalogName"`
	Namespace []string `json:"namespace"`
	Table     string   `json:"tableName"`
	Broken    bool     `json:"broken,omitempty"`
}

func sharesTables(s *session) *cobra.Command {
	type answer struct {
		Tables []sharedTable `json:"tables"`
	}
	return leaf("tables SHARE", "List the tables of a share, and where each is now", func(ctx context.Context, args []string) error {
		r := request{method: http.MethodGet, path: append(sharePath(args[0]), "tables"), needs: manageService}
		return show(ctx, s, r, func(w io.Writer, all answer) {
			rows := make([][]string, len(all.Tables))
			for i, t := range all.Tables {
				state := "shared"
				if t.Broken {
					state = "dropped: remove it from the share"
				}
				rows[i] = []string{t.Schema + "." + t.Name, t.Catalog, joinNamespace(t.Namespace), t.Table, state}
			}
			table(w, []string{"AS", "CATALOG", "NAMESPACE", "TABLE", "STATE"}, rows)
		})
	})
}

// asAlias declares the flag that names a table within a share.
func asAlias(cmd *cobra.Command, alias *string) {
	cmd.Flags().StringVar(alias, "as", "", "`schema.table`: its name in the share")
	required(cmd, "as")
}

func splitAlias(alias string) (schema, name string, err error) {
	schema, name, _ = strings.Cut(alias, ".")
	if schema == "" || name == "" || strings.Contains(name, ".") {
		return "", "", misused("--as must be a schema and a table with one dot between, such as sales.orders")
	}
	return schema, name, nil
}

func sharesAddTable(s *session) *cobra.Command {
	var alias, namespace string
	var t sharedTable
	cmd := leaf("add-table SHARE", "Put a table into a share", func(ctx context.Context, args []string) (err error) {
		if t.Schema, t.Name, err = splitAlias(alias); err != nil {
			return err
		}
		if t.Namespace, err = splitNamespace(namespace); err != nil {
			return err
		}
		r := request{method: http.MethodPost, path: append(sharePath(args[0]), "tables"), body: map[string]any{"table": t},
			needs: "SERVICE_MANAGE_ACCESS, and TABLE_LIST on the table"}
		return s.say(ctx, r, "Added table %s of catalog %s to share %s as %s.", joinNamespace(append(t.Namespace, t.Table)), t.Catalog, args[0], alias)
	})
	asAlias(cmd, &alias)
	ofCatalog(cmd, &t.Catalog)
	cmd.Flags().StringVar(&namespace, "namespace", "", "`namespace`, levels with dots between (\\. is a dot inside a level)")
	cmd.Flags().StringVar(&t.Table, "table", "", "`name` of the table")
	required(cmd, "namespace", "table")
	return cmd
}

func sharesRemoveTable(s *session) *cobra.Command {
	var alias string
	cmd := leaf("remove-table SHARE", "Take a table out of a share", func(ctx context.Context, args []string) error {
		schema, name, err := splitAlias(alias)
		if err != nil {
			return err
		}
		r := request{method: http.MethodDelete, path: append(sharePath(args[0]), "schemas", schema, "tables", name), needs: manageService}
		return s.say(ctx, r, "Removed table %s from share %s.", alias, args[0])
	})
	asAlias(cmd, &alias)
	return cmd
}

func sharesRecipients(s *session) *cobra.Command {
	return leaf("recipients SHARE", "List the recipients that have a share", func(ctx context.Context, args []string) error {
		r := request{method: http.MethodGet, path: append(sharePath(args[0]), "recipients"), needs: manageService}
		return show(ctx, s, r, func(w io.Writer, all recipientList) { all.print(w) })
	})
}

func sharesGrant(s *session) *cobra.Command {
	var recipient string
	cmd := leaf("grant SHARE", "Give a share to a recipient, who also needs TABLE_READ_DATA on its tables", func(ctx context.Context, args []string) error {
		body := map[string]any{"recipient": map[string]any{"name": recipient}}
		r := request{method: http.MethodPut, path: append(sharePath(args[0]), "recipients"), body: body, needs: manageService}
		return s.say(ctx, r, "Granted share %s to recipient %s.", args[0], recipient)
	})
	cmd.Flags().StringVar(&recipient, "recipient", "", "`recipient` to have it")
	required(cmd, "recipient")
	return cmd
}

func sharesRevoke(s *session) *cobra.Command {
	var recipient string
	cmd := leaf("revoke SHARE", "Take a share from a recipient", func(ctx context.Context, args []string) error {
		r := request{method: http.MethodDelete, path: append(sharePath(args[0]), "recipients", recipient), needs: manageService}
		return s.say(ctx, r, "Revoked share %s from recipient %s.", args[0], recipient)
	})
	cmd.Flags().StringVar(&recipient, "recipient", "", "`recipient` that has it")
	required(cmd, "recipient")
	return cmd
}

func sharesDelete(s *session) *cobra.Command {
	return leaf("delete SHARE", "Delete a share; its tables stay where they are", func(ctx context.Context, args []string) error {
		return s.say(ctx, request{method: http.MethodDelete, path: sharePath(args[0]), needs: manageService}, "Deleted share %s.", args[0])
	})
}
