package access

// An implication says that each of the wanted privileges is also satisfied by each of the others.
type implication struct{ wanted, by Set }

var (
	metadata = SetOf(CatalogManageMetadata, CatalogManageContent)
	service  = SetOf(ServiceManageAccess)
	grants   = SetOf(CatalogManageAccess)

	// structure are the single updates of a commit that change what a table is, not what it holds.
	structure = SetOf(TableAssignUUID, TableUpgradeFormatVersion, TableAddSchema, TableSetCurrentSchema, TableAddPartitionSpec,
		TableAddSortOrder, TableSetDefaultSortOrder, TableRemoveSnapshots, TableRemoveSnapshotRef, TableSetLocation, TableSetProperties,
		TableRemoveProperties, TableSetStatistics, TableRemoveStatistics, TableRemovePartitionSpecs)
	content = SetOf(TableAddSnapshot, TableSetSnapshotRef)
	writers = metadata.With(TableWriteProperties, TableWriteData, TableFullMetadata)
)

// implications are Polaris's, as measured with version 1.7. Whoever may write may read and list, whoever may create may
// list, but who may drop may not. Metadata never implies data: CATALOG_MANAGE_METADATA and TABLE_FULL_METADATA give no keys.
var implications = []implication{
	{SetOf(NamespaceCreate, NamespaceDrop, NamespaceWriteProperties), metadata.With(NamespaceFullMetadata)},
	{SetOf(NamespaceReadProperties), metadata.With(NamespaceFullMetadata, NamespaceWriteProperties)},
	{SetOf(NamespaceList), metadata.With(NamespaceFullMetadata, NamespaceWriteProperties, NamespaceReadProperties, NamespaceCreate)},

	{SetOf(TableCreate, TableDrop), metadata.With(TableFullMetadata)},
	{SetOf(TableWriteProperties), metadata.With(TableFullMetadata, TableWriteData)},
	{SetOf(TableReadProperties), metadata.With(TableFullMetadata, TableWriteData, TableReadData, TableWriteProperties)},
	{SetOf(TableList), metadata.With(TableFullMetadata, TableWriteData, TableReadData, TableWriteProperties, TableReadProperties, TableCreate)},
	{SetOf(TableReadData), SetOf(TableWriteData, CatalogManageContent)},
	{SetOf(TableWriteData), SetOf(CatalogManageContent)},
	{structure, writers.With(TableManageStructure)},
	{content.With(TableManageStructure), writers},

	{SetOf(ViewCreate, ViewDrop, ViewWriteProperties), metadata.With(ViewFullMetadata)},
	{SetOf(ViewReadProperties), metadata.With(ViewFullMetadata, ViewWriteProperties)},
	{SetOf(ViewList), metadata.With(ViewFullMetadata, ViewWriteProperties, ViewReadProperties, ViewCreate)},

	{SetOf(PolicyCreate, PolicyWrite, PolicyDrop), metadata.With(PolicyFullMetadata)},
	{SetOf(PolicyRead), metadata.With(PolicyFullMetadata, PolicyWrite)},
	{SetOf(PolicyList), metadata.With(PolicyFullMetadata, PolicyWrite, PolicyRead, PolicyCreate)},
	{SetOf(PolicyAttach, PolicyDetach, CatalogAttachPolicy, CatalogDetachPolicy, NamespaceAttachPolicy, NamespaceDetachPolicy,
		TableAttachPolicy, TableDetachPolicy), metadata},

	{SetOf(NamespaceFullMetadata, TableFullMetadata, ViewFullMetadata, PolicyFullMetadata), metadata},
	{SetOf(CatalogManageMetadata), SetOf(CatalogManageContent)},

	{SetOf(CatalogCreate, CatalogDrop), service.With(CatalogFullMetadata)},
	{SetOf(CatalogFullMetadata), service},
	{SetOf(CatalogWriteProperties), service.union(metadata).With(CatalogFullMetadata)},
	{SetOf(CatalogReadProperties), service.union(metadata).With(CatalogFullMetadata, CatalogWriteProperties)},
	{SetOf(CatalogList), service.union(metadata).With(CatalogFullMetadata, CatalogWriteProperties, CatalogReadProperties, CatalogCreate)},

	{SetOf(PrincipalCreate, PrincipalDrop, PrincipalWriteProperties), service.With(PrincipalFullMetadata)},
	{SetOf(PrincipalReadProperties), service.With(PrincipalFullMetadata, PrincipalWriteProperties)},
	{SetOf(PrincipalList), service.With(PrincipalFullMetadata, PrincipalWriteProperties, PrincipalReadProperties, PrincipalCreate)},
	{SetOf(PrincipalListGrants), service.With(PrincipalManageGrantsOnSecurable, PrincipalManageGrantsForGrantee)},
	{SetOf(PrincipalFullMetadata, PrincipalManageGrantsOnSecurable, PrincipalManageGrantsForGrantee, PrincipalResetCredentials), service},

	{SetOf(PrincipalRoleCreate, PrincipalRoleDrop, PrincipalRoleWriteProperties), service.With(PrincipalRoleFullMetadata)},
	{SetOf(PrincipalRoleReadProperties), service.With(PrincipalRoleFullMetadata, PrincipalRoleWriteProperties)},
	{SetOf(PrincipalRoleList), service.With(PrincipalRoleFullMetadata, PrincipalRoleWriteProperties, PrincipalRoleReadProperties, PrincipalRoleCreate)},
	{SetOf(PrincipalRoleListGrants), service.With(PrincipalRoleManageGrantsOnSecurable, PrincipalRoleManageGrantsForGrantee)},
	{SetOf(PrincipalRoleFullMetadata, PrincipalRoleManageGrantsOnSecurable, PrincipalRoleManageGrantsForGrantee), service},

	{SetOf(CatalogRoleCreate, CatalogRoleDrop, CatalogRoleWriteProperties), grants.With(CatalogRoleFullMetadata)},
	{SetOf(CatalogRoleReadProperties), grants.With(CatalogRoleFullMetadata, CatalogRoleWriteProperties)},
	{SetOf(CatalogRoleList), grants.With(CatalogRoleFullMetadata, CatalogRoleWriteProperties, CatalogRoleReadProperties, CatalogRoleCreate)},
	{SetOf(CatalogRoleListGrants), grants.With(CatalogRoleManageGrantsOnSecurable, CatalogRoleManageGrantsForGrantee)},
	{SetOf(CatalogRoleFullMetadata, CatalogRoleManageGrantsOnSecurable, CatalogRoleManageGrantsForGrantee), grants},

	{SetOf(CatalogManageGrantsOnSecurable, NamespaceManageGrantsOnSecurable, TableManageGrantsOnSecurable, ViewManageGrantsOnSecurable,
		PolicyManageGrantsOnSecurable, CatalogListGrants, NamespaceListGrants, TableListGrants, ViewListGrants), grants},
	{SetOf(CatalogListGrants), SetOf(CatalogManageGrantsOnSecurable)},
	{SetOf(NamespaceListGrants), SetOf(NamespaceManageGrantsOnSecurable)},
	{SetOf(TableListGrants), SetOf(TableManageGrantsOnSecurable)},
	{SetOf(ViewListGrants), SetOf(ViewManageGrantsOnSecurable)},
}

var satisfiers = func() (by [endOfPrivileges]Set) {
	for p := Privilege(1); p < endOfPrivileges; p++ {
		by[p] = SetOf(p)
		for _, i := range implications {
			if i.wanted.Has(p) {
				by[p] = by[p].union(i.by)
			}
		}
	}
	return by
}()

// SatisfiedBy are the privileges of which any one, held on the securable or above it, is enough where p is wanted. It
// holds p itself.
func SatisfiedBy(p Privilege) Set {
	if p >= endOfPrivileges {
		return Set{}
	}
	return satisfiers[p]
}
