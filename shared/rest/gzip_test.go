package rest_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
)

func packed(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, text)
	z.Close()
	return b.Bytes()
}

func unpacked(t *testing.T, r io.Reader) string {
	t.Helper()
	z, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAnswersAreCompressedForThoseWhoWantIt(t *testing.T) {
	big := strings.Repeat(long, 1000)
	for _, test := range []struct {
		name   string
		line   string
		accept string // Accept-Encoding
		packed bool
		want   string
	}{
		{"not asked for", "GET /api/zoo/big", "", false, big},
		{"asked for", "GET /api/zoo/big", "gzip", true, big},
		{"asked for among others", "GET /api/zoo/big", "br, GZIP;q=0.5 , deflate", true, big},
		{"anything goes", "GET /api/zoo/big", "*", true, big},
		{"refused", "GET /api/zoo/big", "gzip;q=0", false, big},
		{"refused among anything", "GET /api/zoo/big", "gzip;q=0, *", false, big},
		{"anything refused", "GET /api/zoo/big", "*;q=0", false, big},
		{"less than plain", "GET /api/zoo/big", "identity, gzip;q=0.5", false, big},
		{"more than plain", "GET /api/zoo/big", "identity;q=0.5, gzip", true, big},
		{"another coding", "GET /api/zoo/big", "br", false, big},
		{"a weight below all", "GET /api/zoo/big", "gzip;q=-1", true, big},
		{"a weight that is none", "GET /api/zoo/big", "gzip;q=many", true, big},
		{"too small to be worth it", "GET /api/zoo/p/namespaces", "gzip", false, `{"a":"<&>"}`},
		{"in parts", "GET /api/zoo/parts", "", false, `{"a":` + big + `}`},
		{"in parts, asked for", "GET /api/zoo/parts", "gzip", true, `{"a":` + big + `}`},
		{"packed by the handler", "GET /api/zoo/gzipped", "gzip", true, `{"a":1}`},
		{"packed by the handler for those who want it", "GET /api/zoo/gzipped", "br", false, `{"a":1}`},
		{"HEAD", "HEAD /api/zoo/big", "gzip", false, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, _ := newDoor(t, nil)
			var headers []string
			if test.accept != "" {
				headers = []string{"Accept-Encoding: " + test.accept}
			}
			got := ask(d, test.line, nil, headers...)
			if coding := got.Header.Get("Content-Encoding"); (coding == "gzip") != test.packed {
				t.Fatalf("content encoding: got %q, want packed %v", coding, test.packed)
			}
			if got.Header.Get("Vary") != "Accept-Encoding" {
				t.Errorf("Vary: got %q, want Accept-Encoding", got.Header.Get("Vary"))
			}
			body := text(t, got)
			if test.packed {
				body = unpacked(t, strings.NewReader(body))
			}
			if body != test.want {
				t.Errorf("body: got %.60q, want %.60q", body, test.want)
			}
		})
	}
}
