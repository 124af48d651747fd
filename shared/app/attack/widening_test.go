package attack

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"firn/shared/lake"
)

// widenings are what a caller writes into each field of a catalog's storageConfigInfo, by the kind of the
// catalog. A field of the API that is not here fails TestEveryStorageFieldIsAttacked.
func (m *machine) widenings() map[string]map[string][]any {
	hosts := []any{m.foreign.URL, "http://169.254.169.254", "http://[fd00:ec2::254]", "http://127.0.0.1:1",
		"http://10.0.0.1", "https://s3.eu-west-1.amazonaws.com"}
	return map[string]map[string][]any{
		"roleArn": {"role": {roleOf + "other", "arn:aws:iam::999999999999:role/other"},
			"own identity": {roleOf + "acme"}},
		"externalId":     {"role": {"chosen"}},
		"currentKmsKey":  {"role": {"arn:aws:kms:eu-west-1:111122223333:key/k"}},
		"allowedKmsKeys": {"role": {[]string{"arn:aws:kms:eu-west-1:111122223333:key/k"}}},
		"region":         {"role": {"us-east-1"}},
		"endpoint": {"role": hosts, "own identity": hosts[:5],
			"listed store": {"https://s3.eu-west-1.amazonaws.com"}},
		"stsEndpoint":        {"role": hosts, "listed store": hosts},
		"endpointInternal":   {"role": hosts, "listed store": hosts},
		"stsUnavailable":     {"role": {true}, "named role": {true}, "listed store": {true}},
		"pathStyleAccess":    {"role": {true}},
		"kmsUnavailable":     {"role": {true}},
		"tenantId":           {"azure": {"00000000-1111-4222-8333-444455556666"}},
		"multiTenantAppName": {"azure": {"app"}},
		"consentUrl":         {"azure": {m.foreign.URL}},
		"hierarchical":       {"azure": {false}},
		"gcsServiceAccount": {"gcs": {"other@acme.iam.gserviceaccount.com"},
			"gcs account": {"other@acme.iam.gserviceaccount.com"}},
		"storageType": {"role": {"GCS", "FILE"}, "gcs": {"S3"}},
		"allowedLocations": {"role": {[]string{"s3://acme/role", "s3://vault/wh"}, []string{"s3://acme/role",
			"s3://vault/"}, []string{"s3://acme/role", "s3://acme/more"}, []string{"s3://acme/role",
			"file:///"}},
			"gcs":   {[]string{"gs://acme-gcs/wh", "gs://vault/wh"}},
			"azure": {[]string{"abfss://lake@" + host + "/wh", "abfss://vault@" + host + "/wh"}},
			"file": {[]string{"file://" + m.files + "/wh", "file://" + m.outside},
				[]string{"file://" + m.files + "/wh", "file:///"}}},
		"storageName": {"role": {named, "other"}, "own identity": {named}, "named role": {nil},
			"listed store": {named}},
	}
}

// notRead are the fields that say something and take nothing.
var notRead = []string{"userArn"}

// widened is what a caller sets a setting to. Settings need no table: a new one that takes other values is
// refused for its value, and fails the test.
func widened(setting string) string {
	if setting == string(lake.S3ProfileSetting) {
		return "minio"
	}
	if setting == "polaris.config.supported.storage.types" {
		return "FILE"
	}
	return "true"
}

// benches returns a world under a lenient policy, with a catalog of each kind.
func benches(t *testing.T) (*world, map[string]*bench) {
	w := open(t, newMachine)
	w.under(w.machine.lenient(w.t))
	all := map[string]*bench{}
	for _, k := range w.machine.kinds() {
		all[k.name] = w.bench(k)
	}
	return w, all
}

