package catalog

import (
	"context"
	"log/slog"

	"firn/shared/access"
	"firn/shared/lake"
)

// Report is what an engine tells of a scan or a commit (iceberg-rest, ReportMetricsRequest).
type Report struct {
	Kind  string // report-type: ScanReport, CommitReport, or one that firn does not know
	Facts []slog.Attr
}

// The kinds that firn knows.
const (
	ScanReport   = "scan-report"
	CommitReport = "commit-report"
)

// Report takes an engine's report: a line of the log, which names the table and the principal, and nothing else is kept.
// Access requirement: TABLE_WRITE_DATA for a report of a commit, else TABLE_READ_DATA.
func (s *Service) Report(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, r Report) error {
	x, n, t, err := s.table(ctx, c, catalog, id, nil)
	if err != nil {
		return err
	}
	op := access.ReportReadMetrics
	if r.Kind == CommitReport {
		op = access.ReportWriteMetrics
	}
	if err := x.allow(ctx, op, append(n.Path(), t.Value.ID)); err != nil {
		return err
	}
	s.Log.LogAttrs(ctx, slog.LevelInfo, "metrics report", append([]slog.Attr{
		slog.String("kind", r.Kind), slog.String("realm", string(c.Realm)), slog.String("catalog", catalog),
		slog.String("table", id.String()), slog.String("table_id", string(t.Value.ID)), slog.String("principal", x.who.Name)}, r.Facts...)...)
	return nil
}
