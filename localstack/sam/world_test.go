//go:build cdk

package sam

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// declared is a resource in words that both templates share: a reference is its target in angle brackets, what has no value
// is not there, and parameters have their defaults.
type declared struct {
	Type                string
	Properties          map[string]any
	DeletionPolicy      string
	UpdateReplacePolicy string
}

// theSAM reads what SAM made of template.yaml.
func theSAM(t *testing.T) map[string]*declared {
	t.Helper()
	file := os.Getenv("FIRN_SAM_TEMPLATE")
	if file == "" {
		t.Skip("localstack/sam/run runs this: it lets SAM transform template.yaml first")
	}
	return read(t, file, func(name string) string { return deployment.ReplaceAllString(name, "ApiDeployment") })
}

// theCDK synthesises an environment of infra, with functions that are there and do nothing.
func theCDK(t *testing.T, environment string) map[string]*declared {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed: the CDK needs it to write a template")
	}
	dir := t.TempDir()
	for _, name := range functions {
		folder := filepath.Join(dir, "bin", "functions", "arm64", strings.ToLower(name))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "bootstrap"), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(dir, "infra")
	if out, err := exec.Command("go", "build", "-tags", "cdk", "-o", program, "firn/infra").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command(program)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CDK_OUTDIR="+dir, `CDK_CONTEXT_JSON={"env":"`+environment+`"}`)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return read(t, filepath.Join(dir, "firn-"+environment+".template.json"), asSAM)
}

var (
	deployment = regexp.MustCompile(`^ApiDeployment[0-9A-Fa-f]{10,}$`)
	hash       = regexp.MustCompile(`[0-9A-F]{8}$`) // behind the names of what the CDK makes of several resources
)

// asSAM gives SAM's name for a resource of the CDK's.
func asSAM(name string) string {
	short := hash.ReplaceAllString(deployment.ReplaceAllString(name, "ApiDeployment"), "")
	switch {
	case short == "ApiDeploymentStagefirn":
		return "ApifirnStage"
	case short == "Schedule":
		return "WorkerFunctionSchedule"
	case strings.HasPrefix(short, "ScheduleAllowEventRule"):
		return "WorkerFunctionSchedulePermission"
	}
	for _, f := range functions {
		if short == f && short != name {
			return f + "Function"
		}
	}
	return short
}

func read(t *testing.T, file string, rename func(string) string) map[string]*declared {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var raw struct{ Parameters, Resources map[string]map[string]any }
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	w := words{rename: rename, known: map[string]string{}}
	for name, p := range raw.Parameters {
		if otherwise, ok := p["Default"].(string); ok {
			w.known[name] = otherwise
		}
	}
	out := map[string]*declared{}
	for name, r := range raw.Resources {
		resolved, err := json.Marshal(w.of(r))
		if err != nil {
			t.Fatal(err)
		}
		if out[rename(name)] != nil {
			t.Fatalf("%s is a resource already, as %s", name, rename(name))
		}
		out[rename(name)] = &declared{}
		if err := json.Unmarshal(resolved, out[rename(name)]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// words puts references into words.
type words struct {
	rename func(string) string
	known  map[string]string // parameters
}

const nothing = "<AWS::NoValue>"

var placeholder = regexp.MustCompile(`\$\{[^}]+\}`)

func (w words) ref(name string) string {
	if value, ok := w.known[name]; ok {
		return value
	}
	resource, attribute, ok := strings.Cut(name, ".")
	if ok {
		return "<" + w.rename(resource) + "." + attribute + ">"
	}
	return "<" + w.rename(name) + ">"
}

func (w words) of(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = w.of(e)
		}
		return out
	case map[string]any:
		if name, ok := v["Ref"].(string); ok {
			return w.ref(name)
		}
		if parts := w.texts(v["Fn::GetAtt"]); parts != nil {
			return w.ref(strings.Join(parts, "."))
		}
		if text, ok := v["Fn::Sub"].(string); ok {
			return placeholder.ReplaceAllStringFunc(text, func(r string) string { return w.ref(r[2 : len(r)-1]) })
		}
		if join, ok := v["Fn::Join"].([]any); ok {
			return strings.Join(w.texts(join[1]), join[0].(string))
		}
		out := map[string]any{}
		for key, e := range v {
			if e := w.of(e); e != nothing {
				out[key] = e
			}
		}
		return out
	}
	return v
}

func (w words) texts(v any) []string {
	l, _ := v.([]any)
	var out []string
	for _, e := range l {
		text, _ := w.of(e).(string)
		out = append(out, text)
	}
	return out
}
