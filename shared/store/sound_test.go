package store

import (
	"slices"
	"strings"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
)

// list gives a whole partition, read behind the faults.
func (w *world) list(partition, prefix string) []kv.Item {
	w.t.Helper()
	var all []kv.Item
	page := kv.Page{Partition: partition, Prefix: prefix, Limit: kv.MaxList}
	for {
		items, next, err := w.raw.List(w.t.Context(), page)
		w.must(err)
		all = append(all, items...)
		if next == "" {
			return all
		}
		page.After = next
	}
}

func as[T any](w *world, item kv.Item) T {
	w.t.Helper()
	var v T
	w.must(decode(&item, &v))
	return v
}

// sound checks what must be true of the table at any time, whoever was interrupted by whom.
func (w *world) sound() {
	w.t.Helper()
	owners := map[string]lake.ID{} // of the claims that objects say they hold
	catalogs := map[string]bool{}
	for _, p := range w.places {
		catalogs[p.catalog] = true
		w.soundPlace(p, owners)
	}
	for catalog := range catalogs {
		w.soundClaims(catalog, owners)
	}
	w.soundBases()
}

// container gives the id of what is at a place as it is stored; empty if nothing is, or its parents are not.
func (w *world) container(p place) lake.ID {
	w.t.Helper()
	for _, item := range w.list(partition("catalog", p.realm), escaper.Replace(p.catalog)) {
		if item.Key != catalogKey(p.realm, p.catalog) {
			continue
		}
		id := as[lake.Catalog](w, item).ID
		for i := range p.levels {
			child := place{p.realm, p.catalog, p.levels[:i+1]}
			found := w.list(child.namespaceKey().Partition, child.namespaceKey().Sort)
			if len(found) == 0 || found[0].Key != child.namespaceKey() || as[lake.Namespace](w, found[0]).ParentID != id {
				return ""
			}
			id = as[lake.Namespace](w, found[0]).ID
		}
		return id
	}
	return ""
}

// soundPlace checks a container's children, names and guards.
func (w *world) soundPlace(p place, owners map[string]lake.ID) {
	w.t.Helper()
	where := strings.Join(p.parts(), ".")
	id := w.container(p)
	children, entries := w.list(p.children(), ""), w.list(p.entries(), "")
	held := w.list(p.guardKey(0).Partition, "")
	if id == "" {
		if len(children)+len(entries)+len(held) > 0 {
			w.t.Errorf("%s is not there, but %d children, %d entries and %d guards are", where, len(children), len(entries), len(held))
		}
		return
	}
	if len(held) != guards || slices.ContainsFunc(held, func(g kv.Item) bool { return !owns(id, g.Tag) }) {
		w.t.Errorf("%s has not its own %d guards: %v", where, guards, held)
	}
	for _, item := range children {
		ns := as[lake.Namespace](w, item)
		if ns.ParentID != id {
			w.t.Errorf("%s holds a namespace %v of another parent", where, ns.Levels)
		}
		for _, index := range ns.Claims {
			owners[p.catalog+" "+index] = ns.ID
		}
	}
	names := map[string]Claim{}
	for _, item := range entries {
		switch name := unescaped(item.Key.Sort[2:], ""); item.Key.Sort[:2] {
		case "n/":
			c := as[Claim](w, item)
			names[name] = Claim{c.Kind, c.ID}
			if len(w.list(item.Key.Partition, kindLetter[c.Kind]+escaper.Replace(name))) == 0 {
				w.t.Errorf("%s: the name %s is claimed for nothing", where, name)
			}
		case "t/":
			t := as[lake.Table](w, item)
			if t.NamespaceID != id || names[name].ID != t.ID || names[name].Kind != lake.TableKind { // n/ sorts before t/
				w.t.Errorf("%s: table %s is of namespace %s, its name claimed by %v", where, name, t.NamespaceID, names[name])
			}
			for _, index := range t.Claims {
				owners[p.catalog+" "+index] = t.ID
			}
		}
	}
}

