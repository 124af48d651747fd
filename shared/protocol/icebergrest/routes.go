// Package icebergrest speaks the Iceberg REST catalog protocol (Apache Iceberg, open-api/rest-catalog-open-api.yaml) as
// Apache Polaris does: its paths, its words, its status codes.
//
// It translates and decides nothing: a handler decodes, calls one use-case of package catalog, and encodes. It refuses
// bodies that do not have the protocol's shape, with the texts that clients match on.
//
// # Why
//
// The endpoints that /v1/config advertises are read off the route table, so that nothing is listed that is not there and
// nothing is there that is not listed: clients that call only what is listed (PyIceberg, iceberg-go) never refresh keys
// from a server that hides its credentials endpoint.
//
// Which changes a client may repeat under an Idempotency-Key is seen in the table too: all of them, those of views that
// the specification leaves out among them.
//
// A plus in a path is a space: Iceberg's Java client, up to 1.11, writes it so (URLEncoder), and no namespace, table or view
// may have a plus in its name, so nothing else can be meant. Where a catalog's name has one, the prefix that clients are
// given spells it %2B.
//
// Keys go into `config` and into exactly one entry of `storage-credentials`: some clients read the one, some the other,
// and those that refresh stumble over a second entry.
package icebergrest

import (
	"strings"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/rest"
)

// base is where clients find the catalog; what they call its uri.
const base = "/api/catalog"

// Protocol gives the routes of the dialect over the use-cases.
func Protocol(s *catalog.Service) rest.Protocol {
	h := &handlers{catalog: s}
	const (
		root       = base + "/v1/{prefix}"
		namespaces = root + "/namespaces"
		namespace  = namespaces + "/{namespace}"
		tables     = namespace + "/tables"
		table      = tables + "/{table}"
		views      = namespace + "/views"
		view       = views + "/{view}"
		functions  = namespace + "/functions"
	)
	p := rest.Protocol{Name: "iceberg", Base: base + "/v1", Dialect: vocabulary.Envelope, Forms: true, Routes: []rest.Route{
		{Method: "GET", Pattern: namespaces, Operation: "listNamespaces", Function: rest.Catalog, Handler: h.listNamespaces},
		{Method: "POST", Pattern: namespaces, Operation: "createNamespace", Function: rest.Catalog, Handler: onceBody(h, (*handlers).createNamespace)},
		{Method: "GET", Pattern: namespace, Operation: "loadNamespaceMetadata", Function: rest.Catalog, Handler: h.loadNamespace},
		{Method: "HEAD", Pattern: namespace, Operation: "namespaceExists", Function: rest.Catalog, Handler: h.namespaceExists},
		{Method: "DELETE", Pattern: namespace, Operation: "dropNamespace", Function: rest.Catalog, Handler: h.once((*handlers).dropNamespace)},
		{Method: "POST", Pattern: namespace + "/properties", Operation: "updateProperties", Function: rest.Catalog, Handler: onceBody(h, (*handlers).updateProperties)},
		{Method: "GET", Pattern: tables, Operation: "listTables", Function: rest.Catalog, Handler: h.listTables},
		{Method: "POST", Pattern: tables, Operation: "createTable", Function: rest.Catalog, Handler: onceBody(h, (*handlers).createTable)},
		{Method: "POST", Pattern: namespace + "/register", Operation: "registerTable", Function: rest.Catalog, Handler: onceBody(h, (*handlers).registerTable)},
		{Method: "GET", Pattern: table, Operation: "loadTable", Function: rest.Catalog, Handler: h.loadTable},
		{Method: "HEAD", Pattern: table, Operation: "tableExists", Function: rest.Catalog, Handler: h.tableExists},
		{Method: "POST", Pattern: table, Operation: "updateTable", Function: rest.Commit, Handler: onceBody(h, (*handlers).updateTable)},
		{Method: "DELETE", Pattern: table, Operation: "dropTable", Function: rest.Catalog, Handler: h.once((*handlers).dropTable)},
		{Method: "POST", Pattern: table + "/unregister", Operation: "unregisterTable", Function: rest.Catalog, Handler: h.once((*handlers).unregisterTable)},
		{Method: "GET", Pattern: table + "/credentials", Operation: "loadCredentials", Function: rest.Credentials, Handler: h.loadCredentials},
		{Method: "POST", Pattern: table + "/sign", Operation: "signRequest", Function: rest.Credentials, Handler: rest.Body(h.signRequest)},
		{Method: "POST", Pattern: table + "/metrics", Operation: "reportMetrics", Function: rest.Catalog, Handler: rest.Body(h.reportMetrics), MaxBody: maxReport},
		{Method: "POST", Pattern: root + "/tables/rename", Operation: "renameTable", Function: rest.Catalog, Handler: onceBody(h, (*handlers).renameTable)},
		{Method: "GET", Pattern: functions, Operation: "listFunctions", Function: rest.Catalog, Handler: h.listFunctions},
		{Method: "GET", Pattern: functions + "/{function}", Operation: "loadFunction", Function: rest.Catalog, Handler: h.loadFunction},
		{Method: "GET", Pattern: views, Operation: "listViews", Function: rest.Catalog, Handler: h.listViews},
		{Method: "POST", Pattern: views, Operation: "createView", Function: rest.Catalog, Handler: onceBody(h, (*handlers).createView)},
		{Method: "POST", Pattern: namespace + "/register-view", Operation: "registerView", Function: rest.Catalog, Handler: onceBody(h, (*handlers).registerView)},
		{Method: "GET", Pattern: view, Operation: "loadView", Function: rest.Catalog, Handler: h.loadView},
		{Method: "HEAD", Pattern: view, Operation: "viewExists", Function: rest.Catalog, Handler: h.viewExists},
		{Method: "POST", Pattern: view, Operation: "replaceView", Function: rest.Commit, Handler: onceBody(h, (*handlers).replaceView)},
		{Method: "DELETE", Pattern: view, Operation: "dropView", Function: rest.Catalog, Handler: h.once((*handlers).dropView)},
		{Method: "POST", Pattern: root + "/views/rename", Operation: "renameView", Function: rest.Catalog, Handler: onceBody(h, (*handlers).renameView)},
		{Method: "POST", Pattern: root + "/transactions/commit", Operation: "commitTransaction", Function: rest.Commit, Handler: onceBody(h, (*handlers).commitTransaction)},
	}}
	h.endpoints = endpoints(p.Routes)
	p.Routes = append(p.Routes, rest.Route{Method: "GET", Pattern: base + "/v1/config", Operation: "getConfig", Function: rest.Catalog, Handler: h.config})
	return p
}

// endpoints spells routes as CatalogConfig lists them.
func endpoints(routes []rest.Route) []string {
	var out []string
	for _, r := range routes {
		out = append(out, r.Method+" "+strings.TrimPrefix(r.Pattern, base))
	}
	return out
}

// vocabulary holds the words of this dialect beyond the common ones.
var vocabulary = rest.Vocabulary{
	{Kind: fault.NotFound, Noun: fault.File}:      {Type: "NotFoundException"},
	{Kind: fault.Malformed, Noun: idempotencyKey}: {Type: "InvalidIdempotencyKey"},
}
