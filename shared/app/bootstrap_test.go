package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/lake"
)

func TestBootstrapCredentials_ComeFromAVariableOrAFile(t *testing.T) {
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "roots")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	two := map[lake.Realm]lake.Credentials{"A": {ClientID: "root", ClientSecret: "s3cr3t"}, "B": {ClientID: "boss", ClientSecret: "hidden"}}
	for _, row := range []struct {
		name      string
		variables map[string]string
		want      map[lake.Realm]lake.Credentials
		refusal   string
	}{
		{"nothing", nil, map[lake.Realm]lake.Credentials{}, ""},
		{"a variable", map[string]string{"FIRN_BOOTSTRAP_CREDENTIALS": "A,root,s3cr3t;B,boss,hidden"}, two, ""},
		{"a file with semicolons", map[string]string{"FIRN_BOOTSTRAP_CREDENTIALS_FILE": file("A,root,s3cr3t; B,boss,hidden;\n")}, two, ""},
		{"a file with lines", map[string]string{"FIRN_BOOTSTRAP_CREDENTIALS_FILE": file("A,root,s3cr3t\r\nB, boss, hidden\r\n\r\n")}, two, ""},
		{"a file by Polaris's name", map[string]string{"POLARIS_BOOTSTRAP_CREDENTIALS_FILE": file("A,root,s3cr3t\nB,boss,hidden\n")}, two, ""},
		{"firn's name before Polaris's", map[string]string{"FIRN_BOOTSTRAP_CREDENTIALS_FILE": file("A,root,s3cr3t\nB,boss,hidden"), "POLARIS_BOOTSTRAP_CREDENTIALS": "C,x,y"}, two, ""},
		{"an empty file", map[string]string{"FIRN_BOOTSTRAP_CREDENTIALS_FILE": file("\n")}, nil, "it is empty"},
		{"a large file", map[string]string{"FIRN_BOOTSTRAP_CREDENTIALS_FILE": file(strings.Repeat("x", maxBootstrapFile+1))}, nil, "it has more than 1048576 bytes"},
		{"no triples", map[string]string{"FIRN_BOOTSTRAP_CREDENTIALS_FILE": file("s3cr3t\n")}, nil, "FIRN_BOOTSTRAP_CREDENTIALS_FILE must be realm,id,secret"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := bootstrapCredentials(func(name string) string { return row.variables[name] })
			if row.refusal != "" {
				if err == nil || !strings.Contains(err.Error(), row.refusal) || strings.Contains(err.Error(), "s3cr3t") {
					t.Errorf("got %v, want %q and no secret", err, row.refusal)
				}
				return
			}
			if diff := cmp.Diff(row.want, got); err != nil || diff != "" {
				t.Errorf("got %v (-want +got):\n%s", err, diff)
			}
		})
	}
}
