package access

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"firn/shared/fault"
	"firn/shared/lake"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/matrix.golden anew")

// The securables of the recording, each with the chain of ids that leads to it.
var (
	root      = Path{lake.RootID}
	catalog   = below(root, "catalog")
	external  = below(root, "external")
	parent    = below(catalog, "parent")
	namespace = below(parent, "namespace")
	sibling   = below(parent, "sibling-namespace")
	empty     = below(parent, "empty-namespace")
	table     = below(namespace, "table")
	table2    = below(namespace, "sibling-table")
	generic   = below(namespace, "generic-table")
	view      = below(namespace, "view")
	policy    = below(namespace, "policy")
	role      = below(catalog, "catalog-role")
	victim    = below(root, "victim")
	group     = below(root, "principal-role")
	share     = below(root, "share")
)

func below(p Path, id lake.ID) Path { return append(slices.Clone(p), id) }

// targetsOf is what each operation of the recording was tried on.
var targetsOf = map[Operation][]Path{
	ListNamespaces: {catalog}, CreateNamespace: {catalog}, LoadNamespaceMetadata: {namespace}, NamespaceExists: {namespace},
	UpdateNamespaceProperties: {namespace}, DropNamespace: {empty},
	ListTables: {namespace}, CreateTableDirect: {namespace}, CreateTableStaged: {namespace},
	CreateTableDirectWithWriteDelegation: {namespace}, CreateTableStagedWithWriteDelegation: {namespace}, UpdateTableForStagedCreate: {namespace},
	RegisterTable: {namespace}, RegisterTableWithReadDelegation: {namespace}, RegisterTableWithWriteDelegation: {namespace},
	RenameTable: {table, sibling}, RenameView: {view, sibling}, SendNotifications: {catalog},
	ListViews: {namespace}, CreateView: {namespace}, RegisterView: {namespace},
	LoadView: {view}, ViewExists: {view}, ReplaceView: {view}, DropView: {view},
	CreatePolicy: {namespace}, ListPolicy: {namespace}, LoadPolicy: {policy}, UpdatePolicy: {policy}, DropPolicy: {policy},
	AttachPolicyToCatalog: {policy, catalog}, AttachPolicyToNamespace: {policy, namespace}, AttachPolicyToTable: {policy, table},
	DetachPolicyFromCatalog: {policy, catalog}, DetachPolicyFromNamespace: {policy, namespace}, DetachPolicyFromTable: {policy, table},
	GetApplicablePoliciesOnCatalog: {catalog}, GetApplicablePoliciesOnNamespace: {namespace}, GetApplicablePoliciesOnTable: {table},
	ListCatalogs: {root}, CreateCatalog: {root}, GetCatalog: {catalog}, UpdateCatalog: {catalog}, DeleteCatalog: {catalog},
	ListPrincipals: {root}, CreatePrincipal: {root}, GetPrincipal: {victim}, UpdatePrincipal: {victim}, DeletePrincipal: {victim},
	RotateCredentials: {victim}, ResetCredentials: {victim}, ListPrincipalRolesAssigned: {victim},
	ListPrincipalRoles: {root}, CreatePrincipalRole: {root}, GetPrincipalRole: {group}, UpdatePrincipalRole: {group}, DeletePrincipalRole: {group},
	AssignPrincipalRole: {group}, RevokePrincipalRole: {group, victim},
	ListAssigneePrincipalsForPrincipalRole: {group}, ListCatalogRolesForPrincipalRole: {group},
	ListCatalogRoles: {catalog}, CreateCatalogRole: {catalog}, GetCatalogRole: {role}, UpdateCatalogRole: {role}, DeleteCatalogRole: {role},
	AssignCatalogRoleToPrincipalRole: {role}, RevokeCatalogRoleFromPrincipalRole: {role},
	ListAssigneePrincipalRolesForCatalogRole: {role}, ListGrantsForCatalogRole: {role},
	AddCatalogGrantToCatalogRole: {catalog}, RevokeCatalogGrantFromCatalogRole: {catalog, role},
	AddNamespaceGrantToCatalogRole: {namespace}, RevokeNamespaceGrantFromCatalogRole: {namespace, role},
	AddTableGrantToCatalogRole: {table}, RevokeTableGrantFromCatalogRole: {table, role},
	AddViewGrantToCatalogRole: {view}, RevokeViewGrantFromCatalogRole: {view, role},
	AddPolicyGrantToCatalogRole: {policy}, RevokePolicyGrantFromCatalogRole: {policy, role},
	RevokeKeysOfPrincipal: {victim}, RevokeKeysForTable: {table}, RevokeKey: {root}, ListRevocations: {root},
	ListShares: {root}, CreateShare: {root}, GetShare: {share}, DeleteShare: {share}, GrantShare: {share, victim}, RevokeShare: {share, victim},
	AddTableToShare: {share, table}, RemoveTableFromShare: {share},
	ListRecipients: {root}, CreateRecipient: {victim}, GetRecipient: {victim}, DeleteRecipient: {victim},
	IssueRecipientToken: {victim}, RevokeRecipientTokens: {victim},
}

