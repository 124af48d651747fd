package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"firn/shared/cli"
)

// TestScripts runs testdata/*.txtar, which are also the documentation of what the commands print. Beside firn there are
// these commands:
//
//	serve [FLAG...]    starts `firn serve` on a new data folder, with its log in the file log, and goes on there as root;
//	                   $API and $STORE are where it listens, $DATA is its folder
//	input FILE         what the next firn reads on stdin
//	exit N             the last firn ended with this code
//	as PRINCIPAL       goes on with the client id and secret that the last firn printed as JSON
//	api METHOD PATH BODY    sends a request as an engine would and prints the answer, which must be good
func TestScripts(t *testing.T) {
	// Probes are made with these, and look for no others.
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"} {
		t.Setenv(name, value)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Values[tester{}] = env.T()
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"firn": firn, "serve": serve, "input": input, "exit": exit, "as": as, "api": api},
	})
}

// tester is the key of the script's testing.TB.
type tester struct{}

func firn(ts *testscript.TestScript, neg bool, args []string) {
	ctx, stop := context.WithTimeout(ts.Value(tester{}).(testing.TB).Context(), time.Minute) // for a server that should not have started
	defer stop()
	c := commandLine(ts.Getenv, ts.Stdout(), ts.Stderr())
	c.Stdin = strings.NewReader("")
	if file := ts.Getenv("input"); file != "" {
		c.Stdin = strings.NewReader(ts.ReadFile(file))
		ts.Setenv("input", "")
	}
	code := cli.Main(ctx, c, args)
	ts.Setenv("code", strconv.Itoa(code))
	if (code != 0) != neg {
		ts.Fatalf("exit code %d", code)
	}
}

func input(ts *testscript.TestScript, _ bool, args []string) { ts.Setenv("input", args[0]) }

func serve(ts *testscript.TestScript, _ bool, args []string) {
	log, err := os.Create(ts.MkAbs("log"))
	ts.Check(err)
	ts.Defer(func() { log.Close() })
	s := startServer(ts.Value(tester{}).(testing.TB), log, args...)
	ts.Setenv("FIRN_BASE_URL", "http://"+s.api)
	ts.Setenv("API", s.api)
	ts.Setenv("STORE", s.store)
	ts.Setenv("DATA", s.data)
	ts.Setenv("CLIENT_ID", "root")
	ts.Setenv("CLIENT_SECRET", "s3cr3t")
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

func api(ts *testscript.TestScript, _ bool, args []string) {
	form := url.Values{
		"grant_type": {"client_credentials"}, "scope": {"PRINCIPAL_ROLE:ALL"},
		"client_id": {ts.Getenv("CLIENT_ID")}, "client_secret": {ts.Getenv("CLIENT_SECRET")},
	}
	resp, err := http.PostForm(ts.Getenv("FIRN_BASE_URL")+"/api/catalog/v1/oauth/tokens", form)
	ts.Check(err)
	defer resp.Body.Close()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	ts.Check(json.NewDecoder(resp.Body).Decode(&token))
	req, err := http.NewRequest(args[0], ts.Getenv("FIRN_BASE_URL")+args[1], strings.NewReader(args[2]))
	ts.Check(err)
	req.Header.Set("Authorization", "Bearer "+token.AccessToken)
	req.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%s\n", body)
	if answer.StatusCode/100 != 2 {
		ts.Fatalf("%s %s: %s", args[0], args[1], answer.Status)
	}
}
