package cli

import (
	"context"
	"io"
	"net/http"

	"github.com/spf13/cobra"
)

func principalRoles(s *session) *cobra.Command {
	return group("principal-roles", "Manage principal roles, which principals hold",
		principalRolesCreate(s), principalRolesGet(s), principalRolesList(s),
		updater(s, "PRINCIPAL_ROLE", "principal role", manageService, principalRolePath),
		principalRolesGrant(s), principalRolesRevoke(s), principalRolesDelete(s))
}

func principalRolePath(name string) []string { return []string{management, "principal-roles", name} }

func principalRolesCreate(s *session) *cobra.Command {
	var properties []string
	cmd := leaf("create PRINCIPAL_ROLE", "Create a principal role", func(ctx context.Context, args []string) error {
		all, err := pairs("property", properties)
		if err != nil {
			return err
		}
		body := map[string]any{"principalRole": map[string]any{"name": args[0], "properties": all}}
		return s.say(ctx, request{method: http.MethodPost, path: []string{management, "principal-roles"}, body: body, needs: manageService},
			"Created principal role %s.", args[0])
	})
	cmd.Flags().StringArrayVar(&properties, "property", nil, "`key=value`; repeatable")
	return cmd
}

func principalRolesGet(s *session) *cobra.Command {
	return leaf("get PRINCIPAL_ROLE", "Show a principal role", func(ctx context.Context, args []string) error {
		return show(ctx, s, request{method: http.MethodGet, path: principalRolePath(args[0]), needs: manageService}, record)
	})
}

func principalRolesList(s *session) *cobra.Command {
	var principal, catalog, catalogRole string
	cmd := leaf("list", "List principal roles", func(ctx context.Context, _ []string) error {
		r := request{method: http.MethodGet, path: []string{management, "principal-roles"}, needs: manageService}
		switch {
		case principal != "" && (catalog != "" || catalogRole != ""):
			return misused("give --principal, or --catalog and --catalog-role, not both")
		case (catalog == "") != (catalogRole == ""):
			return misused("give --catalog and --catalog-role together: a catalog role is one of its catalog's")
		case principal != "":
			r.path = append(principalPath(principal), "principal-roles")
		case catalogRole != "":
			r.path = append(catalogRolePath(catalog, catalogRole), "principal-roles")
			r.needs = manageAccess
		}
		return show(ctx, s, r, func(w io.Writer, held roles) { held.print(w) })
	})
	cmd.Flags().StringVar(&principal, "principal", "", "only roles that this `principal` holds")
	cmd.Flags().StringVar(&catalogRole, "catalog-role", "", "only roles that hold this catalog `role`; with --catalog")
	cmd.Flags().StringVar(&catalog, "catalog", "", "`catalog` of the catalog role")
	return cmd
}

func principalRolesGrant(s *session) *cobra.Command {
	var principal string
	cmd := leaf("grant PRINCIPAL_ROLE", "Give a principal role to a principal", func(ctx context.Context, args []string) error {
		body := map[string]any{"principalRole": map[string]any{"name": args[0]}}
		return s.say(ctx, request{method: http.MethodPut, path: append(principalPath(principal), "principal-roles"), body: body, needs: manageService},
			"Granted principal role %s to principal %s.", args[0], principal)
	})
	cmd.Flags().StringVar(&principal, "principal", "", "`principal` to hold the role")
	required(cmd, "principal")
	return cmd
}

func principalRolesRevoke(s *session) *cobra.Command {
	var principal string
	cmd := leaf("revoke PRINCIPAL_ROLE", "Take a principal role from a principal", func(ctx context.Context, args []string) error {
		return s.say(ctx, request{method: http.MethodDelete, path: append(principalPath(principal), "principal-roles", args[0]), needs: manageService},
			"Revoked principal role %s from principal %s.", args[0], principal)
	})
	cmd.Flags().StringVar(&principal, "principal", "", "`principal` that holds the role")
	required(cmd, "principal")
	return cmd
}

func principalRolesDelete(s *session) *cobra.Command {
	return leaf("delete PRINCIPAL_ROLE", "Delete a principal role", func(ctx context.Context, args []string) error {
		return s.say(ctx, request{method: http.MethodDelete, path: principalRolePath(args[0]), needs: manageService}, "Deleted principal role %s.", args[0])
	})
}
