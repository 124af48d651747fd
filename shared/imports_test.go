// Package shared holds no code: its one test keeps the house in order. Imports point inward, to what changes less; what is
// at the rim (drivers, the network, SDKs, the environment, the clock) stays there.
package shared

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// room says what the packages that match its name may import: packages of this module, by pattern, and in `rim` what only
// the rim may.
type room struct {
	name   string
	inward string
	rim    string
}

// rooms are looked through in order; a new package needs a room.
var rooms = []room{
	{"fault", "", ""},
	{"budget", "fault", ""},
	{"lake", "fault", ""},
	{"location", "fault", ""},
	{"iceberg", "budget fault", ""},
	{"access", "fault lake", ""},
	{"packed", "", ""},
	{"outbound", "", "net/http"},

	{"storagepolicy", "fault lake location", ""},
	{"storagepolicy/storagepolicytest", "storagepolicy", ""},
	{"kv", "fault", ""},
	{"vend", "fault lake location storagepolicy", ""},
	{"blob", "budget fault lake location storagepolicy vend", ""},
	{"probe", "blob fault lake location vend", ""},
	{"probe/cors", "fault lake location probe", "net/http"},
	{"store", "access budget fault kv lake location packed", ""},
	{"sign", "fault lake location vend", ""},
	{"sign/*", "fault lake sign storagepolicy vend", "net/http github.com/aws"},

	{"throttle", "fault lake", ""},
	{"token", "fault lake throttle", "github.com/golang-jwt"},
	{"token/secretsmanager/secretsmanagertest", "", "net/http"},
	{"token/secretsmanager", "lake token", "github.com/aws"},
	{"revoke", "lake", ""},
	{"revoke/revoketest", "", "net/http"},
	{"revoke/aws", "fault lake revoke vend/aws/session", "github.com/aws"},
	{"admin", "access fault lake location probe revoke storagepolicy store", ""},
	{"catalog", "access blob budget fault iceberg lake location packed sign store vend", ""},
	{"sharing", "catalog fault lake store throttle vend", ""},

	{"rest", "budget fault lake", "net/http"},
	{"protocol/oauth", "fault lake rest token", "net/http"},
	{"protocol/management", "access admin fault lake probe rest", "net/http"},
	{"protocol/icebergrest", "catalog fault iceberg lake packed rest sign vend", "net/http"},
	{"protocol/deltasharing", "catalog fault rest sharing", "net/http"},
	{"protocol/gravitino", "catalog fault lake rest", "net/http"},

	{"lambdahttp", "fault rest", "net/http github.com/aws github.com/awslabs"},
	{"lambdahttp/lambdatest", "", "net/http"},

	{"nolinks", "", ""},
	{"s3local", "fault location nolinks", "net/http"},
	{"kv/kvtest", "fault kv", ""},
	{"kv/dynamo/dynamotest", "kv kv/dynamo kv/dynamo/internal/fake", "net/http github.com/aws environment"},
	{"kv/dynamo/internal/fake", "", "net/http"},
	{"kv/*", "fault kv", "net/http github.com/aws go.etcd.io"},
	{"vend/vendtest", "fault lake location vend", ""},
	{"vend/kms/kmstest", "", "net/http"},
	{"vend/vendtest/s3try", "vend vend/vendtest", "net/http github.com/aws"},
	{"vend/vendtest/iamtest", "", ""},
	{"vend/aws/session", "lake", ""},
	{"vend/aws", "fault lake location vend vend/aws/session", "net/http github.com/aws"},
	{"vend/r2", "fault lake location vend", "github.com/aws github.com/golang-jwt"},
	{"vend/azure/adlsrest", "budget fault", "net/http"},
	{"vend/azure/azuretest", "", "net/http environment"},
	{"vend/azure", "fault lake location vend vend/azure/adlsrest", "net/http"},
	{"vend/gcs/gcstest", "", "net/http google.golang.org"},
	{"vend/gcs", "fault lake location vend", "net/http google.golang.org"},
	{"vend/*", "fault lake location s3local vend", "net/http github.com/aws"},
	{"blob/blobtest", "blob budget fault location", ""},
	{"blob/azure", "blob fault lake location vend vend/azure/adlsrest", "net/http"},
	{"blob/*", "blob budget fault lake location nolinks s3local vend", "net/http github.com/aws"},

	{"app/polaristest", "", "net/http"},
	{"app/base", "budget lake rest storagepolicy store throttle token", "net/http"},
	{"app/disk", "blob blob/file storagepolicy vend", ""},
	{"app/routes", "app/base protocol/* rest", ""},
	{"app/tokens", "app/base fault lake protocol/oauth rest store token", ""},
	{"app/administration", "admin app/base blob lake probe probe/cors protocol/management rest revoke vend", "net/http"},
	{"app/contents", "app/base blob catalog lake protocol/icebergrest rest sign vend", ""},
	{"app/doors", "app/base catalog protocol/* rest sharing", ""},
	{"app/cloudtest", "kv/dynamo/dynamotest revoke/revoketest token/secretsmanager/secretsmanagertest vend/kms/kmstest", "net/http clock"},
	{"app/entra", "fault lake vend/azure", "net/http github.com/aws github.com/Azure"},
	{"app/gcp", "blob blob/gcs fault lake vend vend/gcs", "net/http github.com/aws golang.org/x/oauth2"},
	{"app/gcp/adc", "app/gcp lake vend/gcs", "net/http cloud.google.com"},
	{"app/*", "* */* */*/*", "net/http github.com/aws environment clock"},
	{"app", "* */* app/gcp/adc", "net/http github.com/aws github.com/prometheus environment clock"},
	{"cli", "access lake", "net/http github.com/spf13"},
	{"functions/*", "app/* rest", ""},
	{"cmd/*", "app cli", "environment"},
}

