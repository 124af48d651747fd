package location

import (
	"slices"
	"testing"
)

func TestAllowed_AWholeStoreStandsForTheBase(t *testing.T) {
	const azure = "abfss://c@acc.dfs.core.windows.net"
	for _, row := range []struct {
		name  string
		texts []string
		base  string
		want  []string
		bad   bool
	}{
		{"folders", []string{"s3://lake/a", "s3://lake/b/"}, "s3://lake/a/x", []string{"s3://lake/a/", "s3://lake/b/"}, false},
		{"the bucket of the base", []string{"s3://lake", "s3://more/x"}, "s3://lake/a", []string{"s3://lake/a/", "s3://more/x/"}, false},
		{"in another scheme", []string{"s3a://lake/"}, "s3://lake/a", []string{"s3://lake/a/"}, false},
		{"with two slashes", []string{"s3://lake//", "file:////", "file:"}, "s3://lake/a", nil, true},
		{"another bucket", []string{"s3://lake2/"}, "s3://lake/a", nil, true},
		{"a bucket whose name begins so", []string{"s3://lak"}, "s3://lake/a", nil, true},
		{"a bucket of GCS", []string{"gs://lake/"}, "gs://lake/a", []string{"gs://lake/a/"}, false},
		{"of the same name elsewhere", []string{"gs://lake/"}, "s3://lake/a", nil, true},
		{"a container", []string{azure + "/"}, azure + "/a", []string{azure + "/a/"}, false},
		{"the root of the file system", []string{"file:///", "file://", "file:/", "/"}, "file:///srv/lake", slices.Repeat([]string{"file:///srv/lake/"}, 4), false},
		{"what is no location", []string{"s3://", "s3:/lake", "s3://lake/../", "lake"}, "s3://lake/a", nil, true},
		{"a base that is none", []string{"s3://lake/"}, "s3://lake/", nil, true},
	} {
		folders, bad := Allowed(row.texts, row.base)
		var got []string
		for _, f := range folders {
			got = append(got, f.String())
		}
		if !slices.Equal(got, row.want) || (bad != nil) != row.bad {
			t.Errorf("%s: got %q, %v, want %q", row.name, got, bad, row.want)
		}
	}
}
