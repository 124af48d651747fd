package cli

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// grant is a GrantResource of the management API.
type grant struct {
	Type       string   `json:"type"`
	Privilege  string   `json:"privilege"`
	Namespace  []string `json:"namespace,omitempty"`
	TableName  string   `json:"tableName,omitempty"`
	ViewName   string   `json:"viewName,omitempty"`
	PolicyName string   `json:"policyName,omitempty"`
}

// level is a kind of object that privileges are granted on; what is granted there holds for all that is in it.
type level struct {
	name       string   // the type of the grant, and of the flag that names the object
	privileges []string // what can be granted
}

func privileges(s *session) *cobra.Command {
	cmd := group("privileges", "Manage the privileges of catalog roles", privilegesList(s))
	for _, l := range levels {
		cmd.AddCommand(group(l.name, "Grant and revoke privileges on a "+l.name,
			privilegeChange(s, l, "grant"), privilegeChange(s, l, "revoke")))
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
				rows[i] = []string{g.Privilege, g.Type, joinNamespace(g.Namespace), g.TableName + g.ViewName + g.PolicyName}
			}
			table(w, []string{"PRIVILEGE", "ON", "NAMESPACE", "NAME"}, rows)
		})
	})
	ofCatalogRole(cmd, &catalog, &role)
	return cmd
}

// privilegeChange makes the command that grants or revokes a privilege on one kind of object.
func privilegeChange(s *session, l level, verb string) *cobra.Command {
	var catalog, role, namespace, object string
	var cascade bool
	change := func(ctx context.Context, args []string) error {
		g := grant{Type: l.name, Privilege: strings.ToUpper(args[0])}
		if !slices.Contains(l.privileges, g.Privilege) {
			return misused("%s is not a privilege that can be granted on a %s", plain(args[0]), l.name)
		}
		if l.name != "catalog" {
			var err error
			if g.Namespace, err = splitNamespace(namespace); err != nil {
				return err
			}
		}
		switch l.name {
		case "table":
			g.TableName = object
		case "view":
			g.ViewName = object
		}
		r := request{
			method: http.MethodPut, path: append(catalogRolePath(catalog, role), "grants"),
			body: map[string]any{"grant": g}, needs: manageAccess,
		}
		if verb == "grant" {
			return s.say(ctx, r, "Granted %s to catalog role %s of catalog %s.", g.Privilege, role, catalog)
		}
		r.method = http.MethodPost // not DELETE: the grant is in the body (management API, revokeGrantFromCatalogRole)
		if cascade {
			r.query = url.Values{"cascade": {"true"}}
		}
		return s.say(ctx, r, "Revoked %s from catalog role %s of catalog %s.", g.Privilege, role, catalog)
	}
	short := map[string]string{"grant": "Grant a privilege on a ", "revoke": "Revoke a privilege on a "}[verb] + l.name
	cmd := leaf(verb+" PRIVILEGE", short, change)
	cmd.Long = short + ". The privileges are:\n\n  " + strings.Join(l.privileges, "\n  ")
	cmd.ValidArgs = l.privileges // for shell completion
	ofCatalogRole(cmd, &catalog, &role)
	if l.name != "catalog" {
		cmd.Flags().StringVar(&namespace, "namespace", "", ``+"`namespace`"+`, levels with dots between (\. is a dot inside a level)`)
		required(cmd, "namespace")
	}
	if l.name == "table" || l.name == "view" {
		cmd.Flags().StringVar(&object, l.name, "", "`name` of the "+l.name)
		required(cmd, l.name)
	}
	if verb == "revoke" {
		cmd.Flags().BoolVar(&cascade, "cascade", false, "also revoke what follows from it; servers may not have it")
	}
	return cmd
}
