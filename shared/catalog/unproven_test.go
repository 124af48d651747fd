package catalog_test

import (
	"strings"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/lake"
)

// Keys wait for a probe that passes, where one was made and is wanted. All that needs none goes on.
func TestStorageThatFailedItsProbeIsNotVendedFor(t *testing.T) {
	failed := &lake.Probe{State: lake.ProbeFailed, Findings: []string{"scope.read", "role.denied"}}
	rows := []struct {
		name  string
		probe *lake.Probe
		off   bool // the administrator wants no probes
		want  fault.Kind
	}{
		{"failed", failed, false, fault.Invalid},
		{"failed, and no probe is wanted", failed, true, 0},
		{"passed", &lake.Probe{State: lake.ProbePassed}, false, 0},
		{"skipped", &lake.Probe{State: lake.ProbeSkipped}, false, 0},
		{"never tried", nil, false, 0},
	}
	for _, row := range rows {
		for _, ask := range asks {
			t.Run(row.name+" "+ask.name, func(t *testing.T) {
				w := newWorld(t)
				_, err := w.create("t")
				w.must(err)
				w.alter(func(c *lake.Catalog) {
					c.Probe = row.probe
					if row.off {
						c.Properties[string(lake.Probing)] = "false"
					}
				})
				w.take()
				_, err = ask.do(w, w.admin, vended)
				expect(t, "keys", err, row.want)
				if row.want == 0 {
					return
				}
				for _, part := range []string{"scope.read, role.denied", "`firn catalogs probe c`"} {
					if got := fault.From(err).Message; !strings.Contains(got, part) {
						t.Errorf("got %q, want %q in it", got, part)
					}
				}
				if u := w.take(); u.ForClients > 0 || u.Puts > 0 {
					t.Errorf("got effects %+v", u)
				}
				_, err = w.LoadTable(t.Context(), w.admin, "c", table("t"), catalog.Delegation{}, false)
				w.must(err)
			})
		}
	}
}

// Requests that firn signs itself are bound to the table whatever a store makes of its keys.
func TestStorageThatFailedItsProbeIsSignedFor(t *testing.T) {
	w := signing(t, nil)
	_, err := w.create("t")
	w.must(err)
	w.alter(func(c *lake.Catalog) { c.Probe = &lake.Probe{State: lake.ProbeFailed} })
	loaded, err := w.LoadTable(t.Context(), w.admin, "c", table("t"), signed, false)
	w.must(err)
	if loaded.Keys.Signing == nil || loaded.Keys.Credential != nil {
		t.Errorf("got %+v, want the way to have requests signed and no key", loaded.Keys)
	}
}