// soundClaims checks that no folders overlap but containers and what is made in them, and that each claim is held by who
// says so.
func (w *world) soundClaims(catalog string, owners map[string]lake.ID) {
	w.t.Helper()
	var live []kv.Item
	for _, item := range w.list(locationKey(realm, catalog, "x").Partition, "") {
		if !item.Expired(w.time()) {
			live = append(live, item)
		}
	}
	claimed := map[string]bool{}
	works := w.list(workKey(realm, "x").Partition, "")
	for i, outer := range live {
		o := as[folder](w, outer)
		claimed[catalog+" "+outer.Key.Sort] = true
		working := slices.ContainsFunc(works, func(item kv.Item) bool { return as[Work](w, item).ID == o.Holder })
		if owner := owners[catalog+" "+outer.Key.Sort]; owner != o.Holder && !o.Staged && !working || working != o.Purged {
			w.t.Errorf("%s is claimed by %s, who is not there; %q says to hold it", outer.Key.Sort, o.Holder, owner)
		}
		for _, inner := range live[i+1:] {
			if !strings.HasPrefix(inner.Key.Sort, outer.Key.Sort) {
				continue
			}
			in := as[folder](w, inner)
			twice := claimer{folder: in}.staged(o) || claimer{folder: o}.staged(in) // of one table, staged by one
			if o.Holder != in.Holder && !twice && (o.Kind != fault.Namespace || !in.Purged && !within(in.Namespace, o.Namespace)) {
				w.t.Errorf("%s of %v %s overlaps %s of %v %s", outer.Key.Sort, o.Namespace, o.Name, inner.Key.Sort, in.Namespace, in.Name)
			}
		}
	}
	for index := range owners {
		if strings.HasPrefix(index, catalog+" ") && !claimed[index] {
			w.t.Errorf("%s is held without a claim", index)
		}
	}
}

// soundBases checks that catalogs have claimed their folders, in the index of all realms, and that none overlap where they
// may not.
func (w *world) soundBases() {
	w.t.Helper()
	held := map[string]bool{} // by folder and catalog
	partitions := map[string]bool{basePartition("s3/lake/"): true}
	for _, r := range []lake.Realm{realm, otherRealm} {
		for _, item := range w.list(partition("catalog", r), "") {
			c := as[lake.Catalog](w, item)
			for _, index := range c.Claims {
				held[index+" "+string(c.ID)] = true
				partitions[basePartition(index)] = true
			}
		}
		for _, item := range w.list(partition("base", r), "") {
			if item.Key.Sort != dot {
				w.t.Errorf("%s of an earlier release is left", item.Key)
			}
		}
	}
	for p := range partitions {
		w.apart(w.list(p, ""), held)
	}
	for claim := range held {
		w.t.Errorf("%s is not claimed", claim)
	}
}

// apart checks that the claims of a bucket do not overlap, and takes them from held.
func (w *world) apart(items []kv.Item, held map[string]bool) {
	w.t.Helper()
	for i, inner := range items {
		for _, c := range as[base](w, inner).Claims {
			if c.released() {
				continue
			}
			claim := inner.Key.Sort + " " + string(c.Catalog)
			if !held[claim] {
				w.t.Errorf("%s is claimed by no catalog of that id", claim)
			}
			delete(held, claim)
			for _, outer := range items[:i+1] {
				for _, o := range as[base](w, outer).Claims {
					if strings.HasPrefix(inner.Key.Sort, outer.Key.Sort) && o.Catalog != c.Catalog && !w.mayOverlap(o, c) {
						w.t.Errorf("%s and %s overlap", outer.Key.Sort, inner.Key.Sort)
					}
				}
			}
		}
	}
}

// mayOverlap reports whether the folders of two catalogs may overlap.
func (w *world) mayOverlap(a, b baseClaim) bool {
	if a.released() && (a.Realm == b.Realm || !w.time().Before(a.Until)) {
		return true
	}
	return a.Realm == b.Realm && w.lax || a.Realm != b.Realm && !lake.Reach(a.Reaches, b.Reaches)
}
