package s3local

import (
	"encoding/xml"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// listAll lists page by page; common prefixes and keys in the order in which they came.
func (w *world) listAll(c Credential, query string, limit int) (keys []string, pages int) {
	w.t.Helper()
	token := ""
	for pages = 1; ; pages++ {
		target := fmt.Sprintf("/%s?list-type=2&max-keys=%d%s%s", bucket, limit, query, token)
		rec := w.call(c, ask{method: "GET", target: target})
		var d listed
		if err := xml.Unmarshal(rec.Body.Bytes(), &d); err != nil || rec.Code != 200 {
			w.t.Fatalf("list %s: got %d %s", target, rec.Code, rec.Body)
		}
		page := []string{}
		for _, o := range d.Contents {
			page = append(page, o.Key)
		}
		for _, p := range d.CommonPrefixes {
			page = append(page, p.Prefix)
		}
		slices.Sort(page)
		if len(page) > limit || d.KeyCount != len(page) || d.MaxKeys != limit {
			w.t.Fatalf("page: got %d keys, KeyCount %d, MaxKeys %d, want at most %d", len(page), d.KeyCount, d.MaxKeys, limit)
		}
		keys = append(keys, page...)
		if !d.IsTruncated {
			return keys, pages
		}
		token = "&continuation-token=" + url.QueryEscape(d.NextContinuationToken)
	}
}

func TestListsAreInByteOrder(t *testing.T) {
	p := prefix
	// "a.b" < "a/..." < "a0": a folder sorts as its name with the slash.
	all := []string{p, p + "a.b", p + "a/", p + "a/1", p + "a/2/x", p + "a0", p + "b/1", p + "b/2", p + "c/d/e/f", p + "Ünï code"}
	tests := []struct {
		name  string
		query string
		want  []string
	}{
		{"all", "&prefix=" + encodeURI(p, false), all},
		{"part of a name", "&prefix=" + encodeURI(p+"a", false), []string{p + "a.b", p + "a/", p + "a/1", p + "a/2/x", p + "a0"}},
		{"folder", "&prefix=" + encodeURI(p+"a/", false), []string{p + "a/", p + "a/1", p + "a/2/x"}},
		{"nothing there", "&prefix=" + encodeURI(p+"zz/y", false), nil},
		{"below an object", "&prefix=" + encodeURI(p+"a0/", false), nil},
		{"delimited", "&delimiter=%2F&prefix=" + encodeURI(p, false), []string{p, p + "a.b", p + "a/", p + "a0", p + "b/", p + "c/", p + "Ünï code"}},
		{"delimited part of a name", "&delimiter=%2F&prefix=" + encodeURI(p+"a", false), []string{p + "a.b", p + "a/", p + "a0"}},
		{"delimited folder", "&delimiter=%2F&prefix=" + encodeURI(p+"a/", false), []string{p + "a/", p + "a/1", p + "a/2/"}},
		{"behind a key", "&start-after=" + encodeURI(p+"a/1", false) + "&prefix=" + encodeURI(p, false), all[4:]},
		{"behind what is not there", "&start-after=" + encodeURI(p+"a/15", false) + "&prefix=" + encodeURI(p, false), all[4:]},
		{"behind a folder", "&start-after=" + encodeURI(p+"b/", false) + "&prefix=" + encodeURI(p, false), all[6:]},
		{"delimited behind a common prefix", "&delimiter=%2F&start-after=" + encodeURI(p+"b/", false) + "&prefix=" + encodeURI(p, false), []string{p + "c/", p + "Ünï code"}},
		{"behind the end", "&start-after=zz&prefix=" + encodeURI(p, false), nil},
	}
	w := newWorld(t)
	w.fillTree(all)
	for _, tt := range tests {
		for _, limit := range []int{1, 2, 3, 1000} {
			t.Run(fmt.Sprintf("%s by %d", tt.name, limit), func(t *testing.T) {
				got, pages := w.listAll(w.mint(List), tt.query, limit)
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("keys (-want +got):\n%s", diff)
				}
				if want := max(1, (len(tt.want)+limit-1)/limit); pages != want {
					t.Errorf("got %d pages, want %d", pages, want)
				}
			})
		}
	}
}

// fillTree writes objects and what is none: empty folders, and files whose names are no keys.
func (w *world) fillTree(keys []string) {
	w.t.Helper()
	for _, key := range keys {
		if strings.HasSuffix(key, "/") {
			key += folderMarker
		}
		w.put(key, "x")
	}
	w.put(sibling+"s", "secret")
	w.put(prefix+"empty/gone", "x")
	w.put(prefix+"b/bad\x01name", "x")
	if err := w.store.root.Remove(home + "/" + bucket + "/" + prefix + "empty/gone"); err != nil {
		w.t.Fatal(err)
	}
}

func TestAListSpellsKeysAsAsked(t *testing.T) {
	w := newWorld(t)
	w.put(prefix+"a b&<+%/c", "x")
	c := w.mint(List)
	query := "/" + bucket + "?list-type=2&delimiter=%2F&prefix=" + encodeURI(prefix, false)
	tests := []struct{ name, target, want string }{
		{"plain", query, "<Prefix>" + prefix + "a b&amp;&lt;+%/</Prefix>"},
		{"encoded", query + "&encoding-type=url", "<Prefix>" + prefix + "a%20b%26%3C%2B%25/</Prefix>"},
		{"none at all", query + "&max-keys=0", "<KeyCount>0</KeyCount><MaxKeys>0</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>"},
		{"more than allowed", query + "&max-keys=5000", "<MaxKeys>1000</MaxKeys>"},
		{"bucket that nobody wrote to", strings.Replace(query, bucket, "empty-bucket", 1), "<KeyCount>0</KeyCount>"},
	}
	c = w.mintFor(Claims{Scopes: []Scope{{bucket, prefix, List}, {"empty-bucket", prefix, List}}})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if rec := w.call(c, ask{method: "GET", target: tt.target}); !strings.Contains(rec.Body.String(), tt.want) {
				t.Errorf("got %d %s, want %s in it", rec.Code, rec.Body, tt.want)
			}
		})
	}
}