// targets has a table for all that is not said otherwise.
func targets(op Operation) []Path {
	if t, found := targetsOf[op]; found {
		return t
	}
	return []Path{table}
}

// A use is what firn's use-cases ask for one operation of the recording: one of the alternatives.
type use struct {
	alternatives [][]Operation
	targets      []Path
}

var uses = map[string]use{
	"LIST_NAMESPACES_BELOW":                    {[][]Operation{{ListNamespaces}}, []Path{namespace}},
	"CREATE_NAMESPACE_BELOW":                   {[][]Operation{{CreateNamespace}}, []Path{namespace}},
	"COMMIT_TRANSACTION (two tables)":          {[][]Operation{{CommitTransaction}}, []Path{table, table2}},
	"SEND_NOTIFICATIONS":                       {[][]Operation{{SendNotifications}}, []Path{external}},
	"SEND_NOTIFICATIONS (INTERNAL)":            {[][]Operation{{SendNotifications}}, []Path{catalog}},
	"DROP_POLICY (detach-all)":                 {[][]Operation{{DropPolicy}}, []Path{policy}},
	"LIST_GENERIC_TABLES":                      {[][]Operation{{ListTables}}, []Path{namespace}},
	"CREATE_GENERIC_TABLE":                     {[][]Operation{{CreateTableDirect}}, []Path{namespace}},
	"LOAD_GENERIC_TABLE":                       {[][]Operation{{LoadTable}}, []Path{generic}},
	"DROP_GENERIC_TABLE":                       {[][]Operation{{DropTableWithoutPurge}}, []Path{generic}},
	"LOAD_TABLE_WITH_DELEGATION":               {[][]Operation{{LoadTableWithWriteDelegation}, {LoadTableWithReadDelegation}}, []Path{table}},
	"LOAD_CREDENTIALS":                         {[][]Operation{{LoadTableWithWriteDelegation}, {LoadTableWithReadDelegation}}, []Path{table}},
	"REGISTER_TABLE_WITH_DELEGATION":           {[][]Operation{{RegisterTableWithWriteDelegation}, {RegisterTableWithReadDelegation}}, []Path{namespace}},
	"GET_PRINCIPAL (self)":                     {[][]Operation{{GetPrincipal}}, []Path{below(root, "subject")}},
	"ROTATE_CREDENTIALS (self)":                {[][]Operation{{RotateCredentials}}, []Path{below(root, "subject")}},
	"RESET_CREDENTIALS (self)":                 {[][]Operation{{ResetCredentials}}, []Path{below(root, "subject")}},
	"LIST_PRINCIPAL_ROLES_ASSIGNED (self)":     {[][]Operation{{ListPrincipalRolesAssigned}}, []Path{below(root, "subject")}},
	"REGISTER_TABLE_OVERWRITE_WITH_DELEGATION": {[][]Operation{{RegisterTableOverwriteWithWriteDelegation}, {RegisterTableOverwriteWithReadDelegation}}, []Path{table}},
}

// useOf also reads "UPDATE_TABLE (add-schema, set-current-schema)".
func useOf(t *testing.T, name string) use {
	t.Helper()
	if u, found := uses[name]; found {
		return u
	}
	if list, found := strings.CutPrefix(name, "UPDATE_TABLE ("); found {
		var actions []string
		for action := range strings.SplitSeq(strings.TrimSuffix(list, ")"), ", ") {
			if !strings.HasPrefix(action, "no ") {
				actions = append(actions, action)
			}
		}
		return use{[][]Operation{UpdateOperations(actions)}, []Path{table}}
	}
	op := Operation(name)
	if _, found := rules[op]; !found {
		t.Fatalf("the recording has an operation %q, which firn does not know", name)
	}
	return use{[][]Operation{{op}}, targets(op)}
}

func (u use) allowed(t *testing.T, s *Subject) bool {
	t.Helper()
	for _, ops := range u.alternatives {
		err := s.CheckAll(t.Context(), ops, u.targets...)
		if err == nil {
			return true
		}
		if !fault.Is(err, fault.Forbidden) {
			t.Fatalf("%v on %v: %v", ops, u.targets, fault.From(err))
		}
	}
	return false
}

// subject holds the privileges through a catalog role, each written as "TABLE_DROP@table".
func subject(t *testing.T, grants ...string) *Subject {
	t.Helper()
	held := Grants{}
	for _, g := range grants {
		name, level, _ := strings.Cut(g, "@")
		p, err := ParsePrivilege(name)
		if err != nil {
			t.Fatal(err)
		}
		held.Add(lake.ID(level), p)
		if level == "catalog" {
			held.Add("external", p)
		}
	}
	return &Subject{ID: "subject", Name: "subject", AllRoles: true, PrincipalRoles: []Role{{Name: "srole"}}, CatalogRoles: []Role{{"sub", held}}, Log: slog.New(slog.DiscardHandler)}
}

