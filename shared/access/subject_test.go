package access

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"firn/shared/fault"
	"firn/shared/lake"

	"github.com/google/go-cmp/cmp"
)

// audited is a subject whose audit records the second result reads, without time and level.
func audited(t *testing.T, s Subject) (*Subject, func() []map[string]any) {
	t.Helper()
	var buf bytes.Buffer
	s.Log = slog.New(slog.NewJSONHandler(&buf, nil))
	return &s, func() []map[string]any {
		t.Helper()
		var out []map[string]any
		for line := range strings.Lines(buf.String()) {
			var record map[string]any
			if err := json.Unmarshal([]byte(line), &record); err != nil {
				t.Fatal(err)
			}
			delete(record, "time")
			delete(record, "level")
			out = append(out, record)
		}
		return out
	}
}

func TestRefusalsAreWordedAsPolarisWordsThem(t *testing.T) {
	reader := Role{"reader", Grants{"table": SetOf(TableReadProperties)}}
	tests := []struct {
		name   string
		who    Subject
		op     Operation
		target Path
		want   string
	}{
		{"roles of the principal and of the catalog", Subject{Name: "rlp", PrincipalRoles: []Role{{Name: "rlp-role"}}, CatalogRoles: []Role{reader}}, ListNamespaces, catalog,
			"Principal 'rlp' with activated PrincipalRoles '[rlp-role]' and activated grants via '[reader, rlp-role]' is not authorized for op LIST_NAMESPACES"},
		{"no roles", Subject{Name: "p1"}, ListPrincipals, root,
			"Principal 'p1' with activated PrincipalRoles '[]' and activated grants via '[]' is not authorized for op LIST_PRINCIPALS"},
		{"roles in order, each name once", Subject{Name: "p", PrincipalRoles: []Role{{Name: "z"}, {Name: "a"}}, CatalogRoles: []Role{{Name: "m"}, {Name: "a"}}}, LoadTable, table,
			"Principal 'p' with activated PrincipalRoles '[a, z]' and activated grants via '[a, m, z]' is not authorized for op LOAD_TABLE"},
		{"an update of a commit", Subject{Name: "rlp", PrincipalRoles: []Role{{Name: "rlp-role"}}, CatalogRoles: []Role{reader}}, UpdateOperation("set-properties"), table,
			"Principal 'rlp' with activated PrincipalRoles '[rlp-role]' and activated grants via '[reader, rlp-role]' is not authorized for op SET_TABLE_PROPERTIES"},
		{"another's rotation by root", Subject{ID: "r", Name: "root", PrincipalRoles: []Role{{lake.ServiceAdmin, Grants{lake.RootID: SetOf(ServiceManageAccess)}}}}, RotateCredentials, victim,
			"Principal 'root' with activated PrincipalRoles '[service_admin]' and activated grants via '[service_admin]' is not authorized for op ROTATE_CREDENTIALS"},
		{"who must rotate does something else", Subject{ID: "victim", Name: "prot", MustRotate: true}, GetPrincipal, victim,
			"Principal 'prot' is not authorized for op GET_PRINCIPAL because it must rotate credentials first"},
		{"who must rotate resets", Subject{ID: "r", Name: "root", AllRoles: true, MustRotate: true}, ResetCredentials, victim,
			"Principal 'root' is not authorized for op RESET_CREDENTIALS because it must rotate credentials first"},
		{"who must rotate rotates another's", Subject{ID: "me", Name: "prot", AllRoles: true, MustRotate: true}, RotateCredentials, victim,
			"Principal 'prot' with activated PrincipalRoles '[]' and activated grants via '[]' is not authorized for op ROTATE_CREDENTIALS"},
		{"a reset by a service admin that is not root", Subject{Name: "padm", PrincipalRoles: []Role{{lake.ServiceAdmin, Grants{lake.RootID: SetOf(ServiceManageAccess)}}}}, ResetCredentials, victim,
			"Only Root principal(service-admin) can perform RESET_CREDENTIALS"},
		{"a reset of oneself", Subject{ID: "victim", Name: "p1", AllRoles: true}, ResetCredentials, victim,
			"Only Root principal(service-admin) can perform RESET_CREDENTIALS"},
		{"a name with a verb of formatting", Subject{Name: "%s%d"}, ListCatalogs, root,
			"Principal '%s%d' with activated PrincipalRoles '[]' and activated grants via '[]' is not authorized for op LIST_CATALOGS"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			who, records := audited(t, tt.who)
			err := who.Check(t.Context(), tt.op, tt.target)
			if e := fault.From(err); e == nil || e.Kind != fault.Forbidden || e.Message != tt.want {
				t.Errorf("got %+v, want Forbidden with the message %q", e, tt.want)
			}
			if got := records(); len(got) != 1 || got[0]["allowed"] != false {
				t.Errorf("got the records %v, want one refusal", got)
			}
		})
	}
}

