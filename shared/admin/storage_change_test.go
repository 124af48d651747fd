package admin

import (
	"reflect"
	"slices"
	"testing"

	"firn/shared/lake"
)

// Each field of a storage's configuration is guarded: a change of it alone is noticed.
func TestStorageChanges_EachFieldIsNoticed(t *testing.T) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[lake.Storage]()) {
		old, next := &lake.Catalog{ID: lake.NewID()}, &lake.Catalog{}
		next.ID = old.ID
		field := reflect.ValueOf(&next.Storage).Elem().FieldByIndex(f.Index)
		switch field.Kind() {
		case reflect.String:
			field.SetString("x")
		case reflect.Bool:
			field.SetBool(true)
		case reflect.Slice:
			field.Set(reflect.ValueOf([]string{"x"}))
		case reflect.Pointer:
			yes := true
			field.Set(reflect.ValueOf(&yes))
		default:
			t.Fatalf("%s: how is a %s changed?", f.Name, field.Kind())
		}
		if got, err := storageChanges(old, next); err != nil || !slices.Equal(got, []string{"storageConfigInfo"}) {
			t.Errorf("%s: got %q, %v, want the change noticed", f.Name, got, err)
		}
	}
}

func TestStorageChanges_EachSettingIsNoticedOrLeft(t *testing.T) {
	for _, key := range append(lake.Settings(), lake.BaseLocation, "owner") {
		old := &lake.Catalog{ID: lake.NewID(), Facts: lake.Facts{Properties: lake.Properties{key: "a"}}}
		for _, next := range []lake.Properties{{key: "b"}, {}} {
			got, err := storageChanges(old, &lake.Catalog{ID: old.ID, Facts: lake.Facts{Properties: next}})
			if noticed := slices.Equal(got, []string{key}); err != nil || noticed != lake.IsStorageSetting(key) || !noticed && len(got) > 0 {
				t.Errorf("%s: got %q, %v", key, got, err)
			}
		}
	}
}

func TestStorageChanges_WhatIsWrittenBackAsItIsShownIsNoChange(t *testing.T) {
	old := &lake.Catalog{ID: lake.NewID(), Storage: lake.Storage{Type: lake.S3}}
	next := &lake.Catalog{ID: old.ID, Storage: lake.Storage{Type: lake.S3, ExternalID: lake.MadeExternalID(old.ID), PathStyleAccess: new(bool), AllowedKMSKeys: []string{}}}
	if got, err := storageChanges(old, next); err != nil || len(got) != 0 {
		t.Errorf("got %q, %v, want no change", got, err)
	}
}
