package lake

import "time"

// ProbeState is how a catalog's storage did when it was last tried.
type ProbeState string

// The states.
const (
	ProbePassed  ProbeState = "passed"
	ProbeFailed  ProbeState = "failed"  // no keys are handed out
	ProbeSkipped ProbeState = "skipped" // the storage has no keys to try
)

// Probe is the last trial of a catalog's storage. It lies on the catalog's item, which every vend reads anyway, so it is
// short: what the store said is in the answer to whoever asked for the trial, and kept nowhere.
type Probe struct {
	State    ProbeState `json:"state"`
	At       time.Time  `json:"at"`                 // to the millisecond
	For      string     `json:"for"`                // fingerprint of the storage configuration that was tried
	Findings []string   `json:"findings,omitempty"` // codes, the worst first: package probe has their meaning
}

// Unproven says whether no keys may be handed out for the catalog: its storage failed when it was tried. One that was never
// tried is trusted, and so is one whose administrator wants no probes.
func (c *Catalog) Unproven() bool {
	return c.Probe != nil && c.Probe.State == ProbeFailed && c.On(Probing, true)
}
