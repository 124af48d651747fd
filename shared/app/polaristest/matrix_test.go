package polaristest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// oracle is a server that knows nothing but the matrix: it keeps what the subject holds, and answers the subject's
// operations from the recording. It can lie about some trials, and lack views.
type oracle struct {
	t       *testing.T
	m       *Matrix
	byBody  map[string]string // method, target and body of an operation -> its name
	held    []string          // "privilege@level", in the order given
	roles   map[string]bool
	lies    []trial
	noViews bool
}

func newOracle(t *testing.T, m *Matrix) *oracle {
	o := &oracle{t: t, m: m, byBody: map[string]string{}, roles: map[string]bool{}}
	s := NewSession(testConfig(nil))
	for name, value := range map[string]string{"cat": "mx", "ext": "mxx", "base": "file:///w/mx", "src": "loc", "tloc": "loc"} {
		s.vars[name] = value
	}
	for _, s.vars["vsrc"] = range []string{"loc", "not-captured"} {
		for _, l := range m.operations {
			r, err := s.request(l)
			if err != nil {
				t.Fatal(err)
			}
			o.byBody[o.key(r)] = l.ID
		}
	}
	return o
}

func (o *oracle) key(r *http.Request) string {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return fmt.Sprint(r.Method, r.URL.RequestURI(), r.Header["X-Iceberg-Access-Delegation"], string(body))
}

func (o *oracle) Do(r *http.Request) (*http.Response, error) {
	body, _ := r.GetBody()
	text, _ := io.ReadAll(body)
	who := r.Header.Get("Authorization")
	switch path := r.URL.EscapedPath(); {
	case path == tokens:
		_, id, _ := strings.Cut(string(text), "client_id=")
		id, _, _ = strings.Cut(id, "&")
		return respond(200, nil, `{"access_token": "`+id+`"}`), nil
	case who == "Bearer mx-subject":
		return respond(o.answer(o.byBody[o.key(r)]), nil, `{"credentials": {"clientId": "mx-subject"}}`), nil
	case strings.HasSuffix(path, "/mx/catalog-roles/sub/grants"):
		o.grant(r.Method, text)
	case r.Method == http.MethodPost && strings.HasSuffix(path, "/principals"):
		var p struct{ Principal struct{ Name string } }
		_ = json.Unmarshal(text, &p)
		return respond(201, nil, `{"credentials": {"clientId": "`+p.Principal.Name+`", "clientSecret": "x"}}`), nil
	case strings.Contains(path, "/mx-subject/principal-roles") && strings.Contains(path+string(text), "service_admin"):
		o.roles["service_admin"] = r.Method == http.MethodPut
	case strings.Contains(path, "/mx-srole/catalog-roles/mx") && strings.Contains(path+string(text), "catalog_admin"):
		o.roles["catalog_admin"] = r.Method == http.MethodPut
	case o.noViews && strings.HasSuffix(path, "/views"):
		return respond(404, nil, ""), nil
	}
	return respond(200, nil, `{"metadata-location": "loc"}`), nil
}

// grant notes a grant of the subject's role, or its end.
func (o *oracle) grant(method string, text []byte) {
	var body struct{ Grant map[string]any }
	if err := json.Unmarshal(text, &body); err != nil {
		o.t.Fatal(err)
	}
	privilege, _ := body.Grant["privilege"].(string)
	delete(body.Grant, "privilege")
	for level, raw := range o.m.grants {
		var fields map[string]any
		if err := json.Unmarshal(raw, &fields); err != nil {
			o.t.Fatal(err)
		}
		name := privilege + "@" + level
		if !cmp.Equal(fields, body.Grant) {
			continue
		}
		if method == http.MethodPost {
			o.held = slices.DeleteFunc(o.held, func(held string) bool { return held == name })
		} else if !slices.Contains(o.held, name) {
			o.held = append(o.held, name)
		}
	}
}

func (o *oracle) answer(operation string) int {
	t := trial{operation, "role", "plain"}
	if len(o.held) == 1 {
		t.key, t.level, _ = strings.Cut(o.held[0], "@")
	} else if len(o.held) > 1 {
		t.level, t.key = "combination", strings.Join(o.held, "+")
	} else if roles := slices.DeleteFunc([]string{"service_admin", "catalog_admin"}, func(r string) bool { return !o.roles[r] }); len(roles) > 0 {
		t.key = strings.Join(roles, "+")
	}
	want, ok := o.m.want[t]
	if !ok {
		o.t.Errorf("got a trial that was not recorded: %v", t)
	}
	if slices.Contains(o.lies, t) {
		return 418
	}
	return want
}

func readMatrix(t *testing.T) *Matrix {
	t.Helper()
	m, err := ReadMatrix(recordings)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMatrixTriesEveryCellAndFindsThoseThatDiffer(t *testing.T) {
	m := readMatrix(t)
	o := newOracle(t, m)
	o.lies = []trial{
		{"LIST_CATALOGS", "role", "service_admin"},
		{"LIST_TABLES", "role", "service_admin+catalog_admin"},
		{"LIST_TABLES", "parent", "TABLE_LIST"},
		{"LOAD_TABLE", "table", "TABLE_DROP"},
		{"LOAD_VIEW", "view", "VIEW_LIST"},
		{"DROP_POLICY (detach-all)", "combination", "POLICY_DROP@policy+POLICY_DETACH@policy"},
	}
	trials, got, err := m.Check(testConfig(o), 1, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := []Deviation{
		{"rbac-matrix/LIST_CATALOGS", "service_admin at role: want 200 got 418"},
		{"rbac-matrix/LIST_TABLES", "service_admin+catalog_admin at role: want 200 got 418"},
		{"rbac-matrix/LIST_TABLES", "TABLE_LIST at parent: want 200 got 418"},
		{"rbac-matrix/LOAD_TABLE", "TABLE_DROP at table: want 403 got 418"},
		{"rbac-matrix/LOAD_VIEW", "VIEW_LIST at view: want 403 got 418"},
		{"rbac-matrix/DROP_POLICY (detach-all)", "POLICY_DROP@policy+POLICY_DETACH@policy at combination: want 204 got 418"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deviations (-want +got):\n%s", diff)
	}
	if trials != m.Trials() || trials != 48344 {
		t.Errorf("got %d trials, want the recorded %d", trials, m.Trials())
	}
}

func TestMatrixLeavesOutOnlyWhatCannotBeMade(t *testing.T) {
	m := readMatrix(t)
	o := newOracle(t, m)
	o.noViews = true
	_, got, err := m.Check(testConfig(o), 0, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	lacks := Deviation{"rbac-matrix/set-up", "POST /api/catalog/v1/${cat}/namespaces/p%1Fn/views as admin: 404 "}
	if diff := cmp.Diff([]Deviation{lacks, lacks, lacks}, got); diff != "" {
		t.Errorf("deviations (-want +got):\n%s", diff)
	}
}

func TestPartsOfASampleAreDisjointAndWhole(t *testing.T) {
	m := readMatrix(t)
	whole, _, err := m.Check(testConfig(newOracle(t, m)), 0.02, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for part := range 3 {
		trials, _, err := m.Check(testConfig(newOracle(t, m)), 0.02, part, 3)
		if err != nil {
			t.Fatal(err)
		}
		sum += trials
	}
	if sum != whole || whole <= 4*len(m.operations) || whole >= m.Trials()/10 {
		t.Errorf("got %d trials in parts and %d whole of %d, want the same and a small share", sum, whole, m.Trials())
	}
}
