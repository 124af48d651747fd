package attack

import (
	"testing"

	"firn/shared/storagepolicy"
	"firn/shared/storagepolicy/storagepolicytest"
)

// lenient is the policy by which every kind of storage may be used.
func (m *machine) lenient(t *testing.T) *storagepolicy.Policy {
	t.Helper()
	p, err := storagepolicytest.Lenient([]string{m.listed.URL, r2Host}, named).With(storagepolicy.Flags{Folders: []string{m.files}})
	must(t, err)
	return p
}

// tight is the policy by which none may, not even roles.
func (m *machine) tight() *storagepolicy.Policy {
	return storagepolicytest.Parse(`realms: {"*": {assumeRoles: []}}`)
}
