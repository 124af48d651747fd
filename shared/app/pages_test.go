package app

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
)

// listing is what lists answer.
type listing struct {
	Names       []struct{ Name string } `json:"identifiers"`
	Namespaces  [][]string              `json:"namespaces"`
	Next        *string                 `json:"next-page-token"`
	nextMissing bool
}

func (s *server) list(t *testing.T, bearer, target string) listing {
	t.Helper()
	var l listing
	w := s.get(t, bearer, target)
	decodeBody(t, w, 200, &l)
	l.nextMissing = !strings.Contains(w.Body.String(), `"next-page-token"`)
	return l
}

func (l listing) String() string {
	out := ""
	for _, n := range l.Names {
		out += n.Name + " "
	}
	for _, n := range l.Namespaces {
		out += strings.Join(n, ".") + " "
	}
	return strings.TrimSpace(out)
}

func TestPagesThroughTheDoor(t *testing.T) {
	s, root := lakeServer(t, nil)
	const api = "/api/catalog/v1/lake/namespaces"
	must := func(method, path, body string) {
		t.Helper()
		if w := s.ask(t, root, method, path, body); w.Code/100 != 2 {
			t.Fatalf("%s %s: got %d %s", method, path, w.Code, w.Body)
		}
	}
	must("POST", api, `{"namespace":["m"]}`)
	for i := range 5 {
		must("POST", api+"/n/tables", fmt.Sprintf(`{"name":"t%d","schema":{"type":"struct","fields":[]}}`, i))
		must("POST", api, fmt.Sprintf(`{"namespace":["n","s%d"]}`, i))
	}
	lists := []struct{ name, target, whole string }{
		{"tables", api + "/n/tables?", "t0 t1 t2 t3 t4"},
		{"children", api + "?parent=n&", "n.s0 n.s1 n.s2 n.s3 n.s4"},
		{"children, escaped twice", api + "?parent=%256e&", "n.s0 n.s1 n.s2 n.s3 n.s4"},
		{"the top level", api + "?parent=&", "m n"},
		{"an empty namespace", api + "?parent=n%1Fs0&", ""},
		{"views", api + "/n/views?", ""},
		{"functions", api + "/n/functions?", ""},
	}
	tokens := map[string]string{}
	for _, row := range lists {
		for _, query := range []string{"", "pageToken=", "pageSize=100", "pageSize=&pageToken="} {
			if got := s.list(t, root, row.target+query); got.String() != row.whole || got.Next != nil || got.nextMissing {
				t.Errorf("%s %q: got %s and %v, want %s and null", row.name, query, got, got.Next, row.whole)
			}
		}
		var all []string
		for query := "pageSize=2"; ; {
			page := s.list(t, root, row.target+query)
			all = append(all, page.String())
			if page.Next == nil {
				break
			}
			if tokens[row.name] == "" {
				tokens[row.name] = *page.Next
			}
			query = "pageToken=" + url.QueryEscape(*page.Next) // the token alone keeps the size
		}
		if got := strings.TrimSpace(strings.Join(all, " ")); got != row.whole {
			t.Errorf("%s in pages: got %s, want %s", row.name, got, row.whole)
		}
	}
	if got := s.list(t, root, api+"/n/tables?pageSize=0"); got.String() != "" || got.Next != nil {
		t.Errorf("a page of nothing: got %s", got)
	}
	if got := s.list(t, root, api+"/n/tables?pageSize=1&pageToken="+tokens["tables"]); got.String() != "t2" {
		t.Errorf("a token with a size: got %s, want t2", got)
	}
	must("DELETE", api+"/n/tables/t1", "")
	if got := s.list(t, root, api+"/n/tables?pageToken="+tokens["tables"]); got.String() != "t2 t3" {
		t.Errorf("after the table that the token names was dropped: got %s, want t2 t3", got)
	}
	for _, row := range []struct {
		name, target string
		status       int
	}{
		{"garbage", api + "/n/tables?pageToken=garbage", 400},
		{"another namespace's", api + "/m/tables?pageToken=" + tokens["tables"], 400},
		{"another kind's", api + "/n/views?pageToken=" + tokens["tables"], 400},
		{"another kind's, of functions", api + "/n/functions?pageToken=" + tokens["tables"], 400},
		{"of tables for namespaces", api + "?parent=n&pageToken=" + tokens["tables"], 400},
		{"another parent's", api + "?pageToken=" + tokens["children"], 400},
		{"cut off", api + "/n/tables?pageToken=" + tokens["tables"][:8], 400},
		{"a size below 0", api + "/n/tables?pageSize=-1", 400},
		{"a size that is no number", api + "/n/tables?pageSize=x", 404},
		{"a size beyond all", api + "/n/tables?pageSize=99999999999", 404},
		{"a missing parent", api + "?parent=none", 404},
		{"functions of a missing namespace", api + "/none/functions", 404},
		{"a function", api + "/n/functions/f", 404},
	} {
		if w := s.get(t, root, row.target); w.Code != row.status {
			t.Errorf("%s: got %d %s, want %d", row.name, w.Code, w.Body, row.status)
		}
	}
	if w := s.get(t, root, api+"/n/functions/f"); !strings.Contains(w.Body.String(), `"message":"Function does not exist: n.f","type":"NoSuchFunctionException"`) {
		t.Errorf("a function: got %s", w.Body)
	}
}

