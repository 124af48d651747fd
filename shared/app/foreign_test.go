package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// foreignTable and foreignView are metadata with every field that there is.
const (
	foreignTable = `{"format-version":3,"table-uuid":"9c12d441-03fe-4693-9a96-a0705ddf69c1","location":"${base}/n/t","last-sequence-number":34,
"last-updated-ms":1790000000000,"last-column-id":4,"next-row-id":10,"current-schema-id":0,
"schemas":[{"type":"struct","schema-id":0,"identifier-field-ids":[1],"fields":[{"id":1,"name":"x","required":true,"type":"long","doc":"d"},
{"id":2,"name":"l","required":false,"type":{"type":"list","element-id":3,"element-required":false,"element":"string"}},
{"id":4,"name":"v","required":false,"type":"decimal(9,2)","initial-default":"1.00","write-default":"2.00"}]}],
"default-spec-id":0,"partition-specs":[{"spec-id":0,"fields":[{"name":"x_b","transform":"bucket[4]","source-id":1,"field-id":1000}]}],"last-partition-id":1000,
"default-sort-order-id":1,"sort-orders":[{"order-id":1,"fields":[{"transform":"identity","source-id":1,"direction":"asc","null-order":"nulls-first"}]}],
"properties":{"a":"b","write.data.path":"${base}/n/t/data","write.metadata.path":"${base}/n/t/metadata"},"current-snapshot-id":3,
"refs":{"main":{"snapshot-id":3,"type":"branch","max-ref-age-ms":10,"min-snapshots-to-keep":1,"max-snapshot-age-ms":10}},
"snapshots":[{"snapshot-id":3,"parent-snapshot-id":2,"sequence-number":34,"timestamp-ms":1790000000000,"schema-id":0,"first-row-id":0,"added-rows":1,
"manifest-list":"${base}/n/t/metadata/s.avro","summary":{"operation":"append","k":"v"}}],
"statistics":[{"snapshot-id":3,"statistics-path":"${base}/n/t/metadata/s.stats","file-size-in-bytes":1,"file-footer-size-in-bytes":1,
"blob-metadata":[{"type":"t","snapshot-id":3,"sequence-number":1,"fields":[1],"properties":{"a":"b"}}]}],
"partition-statistics":[{"snapshot-id":3,"statistics-path":"${base}/n/t/metadata/p.stats","file-size-in-bytes":1}],
"encryption-keys":[{"key-id":"k","encrypted-key-metadata":"YQ==","encrypted-by-id":"kms","properties":{"a":"b"}}],
"snapshot-log":[{"snapshot-id":3,"timestamp-ms":1790000000000}],
"metadata-log":[{"metadata-file":"${base}/n/t/metadata/v0.metadata.json","timestamp-ms":1790000000000}]}`

	foreignView = `{"view-uuid":"9c12d441-03fe-4693-9a96-a0705ddf69c1","format-version":1,"location":"${base}/n/t","current-version-id":1,"properties":{"a":"b"},
"versions":[{"version-id":1,"timestamp-ms":1790000000000,"schema-id":0,"summary":{"engine-name":"e"},"default-catalog":"c","default-namespace":["n"],
"representations":[{"type":"sql","sql":"select 1","dialect":"spark"}]}],
"schemas":[{"type":"struct","schema-id":0,"fields":[{"id":1,"name":"x","required":false,"type":"int"}]}],
"version-log":[{"version-id":1,"timestamp-ms":1790000000000}]}`
)

// secretText and secretNumber are in every value that a test plants.
const secretText, secretNumber = "s3sam3", "7171717"

// planted are values of each type, none of which may be shown. "${n}" is another number in each.
var planted = []string{`"s3sam3-${n}"`, `7171717${n}`, `7171717${n}.5`, `{"s3sam3-${n}":"s3sam3-${n}"}`, `["s3sam3-${n}",7171717${n}]`,
	`[{"s3sam3-${n}":7171717${n}}]`, `"${base}/s3sam3-${n}"`, `"${base}/n/held/s3sam3-${n}"`, `"${base}/n/t/../s3sam3-${n}"`, `"s3://s3sam3-${n}/x"`,
	`"decimal(7171717,2)"`, `"bucket[71717170]"`, `"7171717${n}"`, `7171717`, `{"type":"s3sam3-${n}","s3sam3":1,"s3sam3":2}`}

