package access

import "slices"

// A rule says what an operation takes.
type rule struct {
	needs  []Privilege // all of them, on every target; where there is a second list, on the first target
	second []Privilege // all of them, on the second target
	// belowRoot leaves out what is held on the realm's root: Polaris resolves these targets from the catalog on.
	belowRoot bool
	// self allows it to the principal that is the target, whatever its roles hold, with a token of all its roles. With a
	// token of some of them it takes what the operation needs.
	self bool
	// rootOnly allows it to the principal of the name root alone, whatever its roles hold, with a token of all of them.
	// With a token of some of them root needs what the operation needs; no other principal may do it whatever it holds.
	rootOnly bool
	// moved returns where a table's files are found before and after an operation that brings them below other grants. It is
	// refused where the caller would have a data privilege after it that it does not have before.
	moved func(targets []Path) (from, to Path)
}

var rules = map[Operation]rule{
	// Namespaces. To list and to create, the target is the parent: a namespace or the catalog.
	ListNamespaces:            {needs: on(NamespaceList)},
	CreateNamespace:           {needs: on(NamespaceCreate)},
	LoadNamespaceMetadata:     {needs: on(NamespaceReadProperties)},
	NamespaceExists:           {needs: on(NamespaceList)},
	DropNamespace:             {needs: on(NamespaceDrop)},
	UpdateNamespaceProperties: {needs: on(NamespaceWriteProperties)},

	// Tables, generic tables too. To list, create and register, the target is the namespace; a registration that
	// overwrites and all else has the table.
	ListTables:                                {needs: on(TableList)},
	CreateTableDirect:                         {needs: on(TableCreate)},
	CreateTableStaged:                         {needs: on(TableCreate)},
	CreateTableDirectWithWriteDelegation:      {needs: on(TableCreate, TableWriteData)},
	CreateTableStagedWithWriteDelegation:      {needs: on(TableCreate, TableWriteData)},
	UpdateTableForStagedCreate:                {needs: on(TableCreate)},
	RegisterTable:                             {needs: on(TableCreate)},
	RegisterTableWithReadDelegation:           {needs: on(TableCreate, TableReadData)},
	RegisterTableWithWriteDelegation:          {needs: on(TableCreate, TableWriteData)},
	RegisterTableOverwrite:                    {needs: on(TableFullMetadata)},
	RegisterTableOverwriteWithReadDelegation:  {needs: on(TableFullMetadata, TableReadData)},
	RegisterTableOverwriteWithWriteDelegation: {needs: on(TableFullMetadata, TableWriteData)},
	LoadTable:                    {needs: on(TableReadProperties)},
	LoadTableWithReadDelegation:  {needs: on(TableReadData)},
	LoadTableWithWriteDelegation: {needs: on(TableWriteData)},
	TableExists:                  {needs: on(TableList)},
	UpdateTable:                  {needs: on(TableWriteProperties)},
	DropTableWithoutPurge:        {needs: on(TableDrop)},
	DropTableWithPurge:           {needs: on(TableDrop, TableWriteData)},
	RenameTable:                  {needs: on(TableDrop), second: on(TableList, TableCreate), moved: renamed},
	ClaimTableFolders:            {moved: claimed},
	CommitTransaction:            {needs: on(TableWriteProperties, TableCreate)},
	ReportReadMetrics:            {needs: on(TableReadData)},
	ReportWriteMetrics:           {needs: on(TableWriteData)},

	// Single updates of a commit; see UpdateOperation.
	AssignTableUUID:           {needs: on(TableAssignUUID)},
	UpgradeTableFormatVersion: {needs: on(TableUpgradeFormatVersion)},
	AddTableSchema:            {needs: on(TableAddSchema)},
	SetTableCurrentSchema:     {needs: on(TableSetCurrentSchema)},
	AddTablePartitionSpec:     {needs: on(TableAddPartitionSpec)},
	AddTableSortOrder:         {needs: on(TableAddSortOrder)},
	SetTableDefaultSortOrder:  {needs: on(TableSetDefaultSortOrder)},
	AddTableSnapshot:          {needs: on(TableAddSnapshot)},
	SetTableSnapshotRef:       {needs: on(TableSetSnapshotRef)},
	RemoveTableSnapshots:      {needs: on(TableRemoveSnapshots)},
	RemoveTableSnapshotRef:    {needs: on(TableRemoveSnapshotRef)},
	SetTableLocation:          {needs: on(TableSetLocation)},
	SetTableProperties:        {needs: on(TableSetProperties)},
	RemoveTableProperties:     {needs: on(TableRemoveProperties)},
	SetTableStatistics:        {needs: on(TableSetStatistics)},
	RemoveTableStatistics:     {needs: on(TableRemoveStatistics)},
	RemoveTablePartitionSpecs: {needs: on(TableRemovePartitionSpecs)},

	// Views. To list, create and register, the target is the namespace.
	ListViews:    {needs: on(ViewList)},
	CreateView:   {needs: on(ViewCreate)},
	RegisterView: {needs: on(ViewCreate)},
	LoadView:     {needs: on(ViewReadProperties)},
	ViewExists:   {needs: on(ViewList)},
	ReplaceView:  {needs: on(ViewWriteProperties)},
	DropView:     {needs: on(ViewDrop)},
	RenameView:   {needs: on(ViewDrop), second: on(ViewList, ViewCreate)},

	// Notifications. The target is the catalog.
	SendNotifications: {needs: on(TableCreate, TableWriteProperties, TableDrop, NamespaceCreate, NamespaceDrop)},

	// Policies. Attachments have the policy first and what it is attached to second.
	ListPolicy:                       {needs: on(PolicyList)},
	CreatePolicy:                     {needs: on(PolicyCreate)},
	LoadPolicy:                       {needs: on(PolicyRead)},
	UpdatePolicy:                     {needs: on(PolicyWrite)},
	DropPolicy:                       {needs: on(PolicyDrop)},
	AttachPolicyToCatalog:            {needs: on(PolicyAttach), second: on(CatalogAttachPolicy), belowRoot: true},
	AttachPolicyToNamespace:          {needs: on(PolicyAttach), second: on(NamespaceAttachPolicy), belowRoot: true},
	AttachPolicyToTable:              {needs: on(PolicyAttach), second: on(TableAttachPolicy), belowRoot: true},
	DetachPolicyFromCatalog:          {needs: on(PolicyDetach), second: on(CatalogDetachPolicy), belowRoot: true},
	DetachPolicyFromNamespace:        {needs: on(PolicyDetach), second: on(NamespaceDetachPolicy), belowRoot: true},
	DetachPolicyFromTable:            {needs: on(PolicyDetach), second: on(TableDetachPolicy), belowRoot: true},
	GetApplicablePoliciesOnCatalog:   {needs: on(CatalogReadProperties), belowRoot: true},
	GetApplicablePoliciesOnNamespace: {needs: on(NamespaceReadProperties), belowRoot: true},
	GetApplicablePoliciesOnTable:     {needs: on(TableReadProperties), belowRoot: true},

	// Catalogs. To list and create, the target is the root.
	ListCatalogs:  {needs: on(CatalogList)},
	CreateCatalog: {needs: on(CatalogCreate)},
	GetCatalog:    {needs: on(CatalogReadProperties)},
	UpdateCatalog: {needs: on(CatalogWriteProperties)},
	DeleteCatalog: {needs: on(CatalogDrop)},

	// Principals. To list and create, the target is the root.
	ListPrincipals:             {needs: on(PrincipalList)},
	CreatePrincipal:            {needs: on(PrincipalCreate)},
	GetPrincipal:               {needs: on(PrincipalReadProperties)},
	UpdatePrincipal:            {needs: on(PrincipalWriteProperties)},
	DeletePrincipal:            {needs: on(PrincipalDrop)},
	RotateCredentials:          {needs: on(PrincipalRotateCredentials), self: true},
	ResetCredentials:           {needs: on(PrincipalResetCredentials), rootOnly: true},
	ListPrincipalRolesAssigned: {needs: on(PrincipalListGrants)},

	// Principal roles. To list and create, the target is the root; a revocation has the role first and the principal
	// second.
	AssignPrincipalRole:                    {needs: on(PrincipalRoleManageGrantsOnSecurable)},
	RevokePrincipalRole:                    {needs: on(PrincipalRoleManageGrantsOnSecurable), second: on(PrincipalManageGrantsForGrantee)},
	ListPrincipalRoles:                     {needs: on(PrincipalRoleList)},
	CreatePrincipalRole:                    {needs: on(PrincipalRoleCreate)},
	GetPrincipalRole:                       {needs: on(PrincipalRoleReadProperties)},
	UpdatePrincipalRole:                    {needs: on(PrincipalRoleWriteProperties)},
	DeletePrincipalRole:                    {needs: on(PrincipalRoleDrop)},
	ListAssigneePrincipalsForPrincipalRole: {needs: on(PrincipalRoleListGrants)},
	ListCatalogRolesForPrincipalRole:       {needs: on(PrincipalRoleListGrants)},

	// Catalog roles. To list and create, the target is the catalog.
	AssignCatalogRoleToPrincipalRole:         {needs: on(CatalogRoleManageGrantsOnSecurable)},
	RevokeCatalogRoleFromPrincipalRole:       {needs: on(CatalogRoleManageGrantsOnSecurable)},
	ListCatalogRoles:                         {needs: on(CatalogRoleList)},
	CreateCatalogRole:                        {needs: on(CatalogRoleCreate)},
	GetCatalogRole:                           {needs: on(CatalogRoleReadProperties)},
	UpdateCatalogRole:                        {needs: on(CatalogRoleWriteProperties)},
	DeleteCatalogRole:                        {needs: on(CatalogRoleDrop)},
	ListAssigneePrincipalRolesForCatalogRole: {needs: on(CatalogRoleListGrants)},
	ListGrantsForCatalogRole:                 {needs: on(CatalogRoleListGrants)},

	// Grants. The securable is first, in a revocation the catalog role is second.
	AddCatalogGrantToCatalogRole:        {needs: on(CatalogManageGrantsOnSecurable)},
	RevokeCatalogGrantFromCatalogRole:   {needs: on(CatalogManageGrantsOnSecurable), second: on(CatalogRoleManageGrantsForGrantee)},
	AddNamespaceGrantToCatalogRole:      {needs: on(NamespaceManageGrantsOnSecurable)},
	RevokeNamespaceGrantFromCatalogRole: {needs: on(NamespaceManageGrantsOnSecurable), second: on(CatalogRoleManageGrantsForGrantee)},
	AddTableGrantToCatalogRole:          {needs: on(TableManageGrantsOnSecurable)},
	RevokeTableGrantFromCatalogRole:     {needs: on(TableManageGrantsOnSecurable), second: on(CatalogRoleManageGrantsForGrantee)},
	AddViewGrantToCatalogRole:           {needs: on(ViewManageGrantsOnSecurable)},
	RevokeViewGrantFromCatalogRole:      {needs: on(ViewManageGrantsOnSecurable), second: on(CatalogRoleManageGrantsForGrantee)},
	AddPolicyGrantToCatalogRole:         {needs: on(PolicyManageGrantsOnSecurable)},
	RevokePolicyGrantFromCatalogRole:    {needs: on(PolicyManageGrantsOnSecurable), second: on(CatalogRoleManageGrantsForGrantee)},

	// Keys that are taken back, and given back: of a principal as its credentials are reset, for a table by whoever may manage
	// access to it. One key may be anyone's, and the list names everyone's: the target is the root.
	RevokeKeysOfPrincipal: {needs: on(PrincipalResetCredentials), rootOnly: true},
	RevokeKeysForTable:    {needs: on(TableManageGrantsOnSecurable)},
	RevokeKey:             {needs: on(ServiceManageAccess)},
	ListRevocations:       {needs: on(ServiceManageAccess)},

	// Shares and recipients. To list and create, the target is the root; a recipient is its principal. What gives a share to a
	// recipient, or takes it, has both; what puts a table into a share has the table second, which must be in sight: to share
	// it gives nobody the right to read it.
	ListShares:            {needs: on(ServiceManageAccess)},
	CreateShare:           {needs: on(ServiceManageAccess)},
	GetShare:              {needs: on(ServiceManageAccess)},
	DeleteShare:           {needs: on(ServiceManageAccess)},
	AddTableToShare:       {needs: on(ServiceManageAccess), second: on(TableList)},
	RemoveTableFromShare:  {needs: on(ServiceManageAccess)},
	GrantShare:            {needs: on(ServiceManageAccess)},
	RevokeShare:           {needs: on(ServiceManageAccess)},
	ListRecipients:        {needs: on(ServiceManageAccess)},
	CreateRecipient:       {needs: on(ServiceManageAccess)},
	GetRecipient:          {needs: on(ServiceManageAccess)},
	DeleteRecipient:       {needs: on(ServiceManageAccess)},
	IssueRecipientToken:   {needs: on(ServiceManageAccess)},
	RevokeRecipientTokens: {needs: on(ServiceManageAccess)},
}

func on(privileges ...Privilege) []Privilege { return privileges }

// renamed: the table goes below the second target, with the grants on itself.
func renamed(targets []Path) (from, to Path) {
	table, below := targets[0], targets[1]
	return table, append(slices.Clone(below), table[len(table)-1])
}

// claimed: what was there in the namespace, and may have been another table's until it was dropped, becomes the table's.
func claimed(targets []Path) (from, to Path) {
	table := targets[0]
	return table[:len(table)-1], table
}
