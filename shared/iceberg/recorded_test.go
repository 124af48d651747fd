package iceberg_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/iceberg"
)

// line is one exchange with the reference server. ${…} stands for what was captured, <…> for what differs every time.
type line struct {
	ID       string
	Note     string
	Method   string
	Path     string
	Query    string
	Body     json.RawMessage
	Capture  map[string]string
	Status   int
	Response json.RawMessage
	Soft     []string // "message": the text is not part of the contract
}

const (
	nowMS = int64(1_700_000_000_000)
	uuid  = "0e1a9ec6-7a0a-4f4e-a3f9-5f0f2fba7e11"
)

// server is what a server would keep around this package.
type server struct {
	values map[string]string
	tables map[string]*iceberg.Table
	files  map[string]string // location of the present metadata file
	nowMS  int64
}

// notHere are the answers of other parts of a server: names, reserved prefixes, flags, locations.
var notHere = regexp.MustCompile(`^(Invalid table name|Entity name|Illegal character|Malformed escape|Property '|Unsupported access)`)

func TestRecordedExchanges(t *testing.T) {
	for _, name := range []string{"commit-updates", "commit-requirements", "commit-more", "tables", "load"} {
		t.Run(name, func(t *testing.T) {
			s := &server{
				values: map[string]string{"warehouse": "file:///w", "warehousePath": "/w", "scenario": name},
				tables: map[string]*iceberg.Table{}, files: map[string]string{}, nowMS: nowMS,
			}
			judged := 0
			for _, l := range readLines(t, filepath.Join("testdata", "recorded", name+".jsonl")) {
				t.Run(strings.ReplaceAll(l.ID, "/", "-")+" "+l.Note, func(t *testing.T) {
					if s.replay(t, l) {
						judged++
					}
				})
			}
			if judged < 20 {
				t.Errorf("got %d lines judged, want at least 20", judged)
			}
		})
	}
}

