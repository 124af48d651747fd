package access

import (
	"strings"

	"firn/shared/fault"
)

// Privilege is a right that can be granted on a securable. Its text is Polaris's name. The zero Privilege is none.
type Privilege uint8

// The privileges (Polaris 1.7, PolarisPrivilege). Only those in Grantable can be granted by a client.
const (
	// Root and roles.
	ServiceManageAccess Privilege = iota + 1
	CatalogManageAccess
	CatalogRoleUsage
	PrincipalRoleUsage

	// Content.
	NamespaceCreate
	TableCreate
	ViewCreate
	NamespaceDrop
	TableDrop
	ViewDrop
	NamespaceList
	TableList
	ViewList
	NamespaceReadProperties
	TableReadProperties
	ViewReadProperties
	NamespaceWriteProperties
	TableWriteProperties
	ViewWriteProperties
	TableReadData
	TableWriteData
	NamespaceFullMetadata
	TableFullMetadata
	ViewFullMetadata

	// Catalogs.
	CatalogCreate
	CatalogDrop
	CatalogList
	CatalogReadProperties
	CatalogWriteProperties
	CatalogFullMetadata
	CatalogManageMetadata
	CatalogManageContent

	// Grants.
	PrincipalListGrants
	PrincipalRoleListGrants
	CatalogRoleListGrants
	CatalogListGrants
	NamespaceListGrants
	TableListGrants
	ViewListGrants
	CatalogManageGrantsOnSecurable
	NamespaceManageGrantsOnSecurable
	TableManageGrantsOnSecurable
	ViewManageGrantsOnSecurable

	// Principals.
	PrincipalCreate
	PrincipalDrop
	PrincipalList
	PrincipalReadProperties
	PrincipalWriteProperties
	PrincipalFullMetadata
	PrincipalManageGrantsOnSecurable
	PrincipalManageGrantsForGrantee
	PrincipalRotateCredentials
	PrincipalResetCredentials

	// Principal roles.
	PrincipalRoleCreate
	PrincipalRoleDrop
	PrincipalRoleList
	PrincipalRoleReadProperties
	PrincipalRoleWriteProperties
	PrincipalRoleFullMetadata
	PrincipalRoleManageGrantsOnSecurable
	PrincipalRoleManageGrantsForGrantee

	// Catalog roles.
	CatalogRoleCreate
	CatalogRoleDrop
	CatalogRoleList
	CatalogRoleReadProperties
	CatalogRoleWriteProperties
	CatalogRoleFullMetadata
	CatalogRoleManageGrantsOnSecurable
	CatalogRoleManageGrantsForGrantee

	// Policies.
	PolicyCreate
	PolicyRead
	PolicyDrop
	PolicyWrite
	PolicyList
	PolicyFullMetadata
	PolicyAttach
	PolicyDetach
	CatalogAttachPolicy
	NamespaceAttachPolicy
	TableAttachPolicy
	CatalogDetachPolicy
	NamespaceDetachPolicy
	TableDetachPolicy
	PolicyManageGrantsOnSecurable

	// Single updates of a commit.
	TableAssignUUID
	TableUpgradeFormatVersion
	TableAddSchema
	TableSetCurrentSchema
	TableAddPartitionSpec
	TableAddSortOrder
	TableSetDefaultSortOrder
	TableAddSnapshot
	TableSetSnapshotRef
	TableRemoveSnapshots
	TableRemoveSnapshotRef
	TableSetLocation
	TableSetProperties
	TableRemoveProperties
	TableSetStatistics
	TableRemoveStatistics
	TableRemovePartitionSpecs
	TableManageStructure

	endOfPrivileges
)

