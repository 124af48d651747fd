package aws

import (
	"testing"

	"firn/shared/lake"
	"firn/shared/vend"
)

// infra/roles.go and the vending roles of accounts with data go by these.
func TestARoleTellsAProbeFromVending(t *testing.T) {
	rows := []struct {
		name                     string
		change                   func(*lake.Storage)
		probe                    bool
		externalID, tag, purpose string
	}{
		{"vending", func(*lake.Storage) {}, false, "tenant-1", "", ""},
		{"a probe", func(*lake.Storage) {}, true, "tenant-1/probe", "firn-purpose", "probe"},
		{"a probe with the external id that firn makes", func(s *lake.Storage) { s.ExternalID = "" }, true, "firn-c1/probe", "firn-purpose", "probe"},
		{"a probe with attribution", func(s *lake.Storage) { s.SessionTags, s.SourceIdentity = true, true }, true, "tenant-1/probe", "firn-purpose", "probe"},
		{"a probe of a store without roles", func(s *lake.Storage) { s.RoleARN, s.Profile = "", "" }, true, "tenant-1", "", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f := newFakeSTS(t)
			storage := f.storage()
			row.change(storage)
			g := grant(t, vend.Read, "s3://lake/ns/t/")
			g.Probe = row.probe
			if _, err := f.vendor(t).Vend(t.Context(), storage, g); err != nil {
				t.Fatal(err)
			}
			asked := f.asked()[0]
			if got := asked.Get("ExternalId"); got != row.externalID {
				t.Errorf("got external id %q, want %q", got, row.externalID)
			}
			if key, value := asked.Get("Tags.member.1.Key"), asked.Get("Tags.member.1.Value"); key != row.tag || value != row.purpose {
				t.Errorf("got tag %q of %q, want %q of %q", key, value, row.tag, row.purpose)
			}
			if got := asked.Get("Tags.member.2.Key"); got != "" {
				t.Errorf("got another tag %q: the rights of who probes allow one", got)
			}
		})
	}
}
