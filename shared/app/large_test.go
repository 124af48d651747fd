package app

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"firn/shared/lambdahttp"
)

// makeLarge makes a table, or adds to it, by one commit of a client that takes gzip: count snapshots behind the first ones,
// of which 1,000 take about 580 KB.
func (s *server) makeLarge(t testing.TB, root, name string, count, first int) *httptest.ResponseRecorder {
	t.Helper()
	const tables = "/api/catalog/v1/lake/namespaces/n/tables"
	if first == 0 {
		if w := s.ask(t, root, "POST", tables, `{"name":"`+name+`","schema":{"type":"struct","fields":[]}}`); w.Code != 200 {
			t.Fatalf("got %d %s, want 200", w.Code, w.Body)
		}
	}
	var where struct {
		Metadata struct {
			Location string `json:"location"`
		} `json:"metadata"`
	}
	decodeBody(t, s.get(t, root, tables+"/"+name+"?snapshots=refs"), 200, &where)
	return s.commitPacked(t, root, tables+"/"+name, snapshots(where.Metadata.Location, count, first))
}

func snapshots(location string, count, first int) string {
	random := rand.New(rand.NewPCG(1, uint64(first)))
	var b strings.Builder
	b.WriteString(`{"updates":[`)
	for i := first + 1; i <= first+count; i++ {
		parent := ""
		if i > 1 {
			parent = fmt.Sprintf(`"parent-snapshot-id":%d,`, i-1)
		}
		fmt.Fprintf(&b, `{"action":"add-snapshot","snapshot":{"snapshot-id":%d,%s"sequence-number":%d,"timestamp-ms":%d,"manifest-list":"%s/metadata/snap-%d-1-%016x%016x.avro","schema-id":0,"summary":{
			"operation":"append","spark.app.id":"local-1700000000000","added-data-files":"%d","added-records":"%d","added-files-size":"%d","changed-partition-count":"%d","total-records":"%d",
			"total-files-size":"%d","total-data-files":"%d","total-delete-files":"0","total-position-deletes":"0","total-equality-deletes":"0"}}},`,
			i, parent, i, 1_700_000_000_000+i*60_000, location, random.Uint64(), random.Uint64(), random.Uint64(), random.IntN(10), random.IntN(100_000), random.IntN(10_000_000), random.IntN(9),
			random.Uint32(), random.Uint64(), random.IntN(100_000))
	}
	fmt.Fprintf(&b, `{"action":"set-snapshot-ref","ref-name":"main","type":"branch","snapshot-id":%d}]}`, first+count)
	return b.String()
}

func (s *server) commitPacked(t testing.TB, root, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+root)
	r.Header.Set("Accept-Encoding", "gzip")
	w := httptest.NewRecorder()
	s.Handler.ServeHTTP(w, r)
	return w
}

// A table of 20,000 snapshots has more metadata than Lambda carries: clients that take gzip commit to it and load it all
// the same, and those that do not are told so before anything happens.
func TestTwentyThousandSnapshotsThroughAFunction(t *testing.T) {
	const limit, each = 4 << 20, 5_000
	s, root := lakeServer(t, func(c *Config) { c.MaxAnswer = limit })
	for first := 0; first < 4*each; first += each {
		if w := s.makeLarge(t, root, "t", each, first); w.Code != 200 {
			t.Fatalf("behind %d: got %d %.300s, want 200", first, w.Code, w.Body)
		}
	}
	const path = "/api/catalog/v1/lake/namespaces/n/tables/t"
	refused := s.ask(t, root, "POST", path, `{"updates":[{"action":"set-properties","updates":{"a":"b"}}]}`)
	if refused.Code != 400 || !strings.Contains(refused.Body.String(), "take answers compressed") {
		t.Errorf("a commit of a client without gzip: got %d %.300s, want 400", refused.Code, refused.Body)
	}
	door := lambdahttp.New(lambdahttp.Config{Handler: s.Handler, Log: slog.New(slog.DiscardHandler)})
	for _, row := range []struct {
		name, encoding string
		status         int
	}{{"gzip", "gzip", 200}, {"no gzip", "", 500}} {
		answer, err := door.Handle(context.Background(), event(t, root, path, row.encoding))
		got, ok := answer.(events.APIGatewayProxyResponse)
		if err != nil || !ok || got.StatusCode != row.status {
			t.Fatalf("%s: got %T %d %v, want %d", row.name, answer, got.StatusCode, err, row.status)
		}
		if row.status != 200 {
			continue
		}
		packed, err := base64.StdEncoding.DecodeString(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		var loaded struct {
			Metadata struct {
				Snapshots []struct{} `json:"snapshots"`
			} `json:"metadata"`
		}
		text := inflated(t, bytes.NewBuffer(packed))
		if err := json.Unmarshal(text, &loaded); err != nil || len(loaded.Metadata.Snapshots) != 4*each || len(text) <= limit {
			t.Errorf("got %d snapshots in %d bytes, %v, want %d in more than %d", len(loaded.Metadata.Snapshots), len(text), err, 4*each, limit)
		}
	}
}

// event is that of a REST API for a GET.
func event(t *testing.T, bearer, path, encoding string) json.RawMessage {
	t.Helper()
	header := map[string][]string{"Authorization": {"Bearer " + bearer}}
	if encoding != "" {
		header["Accept-Encoding"] = []string{encoding}
	}
	text, err := json.Marshal(map[string]any{"resource": "/{proxy+}", "path": path, "httpMethod": "GET", "multiValueHeaders": header,
		"requestContext": map[string]string{"requestId": "1", "stage": "firn", "path": "/firn" + path, "httpMethod": "GET", "resourcePath": "/{proxy+}"}})
	if err != nil {
		t.Fatal(err)
	}
	return text
}
