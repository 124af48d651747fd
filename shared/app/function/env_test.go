package function

import (
	"maps"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"firn/shared/app/cloudtest"
	"firn/shared/kv/dynamo"
	"firn/shared/lake"
	"firn/shared/store"
	"firn/shared/token"
	"firn/shared/token/secretsmanager"
	"firn/shared/token/secretsmanager/secretsmanagertest"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// publish prepares the account as `firn bootstrap` does.
func publish(t *testing.T) *token.Keys {
	t.Helper()
	cloud, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := secretsmanager.New(cloud, secretsmanagertest.ARN).Prepare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	jwks, err := keys.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	s := store.New(store.Config{Driver: dynamo.New(dynamo.Config{Client: dynamodb.NewFromConfig(cloud), Table: cloudtest.Table})})
	if err := s.PublishKeys(t.Context(), jwks); err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestAFunctionDoesNotStartOnAnEnvironmentThatIsIncomplete(t *testing.T) {
	account := cloudtest.New(t)
	account.Use(t)
	rows := []struct {
		name   string
		change map[string]string
		want   []string // parts of the error
	}{
		{"not prepared", nil, []string{"run `firn bootstrap`"}},
		{"no table", map[string]string{"FIRN_TABLE": ""}, []string{"FIRN_TABLE is needed"}},
		{"a table that is not there", map[string]string{"FIRN_TABLE": "none"}, []string{"read the signing keys"}},
		{"flags and numbers that are none, all at once", map[string]string{"FIRN_UNIQUE_LOCATIONS": "perhaps", "FIRN_REQUIRE_ROTATION": "2x", "FIRN_MAX_BODY": "-1", "FIRN_CREDENTIAL_DURATION": "900", "FIRN_MAX_SESSION": "59s"},
			[]string{"FIRN_UNIQUE_LOCATIONS must be true or false", "FIRN_REQUIRE_ROTATION must be", "FIRN_MAX_BODY must be a whole number", "FIRN_CREDENTIAL_DURATION must be a duration", "FIRN_MAX_SESSION must be 0 or at least 1m"}},
		{"a storage policy that cannot be read", map[string]string{"FIRN_STORAGE_POLICY": "realms: {POLARIS: {endpoint: [x]}}"}, []string{"FIRN_STORAGE_POLICY: read the storage policy", "endpoint not found"}},
		{"one for another's realm", map[string]string{"FIRN_STORAGE_POLICY": "realms: {OTHER: {}}"}, []string{`FIRN_STORAGE_POLICY: the function serves no realm "OTHER"`}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			env := account.Environment()
			maps.Copy(env, row.change)
			_, err := open(t.Context(), func(name string) string { return env[name] }, Published)
			for _, want := range row.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
		})
	}
}

func TestAFunctionReadsItsSettings(t *testing.T) {
	account := cloudtest.New(t)
	account.Use(t)
	keys := publish(t)
	t.Setenv("FIRN_REALMS", "A, B")
	t.Setenv("FIRN_UNIQUE_LOCATIONS", "false")
	t.Setenv("FIRN_REQUIRE_ROTATION", "true")
	t.Setenv("FIRN_PROBE", "false")
	t.Setenv("FIRN_ALLOW_OVERLAPPING_CATALOGS", "true")
	t.Setenv("FIRN_MAX_BODY", "1000")
	t.Setenv("FIRN_CREDENTIAL_DURATION", "15m")
	t.Setenv("FIRN_MAX_SESSION", "12h")
	t.Setenv("FIRN_STORAGE_POLICY", `{"realms": {"B": {"endpoints": ["http://minio:9000"]}}}`)
	t.Setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	e, err := open(t.Context(), os.Getenv, Published)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Realms) != 2 || e.Realms[1] != "B" || e.UniqueLocations || e.Probe || !e.RequireRotation || !e.AllowOverlappingCatalogs || e.MaxBody != 1000 || e.CredentialDuration != 15*time.Minute || e.MaxSession != 12*time.Hour {
		t.Errorf("got %+v, want what the environment says", e.Base)
	}
	if !e.StoragePolicy.Lists("http://minio:9000") {
		t.Error("the storage policy of the environment is not that of the function")
	}
	if e.Memory.Budget == nil || e.Memory.Store != 64<<20 || e.Memory.Credentials != 32<<20 || debug.SetMemoryLimit(-1) != 512<<20*9/10 {
		t.Errorf("got %+v and a limit of %d, want the parts of 512 MiB", e.Memory, debug.SetMemoryLimit(-1))
	}
	if e.Secret != secretsmanagertest.ARN || e.MaxAnswer == 0 || e.StoragePolicy.HasFolders("POLARIS") {
		t.Errorf("got secret %q, answers up to %d, FILE storage %v", e.Secret, e.MaxAnswer, e.StoragePolicy.HasFolders("POLARIS"))
	}
	raw, err := token.NewIssuer(keys).Issue("A", &lake.Principal{ID: "1", Name: "ann", ClientID: "ann"}, token.Session{Generation: 1, Scopes: []string{"PRINCIPAL_ROLE:ALL"}}, e.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := token.NewVerifier(e.Keys).Verify("A", raw.Token.Reveal(), e.Now()); err != nil {
		t.Errorf("a token of the secret's keys is not verified by the published ones: %v", err)
	}
}
