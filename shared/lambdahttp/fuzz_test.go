package lambdahttp_test

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"firn/shared/lambdahttp"
)

// FuzzHandle: any bytes are an error or an answer, never a panic, and a handler sees only paths that are percent-encoding.
func FuzzHandle(f *testing.F) {
	for _, pattern := range []string{"testdata/*.json", "testdata/bad/*.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			f.Add(event(f, strings.TrimPrefix(file, "testdata/")), false)
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte, stream bool) {
		if !json.Valid(payload) {
			return // aws-lambda-go refuses it; TestWhatIsNoRequest has such
		}
		called := false
		a, log := adapter(func(w http.ResponseWriter, r *http.Request) {
			called = true
			path := r.URL.EscapedPath()
			if !strings.HasPrefix(path, "/") || strings.ContainsFunc(path, func(c rune) bool { return c > unicode.MaxASCII || c <= ' ' || c == 0x7f || c == '?' }) {
				t.Errorf("path: got %q", path)
			}
			if _, err := io.Copy(w, r.Body); err != nil {
				t.Error(err)
			}
		}, func(c *lambdahttp.Config) { c.Stream, c.BasePath = stream, "lake" })
		got, _, err := invoke(t, a.Handle, payload)
		switch {
		case err != nil && called, err == nil && called != (got.Status == 200):
			t.Errorf("got %+v, %v, called %v", got, err, called)
		case err == nil && !called && got.Status != 400:
			t.Errorf("got %+v, log %s", got, log)
		}
	})
}