// TestOnlyAServiceAdministratorChoosesStorage has each other rank write into each field of a catalog's
// storage, and into each setting that decides about it. The operator allows all of it here: what refuses is
// the rank.
func TestOnlyAServiceAdministratorChoosesStorage(t *testing.T) {
	t.Parallel()
	w, all := benches(t)
	for field, kinds := range w.machine.widenings() {
		for kind, values := range kinds {
			for i, value := range values {
				all[kind].widen(t, field+" "+kind+" "+strconv.Itoa(i), func(properties,
					storage doc) {
					storage[field] = value
				})
			}
		}
	}
	for _, setting := range append(lake.Settings(), lake.BaseLocation) {
		if !lake.IsStorageSetting(setting) {
			continue
		}
		for _, change := range []func(doc, doc){
			func(properties, _ doc) { properties[setting] = widened(setting) },
			func(properties, _ doc) { delete(properties, setting) },
		} {
			b := all["role"]
			switch was, _, _ := b.known(); {
			case setting == lake.BaseLocation:
				change = func(properties, _ doc) { properties[setting] = b.base + "/deeper" }
			case was[setting] == nil || was[setting] == widened(setting):
				if next := maps.Clone(was); !differs(change, next) {
					continue
				}
			}
			b.widen(t, setting, change)
		}
	}
}

// differs reports whether a change of properties is one.
func differs(change func(doc, doc), properties doc) bool {
	was := maps.Clone(properties)
	change(properties, nil)
	return !reflect.DeepEqual(was, properties)
}

// widen has each rank but the service administrator's write a change into the catalog.
func (b *bench) widen(t *testing.T, name string, change func(properties, storage doc)) {
	for _, r := range ranks {
		if r.letter == 's' {
			continue
		}
		b.attack(t, name+" by a "+r.name, func(x *attack) {
			in := b.within(x.t)
			properties, storage, version := in.known()
			before := in.must(200, b.root, call{op: "management.getCatalog",
				vars: vars{"catalogName": b.in()}}).body
			change(properties, storage)
			c := call{op: "management.updateCatalog", vars: vars{"catalogName": b.in()},
				body: doc{"currentEntityVersion": version, "properties": properties,
					"storageConfigInfo": storage}}
			if r.letter == 'p' {
				c.header = elsewhereRealm
			}
			x.tap.take()
			x.machine.take()
			a := x.send(b.people[r.letter], c)
			x.refused(a)
			x.silent(a)
			if after := in.must(200, b.root, call{op: "management.getCatalog",
				vars: vars{"catalogName": b.in()}}).body; string(after) != string(before) {
				x.t.Errorf("got the catalog %s, want it as it was: %s", after, before)
			}
		})
	}
}

// wireFields returns the fields of storageConfigInfo as the API spells them, out of the code that reads it.
func wireFields(t *testing.T) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "../../protocol/management/storage.go", nil, 0)
	must(t, err)
	var all []string
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, s := range g.Specs {
			spec, ok := s.(*ast.TypeSpec)
			if !ok || spec.Name.Name != "storage" {
				continue
			}
			for _, field := range spec.Type.(*ast.StructType).Fields.List {
				tag, err := strconv.Unquote(field.Tag.Value)
				must(t, err)
				name, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
				all = append(all, name)
			}
		}
	}
	return all
}

func TestEveryStorageFieldIsAttacked(t *testing.T) {
	tried := newMachine(t, slog.New(slog.DiscardHandler)).machine.widenings()
	for _, name := range notRead {
		tried[name] = nil
	}
	fields := wireFields(t)
	if len(fields) < 20 {
		t.Errorf("got the fields %v of storageConfigInfo, want them all", fields)
	}
	for _, field := range fields {
		if _, ok := tried[field]; !ok {
			t.Errorf("field %s of storageConfigInfo: attack it in widenings, or say in notRead that it does nothing", field)
		}
		delete(tried, field)
	}
	for field := range tried {
		t.Errorf("storageConfigInfo has no field %s", field)
	}
}

// A field that does nothing is kept out of the catalog, whoever writes it.
func TestFieldsThatAreNotReadChangeNothing(t *testing.T) {
	w := open(t, newMachine)
	w.under(w.machine.lenient(t))
	b := w.bench(w.machine.kinds()[0])
	for _, field := range notRead {
		properties, storage, version := b.known()
		was, err := json.Marshal(storage)
		must(t, err)
		storage[field] = "arn:aws:iam::111122223333:user/mallory"
		b.must(200, b.people['w'], call{op: "management.updateCatalog", vars: vars{"catalogName": b.in()},
			body: doc{"currentEntityVersion": version, "properties": properties,
				"storageConfigInfo": storage}})
		_, storage, _ = b.known()
		if is, err := json.Marshal(storage); err != nil || string(is) != string(was) {
			t.Errorf("%s: got the storage %s, %v, want %s", field, is, err, was)
		}
	}
}
