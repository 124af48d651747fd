package access

import "slices"

// Operation is what a caller wants to do, by the name that Polaris prints in a refusal (Polaris 1.7,
// PolarisAuthorizableOperation).
type Operation string

// The operations. rules says for each which privileges it takes, and on what.
const (
	// Namespaces.
	ListNamespaces            Operation = "LIST_NAMESPACES"
	CreateNamespace           Operation = "CREATE_NAMESPACE"
	LoadNamespaceMetadata     Operation = "LOAD_NAMESPACE_METADATA"
	NamespaceExists           Operation = "NAMESPACE_EXISTS"
	DropNamespace             Operation = "DROP_NAMESPACE"
	UpdateNamespaceProperties Operation = "UPDATE_NAMESPACE_PROPERTIES"

	// Tables.
	ListTables                                Operation = "LIST_TABLES"
	CreateTableDirect                         Operation = "CREATE_TABLE_DIRECT"
	CreateTableStaged                         Operation = "CREATE_TABLE_STAGED"
	CreateTableDirectWithWriteDelegation      Operation = "CREATE_TABLE_DIRECT_WITH_WRITE_DELEGATION"
	CreateTableStagedWithWriteDelegation      Operation = "CREATE_TABLE_STAGED_WITH_WRITE_DELEGATION"
	UpdateTableForStagedCreate                Operation = "UPDATE_TABLE_FOR_STAGED_CREATE"
	RegisterTable                             Operation = "REGISTER_TABLE"
	RegisterTableWithReadDelegation           Operation = "REGISTER_TABLE_WITH_READ_DELEGATION"
	RegisterTableWithWriteDelegation          Operation = "REGISTER_TABLE_WITH_WRITE_DELEGATION"
	RegisterTableOverwrite                    Operation = "REGISTER_TABLE_OVERWRITE"
	RegisterTableOverwriteWithReadDelegation  Operation = "REGISTER_TABLE_OVERWRITE_WITH_READ_DELEGATION"
	RegisterTableOverwriteWithWriteDelegation Operation = "REGISTER_TABLE_OVERWRITE_WITH_WRITE_DELEGATION"
	LoadTable                                 Operation = "LOAD_TABLE"
	LoadTableWithReadDelegation               Operation = "LOAD_TABLE_WITH_READ_DELEGATION"
	LoadTableWithWriteDelegation              Operation = "LOAD_TABLE_WITH_WRITE_DELEGATION"
	TableExists                               Operation = "TABLE_EXISTS"
	UpdateTable                               Operation = "UPDATE_TABLE"
	DropTableWithoutPurge                     Operation = "DROP_TABLE_WITHOUT_PURGE"
	DropTableWithPurge                        Operation = "DROP_TABLE_WITH_PURGE"
	RenameTable                               Operation = "RENAME_TABLE"
	ClaimTableFolders                         Operation = "CLAIM_TABLE_FOLDERS" // beside what changes them; Polaris has none
	CommitTransaction                         Operation = "COMMIT_TRANSACTION"
	ReportReadMetrics                         Operation = "REPORT_READ_METRICS"
	ReportWriteMetrics                        Operation = "REPORT_WRITE_METRICS"

	// Single updates of a commit.
	AssignTableUUID           Operation = "ASSIGN_TABLE_UUID"
	UpgradeTableFormatVersion Operation = "UPGRADE_TABLE_FORMAT_VERSION"
	AddTableSchema            Operation = "ADD_TABLE_SCHEMA"
	SetTableCurrentSchema     Operation = "SET_TABLE_CURRENT_SCHEMA"
	AddTablePartitionSpec     Operation = "ADD_TABLE_PARTITION_SPEC"
	AddTableSortOrder         Operation = "ADD_TABLE_SORT_ORDER"
	SetTableDefaultSortOrder  Operation = "SET_TABLE_DEFAULT_SORT_ORDER"
	AddTableSnapshot          Operation = "ADD_TABLE_SNAPSHOT"
	SetTableSnapshotRef       Operation = "SET_TABLE_SNAPSHOT_REF"
	RemoveTableSnapshots      Operation = "REMOVE_TABLE_SNAPSHOTS"
	RemoveTableSnapshotRef    Operation = "REMOVE_TABLE_SNAPSHOT_REF"
	SetTableLocation          Operation = "SET_TABLE_LOCATION"
	SetTableProperties        Operation = "SET_TABLE_PROPERTIES"
	RemoveTableProperties     Operation = "REMOVE_TABLE_PROPERTIES"
	SetTableStatistics        Operation = "SET_TABLE_STATISTICS"
	RemoveTableStatistics     Operation = "REMOVE_TABLE_STATISTICS"
	RemoveTablePartitionSpecs Operation = "REMOVE_TABLE_PARTITION_SPECS"

	// Views.
	ListViews    Operation = "LIST_VIEWS"
	CreateView   Operation = "CREATE_VIEW"
	RegisterView Operation = "REGISTER_VIEW"
	LoadView     Operation = "LOAD_VIEW"
	ViewExists   Operation = "VIEW_EXISTS"
	ReplaceView  Operation = "REPLACE_VIEW"
	DropView     Operation = "DROP_VIEW"
	RenameView   Operation = "RENAME_VIEW"

	// Notifications.
	SendNotifications Operation = "SEND_NOTIFICATIONS"

	// Policies.
	ListPolicy                       Operation = "LIST_POLICY"
	CreatePolicy                     Operation = "CREATE_POLICY"
	LoadPolicy                       Operation = "LOAD_POLICY"
	UpdatePolicy                     Operation = "UPDATE_POLICY"
	DropPolicy                       Operation = "DROP_POLICY"
	AttachPolicyToCatalog            Operation = "ATTACH_POLICY_TO_CATALOG"
	AttachPolicyToNamespace          Operation = "ATTACH_POLICY_TO_NAMESPACE"
	AttachPolicyToTable              Operation = "ATTACH_POLICY_TO_TABLE"
	DetachPolicyFromCatalog          Operation = "DETACH_POLICY_FROM_CATALOG"
	DetachPolicyFromNamespace        Operation = "DETACH_POLICY_FROM_NAMESPACE"
	DetachPolicyFromTable            Operation = "DETACH_POLICY_FROM_TABLE"
	GetApplicablePoliciesOnCatalog   Operation = "GET_APPLICABLE_POLICIES_ON_CATALOG"
	GetApplicablePoliciesOnNamespace Operation = "GET_APPLICABLE_POLICIES_ON_NAMESPACE"
	GetApplicablePoliciesOnTable     Operation = "GET_APPLICABLE_POLICIES_ON_TABLE"

	// Catalogs.
	ListCatalogs  Operation = "LIST_CATALOGS"
	CreateCatalog Operation = "CREATE_CATALOG"
	GetCatalog    Operation = "GET_CATALOG"
	UpdateCatalog Operation = "UPDATE_CATALOG"
	DeleteCatalog Operation = "DELETE_CATALOG"

	// Principals.
	ListPrincipals             Operation = "LIST_PRINCIPALS"
	CreatePrincipal            Operation = "CREATE_PRINCIPAL"
	GetPrincipal               Operation = "GET_PRINCIPAL"
	UpdatePrincipal            Operation = "UPDATE_PRINCIPAL"
	DeletePrincipal            Operation = "DELETE_PRINCIPAL"
	RotateCredentials          Operation = "ROTATE_CREDENTIALS"
	ResetCredentials           Operation = "RESET_CREDENTIALS"
	ListPrincipalRolesAssigned Operation = "LIST_PRINCIPAL_ROLES_ASSIGNED"

	// Principal roles.
	AssignPrincipalRole                    Operation = "ASSIGN_PRINCIPAL_ROLE"
	RevokePrincipalRole                    Operation = "REVOKE_PRINCIPAL_ROLE"
	ListPrincipalRoles                     Operation = "LIST_PRINCIPAL_ROLES"
	CreatePrincipalRole                    Operation = "CREATE_PRINCIPAL_ROLE"
	GetPrincipalRole                       Operation = "GET_PRINCIPAL_ROLE"
	UpdatePrincipalRole                    Operation = "UPDATE_PRINCIPAL_ROLE"
	DeletePrincipalRole                    Operation = "DELETE_PRINCIPAL_ROLE"
	ListAssigneePrincipalsForPrincipalRole Operation = "LIST_ASSIGNEE_PRINCIPALS_FOR_PRINCIPAL_ROLE"
	ListCatalogRolesForPrincipalRole       Operation = "LIST_CATALOG_ROLES_FOR_PRINCIPAL_ROLE"

	// Catalog roles.
	AssignCatalogRoleToPrincipalRole         Operation = "ASSIGN_CATALOG_ROLE_TO_PRINCIPAL_ROLE"
	RevokeCatalogRoleFromPrincipalRole       Operation = "REVOKE_CATALOG_ROLE_FROM_PRINCIPAL_ROLE"
	ListCatalogRoles                         Operation = "LIST_CATALOG_ROLES"
	CreateCatalogRole                        Operation = "CREATE_CATALOG_ROLE"
	GetCatalogRole                           Operation = "GET_CATALOG_ROLE"
	UpdateCatalogRole                        Operation = "UPDATE_CATALOG_ROLE"
	DeleteCatalogRole                        Operation = "DELETE_CATALOG_ROLE"
	ListAssigneePrincipalRolesForCatalogRole Operation = "LIST_ASSIGNEE_PRINCIPAL_ROLES_FOR_CATALOG_ROLE"
	ListGrantsForCatalogRole                 Operation = "LIST_GRANTS_FOR_CATALOG_ROLE"

	// Grants.
	AddCatalogGrantToCatalogRole        Operation = "ADD_CATALOG_GRANT_TO_CATALOG_ROLE"
	RevokeCatalogGrantFromCatalogRole   Operation = "REVOKE_CATALOG_GRANT_FROM_CATALOG_ROLE"
	AddNamespaceGrantToCatalogRole      Operation = "ADD_NAMESPACE_GRANT_TO_CATALOG_ROLE"
	RevokeNamespaceGrantFromCatalogRole Operation = "REVOKE_NAMESPACE_GRANT_FROM_CATALOG_ROLE"
	AddTableGrantToCatalogRole          Operation = "ADD_TABLE_GRANT_TO_CATALOG_ROLE"
	RevokeTableGrantFromCatalogRole     Operation = "REVOKE_TABLE_GRANT_FROM_CATALOG_ROLE"
	AddViewGrantToCatalogRole           Operation = "ADD_VIEW_GRANT_TO_CATALOG_ROLE"
	RevokeViewGrantFromCatalogRole      Operation = "REVOKE_VIEW_GRANT_FROM_CATALOG_ROLE"
	AddPolicyGrantToCatalogRole         Operation = "ADD_POLICY_GRANT_TO_CATALOG_ROLE"
	RevokePolicyGrantFromCatalogRole    Operation = "REVOKE_POLICY_GRANT_FROM_CATALOG_ROLE"

	// Keys to storage that are taken back, which Polaris does not have.
	RevokeKeysOfPrincipal Operation = "REVOKE_KEYS_OF_PRINCIPAL"
	RevokeKeysForTable    Operation = "REVOKE_KEYS_FOR_TABLE"
	RevokeKey             Operation = "REVOKE_KEY"
	ListRevocations       Operation = "LIST_REVOCATIONS"

	// Shares and their recipients, which Polaris does not have.
	ListShares            Operation = "LIST_SHARES"
	CreateShare           Operation = "CREATE_SHARE"
	GetShare              Operation = "GET_SHARE"
	DeleteShare           Operation = "DELETE_SHARE"
	AddTableToShare       Operation = "ADD_TABLE_TO_SHARE"
	RemoveTableFromShare  Operation = "REMOVE_TABLE_FROM_SHARE"
	GrantShare            Operation = "GRANT_SHARE"
	RevokeShare           Operation = "REVOKE_SHARE"
	ListRecipients        Operation = "LIST_RECIPIENTS"
	CreateRecipient       Operation = "CREATE_RECIPIENT"
	GetRecipient          Operation = "GET_RECIPIENT"
	DeleteRecipient       Operation = "DELETE_RECIPIENT"
	IssueRecipientToken   Operation = "ISSUE_RECIPIENT_TOKEN"
	RevokeRecipientTokens Operation = "REVOKE_RECIPIENT_TOKENS"
)