func TestAllowedWithoutAnyPrivilege(t *testing.T) {
	tests := []struct {
		name string
		who  Subject
		op   Operation
	}{
		{"one's own rotation", Subject{ID: "victim", Name: "p1", AllRoles: true}, RotateCredentials},
		{"one's own rotation when it is due", Subject{ID: "victim", Name: "p1", AllRoles: true, MustRotate: true}, RotateCredentials},
		{"a reset by root", Subject{ID: "r", Name: "root", AllRoles: true}, ResetCredentials},
		{"a revocation by root", Subject{ID: "r", Name: "root", AllRoles: true}, RevokeKeysOfPrincipal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			who, records := audited(t, tt.who)
			if err := who.Check(t.Context(), tt.op, victim); err != nil {
				t.Error(err)
			}
			if got := records(); len(got) != 1 || got[0]["allowed"] != true {
				t.Errorf("got the records %v, want one permission", got)
			}
		})
	}
}

// A token of some roles has the rights of these alone: what a principal may do with itself, and root with others, is no right
// of a role's.
func TestANarrowTokenHasTheRightsOfItsRolesAlone(t *testing.T) {
	weak := []Role{{Name: "weak"}}
	admin := []Role{{lake.ServiceAdmin, Grants{lake.RootID: SetOf(ServiceManageAccess)}}}
	rotator := []Role{{"rotator", Grants{"victim": SetOf(PrincipalRotateCredentials)}}}
	resetter := []Role{{"resetter", Grants{"victim": SetOf(PrincipalResetCredentials)}}}
	tests := []struct {
		name    string
		who     Subject
		op      Operation
		allowed bool
	}{
		{"one's own rotation", Subject{ID: "victim", Name: "p1", PrincipalRoles: weak}, RotateCredentials, false},
		{"one's own rotation when it is due", Subject{ID: "victim", Name: "p1", PrincipalRoles: weak, MustRotate: true}, RotateCredentials, false},
		{"one's own rotation with a role for it", Subject{ID: "victim", Name: "p1", PrincipalRoles: rotator}, RotateCredentials, true},
		{"a reset by root", Subject{ID: "r", Name: "root", PrincipalRoles: weak}, ResetCredentials, false},
		{"a reset by root as administrator", Subject{ID: "r", Name: "root", PrincipalRoles: admin}, ResetCredentials, true},
		{"a reset by root with a role for it", Subject{ID: "r", Name: "root", PrincipalRoles: resetter}, ResetCredentials, true},
		{"a reset by another with a role for it", Subject{ID: "r", Name: "p2", PrincipalRoles: resetter}, ResetCredentials, false},
		{"a revocation by root", Subject{ID: "r", Name: "root", PrincipalRoles: weak}, RevokeKeysOfPrincipal, false},
		{"a revocation by root as administrator", Subject{ID: "r", Name: "root", PrincipalRoles: admin}, RevokeKeysOfPrincipal, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			who, records := audited(t, tt.who)
			err := who.Check(t.Context(), tt.op, victim)
			if got := err == nil; got != tt.allowed || !got && !fault.Is(err, fault.Forbidden) {
				t.Errorf("got %v, want allowed %v", err, tt.allowed)
			}
			if got := records(); len(got) != 1 || got[0]["allowed"] != tt.allowed {
				t.Errorf("got the records %v, want one of allowed %v", got, tt.allowed)
			}
		})
	}
}

// Every operation that some principal may do whatever its roles hold is one that a token of some roles does not open.
func TestNoOperationIsOpenToANarrowTokenWithoutRights(t *testing.T) {
	for op, r := range rules {
		if len(r.needs) == 0 {
			continue // it comes after an operation that takes a privilege
		}
		who, _ := audited(t, Subject{ID: "victim", Name: lake.RootPrincipal})
		on := []Path{victim}
		if len(r.second) > 0 {
			on = append(on, victim)
		}
		if err := who.Check(t.Context(), op, on...); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: got %v, want Forbidden", op, err)
		}
	}
}

