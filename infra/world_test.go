//go:build cdk

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
)

// TestMain keeps what the CDK's runtime unpacks in one folder and removes it. The runtime ends with this process; ending it
// by jsii.Close is a data race within that package.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "infra")
	if err == nil {
		err = os.Setenv("TMPDIR", dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// node skips a test where the CDK cannot run.
func node(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed: the CDK needs it to write a template")
	}
}

// template is a synthesised stack.
type template struct {
	Resources  map[string]*declared
	Outputs    map[string]any
	Parameters map[string]any
}

type declared struct {
	Type                string
	Properties          map[string]any
	DeletionPolicy      string
	UpdateReplacePolicy string
}

// firnOf synthesises an environment, once for each; changed ones each time.
func firnOf(t *testing.T, name string, change ...func(*config)) template {
	t.Helper()
	node(t)
	if len(change) == 0 {
		known.Lock()
		defer known.Unlock()
		if have, ok := known.templates[name]; ok {
			return have
		}
	}
	e, err := environment(name)
	if err != nil {
		t.Fatal(err)
	}
	c := config{Environment: e, Arch: "arm64", Functions: built(t, "arm64")}
	for _, f := range change {
		f(&c)
	}
	if err := c.check(); err != nil {
		t.Fatal(err)
	}
	s, err := newFirn(awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(t.TempDir()), AnalyticsReporting: jsii.Bool(false)}), "firn-"+name, c)
	if err != nil {
		t.Fatal(err)
	}
	out := read(t, s.Stack)
	if len(change) == 0 {
		known.templates[name] = out
	}
	return out
}

var known = struct {
	sync.Mutex
	templates map[string]template
}{templates: map[string]template{}}

func storageStack(t *testing.T) template {
	t.Helper()
	node(t)
	return read(t, newStorage(awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(t.TempDir())}), "firn-storage"))
}

func read(t *testing.T, stack awscdk.Stack) template {
	t.Helper()
	text, err := json.Marshal(assertions.Template_FromStack(stack, nil).ToJSON())
	if err != nil {
		t.Fatal(err)
	}
	var out template
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// built makes functions that are there and do nothing.
func built(t *testing.T, arch string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range order {
		folder := filepath.Join(dir, arch, string(name))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "bootstrap"), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// of gives the resources of a type by their ids.
func (t template) of(kind string) map[string]*declared {
	out := map[string]*declared{}
	for id, r := range t.Resources {
		if r.Type == kind {
			out[id] = r
		}
	}
	return out
}

// one gives the only resource of a type.
func (t template) one(test *testing.T, kind string) *declared {
	test.Helper()
	found := t.of(kind)
	if len(found) != 1 {
		test.Fatalf("got %d resources of type %s, want one", len(found), kind)
	}
	for _, r := range found {
		return r
	}
	return nil
}

// at walks into nested objects and lists; nil where there is nothing.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

// text writes what a template says as one text, references in angle brackets: arn:<AWS::Partition>:iam::...
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		if ref, ok := v["Ref"].(string); ok {
			return "<" + ref + ">"
		}
		if get, ok := v["Fn::GetAtt"].([]any); ok {
			return fmt.Sprintf("<%v.%v>", get...)
		}
		if parts, ok := at(v, "Fn::Join", 1).([]any); ok {
			var out []string
			for _, p := range parts {
				out = append(out, text(p))
			}
			return strings.Join(out, text(at(v, "Fn::Join", 0)))
		}
	}
	return fmt.Sprint(v)
}

// texts gives one text or a list of them, sorted.
func texts(v any) []string {
	if l, ok := v.([]any); ok {
		var out []string
		for _, e := range l {
			out = append(out, text(e))
		}
		slices.Sort(out)
		return out
	}
	if v == nil {
		return nil
	}
	return []string{text(v)}
}
