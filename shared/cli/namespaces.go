package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

func namespaces(s *session) *cobra.Command {
	return group("namespaces", "Manage namespaces",
		namespacesCreate(s), namespacesGet(s), namespacesList(s), namespacesDelete(s))
}

// namespacesPath is where a catalog's namespaces are: its name is the prefix that its configuration gives to engines.
func namespacesPath(catalog string) []string { return []string{iceberg, catalog, "namespaces"} }

// namespacePath is the path of a namespace as it is written on the command line.
func namespacePath(catalog, namespace string) ([]string, error) {
	levels, err := splitNamespace(namespace)
	if err != nil {
		return nil, err
	}
	return append(namespacesPath(catalog), strings.Join(levels, levelSeparator)), nil
}

func namespacesCreate(s *session) *cobra.Command {
	var catalog, location string
	var properties []string
	cmd := leaf("create NAMESPACE", "Create a namespace", func(ctx context.Context, args []string) error {
		if location != "" {
			properties = append(properties, "location="+location)
		}
		all, err := pairs("property", properties)
		if err != nil {
			return err
		}
		levels, err := splitNamespace(args[0])
		if err != nil {
			return err
		}
		body := map[string]any{"namespace": levels, "properties": all}
		return s.say(ctx, request{
			method: http.MethodPost, path: namespacesPath(catalog), body: body, needs: "NAMESPACE_CREATE on the catalog or the parent namespace",
		}, "Created namespace %s in catalog %s.", args[0], catalog)
	})
	ofCatalog(cmd, &catalog)
	cmd.Flags().StringVar(&location, "location", "", "`location` of its tables, if not under its parent's")
	cmd.Flags().StringArrayVar(&properties, "property", nil, "`key=value`; repeatable")
	return cmd
}

func namespacesGet(s *session) *cobra.Command {
	var catalog string
	cmd := leaf("get NAMESPACE", "Show a namespace", func(ctx context.Context, args []string) error {
		path, err := namespacePath(catalog, args[0])
		if err != nil {
			return err
		}
		return show(ctx, s, request{method: http.MethodGet, path: path, needs: "NAMESPACE_READ_PROPERTIES on the namespace"}, record)
	})
	ofCatalog(cmd, &catalog)
	return cmd
}

// namespaceList is ListNamespacesResponse of the Iceberg REST API.
type namespaceList struct {
	Namespaces    [][]string `json:"namespaces"`
	NextPageToken *string    `json:"next-page-token"`
}

func namespacesList(s *session) *cobra.Command {
	var catalog, parent string
	cmd := leaf("list", "List the namespaces of a catalog or namespace, one level", func(ctx context.Context, _ []string) error {
		r := request{method: http.MethodGet, path: namespacesPath(catalog), query: url.Values{}, needs: "NAMESPACE_LIST on the catalog or the parent namespace"}
		if parent != "" {
			levels, err := splitNamespace(parent)
			if err != nil {
				return err
			}
			r.query.Set("parent", strings.Join(levels, levelSeparator))
		}
		all, body, err := s.allNamespaces(ctx, r)
		if err != nil {
			return err
		}
		if s.output == "json" {
			s.document(body)
			return nil
		}
		rows := make([][]string, len(all.Namespaces))
		for i, levels := range all.Namespaces {
			rows[i] = []string{joinNamespace(levels)}
		}
		table(s.config.Stdout, []string{"NAMESPACE"}, rows)
		return nil
	})
	ofCatalog(cmd, &catalog)
	cmd.Flags().StringVar(&parent, "parent", "", "`namespace` to list within; the catalog's root if not given")
	return cmd
}

// allNamespaces follows the pages of a list to its end. The document is the server's own if one page is all, else one
// document of the same form.
func (s *session) allNamespaces(ctx context.Context, r request) (all namespaceList, document []byte, err error) {
	for pages := 1; ; pages++ {
		var page namespaceList
		if document, err = s.send(ctx, r, &page); err != nil {
			return all, nil, err
		}
		all.Namespaces = append(all.Namespaces, page.Namespaces...)
		if page.NextPageToken == nil || *page.NextPageToken == "" {
			if pages > 1 {
				document, err = json.Marshal(all)
			}
			return all, document, err
		}
		if *page.NextPageToken == r.query.Get("pageToken") {
			return all, nil, failed("the server gives the same page again and again",
				fmt.Sprintf("It listed %d namespaces so far; its log may say more.", len(all.Namespaces)))
		}
		r.query.Set("pageToken", *page.NextPageToken)
	}
}

func namespacesDelete(s *session) *cobra.Command {
	var catalog string
	cmd := leaf("delete NAMESPACE", "Delete an empty namespace", func(ctx context.Context, args []string) error {
		path, err := namespacePath(catalog, args[0])
		if err != nil {
			return err
		}
		return s.say(ctx, request{method: http.MethodDelete, path: path, needs: "NAMESPACE_DROP on the namespace"},
			"Deleted namespace %s from catalog %s.", args[0], catalog)
	})
	ofCatalog(cmd, &catalog)
	return cmd
}
