package admin_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/admin"
	"firn/shared/fault"
	"firn/shared/lake"
)

func TestBootstrapMakesARootWhoMayManageTheRealm(t *testing.T) {
	rows := []struct {
		name  string
		given lake.Credentials
	}{
		{"with credentials made by firn", lake.Credentials{}},
		{"with given credentials", lake.Credentials{ClientID: "root", ClientSecret: "s3cr3t"}},
		{"with a given client id alone", lake.Credentials{ClientID: "root"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			service, s := newService(t)
			made, root, err := service.Bootstrap(t.Context(), "R", row.given)
			if err != nil || !made {
				t.Fatalf("got %v, %v, want a realm that was made", made, err)
			}
			if row.given.ClientID != "" && root.ClientID != row.given.ClientID || row.given.ClientSecret != "" && root.ClientSecret != row.given.ClientSecret {
				t.Errorf("got other credentials than were given")
			}
			if len(root.ClientID) < 4 || len(root.ClientSecret) < 6 {
				t.Errorf("got credentials of %d and %d characters", len(root.ClientID), len(root.ClientSecret))
			}
			caller, err := login(t, s, "R", root)
			if err != nil {
				t.Fatal(err)
			}
			roles, err := service.ListPrincipalRoles(t.Context(), caller)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, r := range roles {
				names = append(names, r.Name)
			}
			if diff := cmp.Diff(names, []string{lake.ServiceAdmin}); diff != "" {
				t.Errorf("principal roles (-got +want):\n%s", diff)
			}
		})
	}
}

func TestBootstrapOfARealmThatIsThereChangesNothing(t *testing.T) {
	service, s := newService(t)
	_, first, err := service.Bootstrap(t.Context(), "R", lake.Credentials{})
	if err != nil {
		t.Fatal(err)
	}
	second := lake.Credentials{ClientID: "intruder", ClientSecret: "s3cr3t"}
	made, root, err := service.Bootstrap(t.Context(), "R", second)
	if made || err != nil || root != (lake.Credentials{}) {
		t.Errorf("got %v, %q, %v, want nothing made", made, root.ClientID, err)
	}
	if _, err := login(t, s, "R", first); err != nil {
		t.Errorf("the first credentials are dead: %v", err)
	}
	if _, err := login(t, s, "R", second); !fault.Is(err, fault.NotFound) {
		t.Errorf("got %v for the second credentials, want NotFound", err)
	}
}

func TestRealmsShareNothing(t *testing.T) {
	service, s := newService(t)
	_, root, err := service.Bootstrap(t.Context(), "R", lake.Credentials{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := service.Bootstrap(t.Context(), "Q", lake.Credentials{}); err != nil {
		t.Fatal(err)
	}
	caller, err := login(t, s, "R", root)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := service.CreatePrincipal(t.Context(), caller, admin.NewPrincipal{Name: "p"}); err != nil {
		t.Fatal(err)
	}
	caller.Realm = "Q"
	if _, err := service.LoadPrincipal(t.Context(), caller, "p"); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("got %v for another realm's caller, want Unauthenticated", err)
	}
}
