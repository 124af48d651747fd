//go:build unix

package functions

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"firn/shared/app"
	"firn/shared/app/cloudtest"
	"firn/shared/app/disk"
	"firn/shared/app/doors"
	"firn/shared/app/function"
	"firn/shared/app/managing"
	"firn/shared/app/objects"
	"firn/shared/app/routes"
	"firn/shared/app/signing"
	"firn/shared/app/tokens"
	"firn/shared/app/vending"
	"firn/shared/app/work"
	"firn/shared/blob"
	"firn/shared/lambdahttp/lambdatest"
	"firn/shared/rest"
	"firn/shared/storagepolicy/storagepolicytest"
	"firn/shared/token/secretsmanager/secretsmanagertest"
)

// worker serves no route, so package rest does not know it.
const worker rest.Function = "worker"

// functionEnv makes the test binary one of the functions.
const functionEnv = "FIRN_TEST_FUNCTION"

func TestMain(m *testing.M) {
	if name := os.Getenv(functionEnv); name != "" {
		run(rest.Function(name))
	}
	os.Exit(m.Run())
}

// run is the main of a function, with the disk of this machine beside its object stores.
func run(name rest.Function) {
	files := func(e *function.Env) (blob.Opener, error) {
		stores, err := objects.Files(e)
		return blob.ByStorage{Policy: e.StoragePolicy, File: disk.Opener{Policy: e.StoragePolicy}, S3: stores, GCS: stores}, err
	}
	switch name {
	case rest.Token:
		function.Run(name, signing.Secret, function.Part(tokens.Protocol))
	case rest.Management:
		function.Run(name, function.Published, managing.Protocols)
	case rest.Credentials:
		function.Run(name, function.Published, vending.Contents(nil, doors.Protocols))
	case worker:
		function.RunEvents(function.Published, work.Handler)
	default:
		function.Run(name, function.Published, vending.Contents(files))
	}
}

// deployment is an environment whose functions are this test's binary, with root:s3cr3t in the realms POLARIS and OTHER.
type deployment struct {
	*lambdatest.Gateway
	account *cloudtest.Account
	url     string // with the stage
}

func deploy(t *testing.T, env map[string]string, timeout ...time.Duration) *deployment {
	t.Helper()
	d := &deployment{account: cloudtest.New(t)}
	d.account.Use(t)
	t.Setenv("FIRN_BOOTSTRAP_CREDENTIALS", "POLARIS,root,s3cr3t;OTHER,root,s3cr3t")
	err := app.Bootstrap(t.Context(), app.World{Getenv: os.Getenv, Stdout: io.Discard},
		app.BootstrapConfig{Table: cloudtest.Table, SigningSecret: secretsmanagertest.ARN, Realms: []string{"POLARIS", "OTHER"}})
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	endpoints := []string{"http://e:9000", "http://i:9000", "http://s:9000", "http://127.0.0.1:1"}
	if minio := os.Getenv("FIRN_TEST_MINIO"); minio != "" { // behind localstack/with-minio
		endpoints = append(endpoints, minio)
	}
	deployed := map[string]lambdatest.Function{}
	for _, name := range []rest.Function{rest.Token, rest.Management, rest.Catalog, rest.Commit, rest.Credentials, worker} {
		all := d.account.Environment()
		all[functionEnv], all["FIRN_REALMS"], all["FIRN_PROBE"] = string(name), "POLARIS,OTHER", "false" // storage of the tests is nowhere
		all["FIRN_STORAGE_POLICY"] = storagepolicytest.Text(endpoints, "lab")
		for k, v := range env {
			all[k] = v
		}
		if name != rest.Token && name != worker {
			delete(all, "FIRN_SIGNING_SECRET")
		}
		deployed[string(name)] = lambdatest.Function{Bootstrap: self, Env: all, Timeout: append(timeout, 20*time.Second)[0]}
	}
	d.Gateway, d.url = lambdatest.Start(t, lambdatest.Config{Functions: deployed, Route: serves(routes.All()), Now: time.Now, BinaryMediaTypes: []string{"*/*"}, Output: logs(t)})
	return d
}

// logs is where functions print to: the test's output, or the file that FIRN_TEST_LOG names.
func logs(t *testing.T) io.Writer {
	t.Helper()
	name := os.Getenv("FIRN_TEST_LOG")
	if name == "" {
		return t.Output()
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// serves says which function a request is for. What matches no route goes where a deployed API sends it: to the catalog.
func serves(protocols []rest.Protocol) func(*http.Request) (string, bool) {
	return func(r *http.Request) (string, bool) {
		segments := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
		found := ""
		for _, p := range protocols {
			for _, route := range p.Routes {
				if matches(strings.Split(strings.Trim(route.Pattern, "/"), "/"), segments) && (found == "" || route.Method == r.Method) {
					found = string(route.Function)
				}
			}
		}
		if found == "" {
			found = string(rest.Catalog)
		}
		return found, true
	}
}

func matches(pattern, segments []string) bool {
	if len(pattern) != len(segments) {
		return false
	}
	for i, p := range pattern {
		if p != segments[i] && !strings.HasPrefix(p, "{") {
			return false
		}
	}
	return true
}