// updateOperations are the operations of a commit's updates by their action (Iceberg REST, TableUpdate).
var updateOperations = map[string]Operation{
	"assign-uuid":            AssignTableUUID,
	"upgrade-format-version": UpgradeTableFormatVersion,
	"add-schema":             AddTableSchema,
	"set-current-schema":     SetTableCurrentSchema,
	"add-spec":               AddTablePartitionSpec,
	"add-sort-order":         AddTableSortOrder,
	"set-default-sort-order": SetTableDefaultSortOrder,
	"add-snapshot":           AddTableSnapshot,
	"set-snapshot-ref":       SetTableSnapshotRef,
	"remove-snapshots":       RemoveTableSnapshots,
	"remove-snapshot-ref":    RemoveTableSnapshotRef,
	"set-location":           SetTableLocation,
	"set-properties":         SetTableProperties,
	"remove-properties":      RemoveTableProperties,
	"set-statistics":         SetTableStatistics,
	"remove-statistics":      RemoveTableStatistics,
	"remove-partition-specs": RemoveTablePartitionSpecs,
}

// UpdateOperation is the operation of one update of a commit; UpdateTable for an action that has none of its own.
func UpdateOperation(action string) Operation {
	if op, found := updateOperations[action]; found {
		return op
	}
	return UpdateTable
}

// UpdateOperations are the operations of a commit with these updates, each once, for CheckAll. A commit without updates
// is UpdateTable too.
func UpdateOperations(actions []string) []Operation {
	if len(actions) == 0 {
		return []Operation{UpdateTable}
	}
	var out []Operation
	for _, action := range actions {
		if op := UpdateOperation(action); !slices.Contains(out, op) {
			out = append(out, op)
		}
	}
	return out
}
