//go:build unix

package functions

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/app/routes"
	"firn/shared/rest"
	"firn/shared/token/secretsmanager/secretsmanagertest"
)

const (
	events  = "../events"
	pending = "22222222-3333-4444-8555-666666666666" // the version that a rotation makes
)

// Every event in events/ is given to its function, in the order of their names, and answered as events/golden says. What is
// new each time is masked there.
func TestEventsAreAnsweredAsRecorded(t *testing.T) {
	files := eventFiles(t)
	d := deploy(t, nil)
	c := d.root(t)
	c.settle(t)
	for _, name := range []string{"t", "leaving", "parting"} {
		c.create(t, name)
	}
	c.must(t, "POST", "/api/catalog/v1/lake/namespaces", `{"namespace":["sales"]}`)
	c.must(t, "POST", "/api/catalog/v1/lake/namespaces", `{"namespace":["sales","eu"]}`)
	c.must(t, "POST", "/api/catalog/v1/lake/namespaces/sales%1Feu/tables", `{"name":"café 100%","schema":{"type":"struct","fields":[]}}`)
	c.must(t, "POST", "/api/catalog/v1/lake/namespaces", `{"namespace":["sales","north west"]}`)
	c.must(t, "POST", "/api/catalog/v1/lake/namespaces/sales%1Fnorth%20west/tables", `{"name":"monthly totals","schema":{"type":"struct","fields":[]}}`)
	c.must(t, "POST", "/api/catalog/v1/lake/namespaces/n/views", `{"name":"gone","schema":{"type":"struct","fields":[]},"view-version":{"version-id":1,"timestamp-ms":1,"schema-id":0,
		"summary":{},"default-namespace":["n"],"representations":[{"type":"sql","sql":"SELECT 1","dialect":"spark"}]}}`)
	const management = "/api/management/v1"
	c.must(t, "POST", management+"/shares", `{"name":"retail"}`)
	c.must(t, "POST", management+"/shares/retail/tables", `{"schema":"eu","name":"orders","catalogName":"lake","namespace":["n"],"tableName":"t"}`)
	c.must(t, "POST", management+"/recipients", `{"name":"root"}`)
	c.must(t, "PUT", management+"/shares/retail/recipients", `{"name":"root"}`)
	d.account.Trust(vendingRole)
	staged, folder := c.stageSigned(t)
	d.account.Secret.Stages[pending] = []string{"AWSPENDING"} // as Secrets Manager does before the first step
	variables := strings.NewReplacer("${token}", c.bearer, "${secret}", secretsmanagertest.ARN, "${version}", pending,
		"${staged}", staged, "${folder}", folder)
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			function, _, _ := strings.Cut(file, "/")
			answer, err := d.Invoke(function, []byte(variables.Replace(string(contents(t, events, file)))))
			if err != nil && answer == nil {
				t.Fatal(err)
			}
			got := masked(t, answer)
			golden := filepath.Join(events, "golden", file)
			if *update {
				if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(got, string(contents(t, golden))); diff != "" {
				t.Errorf("(-got +golden):\n%s", diff)
			}
		})
	}
	if got := d.account.Secret.Stages[pending]; !slices.Contains(got, "AWSCURRENT") {
		t.Errorf("got stages %v after the four steps of a rotation, want the new version to be current", got)
	}
}

