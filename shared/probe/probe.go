// Package probe tries a catalog's storage before keys to it are handed out: that keys open their folder, and that they open
// nothing beside it.
//
// A Prober mints keys as for tables, through the drivers that vend, and uses them through the drivers that read and write
// metadata files. In `<default base location>/firn-probe/<catalog id>/` it takes two folders whose names begin alike, own/
// and own2/. A key for own/ must put, get, list and delete there and be denied all four in own2/; a reader's key must get
// and be denied to write. What is wrong is told as findings, each with a code, plain words, and a remedy.
//
// It refuses to guess: what was neither allowed nor denied is no proof, and a storage is passed only when every check was
// made. It reads no object that it did not write, and deletes nothing outside its two folders.
//
// # Why
//
// A store that ignores session policies, or understands them otherwise than they were meant, hands out its whole bucket
// with every key, and nothing else would notice. So a key that opens the sibling's folder is the worst finding, told first.
//
// The folder is named for the catalog's id, which is random and never used twice: no table's files are there, and what a
// probe that was killed left behind is cleaned up by the next one of the same catalog, since proving a list empties the
// folder. Objects are named at random, so two probes at once get in each other's way only there, and that is tried again.
//
// The sibling's folder is listed while it is empty: a listing that is allowed behind which the delete is denied looks like a
// denial. It is read when an object is there: S3 denies a missing object to whoever may not list.
//
// New roles, trusts and policies are known everywhere only after some seconds. So what is denied and should not be is tried
// again for a while, here and nowhere else: at requests an engine would wait.
//
// What the store itself says may name roles and accounts. It is in Detail, which is for the catalog's
// administrator. An endpoint that the catalog's storage names is not quoted, and nothing tells how it failed
// to answer: it may be any host that this server reaches. What it said is in the log.
package probe

import (
	"context"
	"log/slog"
	"time"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
)

// Folder is the name of the folder of probes below a catalog's default base location. Vending roles let probes reach
// nothing else (infra/roles.go).
const Folder = "firn-probe"

// Browser asks a store as browsers do before a page's script may read an object.
type Browser interface {
	// Preflight is nil if pages of any origin may get objects of the folder with a signed request. Forbidden if the store
	// says no; Unsupported if it is not known where to ask; Unavailable or Timeout if it does not say.
	Preflight(ctx context.Context, storage *lake.Storage, folder location.Prefix) error
}

// Config says with what storage is tried.
type Config struct {
	Vendor  vend.Vendor // may have a cache in front: no two probes ask for the same
	Files   blob.Opener
	Browser Browser // nil: nobody asks
	// Apart tells roles that a probe is none of vending (vend.Grant.Probe): for a server that may not vend itself.
	Apart    bool
	Log      *slog.Logger // gets what stores answered to checks that failed; nil: nobody does
	Now      func() time.Time
	Patience time.Duration // how long what is denied is tried again; 0: 10 s
	Timeout  time.Duration // of it all; 0: 20 s, with which an answer stays within the gateway's 29 s
}

// Prober tries storage. Safe for concurrent use.
type Prober struct{ config Config }

// New makes a prober. It does no I/O.
func New(c Config) *Prober {
	if c.Patience == 0 {
		c.Patience = 10 * time.Second
	}
	if c.Timeout == 0 {
		c.Timeout = 20 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Prober{c}
}

// Asker is who wants to know: the store's own log shows them as it shows whom keys are vended to.
type Asker struct {
	Realm       lake.Realm
	Principal   string
	PrincipalID lake.ID
}

// Report is what came out.
type Report struct {
	State    lake.ProbeState
	Findings []Finding // the worst first; all of them warnings if the state is passed
	Passed   []Check   // what was proven, in the order in which it was tried
	Reason   string    // why there was nothing to try; empty unless the state is skipped
}

// Codes are those of the findings that keep keys back.
func (r Report) Codes() []string {
	var out []string
	for _, f := range r.Findings {
		if f.Severity != Warning {
			out = append(out, string(f.Code))
		}
	}
	return out
}

// Probe tries the storage of a catalog, which need not be stored yet. It ends within the Timeout, or soon after ctx does.
func (p *Prober) Probe(ctx context.Context, who Asker, c *lake.Catalog) Report {
	if reason := Skips(c); reason != "" {
		return Report{State: lake.ProbeSkipped, Reason: reason}
	}
	ctx, cancel := context.WithTimeout(ctx, p.config.Timeout)
	defer cancel()
	t := &trial{config: &p.config, who: who, catalog: c, until: p.config.Now().Add(p.config.Patience), epoch: string(lake.NewID())}
	if err := t.place(); err != nil {
		t.find(Finding{Check: KeyMinted, Code: StorageInvalid, Message: fault.From(err).Message})
	} else {
		t.run(ctx)
	}
	return t.report()
}

// Skips gives the reason why a catalog's storage has nothing to try; empty if it has.
func Skips(c *lake.Catalog) string {
	s := &c.Storage
	switch {
	case s.Type == lake.File:
		return "Storage of type FILE has no keys."
	case s.Embedded():
		return "The embedded object store of this server takes no keys but its own, whose scope firn itself enforces."
	case s.STSUnavailable != nil && *s.STSUnavailable:
		return "The storage has no STS (stsUnavailable), so no keys are handed out."
	case c.Type == lake.External && !c.On(lake.CredentialVending, true):
		return "No keys are handed out for this external catalog (" + string(lake.CredentialVending) + ")."
	}
	return ""
}
