package fire

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	root       = "/api/catalog/v1/lake"
	tablesPath = root + "/namespaces/n/tables"
)

func (w *writer) name(slot int) string { return groups[w.group].names[slot] }

func (w *writer) path(slot int) string { return tablesPath + "/" + w.name(slot) }

// load looks at a table. What was not told of it is nothing to remember.
func (w *writer) load(slot int) (document, verdict) {
	call := w.clock.Add(1)
	d, v := w.try(w.base(), request{method: http.MethodGet, path: w.path(slot)})
	switch v {
	case done:
		w.record(operation{act: load, slots: []int{slot}}, call, answer{verdict: done, seen: d.table()})
	case missing:
		w.record(operation{act: load, slots: []int{slot}}, call, answer{verdict: missing})
	}
	return d, v
}

// marked are the properties of a change.
func marked(mark string) string { return fmt.Sprintf(`{"last":%q,"%s%s":"x"}`, mark, markPrefix, mark) }

// first are those of a table's first version.
func first(op operation, slot int) string {
	return strings.TrimSuffix(marked(op.mark), "}") + fmt.Sprintf(`,"born":%q}`, op.born(slot))
}

const schema = `{"type":"struct","schema-id":0,"fields":[{"id":1,"name":"a","required":false,"type":"long"}]}`

// create makes a table: directly, or staged first.
func (w *writer) create(slot int, staged bool) {
	op := operation{act: create, slots: []int{slot}, mark: w.mark()}
	if !staged {
		w.do(op, request{method: http.MethodPost, path: tablesPath, body: fmt.Sprintf(`{"name":%q,"schema":%s,"properties":%s}`, w.name(slot), schema, first(op, slot))})
		return
	}
	d, v := w.try(w.base(), request{method: http.MethodPost, path: tablesPath, body: fmt.Sprintf(`{"name":%q,"schema":%s,"stage-create":true}`, w.name(slot), schema)})
	if v == done {
		w.do(op, request{method: http.MethodPost, path: w.path(slot), body: firstCommit(d, first(op, slot))})
	}
}

// firstCommit makes a staged table.
func firstCommit(staged document, properties string) string {
	return fmt.Sprintf(`{"requirements":[{"type":"assert-create"}],"updates":[{"action":"assign-uuid","uuid":%q},{"action":"upgrade-format-version","format-version":2},
		{"action":"add-schema","schema":%s},{"action":"set-current-schema","schema-id":-1},{"action":"add-spec","spec":{"spec-id":0,"fields":[]}},{"action":"set-default-spec","spec-id":-1},
		{"action":"add-sort-order","sort-order":{"order-id":0,"fields":[]}},{"action":"set-default-sort-order","sort-order-id":-1},
		{"action":"set-location","location":%q},{"action":"set-properties","updates":%s}]}`, staged.Metadata.UUID, schema, staged.Metadata.Location, properties)
}

// found makes all tables of the group in one transaction, each staged before.
func (w *writer) found(slots []int) {
	op := operation{act: found, slots: slots, mark: w.mark()}
	var changes []string
	for _, slot := range slots {
		d, v := w.try(w.base(), request{method: http.MethodPost, path: tablesPath, body: fmt.Sprintf(`{"name":%q,"schema":%s,"stage-create":true}`, w.name(slot), schema)})
		if v != done {
			return
		}
		changes = append(changes, w.named(slot, firstCommit(d, first(op, slot))))
	}
	w.do(op, transaction(changes))
}

// named is a table's commit as a part of a transaction.
func (w *writer) named(slot int, commit string) string {
	return fmt.Sprintf(`{"identifier":{"namespace":["n"],"name":%q},`, w.name(slot)) + strings.TrimPrefix(commit, "{")
}

func transaction(changes []string) request {
	return request{method: http.MethodPost, path: root + "/transactions/commit", body: `{"table-changes":[` + strings.Join(changes, ",") + `]}`}
}

func (w *writer) commit(slot int) {
	op := operation{act: commit, slots: []int{slot}, mark: w.mark()}
	w.do(op, request{method: http.MethodPost, path: w.path(slot), body: `{"requirements":[],"updates":[{"action":"set-properties","updates":` + marked(op.mark) + `}]}`})
}

// append appends a snapshot to each table upon what it saw there: one table by a commit, several by a transaction.
func (w *writer) append(slots []int) {
	op := operation{act: add, slots: slots, mark: w.mark()}
	var commits []string
	for _, slot := range slots {
		d, v := w.load(slot)
		if v != done {
			return
		}
		seen, id := *d.table(), w.random.Int64()>>1+1
		op.upon, op.ids = append(op.upon, seen), append(op.ids, id)
		commits = append(commits, appendCommit(d, seen.head, id, op.mark))
	}
	if len(slots) == 1 {
		w.do(op, request{method: http.MethodPost, path: w.path(slots[0]), body: commits[0]})
		return
	}
	op.act = transact
	for i, slot := range slots {
		commits[i] = w.named(slot, commits[i])
	}
	w.do(op, transaction(commits))
}

func appendCommit(d document, head, id int64, mark string) string {
	ref, on := "null", ""
	if head > 0 {
		ref, on = fmt.Sprint(head), fmt.Sprintf(`"parent-snapshot-id":%d,`, head)
	}
	return fmt.Sprintf(`{"requirements":[{"type":"assert-table-uuid","uuid":%q},{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":%s}],"updates":[{"action":"add-snapshot","snapshot":{"snapshot-id":%d,%s
		"sequence-number":%d,"timestamp-ms":%d,"manifest-list":"%s/metadata/snap-%d.avro","schema-id":0,"summary":{"operation":"append"}}},
		{"action":"set-snapshot-ref","ref-name":"main","type":"branch","snapshot-id":%d},{"action":"set-properties","updates":%s}]}`,
		d.Metadata.UUID, ref, id, on, d.Metadata.Sequence+1, time.Now().UnixMilli(), d.Metadata.Location, id, id, marked(mark))
}

func (w *writer) drop(slot int) {
	w.do(operation{act: drop, slots: []int{slot}, mark: w.mark()}, request{method: http.MethodDelete, path: w.path(slot)})
}

func (w *writer) rename(slots []int) {
	from, to := w.name(slots[0]), w.name(slots[1])
	w.do(operation{act: rename, slots: slots, mark: w.mark()}, request{method: http.MethodPost, path: root + "/tables/rename",
		body: fmt.Sprintf(`{"source":{"namespace":["n"],"name":%q},"destination":{"namespace":["n"],"name":%q}}`, from, to)})
}
