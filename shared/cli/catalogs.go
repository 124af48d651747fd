package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/spf13/cobra"
)

// manageService is the privilege for catalogs, principals and principal roles.
const manageService = "SERVICE_MANAGE_ACCESS, which the principal role service_admin has"

// catalog is a Catalog of the management API, with the fields that commands read.
type catalog struct {
	Type          string                     `json:"type"`
	Name          string                     `json:"name"`
	Properties    map[string]string          `json:"properties"`
	EntityVersion int                        `json:"entityVersion"`
	Storage       map[string]json.RawMessage `json:"storageConfigInfo"` // as it came, to send it back whole
}

// catalogUpdate is UpdateCatalogRequest of the management API. Storage is left out when it stays.
type catalogUpdate struct {
	entityUpdate
	Storage map[string]json.RawMessage `json:"storageConfigInfo,omitempty"`
}

const baseLocation = "default-base-location" // a property, and a flag of the same name

func catalogs(s *session) *cobra.Command {
	return group("catalogs", "Manage catalogs",
		catalogsCreate(s), catalogsGet(s), catalogsList(s), catalogsUpdate(s), catalogsProbe(s), catalogsDelete(s))
}

func catalogPath(name string) []string { return []string{management, "catalogs", name} }

func catalogsCreate(s *session) *cobra.Command {
	var kind, storageType, base string
	var properties []string
	var unprobed bool
	var cmd *cobra.Command
	cmd = leaf("create CATALOG", "Create a catalog", func(ctx context.Context, args []string) error {
		properties = append(properties, baseLocation+"="+base)
		if unprobed {
			properties = append(properties, noProbe)
		}
		all, err := pairs("property", properties)
		if err != nil {
			return err
		}
		storage, err := newStorage(cmd.Flags(), storageType)
		if err != nil {
			return err
		}
		body := map[string]any{"catalog": map[string]any{
			"type": kind, "name": args[0], "properties": all, "storageConfigInfo": storage,
		}}
		return s.sayOfCatalog(ctx, request{method: http.MethodPost, path: []string{management, "catalogs"}, body: body, needs: manageService},
			"Created catalog %s.", args[0])
	})
	fs := cmd.Flags()
	fs.SortFlags = false
	oneOf(fs, &kind, "type", "INTERNAL", "who owns the tables: this server, or another catalog", "INTERNAL", "EXTERNAL")
	oneOf(fs, &storageType, "storage-type", "", "kind of object store", "S3", "AZURE", "GCS", "FILE")
	fs.StringVar(&base, baseLocation, "", "`location` under which namespaces begin, such as s3://bucket/folder")
	fs.StringArrayVar(&properties, "property", nil, "`key=value` that engines read as a default, so never a secret; repeatable")
	fs.BoolVar(&unprobed, "no-probe", false, noProbeUsage)
	bindSettings(fs, false)
	required(cmd, "storage-type", baseLocation)
	return cmd
}

func catalogsGet(s *session) *cobra.Command {
	return leaf("get CATALOG", "Show a catalog", func(ctx context.Context, args []string) error {
		var header http.Header
		return show(ctx, s, request{
			method: http.MethodGet, path: catalogPath(args[0]), needs: "CATALOG_READ_PROPERTIES on the catalog, or " + manageService, header: &header,
		}, func(w io.Writer, object json.RawMessage) {
			record(w, object)
			if id := header.Get("Firn-External-Id"); id != "" {
				fmt.Fprintf(w, "\nThe server assumes the role with the external id %s: the role's trust policy should ask for it.\n", plain(id))
			}
			if found := header.Get(probeHeader); found != "" {
				fmt.Fprintf(w, "\nThe last probe of its storage: %s.\n", plain(found))
			}
		})
	})
}

func catalogsList(s *session) *cobra.Command {
	var role string
	cmd := leaf("list", "List catalogs", func(ctx context.Context, _ []string) error {
		var all struct {
			Catalogs []json.RawMessage `json:"catalogs"`
		}
		body, err := s.send(ctx, request{method: http.MethodGet, path: []string{management, "catalogs"}, needs: manageService}, &all)
		if err != nil {
			return err
		}
		kept, rows := []json.RawMessage{}, [][]string{}
		for _, text := range all.Catalogs {
			var c catalog
			if err := json.Unmarshal(text, &c); err != nil {
				return fmt.Errorf("reading a catalog of the list: %w", err)
			}
			reached, err := s.reaches(ctx, role, c.Name)
			if err != nil {
				return err
			}
			if reached {
				kept = append(kept, text)
				rows = append(rows, []string{
					c.Name, c.Type, storageField(c.Storage, "storageType"), c.Properties[baseLocation], strconv.Itoa(c.EntityVersion),
				})
			}
		}
		if s.output != "json" {
			table(s.config.Stdout, []string{"NAME", "TYPE", "STORAGE", "BASE LOCATION", "VERSION"}, rows)
			return nil
		}
		if role != "" {
			if body, err = json.Marshal(map[string]any{"catalogs": kept}); err != nil {
				return fmt.Errorf("writing the list: %w", err)
			}
		}
		s.document(body)
		return nil
	})
	cmd.Flags().StringVar(&role, "principal-role", "", "only catalogs of which this `role` holds a catalog role; asks once per catalog")
	return cmd
}

// reaches says whether a principal role holds a catalog role of a catalog; no role reaches all.
func (s *session) reaches(ctx context.Context, role, catalog string) (bool, error) {
	if role == "" {
		return true, nil
	}
	var held roles
	path := append(principalRolePath(role), "catalog-roles", catalog)
	_, err := s.send(ctx, request{method: http.MethodGet, path: path, needs: manageService}, &held)
	return len(held.Roles) > 0, err
}

func catalogsUpdate(s *session) *cobra.Command {
	var flags editFlags
	var base string
	var unprobed bool
	var cmd *cobra.Command
	const needs = "CATALOG_WRITE_PROPERTIES on the catalog, or " + manageService
	cmd = leaf("update CATALOG", "Change a catalog", func(ctx context.Context, args []string) error {
		if base != "" {
			flags.set = append(flags.set, baseLocation+"="+base)
		}
		if unprobed {
			flags.set = append(flags.set, noProbe)
		}
		change, err := flags.parse()
		if err != nil {
			return err
		}
		if change.empty() && !settingsGiven(cmd.Flags()) {
			return misused("nothing to change: give at least one flag")
		}
		var now catalog
		if _, err := s.send(ctx, request{method: http.MethodGet, path: catalogPath(args[0]), needs: needs}, &now); err != nil {
			return err
		}
		body := catalogUpdate{entityUpdate: entityUpdate{now.EntityVersion, change.apply(now.Properties)}}
		if settingsGiven(cmd.Flags()) {
			if body.Storage, err = changeStorage(cmd.Flags(), now.Storage); err != nil {
				return err
			}
		}
		return s.sayOfCatalog(ctx, request{method: http.MethodPut, path: catalogPath(args[0]), body: body, needs: needs}, "Updated catalog %s.", args[0])
	})
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&base, baseLocation, "", "new `location` under which namespaces begin")
	flags.bind(fs)
	fs.BoolVar(&unprobed, "no-probe", false, noProbeUsage)
	bindSettings(fs, true)
	return cmd
}

func catalogsDelete(s *session) *cobra.Command {
	return leaf("delete CATALOG", "Delete an empty catalog", func(ctx context.Context, args []string) error {
		return s.say(ctx, request{method: http.MethodDelete, path: catalogPath(args[0]), needs: manageService}, "Deleted catalog %s.", args[0])
	})
}
