package app

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"firn/shared/app/cloudtest"
	"firn/shared/token/secretsmanager/secretsmanagertest"
)

func TestBootstrapPreparesAnEnvironmentOnce(t *testing.T) {
	account := cloudtest.New(t)
	account.Use(t)
	run := func(realms ...string) string {
		t.Helper()
		var out bytes.Buffer
		err := Bootstrap(t.Context(), World{Getenv: os.Getenv, Stdout: &out}, BootstrapConfig{Table: cloudtest.Table, SigningSecret: secretsmanagertest.ARN, Realms: realms})
		if err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if got := run("POLARIS"); strings.Count(got, "root principal credentials: ") != 1 {
		t.Errorf("got %q, want root's credentials", got)
	}
	if got := run("POLARIS"); got != "" || account.Secret.Puts != 1 {
		t.Errorf("again: got %q and %d secrets, want nothing new", got, account.Secret.Puts)
	}
	if got := run("POLARIS", "OTHER"); strings.Count(got, "root principal credentials: ") != 1 || !strings.Contains(got, "realm: OTHER ") {
		t.Errorf("with another realm: got %q, want its root's credentials", got)
	}
}

func TestBootstrapTellsWhatIsMissing(t *testing.T) {
	account := cloudtest.New(t)
	account.Use(t)
	for _, row := range []struct {
		name string
		c    BootstrapConfig
		want string
	}{
		{"another table", BootstrapConfig{Table: "none", SigningSecret: secretsmanagertest.ARN}, "ResourceNotFoundException"},
		{"another secret", BootstrapConfig{Table: cloudtest.Table, SigningSecret: "arn:none"}, "write the signing secret"},
	} {
		err := Bootstrap(t.Context(), World{Getenv: os.Getenv, Stdout: &bytes.Buffer{}}, row.c)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", row.name, err, row.want)
		}
	}
}