func TestReports(t *testing.T) {
	var log bytes.Buffer
	s, root := lakeServer(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	s.ask(t, root, "POST", "/api/catalog/v1/lake/namespaces/n/tables", `{"name":"t","schema":{"type":"struct","fields":[]}}`)
	const scan, commit = `"report-type":"scan-report","metrics":`, `"report-type":"commit-report","sequence-number":7,"metrics":`
	for _, row := range []struct {
		name, body string
		status     int
		logged     string // behind the table's id and the principal
		message    string
	}{
		{"a scan", `{` + scan + `{"result-data-files":{"unit":"count","value":3},"total-planning-duration":{"count":1,"time-unit":"NANOSECONDS","total-duration":2500000},"secret":{"value":9}},"snapshot-id":12}`,
			204, " snapshot-id=12 total-planning-duration-ms=2.5 result-data-files=3\n", ""},
		{"a commit", `{` + commit + `{"added-records":{"value":41200},"total-duration":{"time-unit":"seconds","total-duration":2}},"operation":"append\nline"}`,
			204, ` sequence-number=7 operation="append\nline" total-duration-ms=2000 added-records=41200` + "\n", ""},
		{"a unit that is none", `{` + scan + `{"total-planning-duration":{"time-unit":"moons","total-duration":1}}}`, 204, "principal=root\n", ""},
		{"an unknown kind", `{"report-type":"` + strings.Repeat("k", 200) + `","metrics":7}`, 204, "principal=root\n", ""},
		{"no kind", `{}`, 400, "", "Cannot parse missing string: report-type"},
		{"no metrics", `{"report-type":"scan-report"}`, 400, "", "Cannot parse missing field: metrics"},
		{"no sequence number", `{"report-type":"commit-report","metrics":{}}`, 400, "", "Cannot parse missing long: sequence-number"},
		{"metrics that are none", `{` + scan + `[1]}`, 400, "", "Cannot parse metrics: [1]"},
		{"a number that is none", `{` + scan + `{"result-data-files":{"value":"3"}}}`, 400, "", `Cannot parse result-data-files: {\"value\":\"3\"}`},
		{"a snapshot that is none", `{` + scan + `{},"snapshot-id":"x"}`, 400, "", `Cannot parse snapshot-id: \"x\"`},
		{"an operation that is none", `{` + scan + `{},"operation":{}}`, 400, "", `Cannot parse operation: {}`},
		{"as large as may be", `{` + scan + `{},"filter":"` + strings.Repeat("x", 1<<20-60) + `"}`, 204, "principal=root\n", ""},
		{"too large", `{` + scan + `{},"filter":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "", ""},
	} {
		log.Reset()
		w := s.ask(t, root, "POST", "/api/catalog/v1/lake/namespaces/n/tables/t/metrics", row.body)
		if w.Code != row.status || row.message != "" && !strings.Contains(w.Body.String(), `"message":"`+row.message+`"`) {
			t.Errorf("%s: got %d %.200s, want %d %s", row.name, w.Code, w.Body, row.status, row.message)
		}
		line := reportLine(log.String())
		if (line != "") != (row.status == 204) || !strings.HasSuffix(line, row.logged) || len(line) > 500 || line != "" && !strings.Contains(line, " catalog=lake table=n.t table_id=") {
			t.Errorf("%s: got the line %q, want one that ends with %q", row.name, line, row.logged)
		}
	}
	log.Reset()
	if w := s.ask(t, root, "POST", "/api/catalog/v1/lake/namespaces/n/tables/none/metrics", `{`+scan+`{}}`); w.Code != 404 || reportLine(log.String()) != "" {
		t.Errorf("a missing table: got %d and the log %s", w.Code, log.String())
	}
}

func reportLine(log string) string {
	for line := range strings.Lines(log) {
		if strings.Contains(line, `msg="metrics report"`) {
			return line
		}
	}
	return ""
}
