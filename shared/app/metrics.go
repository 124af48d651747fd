package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"firn/shared/rest"
)

// Metrics are a server's measurements, in Prometheus's form. Names of operations are those of the route table; there is
// no label that grows with what users name.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
}

// NewMetrics makes a registry of a server's own.
func NewMetrics() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "firn_request_duration_seconds", Help: "Time to answer a request, by operation and status.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 25},
	}, []string{"operation", "status"})}
	m.registry.MustRegister(m.requests, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

var _ rest.Observer = (*Metrics)(nil)

// Observe notes one answered request.
func (m *Metrics) Observe(operation string, status int, d time.Duration) {
	m.requests.WithLabelValues(operation, strconv.Itoa(status)).Observe(d.Seconds())
}

// Handler serves the measurements.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// observer keeps a nil *Metrics from becoming an observer that is not nil.
func (m *Metrics) observer() rest.Observer {
	if m == nil {
		return nil
	}
	return m
}

// metricsListener is where the measurements are served: on a listener of their own, as whoever reaches the API need not see
// them. Its listener is nil where they are not served.
type metricsListener struct{ net.Listener }

// listenMetrics opens the listener at an address; an empty one opens none.
func listenMetrics(address string, log *slog.Logger) (metricsListener, error) {
	if address == "" {
		return metricsListener{}, nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return metricsListener{}, fmt.Errorf("listen for metrics: %w", err)
	}
	log.Info("metrics are served", "address", "http://"+l.Addr().String()+"/metrics")
	warnBeyondLoopback(log, "metrics", l.Addr())
	return metricsListener{l}, nil
}

// Close closes the listener, if there is one.
func (l metricsListener) Close() error {
	if l.Listener == nil {
		return nil
	}
	return l.Listener.Close()
}

func (l metricsListener) serve(ctx context.Context, m *Metrics, log *slog.Logger) error {
	if l.Listener == nil {
		return nil
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.Handler())
	return rest.Serve(ctx, l.Listener, mux, log)
}

// warnBeyondLoopback logs that something is served in the clear to other machines. A proxy with TLS in front of it is
// nothing that firn could see.
func warnBeyondLoopback(log *slog.Logger, what string, at net.Addr) {
	if tcp, ok := at.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		log.Warn("listens beyond this machine without TLS: credentials travel in the clear, unless a proxy with TLS stands in front",
			"what", what, "address", at.String())
	}
}