// rim are the things that only the rooms that name them may use, by the beginning of their import path.
var rim = []string{"net/http", "github.com/aws", "github.com/awslabs", "go.etcd.io", "github.com/prometheus", "github.com/spf13", "github.com/golang-jwt",
	"cloud.google.com", "golang.org/x/oauth2", "google.golang.org", "github.com/Azure"}

// calls are functions that only the rooms that name them may call.
var calls = map[string]string{
	"os.Getenv": "environment", "os.LookupEnv": "environment", "os.Environ": "environment", "os.ExpandEnv": "environment",
	"time.Now": "clock", "time.Since": "clock", "time.Until": "clock",
}

func TestImportsPointInward(t *testing.T) {
	used := map[string]bool{}
	for file, pkg := range sources(t) {
		i := slices.IndexFunc(rooms, func(r room) bool { return matches(r.name, pkg) })
		if i < 0 {
			t.Errorf("%s: package %s has no room", file, pkg)
			continue
		}
		used[rooms[i].name] = true
		for _, fault := range rooms[i].faults(t, file) {
			t.Errorf("%s: package %s must not %s", file, pkg, fault)
		}
	}
	for _, r := range rooms {
		if !used[r.name] {
			t.Errorf("room %s is empty", r.name)
		}
	}
}

// faults says what in a file does not belong in the room.
func (r room) faults(t *testing.T, file string) (out []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range f.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if own, ok := strings.CutPrefix(name, "firn/"); ok {
			inner := strings.TrimPrefix(own, "shared/")
			if !slices.ContainsFunc(strings.Fields(r.inward), func(p string) bool { return matches(p, inner) }) || strings.HasSuffix(inner, "test") && !strings.Contains(r.name, "test") {
				out = append(out, "import "+name)
			}
		}
		for _, outer := range rim {
			if (name == outer || strings.HasPrefix(name, outer+"/")) && !slices.Contains(strings.Fields(r.rim), outer) {
				out = append(out, "import "+name)
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok {
				call := x.Name + "." + s.Sel.Name
				if need := calls[call]; need != "" && !slices.Contains(strings.Fields(r.rim), need) {
					out = append(out, "use "+call)
				}
			}
		}
		return true
	})
	return out
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}

// sources gives every file that is no test's, with its package's folder as rooms name it.
func sources(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, top := range []string{".", "../cmd", "../functions"} {
		err := filepath.WalkDir(top, func(file string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() && d.Name() == "testdata" {
				return fs.SkipDir
			}
			if err == nil && strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go") {
				all[file] = strings.TrimPrefix(filepath.ToSlash(filepath.Dir(file)), "../")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}