// withRoles is the subject of the recording's level "role".
func withRoles(t *testing.T, roles string) *Subject {
	t.Helper()
	s := subject(t)
	if strings.Contains(roles, "service_admin") {
		s.PrincipalRoles = append(s.PrincipalRoles, Role{lake.ServiceAdmin, Grants{lake.RootID: SetOf(ServiceManageAccess)}})
	}
	if strings.Contains(roles, "catalog_admin") {
		admin := SetOf(CatalogManageAccess, CatalogManageMetadata)
		s.CatalogRoles = append(s.CatalogRoles, Role{lake.CatalogAdmin, Grants{"catalog": admin, "external": admin}})
	}
	return s
}

// recording is a line of rbac-matrix.jsonl.
type recording struct {
	Levels     map[string]struct{ Privileges string }
	Privileges map[string][]string
	Operation  string
	Level      string
	Others     int
	Statuses   map[string]int
}

func readRecording(t *testing.T) (head recording, lines []recording) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "rbac-matrix.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var r recording
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		switch {
		case r.Levels != nil:
			head = r
		case r.Level != "":
			lines = append(lines, r)
		}
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return head, lines
}

// Whatever is not 403 was allowed: the recording provokes errors behind the check (409, 400) where success would destroy.
func TestDecisionsAreThoseOfPolaris(t *testing.T) {
	head, lines := readRecording(t)
	trials := 0
	for _, line := range lines {
		if line.Operation == "GET_CONFIG" {
			trials += tried(head, line)
			continue // it takes no privilege: any authenticated caller may, so firn has no operation for it
		}
		u := useOf(t, line.Operation)
		try := func(s *Subject, with string, status int) {
			trials++
			if got, want := u.allowed(t, s), status != 403; got != want {
				t.Errorf("%s with %s at %s: got allowed %v, want %v (status %d)", line.Operation, with, line.Level, got, want, status)
			}
		}
		switch line.Level {
		case "role":
			for roles, status := range line.Statuses {
				try(withRoles(t, roles), roles, status)
			}
		case "combination":
			for grants, status := range line.Statuses {
				try(subject(t, strings.Split(grants, "+")...), grants, status)
			}
		default:
			for _, name := range head.Privileges[head.Levels[line.Level].Privileges] {
				status, found := line.Statuses[name]
				if !found {
					status = line.Others
				}
				try(subject(t, name+"@"+line.Level), name, status)
			}
		}
	}
	if want := 48_344; trials != want {
		t.Errorf("got %d trials, want all %d of the recording", trials, want)
	}
}

func tried(head, line recording) int {
	if level, found := head.Levels[line.Level]; found {
		return len(head.Privileges[level.Privileges])
	}
	return len(line.Statuses)
}

// The privileges that the recording grants are those that Polaris takes.
func TestGrantableIsWhatPolarisTakes(t *testing.T) {
	head, _ := readRecording(t)
	for _, on := range []GrantType{OnCatalog, OnNamespace, OnTable, OnView, OnPolicy} {
		var got []string
		for _, p := range Grantable(on).List() {
			got = append(got, p.String())
		}
		want := slices.Sorted(slices.Values(head.Privileges[string(on)]))
		if diff := cmp.Diff(slices.Sorted(slices.Values(got)), want); diff != "" {
			t.Errorf("%s:\n%s", on, diff)
		}
	}
	if got := Grantable("bucket"); got != (Set{}) {
		t.Errorf("got %v for an unknown type, want none", got)
	}
}

// The golden file says for each operation and each place of one grant which privileges are enough, also those that no
// client can grant; then what satisfies each privilege.
func TestMatrix(t *testing.T) {
	places := []lake.ID{lake.RootID, "catalog", "parent", "namespace", "sibling-namespace", "empty-namespace", "table", "sibling-table", "view", "policy",
		"catalog-role", "victim", "principal-role"}
	var out strings.Builder
	for _, op := range slices.Sorted(maps.Keys(rules)) {
		if len(rules[op].needs) == 0 {
			continue // it takes no privilege of its own: TestNoMoveOpensATable
		}
		for _, place := range places {
			var enough Set
			for p := Privilege(1); p < endOfPrivileges; p++ {
				s := subject(t)
				s.CatalogRoles = []Role{{"sub", Grants{place: SetOf(p)}}}
				if (use{[][]Operation{{op}}, targets(op)}).allowed(t, s) {
					enough = enough.With(p)
				}
			}
			if enough != (Set{}) {
				fmt.Fprintf(&out, "%s %s: %s\n", op, place, enough)
			}
		}
	}
	for p := Privilege(1); p < endOfPrivileges; p++ {
		fmt.Fprintf(&out, "%s is satisfied by: %s\n", p, SatisfiedBy(p))
	}
	golden := filepath.Join("testdata", "matrix.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(out.String(), string(want)); diff != "" {
		t.Errorf("got (-) is not the golden file (+); refresh with -update and read it:\n%s", diff)
	}
}
