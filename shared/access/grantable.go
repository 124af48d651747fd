package access

// GrantType is the kind of securable that a grant is on, as the management API spells it.
type GrantType string

// The grant types. OnTable is for generic tables too.
const (
	OnCatalog   GrantType = "catalog"
	OnNamespace GrantType = "namespace"
	OnTable     GrantType = "table"
	OnView      GrantType = "view"
	OnPolicy    GrantType = "policy"
)

var (
	updates = structure.union(content).With(TableManageStructure)

	// inside are the privileges on everything that a namespace holds, grantable on it and on its catalog.
	inside = updates.With(CatalogManageAccess, CatalogManageContent, CatalogManageMetadata,
		NamespaceCreate, NamespaceDrop, NamespaceList, NamespaceReadProperties, NamespaceWriteProperties, NamespaceFullMetadata,
		TableCreate, TableDrop, TableList, TableReadProperties, TableWriteProperties, TableFullMetadata, TableReadData, TableWriteData,
		ViewCreate, ViewDrop, ViewList, ViewReadProperties, ViewWriteProperties, ViewFullMetadata,
		PolicyCreate, PolicyWrite, PolicyRead, PolicyDrop, PolicyList, PolicyFullMetadata)

	grantable = map[GrantType]Set{
		OnCatalog:   inside.With(CatalogReadProperties, CatalogWriteProperties, CatalogAttachPolicy, CatalogDetachPolicy),
		OnNamespace: inside.With(NamespaceAttachPolicy, NamespaceDetachPolicy),
		OnTable: updates.With(CatalogManageAccess, TableDrop, TableList, TableReadProperties, TableWriteProperties, TableReadData,
			TableWriteData, TableFullMetadata, TableAttachPolicy, TableDetachPolicy),
		OnView: SetOf(CatalogManageAccess, ViewDrop, ViewList, ViewReadProperties, ViewWriteProperties, ViewFullMetadata),
		OnPolicy: SetOf(CatalogManageAccess, PolicyRead, PolicyDrop, PolicyWrite, PolicyList, PolicyFullMetadata, PolicyAttach,
			PolicyDetach),
	}
)

// Grantable are the privileges that a client may grant on a securable of the type; none for an unknown type (management
// API: CatalogPrivilege, NamespacePrivilege, TablePrivilege, ViewPrivilege, PolicyPrivilege).
func Grantable(on GrantType) Set { return grantable[on] }
