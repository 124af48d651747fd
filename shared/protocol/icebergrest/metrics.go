package icebergrest

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/rest"
)

// maxReport bounds a report, in bytes: one that names each of 10,000 columns has a third of it.
const maxReport = 1 << 20

// told are the metrics of a report that are worth a place in the log (Iceberg's ScanMetrics and CommitMetricsResult).
var told = map[string][]string{
	catalog.ScanReport: {"total-planning-duration", "result-data-files", "result-delete-files", "skipped-data-files", "scanned-data-manifests",
		"skipped-data-manifests", "total-data-manifests", "total-file-size-in-bytes"},
	catalog.CommitReport: {"total-duration", "attempts", "added-data-files", "removed-data-files", "total-data-files", "added-delete-files",
		"added-records", "removed-records", "total-records", "added-files-size-bytes", "total-files-size-bytes"},
}

// reportMetrics takes ReportMetricsRequest, of any type. What the report holds is checked for the parts that its type must
// have (recorded), and for being numbers where it is logged.
func (h *handlers) reportMetrics(ctx context.Context, c *rest.Call, in *object) (rest.Answer, error) {
	kind, err := in.text("report-type")
	if err != nil {
		return rest.Answer{}, err
	}
	if _, ok := (*in)["metrics"]; !ok && kind == catalog.ScanReport {
		return rest.Answer{}, fault.New(fault.Argument, "Cannot parse missing field: metrics")
	}
	if _, ok := (*in)["sequence-number"]; !ok && kind == catalog.CommitReport {
		return rest.Answer{}, fault.New(fault.Argument, "Cannot parse missing long: sequence-number")
	}
	facts, err := in.facts(told[kind])
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.Empty(http.StatusNoContent), h.catalog.Report(ctx, c.Caller, c.Path("prefix"), tableOf(c), catalog.Report{Kind: string(clip([]byte(kind))), Facts: facts})
}

// metric is CounterResult or TimerResult.
type metric struct {
	Value    *int64 `json:"value"`
	Duration *int64 `json:"total-duration"`
	Unit     string `json:"time-unit"`
}

// facts gives what is logged of a report; of one that is not known nothing but its type.
func (o object) facts(names []string) ([]slog.Attr, error) {
	if len(names) == 0 {
		return nil, nil
	}
	var out []slog.Attr
	for _, number := range []string{"snapshot-id", "sequence-number"} {
		var n *int64
		if err := o.part(number, &n); err != nil {
			return nil, err
		}
		if n != nil {
			out = append(out, slog.Int64(number, *n))
		}
	}
	var operation string
	if err := o.part("operation", &operation); err != nil {
		return nil, err
	}
	if operation != "" {
		out = append(out, slog.String("operation", string(clip([]byte(operation)))))
	}
	var all object
	if err := o.part("metrics", &all); err != nil {
		return nil, err
	}
	for _, name := range names {
		var m metric
		if err := all.part(name, &m); err != nil {
			return nil, err
		}
		if m.Value != nil {
			out = append(out, slog.Int64(name, *m.Value))
		}
		if unit, ok := units[strings.ToLower(m.Unit)]; ok && m.Duration != nil {
			out = append(out, slog.Float64(name+"-ms", float64(*m.Duration)*unit.Seconds()*1000))
		}
	}
	return out, nil
}

// part decodes a member, if it is there.
func (o object) part(name string, into any) error {
	raw, ok := o[name]
	if !ok {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fault.New(fault.Argument, "Cannot parse %s: %s", name, clip(raw)).Because(err)
	}
	return nil
}

// units are those of TimerResult, in lower case: older clients shout them.
var units = map[string]time.Duration{"nanoseconds": time.Nanosecond, "microseconds": time.Microsecond, "milliseconds": time.Millisecond,
	"seconds": time.Second, "minutes": time.Minute, "hours": time.Hour, "days": 24 * time.Hour}
