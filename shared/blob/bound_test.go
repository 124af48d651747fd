package blob

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/storagepolicy/storagepolicytest"
	"firn/shared/vend"
)

// wide is a driver whose own rights end nowhere. It notes what reaches it.
type wide struct{ calls []string }

func (w *wide) Open(context.Context, Scope, vend.Credential) (Bucket, error) { return w, nil }

func (w *wide) Get(_ context.Context, uri location.URI) ([]byte, error) {
	w.calls = append(w.calls, "get "+uri.String())
	return nil, nil
}

func (w *wide) Put(_ context.Context, uri location.URI, _ []byte) error {
	w.calls = append(w.calls, "put "+uri.String())
	return nil
}

func (w *wide) Delete(_ context.Context, uri location.URI) error {
	w.calls = append(w.calls, "delete "+uri.String())
	return nil
}

func (w *wide) DeleteAll(_ context.Context, prefix location.Prefix, _ int) (bool, error) {
	w.calls = append(w.calls, "sweep "+prefix.String())
	return false, nil
}

func folder(t *testing.T, text string) location.Prefix {
	t.Helper()
	p, err := location.ParsePrefix(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// do makes one call of a bucket.
func do(t *testing.T, b Bucket, verb, text string) error {
	t.Helper()
	uri, err := location.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	switch verb {
	case "get":
		_, err = b.Get(t.Context(), uri)
	case "put":
		err = b.Put(t.Context(), uri, nil)
	case "delete":
		err = b.Delete(t.Context(), uri)
	case "sweep":
		_, err = b.(Sweeper).DeleteAll(t.Context(), folder(t, text), 1)
	}
	return err
}

func TestBounded_ACallOutsideTheScopeNeverReachesTheDriver(t *testing.T) {
	const all = vend.Read | vend.List | vend.Write | vend.Delete
	needs := map[string]vend.Actions{"get": vend.Read, "put": vend.Write, "delete": vend.Delete, "sweep": vend.List | vend.Delete}
	rows := []struct {
		file string
		in   bool
	}{
		{"s3://lake/t/metadata/v1.json", true},
		{"s3a://lake/t/x", true},
		{"s3://lake/other/x", true},
		{"s3://lake/t2/x", false},
		{"s3://lake/x", false},
		{"s3://lakes/t/x", false},
		{"gs://lake/t/x", false},
		{"file:///lake/t/x", false},
	}
	for verb, need := range needs {
		for actions := vend.Actions(1); actions <= all; actions++ {
			driver := &wide{}
			scope := Scope{Realm: "R", Storage: &lake.Storage{Type: lake.S3, Endpoint: "http://192.0.2.1"}, Actions: actions,
				Prefixes: []location.Prefix{folder(t, "s3://lake/t"), folder(t, "s3://lake/other/")}}
			b, err := ByStorage{Policy: storagepolicytest.Lenient([]string{"http://192.0.2.1"}), S3: driver}.Open(t.Context(), scope, vend.Credential{})
			if err != nil {
				t.Fatal(err)
			}
			scope.Prefixes[0] = folder(t, "s3://lake/t2") // a caller's change afterwards widens nothing
			for _, row := range rows {
				driver.calls = nil
				err := do(t, b, verb, row.file)
				if row.in && actions.Has(need) {
					name := row.file
					if verb == "sweep" {
						name += "/"
					}
					if err != nil || !slices.Equal(driver.calls, []string{verb + " " + name}) {
						t.Errorf("%s %s with %s: got %v and calls %q", verb, row.file, actions, err, driver.calls)
					}
				} else if !fault.Is(err, fault.Forbidden) || len(driver.calls) > 0 {
					t.Errorf("%s %s with %s: got %v and calls %q, want it forbidden without a call", verb, row.file, actions, err, driver.calls)
				}
			}
		}
	}
}

func TestBounded_AnEmptyScopeIsNotOpened(t *testing.T) {
	storage, prefixes := &lake.Storage{Type: lake.S3}, []location.Prefix{folder(t, "s3://lake/t")}
	for name, scope := range map[string]Scope{
		"nothing":    {},
		"no realm":   {Storage: storage, Prefixes: prefixes, Actions: vend.Read},
		"no storage": {Realm: "R", Prefixes: prefixes, Actions: vend.Read},
		"no folder":  {Realm: "R", Storage: storage, Actions: vend.Read},
		"no action":  {Realm: "R", Storage: storage, Prefixes: prefixes},
	} {
		for opener, o := range map[string]Opener{"by storage": ByStorage{Embedded: &wide{}}, "bounded": Bounded{&wide{}}} {
			if b, err := o.Open(t.Context(), scope, vend.Credential{}); b != nil || !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s, %s: got %v, %v, want it forbidden", opener, name, b, err)
			}
		}
	}
	b, err := Bounded{&wide{}}.Open(t.Context(), Scope{Realm: "R", Storage: storage, Prefixes: []location.Prefix{{}}, Actions: vend.Read}, vend.Credential{})
	if err != nil {
		t.Fatal(err)
	}
	if err := do(t, b, "get", "s3://lake/x"); !fault.Is(err, fault.Forbidden) {
		t.Errorf("the zero folder: got %v, want it forbidden", err)
	}
}

// TestByStorage_EveryDriverIsBounded fails for a field that Open hands out as it is.
func TestByStorage_EveryDriverIsBounded(t *testing.T) {
	storages := map[string]lake.Storage{"Embedded": {Type: lake.S3}, "S3": {Type: lake.S3, Endpoint: "http://192.0.2.1"}, "GCS": {Type: lake.GCS},
		"Azure": {Type: lake.Azure}, "File": {Type: lake.File}}
	fields := reflect.TypeFor[ByStorage]()
	for i := range fields.NumField() {
		name, driver := fields.Field(i).Name, &wide{}
		if fields.Field(i).Type != reflect.TypeFor[Opener]() {
			continue
		}
		storage, known := storages[name]
		if !known {
			t.Fatalf("no storage of this test leads to the driver %s", name)
		}
		o := ByStorage{Policy: storagepolicytest.WithFolders(storagepolicytest.Lenient([]string{"http://192.0.2.1"}), "/t")}
		reflect.ValueOf(&o).Elem().Field(i).Set(reflect.ValueOf(driver))
		at := "s3://lake/"
		if storage.Type == lake.File {
			at = "file:///"
		}
		b, err := o.Open(t.Context(), Scope{Realm: "R", Storage: &storage, Prefixes: []location.Prefix{folder(t, at+"t")}, Actions: vend.Read}, vend.Credential{})
		if err != nil {
			t.Fatal(err)
		}
		if err := do(t, b, "get", at+"u/x"); !fault.Is(err, fault.Forbidden) || len(driver.calls) > 0 {
			t.Errorf("%s: got %v and calls %q, want it forbidden without a call", name, err, driver.calls)
		}
	}
}

func TestBounded_KeepsWhatABucketIsAndWhatItMustNotShow(t *testing.T) {
	scope := Scope{Realm: "R", Storage: &lake.Storage{Type: lake.S3}, Prefixes: []location.Prefix{folder(t, "s3://lake/t")}, Actions: vend.Read}
	b, err := Bounded{opens{struct{ Bucket }{&wide{calls: []string{"s3cr3t"}}}}}.Open(t.Context(), scope, vend.Credential{})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := b.(Sweeper); ok {
		t.Error("a bucket that cannot sweep became one that can")
	}
	if b, err = (Bounded{&wide{calls: []string{"s3cr3t"}}}).Open(t.Context(), scope, vend.Credential{}); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, b); got != "bucket for read" {
			t.Errorf("%s: got %q, want nothing of the driver's bucket", verb, got)
		}
	}
}

// opens is an Opener of one bucket.
type opens struct{ bucket Bucket }

func (o opens) Open(context.Context, Scope, vend.Credential) (Bucket, error) { return o.bucket, nil }
