package access

import (
	"strings"
	"testing"

	"firn/shared/fault"

	"github.com/google/go-cmp/cmp"
)

func TestPrivilegesAndTheirNamesBelongTogether(t *testing.T) {
	if got, want := len(privilegeNames), int(endOfPrivileges)-1; got != want {
		t.Fatalf("got %d names for %d privileges", got, want)
	}
	for p := Privilege(1); p < endOfPrivileges; p++ {
		if got, err := ParsePrivilege(p.String()); err != nil || got != p {
			t.Errorf("%s: got %v, %v when parsed, want %d", p, got, err, p)
		}
	}
	// One of each group: a name out of place would shift those behind it.
	for p, want := range map[Privilege]string{
		ServiceManageAccess: "SERVICE_MANAGE_ACCESS", ViewFullMetadata: "VIEW_FULL_METADATA", CatalogManageContent: "CATALOG_MANAGE_CONTENT",
		ViewManageGrantsOnSecurable: "VIEW_MANAGE_GRANTS_ON_SECURABLE", PrincipalResetCredentials: "PRINCIPAL_RESET_CREDENTIALS",
		PrincipalRoleManageGrantsForGrantee: "PRINCIPAL_ROLE_MANAGE_GRANTS_FOR_GRANTEE", CatalogRoleManageGrantsForGrantee: "CATALOG_ROLE_MANAGE_GRANTS_FOR_GRANTEE",
		PolicyManageGrantsOnSecurable: "POLICY_MANAGE_GRANTS_ON_SECURABLE", TableManageStructure: "TABLE_MANAGE_STRUCTURE",
		0: "", endOfPrivileges: "", 255: "",
	} {
		if got := p.String(); got != want {
			t.Errorf("got %q for %d, want %q", got, p, want)
		}
	}
}

func TestParsePrivilegeRefusesOtherNames(t *testing.T) {
	for _, name := range []string{"", "NOPE", "table_drop", "TABLE_DROP ", strings.Repeat("X", 1<<16)} {
		_, err := ParsePrivilege(name)
		if !fault.Is(err, fault.Argument) || len(err.Error()) > 100 {
			t.Errorf("%.20q: got %.200v, want a short refusal of kind Argument", name, err)
		}
	}
}

func TestSet(t *testing.T) {
	s := SetOf(TableDrop, ServiceManageAccess, TableManageStructure)
	if diff := cmp.Diff(s.List(), []Privilege{ServiceManageAccess, TableDrop, TableManageStructure}); diff != "" {
		t.Error(diff)
	}
	if got, want := s.String(), "SERVICE_MANAGE_ACCESS TABLE_DROP TABLE_MANAGE_STRUCTURE"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !s.Has(TableDrop) || s.Has(TableList) || s.Has(0) || s.Has(255) {
		t.Errorf("got other members than %v", s)
	}
	if got, want := SetOf(TableDrop).With(TableList, TableDrop), SetOf(TableList, TableDrop); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSatisfiedByHoldsThePrivilegeItself(t *testing.T) {
	for p := Privilege(1); p < endOfPrivileges; p++ {
		if !SatisfiedBy(p).Has(p) {
			t.Errorf("%s does not satisfy itself", p)
		}
	}
	if got := SatisfiedBy(0); got != (Set{}) {
		t.Errorf("got %v for no privilege, want none", got)
	}
	if got := SatisfiedBy(endOfPrivileges); got != (Set{}) {
		t.Errorf("got %v for no privilege, want none", got)
	}
}

func TestUpdateOperations(t *testing.T) {
	tests := []struct {
		name    string
		actions []string
		want    []Operation
	}{
		{"none", nil, []Operation{UpdateTable}},
		{"each once, in order", []string{"add-schema", "set-current-schema", "add-schema"}, []Operation{AddTableSchema, SetTableCurrentSchema}},
		{"without an operation of their own", []string{"set-default-spec", "remove-schemas", "no-such-action"}, []Operation{UpdateTable}},
		{"mixed", []string{"add-snapshot", "add-encryption-key"}, []Operation{AddTableSnapshot, UpdateTable}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(UpdateOperations(tt.actions), tt.want); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEachRuleTakesSomething(t *testing.T) {
	for op, r := range rules {
		if len(r.needs) == 0 && r.moved == nil {
			t.Errorf("%s takes no privilege", op)
		}
	}
	for action, op := range updateOperations {
		if _, found := rules[op]; !found {
			t.Errorf("%s: %s has no rule", action, op)
		}
	}
}
