package s3

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"firn/shared/lake"
)

func TestTheRegionThatIsSignedFor(t *testing.T) {
	rows := []struct {
		name    string
		base    string
		storage lake.Storage
		want    string
	}{
		{"the storage's", "eu-central-1", lake.Storage{Region: "eu-west-1"}, "eu-west-1"},
		{"the server's", "eu-central-1", lake.Storage{}, "eu-central-1"},
		{"one that compatible stores take", "", lake.Storage{}, "us-east-1"},
		{"R2's", "eu-central-1", lake.Storage{Profile: lake.ProfileR2}, "auto"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			o, err := New(Config{Base: aws.Config{Region: row.base}})
			if err != nil {
				t.Fatal(err)
			}
			if got := o.client(&row.storage).Options().Region; got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}
