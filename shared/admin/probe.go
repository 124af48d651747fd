package admin

import (
	"context"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/probe"
)

// ProbeCatalog tries the storage of a catalog, and keeps what came out: while it failed, no keys are handed out. The report
// names roles and holds the store's own words. Conflict if the storage's configuration changed meanwhile; Unsupported if
// this server cannot try storage; Forbidden if its storage policy does not allow the storage, of which nothing is learned
// then. Access requirement: CATALOG_WRITE_PROPERTIES on it.
func (s *Service) ProbeCatalog(ctx context.Context, c lake.Caller, name string) (*lake.Catalog, probe.Report, error) {
	x, err := s.catalog(ctx, c, name, access.UpdateCatalog)
	if err != nil {
		return nil, probe.Report{}, err
	}
	if s.Prober == nil {
		return nil, probe.Report{}, fault.New(fault.Unsupported, "This server cannot try the storage of catalogs")
	}
	if err := s.mayUse(c.Realm, x.cat.Value); err != nil {
		return nil, probe.Report{}, err
	}
	report, tried, err := s.try(ctx, c, x.cat.Value)
	if err != nil {
		return nil, probe.Report{}, err
	}
	next, err := s.Store.SetProbe(ctx, c.Realm, name, x.cat.Value.ID, *tried)
	return next, report, err
}

// try tries the storage of a catalog as it is given, stored or not.
func (s *Service) try(ctx context.Context, c lake.Caller, cat *lake.Catalog) (probe.Report, *lake.Probe, error) {
	tried, err := cat.StorageFingerprint()
	if err != nil {
		return probe.Report{}, nil, err
	}
	r := s.Prober.Probe(ctx, probe.Asker{Realm: c.Realm, Principal: c.Principal, PrincipalID: c.PrincipalID}, cat)
	s.Log.InfoContext(ctx, "probed", "catalog", cat.Name, "catalog_id", string(cat.ID), "state", string(r.State), "findings", r.Codes(), "principal", c.Principal)
	return r, &lake.Probe{State: r.State, At: s.moment(), For: tried, Findings: r.Codes()}, nil
}

// probes says whether a catalog whose storage is new is to be tried.
func (s *Service) probes(cat *lake.Catalog) bool {
	return s.ProbeNew && s.Prober != nil && cat.On(lake.Probing, true) && probe.Skips(cat) == ""
}

// unfinished is what a catalog begins with whose storage is yet to be tried: should the trial not come to its end, no keys
// are handed out before another one has.
func (s *Service) unfinished(cat *lake.Catalog) (*lake.Probe, error) {
	tried, err := cat.StorageFingerprint()
	return &lake.Probe{State: lake.ProbeFailed, At: s.moment(), For: tried, Findings: []string{string(probe.Unfinished)}}, err
}

// prove tries the storage of a catalog that was just made. What cannot be kept leaves the catalog unproven: it is there, and
// whoever made it must learn of that.
func (s *Service) prove(ctx context.Context, c lake.Caller, made *lake.Catalog) *lake.Catalog {
	_, tried, err := s.try(ctx, c, made)
	if err == nil {
		var proven *lake.Catalog
		if proven, err = s.Store.SetProbe(ctx, c.Realm, made.Name, made.ID, *tried); err == nil {
			return proven
		}
	}
	s.Log.WarnContext(ctx, "what a probe found could not be kept", "catalog", made.Name, "error", err.Error())
	return made
}

// reprove gives what is known of the storage of a catalog that is about to be stored in place of old: what was known before
// if it is the same storage, else what a trial finds. It is tried before it is stored, so that the keys of a catalog that
// works are handed out meanwhile. A trial that was made already, for an attempt that lost a race, counts.
func (s *Service) reprove(ctx context.Context, c lake.Caller, old, next *lake.Catalog, made *lake.Probe) (*lake.Probe, error) {
	same, err := next.StorageFingerprint()
	switch {
	case err != nil:
		return nil, err
	case old.Probe != nil && old.Probe.For == same:
		return old.Probe, nil
	case made != nil && made.For == same:
		return made, nil
	}
	was, err := old.StorageFingerprint()
	if err != nil || was == same || !s.probes(next) {
		return nil, err
	}
	_, tried, err := s.try(ctx, c, next)
	return tried, err
}
