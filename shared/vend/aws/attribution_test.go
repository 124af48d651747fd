package aws

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/vend"
	"firn/shared/vend/aws/session"
)

// vendFor asks the fake for a key and gives what it was asked.
func vendFor(t *testing.T, change func(*lake.Storage, *vend.Grant)) url.Values {
	t.Helper()
	f := newFakeSTS(t)
	storage, g := f.storage(), grant(t, vend.Read, "s3://lake/ns/t/")
	change(storage, &g)
	if _, err := f.vendor(t).Vend(t.Context(), storage, g); err != nil {
		t.Fatal(err)
	}
	return f.asked()[0]
}

func tags(form url.Values) map[string]string {
	out := map[string]string{}
	for i := 1; form.Has(fmt.Sprintf("Tags.member.%d.Key", i)); i++ {
		out[form.Get(fmt.Sprintf("Tags.member.%d.Key", i))] = form.Get(fmt.Sprintf("Tags.member.%d.Value", i))
	}
	return out
}

func TestTagsSayWhoAndWhat(t *testing.T) {
	got := vendFor(t, func(s *lake.Storage, g *vend.Grant) {
		s.SessionTags, s.CatalogName = true, "sales"
		g.Principal, g.Table = "żółw *{};", "ns."+strings.Repeat("t", 300)
	})
	want := map[string]string{"firn:realm": "test", "firn:catalog": "sales", "firn:table": "ns." + strings.Repeat("t", 253), "firn:principal": "żółw ____"}
	if diff := cmp.Diff(tags(got), want); diff != "" {
		t.Errorf("tags (-got +want):\n%s", diff)
	}
	if got.Has("TransitiveTagKeys.member.1") || got.Get("SourceIdentity") != "" {
		t.Errorf("got %v, want neither transitive tags nor a source identity", got)
	}
}

func TestTheSourceIdentityIsThePrincipal(t *testing.T) {
	got := vendFor(t, func(s *lake.Storage, _ *vend.Grant) { s.SourceIdentity = true })
	if want := session.SourceIdentity("test", "ann", "p1"); got.Get("SourceIdentity") != want || len(tags(got)) > 0 {
		t.Errorf("got %q with %d tags, want %q and none", got.Get("SourceIdentity"), len(tags(got)), want)
	}
}

func TestWhichExternalIDIsSaid(t *testing.T) {
	rows := []struct {
		name   string
		change func(*lake.Storage)
		want   string
	}{
		{"the administrator's", func(*lake.Storage) {}, "tenant-1"},
		{"firn's own, of the catalog", func(s *lake.Storage) { s.ExternalID = "" }, "firn-c1"},
		{"none at a compatible store", func(s *lake.Storage) { s.ExternalID, s.Profile = "", "" }, ""},
		{"the administrator's at a compatible store", func(s *lake.Storage) { s.Profile = "" }, "tenant-1"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got := vendFor(t, func(s *lake.Storage, _ *vend.Grant) { row.change(s) })
			if got.Get("ExternalId") != row.want || got.Has("ExternalId") != (row.want != "") {
				t.Errorf("got %q, want %q", got.Get("ExternalId"), row.want)
			}
		})
	}
}

func TestProfiles(t *testing.T) {
	const role, remote = "arn:aws-cn:iam::111122223333:role/lake", "X-Iceberg-Access-Delegation: remote-signing"
	rows := []struct {
		profile  lake.S3Profile
		role     string
		asked    string // the role that is asked for
		resource string // what the buckets' ARNs begin with
		kind     fault.Kind
		refusal  string
	}{
		{lake.ProfileAWS, role, role, "arn:aws-cn:s3:::", 0, ""},
		{lake.ProfileAWS, "", "", "", fault.Unsupported, "names no role"},
		{lake.ProfileAWS, "urn:ecs:iam::ns1:role/lake", "", "", fault.Invalid, "is not the ARN of an IAM role"},
		{lake.ProfileAWS, "arn:aws:iam::1:user/x", "", "", fault.Invalid, "is not the ARN of an IAM role"},
		{lake.ProfileCompatible, role, role, "arn:aws-cn:s3:::", 0, ""},
		{lake.ProfileCompatible, "", compatibleRole, "arn:aws:s3:::", 0, ""},
		{lake.ProfileMinIO, "", compatibleRole, "arn:aws:s3:::", 0, ""},
		{lake.ProfileMinIO, role, role, "arn:aws:s3:::", 0, ""},
		{lake.ProfileCeph, "arn:aws:iam:::role/lake", "arn:aws:iam:::role/lake", "arn:aws:s3:::", 0, ""},
		{lake.ProfileCeph, "", "", "", fault.Unsupported, "names no role"},
		{lake.ProfileSeaweedFS, role, role, "arn:aws:s3:::", 0, ""},
		{lake.ProfileSeaweedFS, "", "", "", fault.Unsupported, "names no role"},
		{lake.ProfileRustFS, "", compatibleRole, "arn:aws:s3:::", 0, ""},
		{lake.ProfileECS, "urn:ecs:iam::ns1:role/lake", "urn:ecs:iam::ns1:role/lake", "arn:aws:s3:::", 0, ""},
		{lake.ProfileECS, "", "", "", fault.Unsupported, "names no role"},
		{lake.ProfileWasabi, role, role, "arn:aws:s3:::", 0, ""},
		{lake.ProfileWasabi, "", "", "", fault.Unsupported, "names no role"},
		{lake.ProfileR2, role, "", "", fault.Unsupported, remote},
		{lake.ProfileVAST, role, "", "", fault.Unsupported, remote},
		{lake.ProfileGarage, role, "", "", fault.Unsupported, remote},
		{lake.ProfileBackblaze, role, "", "", fault.Unsupported, remote},
		{"ufo", role, "", "", fault.Unsupported, `no profile "ufo"`},
	}
	tried := map[lake.S3Profile]bool{}
	for _, row := range rows {
		tried[row.profile] = true
		t.Run(string(row.profile)+" "+row.role, func(t *testing.T) {
			storage := &lake.Storage{Type: lake.S3, Profile: row.profile, RoleARN: row.role, Region: "eu-west-1", Endpoint: "http://192.0.2.1"}
			v, err := New(Config{})
			if err != nil {
				t.Fatal(err)
			}
			in, err := v.input(storage, grant(t, vend.Read|vend.List, "s3://lake/ns/t/"))
			if row.refusal != "" {
				if !fault.Is(err, row.kind) || !strings.Contains(fault.From(err).Message, row.refusal) {
					t.Errorf("got %v, want %q of kind %s", err, row.refusal, row.kind)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if *in.RoleArn != row.asked || strings.Count(*in.Policy, `"arn:`) != strings.Count(*in.Policy, `"`+row.resource+"lake") {
				t.Errorf("got the role %s and the policy %s, want %s and ARNs that begin with %s", *in.RoleArn, *in.Policy, row.asked, row.resource)
			}
		})
	}
	for _, p := range lake.S3Profiles {
		if !tried[p] {
			t.Errorf("profile %s has no row", p)
		}
	}
}
