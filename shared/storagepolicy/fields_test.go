package storagepolicy_test

import (
	"reflect"
	"testing"

	"firn/shared/lake"
)

// fields are those of a storage's configuration, by whether the policy reads them: they choose whose authority is used,
// or where. The others shape what a credential opens within that.
var fields = map[string]bool{
	"Type": true, "Name": true, "RoleARN": true, "Endpoint": true, "EndpointInternal": true, "STSEndpoint": true,
	"STSUnavailable": true, "Profile": true, "GCSServiceAccount": true,
	"AllowedLocations": false, // the location in use is judged
	"ExternalID":       false, // the role's owner asks for it
	"UserARN":          false, // shown to people
	"Region":           false, // of AWS's own hosts
	"PathStyleAccess":  false, "KMSUnavailable": false, "CurrentKMSKey": false, "AllowedKMSKeys": false,
	"SourceIdentity": false, "SessionTags": false, "CatalogName": false,
	"TenantID":           false, // whose token is asked for, of Microsoft alone
	"MultiTenantAppName": false, "ConsentURL": false, "Hierarchical": false,
}

func TestFields_EachIsClassified(t *testing.T) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[lake.Storage]()) {
		if _, ok := fields[f.Name]; !ok {
			t.Errorf("field %s: does it choose an authority or a host? Classify it here, and heed it in Allows if so", f.Name)
		}
		delete(fields, f.Name)
	}
	for name := range fields {
		t.Errorf("no field %s is left", name)
	}
}
