package cli

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"firn/shared/access"
)

// grant is a GrantResource of the management API.
type grant struct {
	Type      string   `json:"type"`
	Privilege string   `json:"privilege"`
	Namespace []string `json:"namespace,omitempty"`
	TableName string   `json:"tableName,omitempty"`
	ViewName  string   `json:"viewName,omitempty"`
}

// securables are the kinds of objects that privileges are granted on; what is granted there holds for all that is in them.
var securables = []access.GrantType{access.OnCatalog, access.OnNamespace, access.OnTable, access.OnView}

func privileges(s *session) *cobra.Command {
	cmd := group("privileges", "Manage the privileges of catalog roles", privilegesList(s))
	for _, on := range securables {
		cmd.AddCommand(group(string(on), "Grant and revoke privileges on a "+string(on),
			privilegeChange(s, on, "grant", "Grant"), privilegeChange(s, on, "revoke", "Revoke")))
	}
	return cmd
}

// ofCatalogRole declares the flags that name a catalog role.
func ofCatalogRole(cmd *cobra.Command, catalog, role *string) {
	ofCatalog(cmd, catalog)
	cmd.Flags().StringVar(role, "catalog-role", "", "catalog `role` that holds the privilege")
	required(cmd, "catalog-role")
}

func privilegesList(s *session) *cobra.Command {
	var catalog, role string
	type answer struct {
		Grants []grant `json:"grants"`
	}
	cmd := leaf("list", "List the privileges of a catalog role", func(ctx context.Context, _ []string) error {
		r := request{method: http.MethodGet, path: append(catalogRolePath(catalog, role), "grants"), needs: manageAccess}
		return show(ctx, s, r, func(w io.Writer, all answer) {
			rows := make([][]string, len(all.Grants))
			for i, g := range all.Grants {
				rows[i] = []string{g.Privilege, g.Type, joinNamespace(g.Namespace), g.TableName + g.ViewName}
			}
			table(w, []string{"PRIVILEGE", "ON", "NAMESPACE", "NAME"}, rows)
		})
	})
	ofCatalogRole(cmd, &catalog, &role)
	return cmd
}

// grantFlags name what a privilege is granted on, and to whom.
type grantFlags struct {
	catalog, role, namespace, table, view string
}

func (f *grantFlags) bind(cmd *cobra.Command, on access.GrantType) {
	ofCatalogRole(cmd, &f.catalog, &f.role)
	if on == access.OnCatalog {
		return
	}
	cmd.Flags().StringVar(&f.namespace, "namespace", "", "`namespace`, levels with dots between (\\. is a dot inside a level)")
	required(cmd, "namespace")
	switch on {
	case access.OnTable:
		cmd.Flags().StringVar(&f.table, "table", "", "`name` of the table")
		required(cmd, "table")
	case access.OnView:
		cmd.Flags().StringVar(&f.view, "view", "", "`name` of the view")
		required(cmd, "view")
	}
}

// grant refuses what cannot be granted. A server answers 400 without a word to a privilege that it does not know, so the
// name is checked here.
func (f *grantFlags) grant(on access.GrantType, privilege string) (grant, error) {
	p, err := access.ParsePrivilege(strings.ToUpper(privilege))
	if err != nil || !access.Grantable(on).Has(p) {
		return grant{}, misused("%s is not a privilege that can be granted on a %s", plain(privilege), on)
	}
	g := grant{Type: string(on), Privilege: p.String(), TableName: f.table, ViewName: f.view}
	if on != access.OnCatalog {
		if g.Namespace, err = splitNamespace(f.namespace); err != nil {
			return grant{}, err
		}
	}
	return g, nil
}

// privilegeChange makes the command that grants or revokes a privilege on one kind of object.
func privilegeChange(s *session, on access.GrantType, name, verb string) *cobra.Command {
	var flags grantFlags
	short := verb + " a privilege on a " + string(on)
	cmd := leaf(name+" PRIVILEGE", short, func(ctx context.Context, args []string) error {
		g, err := flags.grant(on, args[0])
		if err != nil {
			return err
		}
		r := request{
			method: http.MethodPut, path: append(catalogRolePath(flags.catalog, flags.role), "grants"),
			body: map[string]any{"grant": g}, needs: manageAccess,
		}
		if name == "grant" {
			return s.say(ctx, r, "Granted %s to catalog role %s of catalog %s.", g.Privilege, flags.role, flags.catalog)
		}
		r.method = http.MethodPost // not DELETE: the grant is in the body (management API, revokeGrantFromCatalogRole)
		return s.say(ctx, r, "Revoked %s from catalog role %s of catalog %s.", g.Privilege, flags.role, flags.catalog)
	})
	for _, p := range access.Grantable(on).List() {
		cmd.ValidArgs = append(cmd.ValidArgs, p.String()) // for shell completion
	}
	cmd.Long = short + ". The privileges are:\n\n  " + strings.Join(cmd.ValidArgs, "\n  ")
	flags.bind(cmd, on)
	return cmd
}
