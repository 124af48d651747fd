package management

import (
	"context"
	"net/http"
	"strings"

	"firn/shared/lake"
	"firn/shared/probe"
	"firn/shared/rest"
)

// probing gives the route by which an administrator has a catalog's storage tried, which Polaris has not.
func (h *handlers) probing() rest.Route {
	return route("POST", base+"/catalogs/{catalogName}/probe", "probeCatalog", h.probeCatalog)
}

// findingOut is one thing that is wrong with a catalog's storage.
type findingOut struct {
	Check    probe.Check    `json:"check"`
	Code     probe.Code     `json:"code"`
	Severity probe.Severity `json:"severity"`
	Message  string         `json:"message"`
	Remedy   string         `json:"remedy"`
	Detail   string         `json:"detail,omitempty"`
}

// probeOut is what became of a trial.
type probeOut struct {
	Catalog  string          `json:"catalog"`
	State    lake.ProbeState `json:"state"`
	Vendable bool            `json:"vendable"`         // what was found keeps no keys back
	Time     int64           `json:"probeTimestamp"`   // ms
	Reason   string          `json:"reason,omitempty"` // why it was skipped
	Findings []findingOut    `json:"findings"`
	Passed   []probe.Check   `json:"passed"`
}

func (h *handlers) probeCatalog(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	tried, report, err := h.admin.ProbeCatalog(ctx, c.Caller, c.Path("catalogName"))
	if err != nil {
		return rest.Answer{}, err
	}
	out := probeOut{Catalog: tried.Name, State: report.State, Vendable: !tried.Unproven(), Time: tried.Probe.At.UnixMilli(), Reason: report.Reason, Passed: report.Passed,
		Findings: each(report.Findings, func(f *probe.Finding) findingOut { return findingOut(*f) })}
	if out.Passed == nil {
		out.Passed = []probe.Check{}
	}
	return rest.JSON(http.StatusOK, out)
}

// probeHeader tells beside a catalog how its storage did when it was last tried: "passed", "skipped", or "failed; " and the
// codes of what is wrong, which name no role; "unheeded; " and the codes where the administrator wants no probes. A catalog
// whose storage was never tried has none.
const probeHeader = "Firn-Probe"

func probed(c *lake.Catalog) string {
	state := string(c.Probe.State)
	if c.Probe.State == lake.ProbeFailed && !c.Unproven() {
		state = "unheeded"
	}
	if len(c.Probe.Findings) == 0 {
		return state
	}
	return state + "; " + strings.Join(c.Probe.Findings, ", ")
}
