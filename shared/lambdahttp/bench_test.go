package lambdahttp_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"firn/shared/lake"
	"firn/shared/lambdahttp"
	"firn/shared/rest"
)

// anyone takes every token.
type anyone struct{}

func (anyone) Verify(realm lake.Realm, _ string, _ time.Time) (lake.Caller, error) {
	return lake.Caller{Realm: realm, Principal: "alice"}, nil
}

// loads is a door with one route, which answers 16 KB of metadata.
func loads(t testing.TB) http.Handler {
	t.Helper()
	var b strings.Builder
	random := rand.New(rand.NewPCG(1, 2))
	for b.Len() < 16<<10 {
		fmt.Fprintf(&b, `{"snapshot-id":%d,"timestamp-ms":%d,"summary":{"operation":"append","total-records":"%d"},"manifest-list":"s3://lake/t/metadata/snap-%x.avro"},`,
			random.Int64(), random.Int64(), random.Int32(), random.Int64())
	}
	answer := []byte(`{"snapshots":[` + strings.TrimSuffix(b.String(), ",") + `]}`)
	door, err := rest.New(rest.Config{
		Realms: []lake.Realm{"POLARIS"}, Verifier: anyone{}, Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Now: time.Now,
		Protocols: []rest.Protocol{{Name: "iceberg", Dialect: rest.Vocabulary{}.Envelope, Routes: []rest.Route{{
			Method: "GET", Pattern: "/api/catalog/v1/{prefix}/namespaces/{namespace}/tables/{table}", Operation: "loadTable", Function: rest.Catalog,
			Handler: func(_ context.Context, c *rest.Call) (rest.Answer, error) {
				return rest.Raw(200, answer).With("ETag", `W/"1"`).With("X-Path", c.Path("namespace")+" "+c.Path("table")), nil
			},
		}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return door
}

// codings are what a client accepts.
var codings = map[string]string{"plain": "identity", "packed": "gzip"}

func TestTheDoorOfFirn(t *testing.T) {
	door := loads(t)
	for name, coding := range codings {
		for _, source := range sources {
			t.Run(name+"/"+source.name, func(t *testing.T) {
				headers := map[string]any{"Authorization": []string{"Bearer x"}, "accept-encoding": []string{coding}}
				if !source.multi {
					headers = map[string]any{"authorization": "Bearer x", "accept-encoding": coding}
				}
				a, _ := adapter(door.ServeHTTP, nil)
				got, as, err := invoke(t, a.Handle, event(t, source.file, source.headers, headers, "requestContext.requestId", "the-gateway's"))
				if err != nil {
					t.Fatal(err)
				}
				body := got.Body
				if coding == "gzip" {
					body = unpacked(t, body)
				}
				if got.Status != 200 || !strings.HasPrefix(body, `{"snapshots":[{"`) || len(body) < 16<<10 || as.base64 != (coding == "gzip") {
					t.Errorf("got %d, %.60q, base64 %v", got.Status, body, as.base64)
				}
				namespace := "sales\x1feu/west"
				if strings.HasPrefix(source.name, "HTTP API") {
					namespace = "sales\x1feu"
				}
				if path := got.Header.Get("X-Path"); path != namespace+" café 100%" {
					t.Errorf("path: got %q", path)
				}
				if id := got.Header.Get("X-Request-Id"); id != "the-gateway's" {
					t.Errorf("request id: got %q", id)
				}
			})
		}
	}
}

// discard is an http.ResponseWriter that keeps nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

// BenchmarkLoad is a load of 16 KB from the bytes of its event to those of its answer, with aws-lambda-go's part in it. The
// same handler on a request that is there already, in turns with it, tells what the way through Lambda adds.
func BenchmarkLoad(b *testing.B) {
	door := loads(b)
	for name, coding := range codings {
		for _, source := range []int{0, 3} {
			b.Run(sources[source].name+"/"+name, func(b *testing.B) {
				headers := map[string]any{"Authorization": []string{"Bearer x"}, "accept-encoding": []string{coding}}
				if !sources[source].multi {
					headers = map[string]any{"authorization": "Bearer x", "accept-encoding": coding}
				}
				payload := event(b, sources[source].file, sources[source].headers, headers)
				function := lambda.NewHandler(lambdahttp.New(lambdahttp.Config{Handler: door, Log: slog.New(slog.DiscardHandler)}).Handle)
				r := httptest.NewRequest("GET", "/api/catalog/v1/lake/namespaces/sales%1Feu%2Fwest/tables/caf%C3%A9%20100%25?snapshots=refs", nil)
				r.Header.Set("Authorization", "Bearer x")
				r.Header.Set("Accept-Encoding", coding)
				var direct, whole time.Duration
				b.ReportAllocs()
				for b.Loop() {
					began := time.Now()
					door.ServeHTTP(&discard{header: http.Header{}}, r)
					between := time.Now()
					if _, err := function.Invoke(b.Context(), payload); err != nil {
						b.Fatal(err)
					}
					direct += between.Sub(began)
					whole += time.Since(between)
				}
				us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / float64(b.N) }
				b.ReportMetric(us(direct), "direct-us/op")
				b.ReportMetric(us(whole-direct), "added-us/op")
			})
		}
	}
}
