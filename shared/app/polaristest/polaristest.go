// Package polaristest asks a server what Apache Polaris 1.7.0 was asked when its answers were recorded, and says where the
// answers differ. It has two readers of recordings: Replay sends a scenario's requests in order; Matrix tries which single
// right lets a principal do which operation. What is allowed to differ stands in one file, read by Deviations.
//
// It refuses recordings with fields that it does not know, deviations that nobody wrote down, and written ones that no
// longer happen.
//
// The form of the recordings and of the file of deviations is described in ../testdata/polaris/README.md.
//
// # Why
//
// A difference that is meant must be read and argued for, so it is a line with a reason in a file, not a case in this code.
// And the list is only believed because it cannot rot: an entry that stopped being true fails as loudly as a new difference.
//
// Differences are told in a stable form (no temporary folder, identifier or time in them), so that an entry can be exact.
package polaristest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Doer carries a request to the server. *http.Client is one, Handler another.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

var (
	_ Doer = (*http.Client)(nil)
	_ Doer = Handler{}
)

// Handler is a Doer that calls a handler in this process, without a socket.
type Handler struct{ http.Handler }

// Do lets the handler answer. It does what a server does before its handler is called, and nothing more.
func (h Handler) Do(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.RequestURI, r.RemoteAddr = r.URL.RequestURI(), "192.0.2.1:1234"
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

// Config says which server is asked, and as whom.
type Config struct {
	Doer         Doer
	Base         string // URL that leads each path: "http://127.0.0.1:8181"; any host will do for a Handler
	ID, Secret   string // of the realm's root
	Warehouse    string // URI of an empty folder that the server may fill with tables: "file:///..."
	Now          func() time.Time
	NamesLedWith string // leads the names that Matrix makes, so that several may share a server
}

// Line is one request of a scenario and the answer that Polaris gave.
type Line struct {
	ID      string             `json:"id"`
	About   string             `json:"about"`
	Note    string             `json:"note"`
	As      string             `json:"as"`
	Method  string             `json:"method"`
	Path    string             `json:"path"`
	Query   string             `json:"query"`
	Headers map[string]*string `json:"headers"` // null: not sent
	Body    json.RawMessage    `json:"body"`
	Form    json.RawMessage    `json:"form"`
	Raw     *string            `json:"raw"`
	Basic   []string           `json:"basic"`
	Capture map[string]string  `json:"capture"`

	Status          int                `json:"status"`
	ResponseHeaders map[string]*string `json:"response_headers"` // null: must be absent
	Response        json.RawMessage    `json:"response"`
	Text            *string            `json:"text"`
	Soft            []string           `json:"soft"`
	Match           map[string]string  `json:"match"`
}

// Deviation is one place where an answer is not the recorded one.
type Deviation struct {
	ID   string // of the recorded line: "catalogs/012", or "rbac-matrix/LOAD_TABLE"
	Text string // what was wanted and what came: "status want 200 got 404"
}

func (d Deviation) String() string { return d.ID + ": " + d.Text }

// Scenarios lists the recordings of a folder by name, in order; the matrix is not one of them.
func Scenarios(folder string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil {
		return nil, fmt.Errorf("listing recordings: %w", err)
	}
	var names []string
	for _, file := range files {
		if name := strings.TrimSuffix(filepath.Base(file), ".jsonl"); name != matrixName {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no recordings in %s", folder)
	}
	return names, nil
}

// readLines decodes a file of JSON lines, strictly.
func readLines[T any](file string) ([]T, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading a recording: %w", err)
	}
	var all []T
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, len(data)+1)
	for lines.Scan() {
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.DisallowUnknownFields()
		var one T
		if err := d.Decode(&one); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", filepath.Base(file), len(all)+1, err)
		}
		all = append(all, one)
	}
	return all, lines.Err()
}
