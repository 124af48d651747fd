package polaristest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const matrixName = "rbac-matrix"

// Matrix is the recorded table: which grant lets a principal, who has no other, do which operation.
type Matrix struct {
	operations []Line                     // what is tried; ID is the operation's name
	grants     map[string]json.RawMessage // per level: the grant, without its privilege
	jobs       []job
	want       map[trial]int
}

// trial is one cell: an operation tried with the right key at a level. Where the level is "combination", the key names
// several grants; where it is "role", what the principal holds.
type trial struct{ operation, level, key string }

// job is a set of rights, and the operations to try with it.
type job struct {
	level, key string
	grants     []grant
	roles      []string // service_admin, catalog_admin
	operations []Line
}

type grant struct{ privilege, level string }

// row is one line of the file; each of the three kinds of lines uses some of the fields.
type row struct {
	About  string `json:"about"`
	Levels map[string]struct {
		Grant      json.RawMessage `json:"grant"`
		Privileges string          `json:"privileges"`
	} `json:"levels"`
	Privileges map[string][]string `json:"privileges"`

	Operation string         `json:"operation"`
	Request   *Line          `json:"request"`
	Level     string         `json:"level"`
	Others    int            `json:"others"`
	Statuses  map[string]int `json:"statuses"`
	Types     any            `json:"types"`
}

// ReadMatrix reads the recorded matrix of a folder.
func ReadMatrix(folder string) (*Matrix, error) {
	rows, err := readLines[row](filepath.Join(folder, matrixName+".jsonl"))
	if err != nil {
		return nil, err
	}
	m := &Matrix{grants: map[string]json.RawMessage{}, want: map[trial]int{}}
	for level, l := range rows[0].Levels {
		m.grants[level] = l.Grant
	}
	privileges := func(level string) []string { return rows[0].Privileges[rows[0].Levels[level].Privileges] }
	combined := map[string][]Line{}
	byName := map[string]Line{}
	for _, r := range rows[1:] {
		if r.Request != nil {
			r.Request.ID = r.Operation
			byName[r.Operation] = *r.Request
			m.operations = append(m.operations, *r.Request)
			continue
		}
		for key, status := range r.Statuses {
			m.want[trial{r.Operation, r.Level, key}] = status
			if r.Level == "combination" {
				combined[key] = append(combined[key], byName[r.Operation])
			}
		}
		for _, privilege := range privileges(r.Level) {
			if _, special := r.Statuses[privilege]; !special {
				m.want[trial{r.Operation, r.Level, privilege}] = r.Others
			}
		}
	}
	for _, held := range []string{"plain", "service_admin", "catalog_admin", "service_admin+catalog_admin"} {
		roles := slices.DeleteFunc(strings.Split(held, "+"), func(role string) bool { return role == "plain" })
		m.jobs = append(m.jobs, job{level: "role", key: held, roles: roles, operations: m.operations})
	}
	for _, level := range sortedKeys(m.grants) {
		for _, privilege := range privileges(level) {
			m.jobs = append(m.jobs, job{level: level, key: privilege, grants: []grant{{privilege, level}}, operations: m.operations})
		}
	}
	for _, key := range sortedKeys(combined) {
		j := job{level: "combination", key: key, operations: combined[key]}
		for one := range strings.SplitSeq(key, "+") {
			privilege, level, _ := strings.Cut(one, "@")
			j.grants = append(j.grants, grant{privilege, level})
		}
		m.jobs = append(m.jobs, j)
	}
	return m, nil
}

// Trials counts the cells of the whole matrix.
func (m *Matrix) Trials() int { return len(m.want) }

// sample gives the jobs of the roles and that share of the others, the same ones for the same seed.
func (m *Matrix) sample(share float64) []job {
	if share >= 1 {
		return m.jobs
	}
	random := rand.New(rand.NewPCG(1, 1))
	var chosen []job
	for _, j := range m.jobs {
		if j.level == "role" || random.Float64() < share {
			chosen = append(chosen, j)
		}
	}
	return chosen
}

// Check tries a share of the matrix, 1 for all of it, in a world of its own on the server, and gives the number of
// trials and what deviates. An object that the server cannot make deviates once, as "rbac-matrix/set-up"; rights at its
// level are then not tried. part and parts divide the jobs among several calls.
func (m *Matrix) Check(c Config, share float64, part, parts int) (trials int, found []Deviation, err error) {
	w, err := newWorld(c)
	if err != nil {
		return 0, nil, err
	}
	for _, text := range w.lacks {
		found = append(found, Deviation{matrixName + "/set-up", text})
	}
	for i, j := range m.sample(share) {
		if i%parts != part || slices.ContainsFunc(j.grants, func(g grant) bool { return w.missing[g.level] }) {
			continue
		}
		got, err := w.try(m, j)
		if err != nil {
			return trials, found, fmt.Errorf("trying %s at %s: %w", j.key, j.level, err)
		}
		for _, o := range j.operations {
			trials++
			want, recorded := m.want[trial{o.ID, j.level, j.key}]
			if status := got[o.ID]; !recorded || !suffices(want, status) {
				text := fmt.Sprintf("%s at %s: want %s got %d", j.key, j.level, strconv.Itoa(want), status)
				found = append(found, Deviation{matrixName + "/" + o.ID, text})
			}
		}
	}
	return trials, found, nil
}

// suffices says whether a status stands for the recorded one. Where the recorded server broke, any refusal but 403 does.
func suffices(want, got int) bool {
	return want == got || want >= 500 && got >= 400 && got < 500 && got != 403
}