func TestEachDecisionHasOneRecord(t *testing.T) {
	held := Grants{"table": SetOf(TableReadData, TableAddSchema, TableDrop), "sibling-namespace": SetOf(TableCreate)}
	subject := Subject{ID: "id1", Name: "p", AllRoles: true, PrincipalRoles: []Role{{Name: "pr"}}, CatalogRoles: []Role{{"cr", held}}}
	record := func(allowed bool, targets, reason string, ops ...string) []map[string]any {
		r := map[string]any{"msg": "access", "operations": strings.Join(ops, " "), "targets": targets, "allowed": allowed, "principal": "p", "principal_id": "id1", "principal_roles": "pr", "catalog_roles": "cr"}
		if reason != "" {
			r["reason"] = reason
		}
		return []map[string]any{r}
	}
	refusal := func(op string) string {
		return "Principal 'p' with activated PrincipalRoles '[pr]' and activated grants via '[cr, pr]' is not authorized for op " + op
	}
	const allowed = fault.Kind(-1)
	const tablePath = "root/catalog/parent/namespace/table"
	tests := []struct {
		name  string
		check func(*Subject) (Operation, error)
		want  Operation // what CheckFirst chose
		kind  fault.Kind
		audit []map[string]any
	}{
		{"allowed", func(s *Subject) (Operation, error) { return "", s.Check(t.Context(), LoadTable, table) }, "", allowed,
			record(true, tablePath, "", "LOAD_TABLE")},
		{"refused", func(s *Subject) (Operation, error) { return "", s.Check(t.Context(), UpdateTable, table) }, "", fault.Forbidden,
			record(false, tablePath, refusal("UPDATE_TABLE")+": TABLE_WRITE_PROPERTIES is not held on "+tablePath, "UPDATE_TABLE")},
		{"refused on the second target", func(s *Subject) (Operation, error) { return "", s.Check(t.Context(), RenameTable, table, namespace) }, "", fault.Forbidden,
			record(false, tablePath+" root/catalog/parent/namespace", refusal("RENAME_TABLE")+": TABLE_LIST is not held on root/catalog/parent/namespace", "RENAME_TABLE")},
		{"allowed on both targets", func(s *Subject) (Operation, error) { return "", s.Check(t.Context(), RenameTable, table, sibling) }, "", allowed,
			record(true, tablePath+" root/catalog/parent/sibling-namespace", "", "RENAME_TABLE")},
		{"all allowed", func(s *Subject) (Operation, error) {
			return "", s.CheckAll(t.Context(), []Operation{AddTableSchema, LoadTable}, table)
		}, "", allowed, record(true, tablePath, "", "ADD_TABLE_SCHEMA", "LOAD_TABLE")},
		{"one of all refused", func(s *Subject) (Operation, error) {
			return "", s.CheckAll(t.Context(), []Operation{AddTableSchema, AddTableSnapshot, DropTableWithPurge}, table)
		}, "", fault.Forbidden, record(false, tablePath, refusal("ADD_TABLE_SNAPSHOT")+": TABLE_ADD_SNAPSHOT is not held on "+tablePath, "ADD_TABLE_SNAPSHOT")},
		{"the first alternative that is allowed", func(s *Subject) (Operation, error) {
			return s.CheckFirst(t.Context(), []Operation{LoadTableWithWriteDelegation, LoadTableWithReadDelegation, LoadTable}, table)
		}, LoadTableWithReadDelegation, allowed, record(true, tablePath, "", "LOAD_TABLE_WITH_READ_DELEGATION")},
		{"no alternative", func(s *Subject) (Operation, error) {
			return s.CheckFirst(t.Context(), []Operation{LoadTableWithWriteDelegation, LoadTableWithReadDelegation}, table2)
		}, "", fault.Forbidden, record(false, "root/catalog/parent/namespace/sibling-table",
			refusal("LOAD_TABLE_WITH_READ_DELEGATION")+": TABLE_READ_DATA is not held on root/catalog/parent/namespace/sibling-table", "LOAD_TABLE_WITH_READ_DELEGATION")},
		{"several targets, one refused", func(s *Subject) (Operation, error) { return "", s.Check(t.Context(), LoadTable, table, table2) }, "", fault.Forbidden,
			record(false, tablePath+" root/catalog/parent/namespace/sibling-table",
				refusal("LOAD_TABLE")+": TABLE_READ_PROPERTIES is not held on root/catalog/parent/namespace/sibling-table", "LOAD_TABLE")},
		{"unknown operation", func(s *Subject) (Operation, error) { return "", s.Check(t.Context(), "NOPE", table) }, "", fault.Internal,
			record(false, tablePath, `Internal error.: operation "NOPE" has no rule`, "NOPE")},
		{"no target", func(s *Subject) (Operation, error) { return "", s.Check(t.Context(), LoadTable) }, "", fault.Internal,
			record(false, "", "Internal error.: operation LOAD_TABLE does not take 0 targets", "LOAD_TABLE")},
		{"second target missing", func(s *Subject) (Operation, error) { return "", s.Check(t.Context(), RenameTable, table) }, "", fault.Internal,
			record(false, tablePath, "Internal error.: operation RENAME_TABLE does not take 1 targets", "RENAME_TABLE")},
		{"third target where there are two", func(s *Subject) (Operation, error) { return "", s.Check(t.Context(), RenameTable, root, root, root) }, "", fault.Internal,
			record(false, "root root root", "Internal error.: operation RENAME_TABLE does not take 3 targets", "RENAME_TABLE")},
		{"empty path", func(s *Subject) (Operation, error) { return "", s.Check(t.Context(), ResetCredentials, root, Path{}) }, "", fault.Internal,
			record(false, "root ", "Internal error.: operation RESET_CREDENTIALS has a target without an id", "RESET_CREDENTIALS")},
		{"empty id", func(s *Subject) (Operation, error) { return "", s.Check(t.Context(), LoadTable, Path{"root", ""}) }, "", fault.Internal,
			record(false, "root/", "Internal error.: operation LOAD_TABLE has a target without an id", "LOAD_TABLE")},
		{"nothing to check", func(s *Subject) (Operation, error) { return "", s.CheckAll(t.Context(), nil, table) }, "", fault.Internal,
			record(false, tablePath, "Internal error.: no operation to check")},
		{"an unknown alternative ahead of one that is allowed", func(s *Subject) (Operation, error) {
			return s.CheckFirst(t.Context(), []Operation{"NOPE", LoadTable}, table)
		}, "", fault.Internal, record(false, tablePath, `Internal error.: operation "NOPE" has no rule`, "NOPE")},
		{"no alternatives", func(s *Subject) (Operation, error) { return s.CheckFirst(t.Context(), nil, table) }, "", fault.Internal,
			record(false, tablePath, "Internal error.: no operation to check", "")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			who, records := audited(t, subject)
			op, err := tt.check(who)
			if op != tt.want || tt.kind == allowed && err != nil || tt.kind != allowed && !fault.Is(err, tt.kind) {
				t.Errorf("got %q, %v, want %q, %v", op, err, tt.want, tt.kind)
			}
			if err != nil && strings.Contains(fault.From(err).Message, "held on") {
				t.Errorf("got %q for the client, which names what is missing", fault.From(err).Message)
			}
			if diff := cmp.Diff(records(), tt.audit); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A move that brings a table's files below other grants opens them to nobody who moves them, with these roles or with others.
func TestNoMoveOpensATable(t *testing.T) {
	role := func(name string, grants Grants) []Role { return []Role{{name, grants}} }
	mover := Grants{"parent": SetOf(TableFullMetadata)}
	with := func(on lake.ID, p Privilege) Grants { return Grants{"parent": SetOf(TableFullMetadata), on: SetOf(p)} }
	whole := func(g Grants) *Subject { return &Subject{AllRoles: true, CatalogRoles: role("all", g)} }
	rename, claim := []Path{table, sibling}, []Path{table}
	tests := []struct {
		name    string
		who     Subject
		op      Operation
		on      []Path
		allowed bool
		gains   Privilege
	}{
		{"a rename by who has no data rights", Subject{AllRoles: true, CatalogRoles: role("r", mover)}, RenameTable, rename, true, 0},
		{"a rename to where the caller reads", Subject{AllRoles: true, CatalogRoles: role("r", with("sibling-namespace", TableReadData))}, RenameTable, rename, false, TableReadData},
		{"a rename to where the caller writes", Subject{AllRoles: true, CatalogRoles: role("r", with("sibling-namespace", TableWriteData))}, RenameTable, rename, false, TableReadData},
		{"a rename to where the caller has all of the content", Subject{AllRoles: true, CatalogRoles: role("r", with("sibling-namespace", CatalogManageContent))}, RenameTable, rename, false, TableReadData},
		{"a rename by who reads, to where the caller writes", Subject{AllRoles: true,
			CatalogRoles: role("r", Grants{"parent": SetOf(TableFullMetadata), "table": SetOf(TableReadData), "sibling-namespace": SetOf(TableWriteData)})}, RenameTable, rename, false, TableWriteData},
		{"a rename by who reads both", Subject{AllRoles: true, CatalogRoles: role("r", Grants{"parent": SetOf(TableFullMetadata, TableReadData)})}, RenameTable, rename, true, 0},
		{"a rename with the grants on the table", Subject{AllRoles: true, CatalogRoles: role("r", with("table", TableWriteData))}, RenameTable, rename, true, 0},
		{"a rename by who reads by a grant on the namespace alone", Subject{AllRoles: true, CatalogRoles: role("r", with("namespace", TableReadData))}, RenameTable, rename, true, 0},
		{"a rename within the namespace", Subject{AllRoles: true, CatalogRoles: role("r", with("namespace", TableReadData))}, RenameTable, []Path{table, namespace}, true, 0},
		{"a rename with a narrow token, to where another role reads",
			Subject{CatalogRoles: role("r", mover), Whole: whole(with("sibling-namespace", TableReadData))}, RenameTable, rename, false, TableReadData},
		{"a rename with a narrow token that reads where it goes, of what another role reads",
			Subject{CatalogRoles: role("r", with("sibling-namespace", TableReadData)), Whole: whole(with("parent", TableReadData))}, RenameTable, rename, false, TableReadData},
		{"a rename with a narrow token, and nothing gained", Subject{CatalogRoles: role("r", mover), Whole: whole(with("root", TableReadData))}, RenameTable, rename, true, 0},
		{"folders for a table that the caller reads", Subject{AllRoles: true, CatalogRoles: role("r", with("table", TableReadData))}, ClaimTableFolders, claim, false, TableReadData},
		{"folders for a table that the caller writes", Subject{AllRoles: true,
			CatalogRoles: role("r", Grants{"table": SetOf(TableWriteData), "namespace": SetOf(TableReadData)})}, ClaimTableFolders, claim, false, TableWriteData},
		{"folders for a table in a namespace that the caller reads", Subject{AllRoles: true, CatalogRoles: role("r", with("namespace", TableReadData))}, ClaimTableFolders, claim, true, 0},
		{"folders by who has no data rights", Subject{AllRoles: true, CatalogRoles: role("r", mover)}, ClaimTableFolders, claim, true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			who, records := audited(t, tt.who)
			err := who.Check(t.Context(), tt.op, tt.on...)
			if got := err == nil; got != tt.allowed || !got && !fault.Is(err, fault.Forbidden) {
				t.Errorf("got %v, want allowed %v", err, tt.allowed)
			}
			if gain, _ := errors.AsType[Gain](err); gain.Privilege != tt.gains {
				t.Errorf("got a gain of %s, want %s", gain.Privilege, tt.gains)
			}
			if got := records(); len(got) != 1 || got[0]["allowed"] != tt.allowed {
				t.Errorf("got the records %v, want one of allowed %v", got, tt.allowed)
			}
		})
	}
	t.Run("with a narrow token whose principal's roles nobody read", func(t *testing.T) {
		who, _ := audited(t, Subject{CatalogRoles: role("r", mover)})
		if err := who.Check(t.Context(), RenameTable, rename...); !fault.Is(err, fault.Internal) {
			t.Errorf("got %v, want Internal", err)
		}
	})
}

func TestNothingIsAllowedWithoutALog(t *testing.T) {
	who := Subject{ID: "victim", AllRoles: true}
	if err := who.Check(t.Context(), RotateCredentials, victim); !fault.Is(err, fault.Internal) {
		t.Errorf("got %v, want Internal", err)
	}
}

// Roles hold together what none of them holds alone, and a grant to a principal role counts as one to a catalog role.
func TestRolesAddUp(t *testing.T) {
	create, write := Role{"a", Grants{"catalog": SetOf(TableCreate)}}, Role{"b", Grants{"namespace": SetOf(TableWriteData)}}
	tests := []struct {
		name    string
		who     Subject
		allowed bool
	}{
		{"both of the catalog", Subject{CatalogRoles: []Role{create, write}}, true},
		{"one of each sort", Subject{PrincipalRoles: []Role{create}, CatalogRoles: []Role{write}}, true},
		{"the first alone", Subject{CatalogRoles: []Role{create}}, false},
		{"the second alone", Subject{PrincipalRoles: []Role{write}}, false},
		{"none", Subject{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			who, _ := audited(t, tt.who)
			err := who.Check(t.Context(), CreateTableDirectWithWriteDelegation, namespace)
			if got := err == nil; got != tt.allowed {
				t.Errorf("got %v, want allowed %v", err, tt.allowed)
			}
		})
	}
}
