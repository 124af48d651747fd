package cli

import "slices"

// levels are the kinds of objects, with the privileges of the management API's enumerations
// CatalogPrivilege, NamespacePrivilege, TablePrivilege and ViewPrivilege. They are checked here because a server answers
// 400 without a word to one that it does not know.
var levels = []level{
	{"catalog", slices.Concat(manage,
		[]string{"CATALOG_READ_PROPERTIES", "CATALOG_WRITE_PROPERTIES", "CATALOG_ATTACH_POLICY", "CATALOG_DETACH_POLICY"}, contents)},
	{"namespace", slices.Concat(manage, []string{"NAMESPACE_ATTACH_POLICY", "NAMESPACE_DETACH_POLICY"}, contents)},
	{"table", slices.Concat([]string{
		"CATALOG_MANAGE_ACCESS",
		"TABLE_DROP", "TABLE_LIST", "TABLE_READ_PROPERTIES", "TABLE_WRITE_PROPERTIES", "TABLE_READ_DATA", "TABLE_WRITE_DATA",
		"TABLE_FULL_METADATA", "TABLE_ATTACH_POLICY", "TABLE_DETACH_POLICY",
	}, tableUpdates)},
	{"view", []string{
		"CATALOG_MANAGE_ACCESS", "VIEW_DROP", "VIEW_LIST", "VIEW_READ_PROPERTIES", "VIEW_WRITE_PROPERTIES", "VIEW_FULL_METADATA",
	}},
}

// manage are the privileges that contain others.
var manage = []string{"CATALOG_MANAGE_ACCESS", "CATALOG_MANAGE_CONTENT", "CATALOG_MANAGE_METADATA"}

// contents are the privileges for what is in a catalog or namespace.
var contents = slices.Concat([]string{
	"NAMESPACE_CREATE", "NAMESPACE_DROP", "NAMESPACE_LIST", "NAMESPACE_READ_PROPERTIES", "NAMESPACE_WRITE_PROPERTIES", "NAMESPACE_FULL_METADATA",
	"TABLE_CREATE", "TABLE_DROP", "TABLE_LIST", "TABLE_READ_PROPERTIES", "TABLE_WRITE_PROPERTIES", "TABLE_READ_DATA", "TABLE_WRITE_DATA",
	"TABLE_FULL_METADATA",
	"VIEW_CREATE", "VIEW_DROP", "VIEW_LIST", "VIEW_READ_PROPERTIES", "VIEW_WRITE_PROPERTIES", "VIEW_FULL_METADATA",
	"POLICY_CREATE", "POLICY_DROP", "POLICY_LIST", "POLICY_READ", "POLICY_WRITE", "POLICY_FULL_METADATA",
}, tableUpdates)

// tableUpdates are the privileges for single kinds of commits.
var tableUpdates = []string{
	"TABLE_ASSIGN_UUID", "TABLE_UPGRADE_FORMAT_VERSION", "TABLE_ADD_SCHEMA", "TABLE_SET_CURRENT_SCHEMA", "TABLE_ADD_PARTITION_SPEC",
	"TABLE_ADD_SORT_ORDER", "TABLE_SET_DEFAULT_SORT_ORDER", "TABLE_ADD_SNAPSHOT", "TABLE_SET_SNAPSHOT_REF", "TABLE_REMOVE_SNAPSHOTS",
	"TABLE_REMOVE_SNAPSHOT_REF", "TABLE_SET_LOCATION", "TABLE_SET_PROPERTIES", "TABLE_REMOVE_PROPERTIES", "TABLE_SET_STATISTICS",
	"TABLE_REMOVE_STATISTICS", "TABLE_REMOVE_PARTITION_SPECS", "TABLE_MANAGE_STRUCTURE",
}