func readLines(t testing.TB, file string) []line {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var lines []line
	scan := bufio.NewScanner(bytes.NewReader(data))
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		var l line
		if err := json.Unmarshal(scan.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	return lines
}

// replay answers one line and compares; false if it is not for this package to judge.
func (s *server) replay(t *testing.T, l line) bool {
	t.Helper()
	s.nowMS += 1000
	body := s.fill(l.Body)
	key, err := url.PathUnescape(strings.TrimPrefix(l.Path, "/api/catalog/v1/"))
	if err != nil {
		t.Fatal(err)
	}
	var answer []byte
	var file string
	switch {
	case l.Method == "GET":
		table := s.tables[key]
		answer, file = table.Bytes(), s.files[key]
		if strings.HasPrefix(strings.ToLower(l.Query), "snapshots=refs") {
			answer, err = table.OnlyRefs()
		}
	case strings.HasSuffix(key, "/tables"):
		answer, file, err = s.create(key, body)
	default:
		answer, file, err = s.commit(key, body, l.Status == 200)
	}
	if l.Status == 403 || l.Status == 409 && strings.HasSuffix(key, "/tables") {
		return false
	}
	if l.Status != 200 {
		return s.compareError(t, l, err)
	}
	if err != nil {
		t.Fatalf("got error %v, want an answer", err)
	}
	s.capture(t, l, answer)
	s.compare(t, l, answer, file)
	return true
}

func (s *server) create(tables string, body []byte) (doc []byte, file string, err error) {
	req, err := iceberg.DecodeCreate(body)
	if err != nil {
		return nil, "", err
	}
	var wire struct {
		Name   string
		Staged any `json:"stage-create"`
	}
	_ = json.Unmarshal(body, &wire)
	location := req.Location
	if location == "" {
		segments := strings.Split(tables, "/")
		namespace := strings.ReplaceAll(segments[2], "\x1f", "/")
		location = fmt.Sprintf("file:///w/%s/%s/%s/%s", s.values["scenario"], segments[0], namespace, wire.Name)
	}
	table, err := iceberg.Create(req, uuid, location, s.nowMS)
	if err != nil || wire.Staged == true {
		if err == nil {
			doc = table.Bytes()
		}
		return doc, "", err
	}
	key := tables + "/" + wire.Name
	s.put(key, table, 0)
	return table.Bytes(), s.files[key], nil
}

func (s *server) put(key string, table *iceberg.Table, version int) {
	s.tables[key] = table
	s.files[key] = strings.Replace(iceberg.MetadataFile(table, version, uuid), "file:///", "file:/", 1)
}

func (s *server) commit(key string, body []byte, keep bool) (doc []byte, file string, err error) {
	var wire struct{ Requirements, Updates json.RawMessage }
	if err := json.Unmarshal(body, &wire); err != nil {
		return nil, "", err
	}
	reqs, err := iceberg.DecodeRequirements(wire.Requirements)
	if err != nil {
		return nil, "", err
	}
	updates, err := iceberg.DecodeUpdates(wire.Updates)
	if err != nil {
		return nil, "", err
	}
	if _, err := iceberg.IsCreate(reqs); err != nil {
		return nil, "", err
	}
	base := s.tables[key]
	if err := iceberg.Check(base, reqs); err != nil {
		return nil, "", err
	}
	next, changed, err := iceberg.Apply(base, updates, iceberg.At{NowMS: s.nowMS, Previous: s.files[key]})
	if err != nil {
		return nil, "", err
	}
	if changed && keep {
		version := 0
		if base != nil {
			version = iceberg.VersionOf(s.files[key]) + 1
		}
		s.put(key, next, version)
	}
	return next.Bytes(), s.files[key], nil
}

// fill puts values in for ${…}. A quoted ${#now±ms} becomes a number.
func (s *server) fill(text []byte) []byte {
	text = regexp.MustCompile(`"\$\{#now([+-]\d+)?\}"`).ReplaceAllFunc(text, func(m []byte) []byte {
		offset, _ := strconv.ParseInt(strings.Trim(string(m), `"${#now}`), 10, 64)
		return strconv.AppendInt(nil, s.nowMS+offset, 10)
	})
	return regexp.MustCompile(`\$\{[^}]+\}`).ReplaceAllFunc(text, func(m []byte) []byte {
		return []byte(s.values[string(m[2:len(m)-1])])
	})
}

func (s *server) capture(t *testing.T, l line, doc []byte) {
	t.Helper()
	table, err := iceberg.ParseTrusted(doc)
	if err != nil {
		t.Fatal(err)
	}
	for name, pointer := range l.Capture {
		switch pointer {
		case "/metadata/table-uuid":
			s.values[name] = table.UUID()
		case "/metadata/location":
			s.values[name] = table.Location()
		}
	}
}

// kinds are firn's kinds for the server's types. A stale sequence number is a conflict here on purpose; where the server
// broke, any kind that answers 400 will do.
var kinds = map[string][]fault.Kind{
	"IllegalArgumentException":     {fault.Argument},
	"ValidationException":          {fault.Invalid},
	"WebApplicationException":      {fault.Malformed},
	"CommitFailedException":        {fault.CommitFailed},
	"RetryableValidationException": {fault.CommitFailed},
	"IllegalStateException":        {fault.Invalid},
	"NullPointerException":         {fault.Argument, fault.Invalid},
}

func (s *server) compareError(t *testing.T, l line, err error) bool {
	t.Helper()
	var want struct {
		Error struct{ Message, Type string }
	}
	_ = json.Unmarshal(s.fill(l.Response), &want)
	if want.Error.Type == "" || notHere.MatchString(want.Error.Message) {
		return false
	}
	if err == nil {
		t.Fatalf("got an answer, want %s: %s", want.Error.Type, want.Error.Message)
	}
	if !fault.Is(err, kinds[want.Error.Type]...) {
		t.Errorf("got kind %s (%v), want %v", fault.From(err).Kind, err, kinds[want.Error.Type])
	}
	if got := fault.From(err).Message; !slices.Contains(l.Soft, "message") && want.Error.Type != "NullPointerException" && got != want.Error.Message {
		t.Errorf("message:\ngot  %s\nwant %s", got, want.Error.Message)
	}
	return true
}

func (s *server) compare(t *testing.T, l line, doc []byte, file string) {
	t.Helper()
	var want struct {
		Metadata any
		File     string `json:"metadata-location"`
	}
	if err := json.Unmarshal(s.fill(l.Response), &want); err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(doc, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(canonical(want.Metadata, nil), canonical(got, want.Metadata)); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	if l.Method == "POST" && want.File != "" {
		if got := canonical(file, want.File); got != want.File {
			t.Errorf("metadata location: got %v, want %s", got, want.File)
		}
	}
	if _, err := iceberg.Parse(doc); err != nil {
		t.Errorf("the document does not parse: %v", err)
	}
}

var volatile = regexp.MustCompile(`<[a-z:]+>`)

// canonical sorts what has no order and puts the placeholders of a pattern where the value matches them.
func canonical(value, pattern any) any {
	switch v := value.(type) {
	case map[string]any:
		p, _ := pattern.(map[string]any)
		out := make(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(v)) {
			member := v[key]
			if list, ok := member.([]any); ok && strings.HasSuffix(key, "statistics") {
				slices.SortFunc(list, func(a, b any) int { return int(snapshotOf(a) - snapshotOf(b)) })
			}
			out[key] = canonical(member, p[key])
		}
		return out
	case []any:
		p, _ := pattern.([]any)
		out := make([]any, len(v))
		for i := range v {
			if i < len(p) {
				out[i] = canonical(v[i], p[i])
			} else {
				out[i] = canonical(v[i], nil)
			}
		}
		return out
	}
	if p, ok := pattern.(string); ok && volatile.MatchString(p) {
		expr := "^" + volatile.ReplaceAllString(regexp.QuoteMeta(p), ".+") + "$"
		if number, isNumber := value.(float64); p == "<ms>" && isNumber && number > 0 {
			return p
		} else if text, isText := value.(string); isText && p != "<ms>" && regexp.MustCompile(expr).MatchString(text) {
			return p
		}
	}
	return value
}

func snapshotOf(file any) float64 { return file.(map[string]any)["snapshot-id"].(float64) }
