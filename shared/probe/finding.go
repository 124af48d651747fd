package probe

import (
	"cmp"
	"slices"

	"firn/shared/lake"
)

// Check names one thing that is tried.
type Check string

// The checks, in the order in which they are made.
const (
	KeyMinted     Check = "key"            // a key to own/ can be minted
	OwnWrite      Check = "own.write"      // it puts there
	OwnRead       Check = "own.read"       // gets what was put
	OwnDelete     Check = "own.delete"     // deletes it
	OwnList       Check = "own.list"       // lists the folder, and deletes what it finds
	ReaderMinted  Check = "reader.key"     // a reader's key to own/ can be minted
	ReaderRead    Check = "reader.read"    // it gets
	ReaderWrite   Check = "reader.write"   // it is denied to put
	ReaderDelete  Check = "reader.delete"  // it is denied to delete
	SiblingReady  Check = "sibling"        // own2/ is there to be tried: it has a key, is emptied, and an object is put there
	SiblingList   Check = "sibling.list"   // the key to own/ is denied to list own2/
	SiblingRead   Check = "sibling.read"   // to get from it
	SiblingWrite  Check = "sibling.write"  // to put into it
	SiblingDelete Check = "sibling.delete" // to delete from it
	TrustClosed   Check = "trust"          // the role is not assumed with another external id
	BrowserReads  Check = "cors"           // pages in browsers may read
)

// Severity says what a finding means for the catalog.
type Severity string

// The severities.
const (
	Wide    Severity = "wide"    // keys open more than they should
	Broken  Severity = "broken"  // keys do not work, or it is not proven that they are narrow
	Warning Severity = "warning" // keys are handed out all the same
)

// Code names what is wrong, for programs.
type Code string

// Finding is one thing that is wrong.
type Finding struct {
	Check    Check
	Code     Code
	Severity Severity
	Message  string // what is wrong, in plain words; names no role or account
	Remedy   string // what to do about it; the same
	Detail   string // role, external id and endpoint, and what the store said: for an administrator of the catalog. May be empty
}

// rank orders severities, the worst first.
var rank = map[Severity]int{Wide: 0, Broken: 1, Warning: 2}

// find takes a finding down. Its severity, remedy, and message where it has none, are those of its code.
func (t *trial) find(f Finding) {
	known := codes[f.Code]
	f.Severity, f.Remedy = known.severity, known.remedy
	if f.Message == "" {
		f.Message = known.message
	}
	t.findings = append(t.findings, f)
}

// report sorts what was found. Nothing is passed that was not proven.
func (t *trial) report() Report {
	r := Report{State: lake.ProbePassed, Findings: t.findings, Passed: t.passed, Reason: t.skipped}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return cmp.Compare(rank[a.Severity], rank[b.Severity]) })
	switch {
	case t.skipped != "":
		return Report{State: lake.ProbeSkipped, Reason: t.skipped}
	case len(r.Codes()) > 0:
		r.State = lake.ProbeFailed
	}
	return r
}