// What the gateway would not send to a function is no event of the function's.
func TestEventsAreThoseOfTheirFunctions(t *testing.T) {
	all := served(routes.All())
	functions := map[string]bool{}
	for _, file := range eventFiles(t) {
		function, _, _ := strings.Cut(file, "/")
		functions[function] = true
		if function == string(worker) {
			continue
		}
		var event struct {
			Resource, HTTPMethod, Path string
			RequestContext             struct{ Path, HTTPMethod, ResourcePath string }
		}
		if err := json.Unmarshal(contents(t, events, file), &event); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		methods := all[event.Resource]
		serves, ok := methods[strings.ToLower(event.HTTPMethod)]
		if !ok {
			serves = methods[anyMethod]
		}
		if string(serves) != function || !matches(strings.Split(event.Resource, "/"), strings.Split(event.Path, "/")) {
			t.Errorf("%s: %s %s is served by %q", file, event.HTTPMethod, event.Resource, serves)
		}
		if r := event.RequestContext; r.Path != "/firn"+event.Path || r.HTTPMethod != event.HTTPMethod || r.ResourcePath != event.Resource {
			t.Errorf("%s: the request's context tells of another request: %+v", file, r)
		}
	}
	if len(functions) != 6 {
		t.Errorf("got events for %v, want some for each function", functions)
	}
	golden, err := filepath.Glob(filepath.Join(events, "golden", "*", "*.json"))
	if err != nil || len(golden) != len(eventFiles(t)) {
		t.Errorf("got %d golden answers (%v), want one for each of %d events", len(golden), err, len(eventFiles(t)))
	}
}

// eventFiles gives the events as function/name.json, sorted.
func eventFiles(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, function := range []rest.Function{rest.Catalog, rest.Commit, rest.Credentials, rest.Management, rest.Token, worker} {
		found, err := filepath.Glob(filepath.Join(events, string(function), "*.json"))
		if err != nil || len(found) < 2 {
			t.Fatalf("got %d events of %s (%v), want a good and a bad one", len(found), function, err)
		}
		for _, file := range found {
			out = append(out, string(function)+"/"+filepath.Base(file))
		}
	}
	return out
}

func contents(t *testing.T, path ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// volatile is what each run says anew, with the word that stands for it in a golden answer.
var volatile = []struct {
	what *regexp.Regexp
	word string
}{
	{regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`), "<token>"},
	{regexp.MustCompile(`11111111-2222-4333-8444-555555555555`), "<requestId of the event>"},
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "<uuid>"},
	{regexp.MustCompile(`"(clientId|clientSecret|kid|x|y)": "[^"]+"`), `"$1": "<$1>"`},
	{regexp.MustCompile(`"id": "[a-z2-7]{26}"`), `"id": "<id>"`},
	{regexp.MustCompile(`: 1[0-9]{12}\b`), `: "<ms>"`},
	{regexp.MustCompile(`20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z`), "<time>"},
	{regexp.MustCompile(`(file:/+)[^"]*?/00[0-9]\b`), "$1<base>"},
	{regexp.MustCompile(`-[a-z2-7]{26}(2?)\b`), "-<leaf>$1"},
	{regexp.MustCompile(`"AWS4-HMAC-SHA256 Credential=[^"]+"`), `"<signature>"`},
	{regexp.MustCompile(`20[0-9]{6}T[0-9]{6}Z`), "<time>"},
	{regexp.MustCompile(`session-[0-9]+-firn-[^"]+`), "<session token>"},
	{regexp.MustCompile(`W/\\"[0-9a-f]{64}`), `W/\"<hash>`},
}

// masked writes an answer for reading: bodies unpacked, JSON as such.
func masked(t *testing.T, answer []byte) string {
	t.Helper()
	var all any
	if err := json.Unmarshal(answer, &all); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	if a, ok := all.(map[string]any); ok && a["body"] != nil {
		body := []byte(a["body"].(string))
		if a["isBase64Encoded"] == true {
			packed, err := base64.StdEncoding.DecodeString(string(body))
			if err != nil {
				t.Fatal(err)
			}
			r, err := gzip.NewReader(bytes.NewReader(packed))
			if err != nil {
				t.Fatal(err)
			}
			if body, err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
		var structured any
		if a["body"] = string(body); json.Unmarshal(body, &structured) == nil {
			a["body"] = structured
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(all); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, v := range volatile {
		text = v.what.ReplaceAllString(text, v.word)
	}
	return text
}
