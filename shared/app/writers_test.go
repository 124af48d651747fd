package app

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"testing"
)

// counter counts up in a property of a table.
type counter struct {
	table, key  string
	sent, acked int
	refused     []int
}

func (w *counter) step(s *storm, c *client) bool {
	w.sent++
	what, gone := s.change(c, http.MethodPost, w.table, fmt.Sprintf(`{"updates":[{"action":"set-properties","updates":{%q:"%d"}}]}`, w.key, w.sent))
	switch what {
	case done:
		w.acked = w.sent
	case refused:
		w.refused = append(w.refused, w.sent)
	}
	return !gone
}

func (w *counter) verify(t *testing.T, c *client) {
	t.Helper()
	got, _ := strconv.Atoi(c.view(t, w.table).Metadata.Properties[w.key])
	if got < w.acked || got > w.sent || slices.Contains(w.refused, got) {
		t.Errorf("%s %s: got %d, want at least %d, which was acknowledged, at most %d, and none of those refused: %d", w.table, w.key, got, w.acked, w.sent, w.refused)
	}
	w.sent, w.acked = max(w.sent, got), got
}

// appender appends snapshots to a table's main branch, each on the one that it has seen.
type appender struct {
	table, location string
	acked, refused  []int64
}

func (w *appender) step(s *storm, c *client) bool {
	status, answer, err := c.ask(http.MethodGet, w.table, "")
	if err != nil || status != http.StatusOK {
		return false
	}
	var there view
	if err := json.Unmarshal(answer, &there); err != nil {
		return false // the view of the verification says it
	}
	id := rand.Int64()>>1 + 1
	what, gone := s.change(c, http.MethodPost, w.table, appendSnapshot(w.location, max(there.Metadata.Current, 0), there.Metadata.Sequence+1, id))
	switch what {
	case done:
		w.acked = append(w.acked, id)
	case refused:
		w.refused = append(w.refused, id)
	}
	return !gone
}

// verify: all that was acknowledged is on the branch, one upon the other, and nothing that was refused is anywhere.
func (w *appender) verify(t *testing.T, c *client) {
	t.Helper()
	there := c.view(t, w.table).Metadata
	parents := map[int64]int64{}
	for _, snapshot := range there.Snapshots {
		parents[snapshot.ID] = snapshot.Parent
	}
	branch := map[int64]bool{}
	for id := there.Current; id > 0 && !branch[id]; id = parents[id] {
		branch[id] = true
	}
	for _, id := range w.acked {
		if !branch[id] {
			t.Errorf("%s: snapshot %d was acknowledged and is not on the branch", w.table, id)
		}
	}
	for _, id := range w.refused {
		if _, there := parents[id]; there {
			t.Errorf("%s: snapshot %d was refused and is there", w.table, id)
		}
	}
}

// states are what serial-numbered things may be in: one state where the last change was acknowledged, two where it may or
// may not have happened.
type states map[int][]string

// move makes one change from a state to another.
func (m states) move(s *storm, c *client, id int, to, method, path, body string) (goOn bool) {
	from := ""
	if len(m[id]) > 0 {
		from = m[id][0]
	}
	m[id] = []string{from, to}
	what, gone := s.change(c, method, path, body)
	switch what {
	case done:
		m[id] = []string{to}
	case refused: // nobody else changes it
		m[id] = []string{from}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.wrong = append(s.wrong, fmt.Sprintf("%s %s: 409", method, path))
	}
	return !gone
}

// compare holds the states that are there against those that may be, and takes what was found as given.
func (m states) compare(t *testing.T, what string, there map[int]string) {
	t.Helper()
	for id, may := range m {
		if !slices.Contains(may, there[id]) {
			t.Errorf("%s %d: got %q, want one of %q", what, id, there[id], may)
		}
		m[id] = []string{there[id]}
	}
}

// lives makes tables, renames some and drops some.
type lives struct {
	states
	next int
}

func (w *lives) step(s *storm, c *client) bool {
	w.next++
	id, name := w.next, fmt.Sprint("made", w.next)
	if !w.move(s, c, id, name, http.MethodPost, tablesPath, `{"name":"`+name+`","schema":{"type":"struct","fields":[]}}`) {
		return false
	}
	switch id % 3 {
	case 1:
		return w.move(s, c, id, fmt.Sprint("renamed", id), http.MethodPost, "/api/catalog/v1/lake/tables/rename",
			fmt.Sprintf(`{"source":{"namespace":["n"],"name":"made%d"},"destination":{"namespace":["n"],"name":"renamed%d"}}`, id, id))
	case 2:
		return w.move(s, c, id, "", http.MethodDelete, tablesPath+"/"+name, "")
	}
	return true
}

func (w *lives) verify(t *testing.T, c *client) {
	t.Helper()
	var list struct {
		Identifiers []struct {
			Name string `json:"name"`
		} `json:"identifiers"`
	}
	decode(t, c.must(t, "GET", tablesPath, ""), &list)
	there := map[int]string{}
	for _, table := range list.Identifiers {
		for _, form := range []string{"made%d", "renamed%d"} {
			var id int
			if _, err := fmt.Sscanf(table.Name, form, &id); err == nil {
				there[id] += table.Name // both names at once would be no state
				c.must(t, "GET", tablesPath+"/"+table.Name, "")
			}
		}
	}
	w.compare(t, "table", there)
}

// rights makes catalog roles, grants each a privilege and takes it from some.
type rights struct {
	states
	next int
}

const rolesPath = "/api/management/v1/catalogs/lake/catalog-roles"

func (w *rights) step(s *storm, c *client) bool {
	const grant = `{"grant":{"type":"catalog","privilege":"TABLE_LIST"}}`
	w.next++
	id, name := w.next, fmt.Sprint("role", w.next)
	path := rolesPath + "/" + name + "/grants"
	return w.move(s, c, id, "role", http.MethodPost, rolesPath, `{"catalogRole":{"name":"`+name+`"}}`) &&
		w.move(s, c, id, "role TABLE_LIST", http.MethodPut, path, grant) &&
		(id%2 == 0 || w.move(s, c, id, "role", http.MethodPost, path, grant))
}

func (w *rights) verify(t *testing.T, c *client) {
	t.Helper()
	var list struct {
		Roles []struct {
			Name string `json:"name"`
		} `json:"roles"`
	}
	decode(t, c.must(t, "GET", rolesPath, ""), &list)
	there := map[int]string{}
	for _, role := range list.Roles {
		var id int
		if _, err := fmt.Sscanf(role.Name, "role%d", &id); err != nil {
			continue
		}
		there[id] = "role"
		var grants struct {
			Grants []struct {
				Privilege string `json:"privilege"`
			} `json:"grants"`
		}
		decode(t, c.must(t, "GET", rolesPath+"/"+role.Name+"/grants", ""), &grants)
		for _, g := range grants.Grants {
			there[id] += " " + g.Privilege
		}
	}
	w.compare(t, "catalog role", there)
}

func decode(t *testing.T, answer []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(answer, v); err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
}
