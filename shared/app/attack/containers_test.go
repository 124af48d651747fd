package attack

import "maps"

// containerDoors give namespaces and catalogs a location.
func containerDoors() []door {
	all := []door{
		{name: "create a namespace", ops: []string{"iceberg.createNamespace"}, whom: "namespace",
			knock: func(x *attack, s site, at string) answer {
				return x.send(x.mallory, call{op: "iceberg.createNamespace", in: s.catalog, body: doc{"namespace": []string{"mine", "clean"}, "properties": doc{"location": at}}})
			},
			undo: func(x *attack, s site) {
				x.must(204, x.mallory, call{op: "iceberg.dropNamespace", in: s.catalog, ns: "mine.clean"})
			}},
		{name: "move a namespace", ops: []string{"iceberg.updateProperties"}, whom: "namespace",
			knock: func(x *attack, s site, at string) answer {
				made := x.world.send(x.mallory, call{op: "iceberg.createNamespace", in: s.catalog, body: doc{"namespace": []string{"mine", "clean"}}})
				if made.code != 200 && made.code != 409 { // kept from the attack before
					made.must(x.t, 200)
				}
				x.tap.take()
				return x.send(x.mallory, call{op: "iceberg.updateProperties", in: s.catalog, ns: "mine.clean", body: doc{"updates": doc{"location": at}}})
			},
			undo: func(x *attack, s site) {
				x.must(204, x.mallory, call{op: "iceberg.dropNamespace", in: s.catalog, ns: "mine.clean"})
			}},
	}
	for _, field := range []string{"default-base-location", "allowedLocations"} {
		all = append(all,
			door{name: "create a catalog " + field, ops: []string{"management.createCatalog"}, whom: "catalog",
				knock: func(x *attack, _ site, at string) answer {
					body := doc{"type": "INTERNAL", "name": "evil"}
					maps.Copy(body, x.catalogAt(field, at))
					return x.send(x.root, call{op: "management.createCatalog", body: doc{"catalog": body}})
				},
				undo: dropCatalog},
			door{name: "change a catalog " + field, ops: []string{"management.updateCatalog"}, whom: "catalog",
				knock: func(x *attack, _ site, at string) answer {
					body := doc{"type": "INTERNAL", "name": "evil"}
					maps.Copy(body, x.catalogAt("", ""))
					if made := x.world.send(x.root, call{op: "management.createCatalog", body: doc{"catalog": body}}); made.code != 409 {
						made.must(x.t, 201)
					}
					change := doc{"currentEntityVersion": 1}
					maps.Copy(change, x.catalogAt(field, at))
					x.tap.take()
					return x.send(x.root, call{op: "management.updateCatalog", vars: vars{"catalogName": "evil"}, body: change})
				},
				undo: dropCatalog})
	}
	return all
}

func dropCatalog(x *attack, _ site) {
	x.must(204, x.root, call{op: "management.deleteCatalog", vars: vars{"catalogName": "evil"}})
}

// fresh is a folder that no catalog has.
func (w *world) fresh() string { return w.uri(w.lake) + "/fresh" }

// catalogAt gives the properties and storage of a catalog at a fresh folder, with a location in a field of them.
func (w *world) catalogAt(field, at string) doc {
	base, allowed := w.fresh(), []string{w.fresh()}
	switch field {
	case "default-base-location":
		base, allowed = at, nil
	case "allowedLocations":
		allowed = append(allowed, at)
	}
	storage := maps.Clone(w.config)
	storage["allowedLocations"] = allowed
	return doc{"properties": doc{"default-base-location": base}, "storageConfigInfo": storage}
}
