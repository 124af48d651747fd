package blob

import (
	"context"
	"errors"
	"testing"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/storagepolicy/storagepolicytest"
	"firn/shared/vend"
)

// named is an Opener that says who it is.
type named struct{ error }

func (n named) Open(context.Context, Scope, vend.Credential) (Bucket, error) {
	return nil, n.error
}

func TestTheStorageChoosesTheDriver(t *testing.T) {
	embedded, s3, file := named{errors.New("embedded")}, named{errors.New("s3")}, named{errors.New("file")}
	lenient := storagepolicytest.WithFolders(storagepolicytest.Lenient([]string{"http://192.0.2.1"}), "/t")
	all := ByStorage{Policy: lenient, Embedded: embedded, S3: s3, File: file}
	rows := []struct {
		name    string
		opener  ByStorage
		storage lake.Storage
		want    error // nil: refused
	}{
		{"neither role nor endpoint", all, lake.Storage{Type: lake.S3}, embedded.error},
		{"a role", all, lake.Storage{Type: lake.S3, RoleARN: "arn:aws:iam::111122223333:role/lake"}, s3.error},
		{"an endpoint", all, lake.Storage{Type: lake.S3, Endpoint: "http://192.0.2.1"}, s3.error},
		{"a folder", all, lake.Storage{Type: lake.File}, file.error},
		{"folders are not served", ByStorage{Policy: lenient, Embedded: embedded, S3: s3}, lake.Storage{Type: lake.File}, nil},
		{"GCS has no driver", all, lake.Storage{Type: lake.GCS}, nil},
	}
	for _, row := range rows {
		scope := Scope{Realm: "R", Storage: &row.storage, Prefixes: []location.Prefix{folder(t, "file:///t")}, Actions: vend.Read}
		_, err := row.opener.Open(t.Context(), scope, vend.Credential{})
		if row.want == nil && !fault.Is(err, fault.Unsupported) || row.want != nil && !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v (nil: unsupported)", row.name, err, row.want)
		}
	}
}
