package lake

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

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

// StorageFingerprint changes with whatever a probe of the catalog's storage depends on: the storage configuration, and the
// folder in which it is tried.
func (c *Catalog) StorageFingerprint() (string, error) {
	config, err := json.Marshal(&c.Storage)
	if err != nil {
		return "", fmt.Errorf("encode storage configuration: %w", err)
	}
	sum := sha256.Sum256(append(config, c.DefaultBaseLocation()...)) // an encoded object ends where it ends
	return base64.RawURLEncoding.EncodeToString(sum[:16]), nil
}

// Unproven says whether no keys may be handed out for the catalog: its storage failed when it was tried. One that was never
// tried is trusted, and so is one whose administrator wants no probes.
func (c *Catalog) Unproven() bool {
	return c.Probe != nil && c.Probe.State == ProbeFailed && c.On(Probing, true)
}
