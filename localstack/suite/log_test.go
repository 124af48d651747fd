//go:build localstack

package suite

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func TestNoSecretIsInALog(t *testing.T) {
	l := newLake(t)
	l.namespace(t, "n")
	made := l.table(t, "t")
	wrong := login{deployed.root.id, "a-secret-that-is-wrong"}
	seen.add(wrong.secret)
	token(t, wrong)
	at := l.iceberg + "/namespaces/n/tables/t"
	rows := []struct{ function, method, path, body string }{
		{"token", "GET", "/.well-known/jwks.json", ""},
		{"management", "GET", management + "/catalogs", ""},
		{"catalog", "GET", at, ""},
		{"commit", "POST", at, put(t, made.Metadata.UUID, "colour", "blue")},
		{"credentials", "GET", at + "/credentials", ""},
	}
	for _, row := range rows {
		var key loaded
		l.must(t, &key, row.method, row.path, row.body, "X-Request-Id", "last-of-"+row.function)
		key.remember()
	}
	if err := deployed.invoke(t.Context(), stack+"-worker", `{}`); err != nil {
		t.Fatal(err)
	}
	for _, name := range functions {
		t.Run(name, func(t *testing.T) {
			last := "last-of-" + name
			if name == "worker" {
				last = "END RequestId" // it is asked by events, which have no id
			}
			log := deployed.logUntil(t, name, last)
			for _, secret := range known() {
				if at := strings.Index(log, secret); at >= 0 {
					t.Errorf("a secret is in the log, behind %q", log[max(0, at-100):at])
				}
			}
		})
	}
}

var functions = []string{"token", "management", "catalog", "commit", "credentials", "worker"}

// logUntil gives a function's log as soon as it holds a text: logs come later than answers.
func (e *environment) logUntil(t *testing.T, name, text string) string {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		log, err := e.log(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(log, text) {
			return log
		}
		if time.Now().After(end) {
			t.Fatalf("the log holds no %q: %s", text, log)
		}
	}
}

// log gives all that a function has logged.
func (e *environment) log(ctx context.Context, name string) (string, error) {
	var out strings.Builder
	in := map[string]any{"logGroupName": "/aws/lambda/" + stack + "-" + name}
	for {
		var page struct {
			Events    []struct{ Message string }
			NextToken string
		}
		if err := e.json(ctx, "logs", "Logs_20140328.FilterLogEvents", in, &page); err != nil {
			return "", err
		}
		for _, event := range page.Events {
			out.WriteString(event.Message + "\n")
		}
		if page.NextToken == "" {
			return out.String(), nil
		}
		in["nextToken"] = page.NextToken
	}
}

// printLogs helps to find out why tests failed.
func (e *environment) printLogs(ctx context.Context) {
	for _, name := range functions {
		log, err := e.log(ctx, name)
		if err != nil {
			log = err.Error()
		}
		fmt.Fprintf(os.Stderr, "== the last of %s's log:\n%s\n", name, log[max(0, len(log)-4000):])
	}
}
