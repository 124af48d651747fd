package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"firn/shared/cli"
)

// TestScripts runs testdata/*.txtar, which are also the documentation of what the commands print. Each has a server of its
// own and the credentials of root in its environment. Beside firn there are these commands:
//
//	exit N             the last firn ended with this code
//	as PRINCIPAL       goes on with the client id and secret that the last firn printed as JSON
//	engine CATALOG NAMESPACE table|view NAME    creates one, as an engine would
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			address, id, secret := startServer(env.T().(testing.TB))
			env.Setenv("FIRN_BASE_URL", address)
			env.Setenv("CLIENT_ID", id)
			env.Setenv("CLIENT_SECRET", secret)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"firn": firn(t.Context()), "exit": exit, "as": as, "engine": engine,
		},
	})
}

func firn(ctx context.Context) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		code := cli.Main(ctx, cli.Config{Getenv: ts.Getenv, Stdout: ts.Stdout(), Stderr: ts.Stderr()}, args)
		ts.Setenv("code", strconv.Itoa(code))
		if (code != 0) != neg {
			ts.Fatalf("exit code %d", code)
		}
	}
}

func exit(ts *testscript.TestScript, _ bool, args []string) {
	if got, want := ts.Getenv("code"), args[0]; got != want {
		ts.Fatalf("exit code: got %s, want %s", got, want)
	}
}

func as(ts *testscript.TestScript, _ bool, args []string) {
	var printed struct {
		Principal   struct{ Name string }
		Credentials struct{ ClientID, ClientSecret string }
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &printed))
	if printed.Principal.Name != args[0] || printed.Credentials.ClientSecret == "" {
		ts.Fatalf("the last command printed no credentials of %s", args[0])
	}
	ts.Setenv("CLIENT_ID", printed.Credentials.ClientID)
	ts.Setenv("CLIENT_SECRET", printed.Credentials.ClientSecret)
}

// bodies are what an engine sends to create a table and a view (Iceberg REST, CreateTableRequest and CreateViewRequest).
var bodies = map[string]string{
	"table": `{"name": %q, "schema": {"type": "struct", "schema-id": 0, "fields": [{"id": 1, "name": "x", "required": false, "type": "int"}]}}`,
	"view": `{"name": %q, "schema": {"type": "struct", "schema-id": 0, "fields": [{"id": 1, "name": "x", "required": false, "type": "int"}]},
		"view-version": {"schema-id": 0, "version-id": 1, "timestamp-ms": 1767225600000, "summary": {"engine-name": "spark"}, "default-namespace": ["n"],
		"representations": [{"type": "sql", "sql": "select 1 as x", "dialect": "spark"}]}, "properties": {}}`,
}

func engine(ts *testscript.TestScript, _ bool, args []string) {
	base := ts.Getenv("FIRN_BASE_URL") + "/api/catalog/v1/"
	form := url.Values{
		"grant_type": {"client_credentials"}, "scope": {"PRINCIPAL_ROLE:ALL"},
		"client_id": {ts.Getenv("CLIENT_ID")}, "client_secret": {ts.Getenv("CLIENT_SECRET")},
	}
	resp, err := http.PostForm(base+"oauth/tokens", form)
	ts.Check(err)
	defer resp.Body.Close()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	ts.Check(json.NewDecoder(resp.Body).Decode(&token))
	address := fmt.Sprintf("%s%s/namespaces/%s/%ss", base, args[0], strings.ReplaceAll(args[1], ".", "%1F"), args[2])
	req, err := http.NewRequest(http.MethodPost, address, bytes.NewBufferString(fmt.Sprintf(bodies[args[2]], args[3])))
	ts.Check(err)
	req.Header.Set("Authorization", "Bearer "+token.AccessToken)
	req.Header.Set("Content-Type", "application/json")
	created, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer created.Body.Close()
	if created.StatusCode != http.StatusOK {
		ts.Fatalf("creating %v: %s", args, created.Status)
	}
}
