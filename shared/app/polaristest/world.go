package polaristest

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// world is what the matrix is tried in: one catalog with namespaces and objects, an administrator who sets up and
// repairs, and a subject whose only catalog role gets the rights to be tried.
type world struct {
	*Session
	missing map[string]bool // levels whose object could not be made
	lacks   []string        // what could not be made
}

// Paths of the two APIs, and of what the world holds.
const (
	management = "/api/management/v1"
	namespaces = "/api/catalog/v1/${cat}/namespaces"
	inner      = namespaces + "/p%1Fn"
	native     = "/api/catalog/polaris/v1/${cat}/namespaces/p%1Fn"
	roleOfCat  = management + "/catalogs/${cat}/catalog-roles"
)

func newWorld(c Config) (*world, error) {
	w := &world{Session: NewSession(c), missing: map[string]bool{}}
	cat := c.NamesLedWith + "mx"
	w.vars["cat"], w.vars["ext"], w.vars["base"] = cat, cat+"x", w.vars["warehouse"]+"/"+cat
	if err := w.setUp(); err != nil {
		return nil, fmt.Errorf("set-up: %w", err)
	}
	return w, nil
}

// must sends a line that has to succeed, and captures from the answer.
func (w *world) must(l Line) error {
	a, err := w.Send(l)
	if err != nil {
		return err
	}
	if a.Status >= 300 {
		return fmt.Errorf("%s %s as %s: %d %s", l.Method, l.Path, l.As, a.Status, a.Text)
	}
	w.Capture(l, a)
	return nil
}

func (w *world) mustAll(lines []Line) error {
	for _, l := range lines {
		if err := w.must(l); err != nil {
			return err
		}
	}
	return nil
}

// repair sends lines whose failure does not matter: what they put right may be as it should already.
func (w *world) repair(lines []Line) error {
	for _, l := range lines {
		a, err := w.Send(l)
		if err != nil {
			return err
		}
		if a.Status < 300 {
			w.Capture(l, a)
		}
	}
	return nil
}

func (w *world) setUp() error {
	if err := w.mustAll(peopleAndCatalogs()); err != nil {
		return err
	}
	for _, who := range []string{"admin", "subject"} {
		if err := w.login(who); err != nil {
			return err
		}
	}
	if err := w.mustAll(rolesAndNamespaces()); err != nil {
		return err
	}
	for _, o := range objects {
		if err := w.must(o.make); err != nil {
			w.lacks = append(w.lacks, cut([]rune(w.stable(err.Error()))))
			w.missing[o.level] = true
			w.Capture(o.make, Answer{})
		}
	}
	return nil
}

// try gives the status of each operation of a job, and leaves the world as it was.
func (w *world) try(m *Matrix, j job) (map[string]int, error) {
	give, take := roleLines(j.roles)
	for _, g := range j.grants {
		body, err := grantBody(m.grants[g.level], g.privilege)
		if err != nil {
			return nil, err
		}
		paths := []string{roleOfCat + "/sub/grants"}
		if g.level == "catalog" {
			paths = append(paths, management+"/catalogs/${ext}/catalog-roles/sub/grants")
		}
		for _, path := range paths {
			give = append(give, asAdmin(http.MethodPut, path, body))
			take = append(take, asAdmin(http.MethodPost, path, body))
		}
	}
	if err := w.mustAll(give); err != nil {
		return nil, err
	}
	got := map[string]int{}
	for _, o := range j.operations {
		status, err := w.tryOne(o, give)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.ID, err)
		}
		got[o.ID] = status
	}
	return got, w.mustAll(take)
}

// tryOne sends an operation as the subject. If it took effect, what it changed is put right and the rights are given
// again: they may have gone with what was dropped.
func (w *world) tryOne(o Line, give []Line) (int, error) {
	r := repairs[o.ID]
	if err := w.repair(r.before); err != nil {
		return 0, err
	}
	o.As = "subject"
	a, err := w.Send(o)
	if err != nil {
		return 0, err
	}
	if a.Status < 300 {
		if err := w.follow(o, r, a, give); err != nil {
			return 0, err
		}
	}
	return a.Status, w.repair(r.always)
}

func (w *world) follow(o Line, r repairing, a Answer, give []Line) error {
	if r.newSecret { // tokens of an older secret may end with it
		w.Capture(Line{Capture: map[string]string{"subject.id": "/credentials/clientId", "subject.secret": "/credentials/clientSecret"}}, a)
		return w.login("subject")
	}
	if len(r.after) == 0 {
		return nil
	}
	if err := w.repair(r.after); err != nil {
		return err
	}
	return w.mustAll(give)
}

// roleLines give and take away what the trials of level "role" hold beyond the plain subject.
func roleLines(roles []string) (give, take []Line) {
	for _, role := range roles {
		if role == "service_admin" {
			path := management + "/principals/${cat}-subject/principal-roles"
			give = append(give, asAdmin(http.MethodPut, path, `{"principalRole": {"name": "service_admin"}}`))
			take = append(take, asAdmin(http.MethodDelete, path+"/service_admin", ""))
			continue
		}
		for _, catalog := range []string{"${cat}", "${ext}"} {
			path := management + "/principal-roles/${cat}-srole/catalog-roles/" + catalog
			give = append(give, asAdmin(http.MethodPut, path, `{"catalogRole": {"name": "catalog_admin"}}`))
			take = append(take, asAdmin(http.MethodDelete, path+"/catalog_admin", ""))
		}
	}
	return give, take
}

// grantBody adds a privilege to a level's grant.
func grantBody(level json.RawMessage, privilege string) (string, error) {
	var fields map[string]any
	if err := json.Unmarshal(level, &fields); err != nil {
		return "", fmt.Errorf("recorded level: %w", err)
	}
	fields["privilege"] = privilege
	body, err := json.Marshal(map[string]any{"grant": fields})
	return string(body), err
}