// variants returns the document once for each place in it and each planted value.
func variants(t *testing.T, doc string) []string {
	t.Helper()
	var whole any
	if err := json.Unmarshal([]byte(doc), &whole); err != nil {
		t.Fatal(err)
	}
	const here = "<here>"
	var places []string // the document with a mark in one place
	var walk func(v any, set func(any))
	walk = func(v any, set func(any)) {
		set(here)
		text, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		places = append(places, string(text))
		set(v)
		switch v := v.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				inner := v[key]
				walk(inner, func(x any) { v[key] = x })
				delete(v, key) // or the name itself is the secret
				v[secretText] = here
				text, err := json.Marshal(whole)
				if err != nil {
					t.Fatal(err)
				}
				places = append(places, string(text))
				delete(v, secretText)
				v[key] = inner
			}
		case []any:
			for i, inner := range v {
				walk(inner, func(x any) { v[i] = x })
			}
		}
	}
	walk(whole, func(v any) { whole = v })
	mark, err := json.Marshal(here)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, place := range places {
		for _, value := range planted {
			value = strings.ReplaceAll(value, "${n}", fmt.Sprint(len(out)))
			out = append(out, strings.Replace(place, string(mark), value, 1))
		}
	}
	return append(out, secretText, `{"`+secretText+`":`, `{"`+secretText+`":1,"`+secretText+`":2}`, `["`+secretText+`"]`, "\x1f\x8b"+secretText, `{"location":"`+secretText+`\q"}`)
}

// searched is a log that is looked through.
type searched struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *searched) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// take returns what was logged since the last take.
func (l *searched) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}

func TestRegister_ShowsNothingOfAFileThatItRefuses(t *testing.T) {
	for route, doc := range map[string]string{"register": foreignTable, "register-view": foreignView} {
		t.Run(route, func(t *testing.T) {
			log, dir := &searched{}, t.TempDir()
			s := newServer(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(log, nil)) })
			root, base := s.login(t, "root", "s3cr3t"), "file://"+dir
			s.fileCatalog(t, root, base)
			doc = strings.ReplaceAll(doc, "${base}", base)
			file := filepath.Join(dir, "n", "t", "metadata", "v1.metadata.json")
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			body := `{"name":"t","metadata-location":"` + base + `/n/t/metadata/v1.metadata.json"}`
			kind := map[string]string{"register": "tables", "register-view": "views"}[route]
			refused := 0
			for _, text := range append([]string{doc}, variants(t, doc)...) {
				text = strings.ReplaceAll(text, "${base}", base)
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				answer := s.ask(t, root, "POST", "/api/catalog/v1/lake/namespaces/n/"+route, body)
				if answer.Code == http.StatusOK {
					if w := s.ask(t, root, "DELETE", "/api/catalog/v1/lake/namespaces/n/"+kind+"/t", ""); w.Code != http.StatusNoContent {
						t.Fatalf("drop: got %d %s", w.Code, w.Body)
					}
				} else {
					refused++
					for where, shown := range map[string]string{"the answer": answer.Body.String(), "the log": log.take()} {
						if strings.Contains(shown, secretText) || strings.Contains(shown, secretNumber) {
							t.Errorf("%s has a value of %s\n%s", where, text, shown)
						}
					}
				}
				if answer.Code >= 500 {
					t.Errorf("got %d %s for %s", answer.Code, answer.Body, text)
				}
				log.take()
				if t.Failed() {
					return
				}
			}
			if err := os.WriteFile(file, []byte(doc), 0o600); err != nil {
				t.Fatal(err)
			}
			if w := s.ask(t, root, "POST", "/api/catalog/v1/lake/namespaces/n/"+route, body); w.Code != http.StatusOK || refused < 100 {
				t.Errorf("got %d for the document as it is after %d refusals, want 200 after at least 100: %s", w.Code, refused, w.Body)
			}
			s.tampered(t, root, log, "/api/catalog/v1/lake/namespaces/n/"+kind+"/t", file)
		})
	}
}

// tampered holds loads and commits to showing nothing of a metadata file that was changed after it was
// registered.
func (s *server) tampered(t *testing.T, root string, log *searched, path, file string) {
	t.Helper()
	for _, text := range []string{secretText, `{"format-version":"` + secretText + `","view-uuid":7171717}`} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		log.take()
		for _, w := range []string{s.ask(t, root, "GET", path, "").Body.String(),
			s.ask(t, root, "POST", path, `{"requirements":[],"updates":[{"action":"set-properties","updates":{"a":"c"}}]}`).Body.String()} {
			if shown := w + log.take(); strings.Contains(shown, secretText) || strings.Contains(shown, secretNumber) || !strings.Contains(w, "error") {
				t.Errorf("a changed file: got %s, want an error without its values", shown)
			}
		}
	}
}

// fileCatalog makes the catalog "lake" of folders below base, with a namespace "n" and a table "held" in it.
func (s *server) fileCatalog(t *testing.T, root, base string) {
	t.Helper()
	for _, row := range [][3]string{
		{"POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"lake","properties":{"default-base-location":"` + base + `"},"storageConfigInfo":{"storageType":"FILE","allowedLocations":["` + base + `"]}}}`},
		{"PUT", "/api/management/v1/catalogs/lake/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`},
		{"POST", "/api/catalog/v1/lake/namespaces", `{"namespace":["n"]}`},
		{"POST", "/api/catalog/v1/lake/namespaces/n/tables", `{"name":"held","schema":{"type":"struct","schema-id":0,"fields":[{"id":1,"name":"x","required":false,"type":"int"}]}}`},
	} {
		if w := s.ask(t, root, row[0], row[1], row[2]); w.Code >= 300 {
			t.Fatalf("%s %s: got %d %s", row[0], row[1], w.Code, w.Body)
		}
	}
}