// privilegeNames stand in the order of the constants.
var privilegeNames = strings.Fields(`
	SERVICE_MANAGE_ACCESS CATALOG_MANAGE_ACCESS CATALOG_ROLE_USAGE PRINCIPAL_ROLE_USAGE
	NAMESPACE_CREATE TABLE_CREATE VIEW_CREATE NAMESPACE_DROP TABLE_DROP VIEW_DROP NAMESPACE_LIST TABLE_LIST VIEW_LIST
	NAMESPACE_READ_PROPERTIES TABLE_READ_PROPERTIES VIEW_READ_PROPERTIES NAMESPACE_WRITE_PROPERTIES
	TABLE_WRITE_PROPERTIES VIEW_WRITE_PROPERTIES TABLE_READ_DATA TABLE_WRITE_DATA NAMESPACE_FULL_METADATA
	TABLE_FULL_METADATA VIEW_FULL_METADATA
	CATALOG_CREATE CATALOG_DROP CATALOG_LIST CATALOG_READ_PROPERTIES CATALOG_WRITE_PROPERTIES CATALOG_FULL_METADATA
	CATALOG_MANAGE_METADATA CATALOG_MANAGE_CONTENT
	PRINCIPAL_LIST_GRANTS PRINCIPAL_ROLE_LIST_GRANTS CATALOG_ROLE_LIST_GRANTS CATALOG_LIST_GRANTS NAMESPACE_LIST_GRANTS
	TABLE_LIST_GRANTS VIEW_LIST_GRANTS CATALOG_MANAGE_GRANTS_ON_SECURABLE NAMESPACE_MANAGE_GRANTS_ON_SECURABLE
	TABLE_MANAGE_GRANTS_ON_SECURABLE VIEW_MANAGE_GRANTS_ON_SECURABLE
	PRINCIPAL_CREATE PRINCIPAL_DROP PRINCIPAL_LIST PRINCIPAL_READ_PROPERTIES PRINCIPAL_WRITE_PROPERTIES
	PRINCIPAL_FULL_METADATA PRINCIPAL_MANAGE_GRANTS_ON_SECURABLE PRINCIPAL_MANAGE_GRANTS_FOR_GRANTEE
	PRINCIPAL_ROTATE_CREDENTIALS PRINCIPAL_RESET_CREDENTIALS
	PRINCIPAL_ROLE_CREATE PRINCIPAL_ROLE_DROP PRINCIPAL_ROLE_LIST PRINCIPAL_ROLE_READ_PROPERTIES
	PRINCIPAL_ROLE_WRITE_PROPERTIES PRINCIPAL_ROLE_FULL_METADATA PRINCIPAL_ROLE_MANAGE_GRANTS_ON_SECURABLE
	PRINCIPAL_ROLE_MANAGE_GRANTS_FOR_GRANTEE
	CATALOG_ROLE_CREATE CATALOG_ROLE_DROP CATALOG_ROLE_LIST CATALOG_ROLE_READ_PROPERTIES CATALOG_ROLE_WRITE_PROPERTIES
	CATALOG_ROLE_FULL_METADATA CATALOG_ROLE_MANAGE_GRANTS_ON_SECURABLE CATALOG_ROLE_MANAGE_GRANTS_FOR_GRANTEE
	POLICY_CREATE POLICY_READ POLICY_DROP POLICY_WRITE POLICY_LIST POLICY_FULL_METADATA POLICY_ATTACH POLICY_DETACH
	CATALOG_ATTACH_POLICY NAMESPACE_ATTACH_POLICY TABLE_ATTACH_POLICY CATALOG_DETACH_POLICY NAMESPACE_DETACH_POLICY
	TABLE_DETACH_POLICY POLICY_MANAGE_GRANTS_ON_SECURABLE
	TABLE_ASSIGN_UUID TABLE_UPGRADE_FORMAT_VERSION TABLE_ADD_SCHEMA TABLE_SET_CURRENT_SCHEMA TABLE_ADD_PARTITION_SPEC
	TABLE_ADD_SORT_ORDER TABLE_SET_DEFAULT_SORT_ORDER TABLE_ADD_SNAPSHOT TABLE_SET_SNAPSHOT_REF TABLE_REMOVE_SNAPSHOTS
	TABLE_REMOVE_SNAPSHOT_REF TABLE_SET_LOCATION TABLE_SET_PROPERTIES TABLE_REMOVE_PROPERTIES TABLE_SET_STATISTICS
	TABLE_REMOVE_STATISTICS TABLE_REMOVE_PARTITION_SPECS TABLE_MANAGE_STRUCTURE
`)

// String is Polaris's name of the privilege; empty for none.
func (p Privilege) String() string {
	if p == 0 || p >= endOfPrivileges {
		return ""
	}
	return privilegeNames[p-1]
}

var privilegesByName = func() map[string]Privilege {
	byName := make(map[string]Privilege, len(privilegeNames))
	for i, name := range privilegeNames {
		byName[name] = Privilege(i + 1)
	}
	return byName
}()

// ParsePrivilege finds the privilege of a name. The error is a *fault.Error of kind Argument and noun Grant.
func ParsePrivilege(name string) (Privilege, error) {
	p, found := privilegesByName[name]
	if !found {
		return 0, fault.Of(fault.Argument, fault.Grant, "", "Unknown privilege: %.64q", name)
	}
	return p, nil
}
