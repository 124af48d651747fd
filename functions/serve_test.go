//go:build unix

package functions

import (
	"os"
	"os/exec"
	"testing"
)

// commandEnv is a command that TestCommand runs against the deployed functions, as localstack/with-functions does.
const commandEnv = "FIRN_TEST_COMMAND"

// TestCommand deploys the functions and runs a command that finds them by FIRN_BASE_URL, FIRN_CLIENT_ID and
// FIRN_CLIENT_SECRET.
func TestCommand(t *testing.T) {
	command := os.Getenv(commandEnv)
	if command == "" {
		t.Skip(commandEnv + " is not set: localstack/with-functions sets it")
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"FIRN_ALLOW_OVERLAPPING_CATALOGS": "true"}
	if store := os.Getenv("FIRN_TEST_MINIO"); store != "" { // its user, whose keys the functions vend parts of
		env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"] = "vendor", "vendor-secret"
		env["AWS_ENDPOINT_URL_S3"] = store // which lists it: catalogs may be at it
	}
	d := deploy(t, env)
	cmd := exec.CommandContext(t.Context(), "bash", "-c", command)
	cmd.Dir = here + "/.."
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "FIRN_STORE_REVOKES=no", "FIRN_BASE_URL="+d.url, "FIRN_CLIENT_ID=root", "FIRN_CLIENT_SECRET=s3cr3t", "FIRN_WORK="+t.TempDir(), "FIRN_BOOTSTRAP_CREDENTIALS=")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
}
