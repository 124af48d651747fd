package cli

import (
	"context"
	"io"
	"net/http"

	"github.com/spf13/cobra"
)

// manageAccess is the privilege for catalog roles and grants.
const manageAccess = "CATALOG_MANAGE_ACCESS on the catalog, which its catalog role catalog_admin has"

func catalogRoles(s *session) *cobra.Command {
	var catalog string
	update := updater(s, "CATALOG_ROLE", "catalog role", manageAccess, func(role string) []string { return catalogRolePath(catalog, role) })
	ofCatalog(update, &catalog)
	return group("catalog-roles", "Manage catalog roles, which hold privileges and are held by principal roles",
		catalogRolesCreate(s), catalogRolesGet(s), catalogRolesList(s), update,
		catalogRolesGrant(s), catalogRolesRevoke(s), catalogRolesDelete(s))
}

func catalogRolePath(catalog, role string) []string {
	return append(catalogPath(catalog), "catalog-roles", role)
}

// ofCatalog declares the flag that names the catalog.
func ofCatalog(cmd *cobra.Command, catalog *string) {
	cmd.Flags().StringVar(catalog, "catalog", "", "`catalog` that it belongs to")
	required(cmd, "catalog")
}

func catalogRolesCreate(s *session) *cobra.Command {
	var catalog string
	var properties []string
	cmd := leaf("create CATALOG_ROLE", "Create a catalog role", func(ctx context.Context, args []string) error {
		all, err := pairs("property", properties)
		if err != nil {
			return err
		}
		body := map[string]any{"catalogRole": map[string]any{"name": args[0], "properties": all}}
		return s.say(ctx, request{method: http.MethodPost, path: append(catalogPath(catalog), "catalog-roles"), body: body, needs: manageAccess},
			"Created catalog role %s in catalog %s.", args[0], catalog)
	})
	ofCatalog(cmd, &catalog)
	cmd.Flags().StringArrayVar(&properties, "property", nil, "`key=value`; repeatable")
	return cmd
}

func catalogRolesGet(s *session) *cobra.Command {
	var catalog string
	cmd := leaf("get CATALOG_ROLE", "Show a catalog role", func(ctx context.Context, args []string) error {
		return show(ctx, s, request{method: http.MethodGet, path: catalogRolePath(catalog, args[0]), needs: manageAccess}, record)
	})
	ofCatalog(cmd, &catalog)
	return cmd
}

func catalogRolesList(s *session) *cobra.Command {
	var role string
	cmd := leaf("list CATALOG", "List the roles of a catalog", func(ctx context.Context, args []string) error {
		r := request{method: http.MethodGet, path: append(catalogPath(args[0]), "catalog-roles"), needs: manageAccess}
		if role != "" {
			r.path, r.needs = append(principalRolePath(role), "catalog-roles", args[0]), manageService
		}
		return show(ctx, s, r, func(w io.Writer, all roles) { all.print(w) })
	})
	cmd.Flags().StringVar(&role, "principal-role", "", "only roles that this principal `role` holds")
	return cmd
}

func catalogRolesGrant(s *session) *cobra.Command {
	var catalog, role string
	cmd := leaf("grant CATALOG_ROLE", "Give a catalog role to a principal role", func(ctx context.Context, args []string) error {
		body := map[string]any{"catalogRole": map[string]any{"name": args[0]}}
		return s.say(ctx, request{method: http.MethodPut, path: append(principalRolePath(role), "catalog-roles", catalog), body: body, needs: manageAccess},
			"Granted catalog role %s of catalog %s to principal role %s.", args[0], catalog, role)
	})
	ofCatalog(cmd, &catalog)
	cmd.Flags().StringVar(&role, "principal-role", "", "principal `role` to hold it")
	required(cmd, "principal-role")
	return cmd
}

func catalogRolesRevoke(s *session) *cobra.Command {
	var catalog, role string
	cmd := leaf("revoke CATALOG_ROLE", "Take a catalog role from a principal role", func(ctx context.Context, args []string) error {
		return s.say(ctx, request{method: http.MethodDelete, path: append(principalRolePath(role), "catalog-roles", catalog, args[0]), needs: manageAccess},
			"Revoked catalog role %s of catalog %s from principal role %s.", args[0], catalog, role)
	})
	ofCatalog(cmd, &catalog)
	cmd.Flags().StringVar(&role, "principal-role", "", "principal `role` that holds it")
	required(cmd, "principal-role")
	return cmd
}

func catalogRolesDelete(s *session) *cobra.Command {
	var catalog string
	cmd := leaf("delete CATALOG_ROLE", "Delete a catalog role and its grants", func(ctx context.Context, args []string) error {
		return s.say(ctx, request{method: http.MethodDelete, path: catalogRolePath(catalog, args[0]), needs: manageAccess},
			"Deleted catalog role %s from catalog %s.", args[0], catalog)
	})
	ofCatalog(cmd, &catalog)
	return cmd
}
