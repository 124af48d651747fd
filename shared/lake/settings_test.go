package lake

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// A setting that is declared and not ranked would be nobody's: neither taken as a property nor guarded.
func TestSettings_EachThatIsDeclaredIsRanked(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "settings.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Setting" {
			return true
		}
		text := ""
		ast.Inspect(spec.Values[0], func(n ast.Node) bool {
			switch part := n.(type) {
			case *ast.BasicLit:
				value, err := strconv.Unquote(part.Value)
				if err != nil {
					t.Fatal(err)
				}
				text += value
			case *ast.Ident:
				text += OwnSettings
			}
			return true
		})
		found++
		if !IsSetting(text) {
			t.Errorf("%s = %q has no rank", spec.Names[0].Name, text)
		}
		return true
	})
	if found < 15 {
		t.Errorf("got %d settings in settings.go, want them all", found)
	}
}

// What decides about storage by its very name is not left to who may write properties.
func TestSettings_WhatWidensIsOfStorage(t *testing.T) {
	for _, key := range Settings() {
		for _, word := range []string{"allow", "location", "vending", "purge", "cleanup", "storage", "s3", "aws", "probe", "privileges", "rbac"} {
			if strings.Contains(key, word) && !IsStorageSetting(key) && key != "polaris.config.add-trailing-slash-to-location" {
				t.Errorf("%s may be changed by anyone who may write the catalog's properties", key)
			}
		}
	}
}
