package s3local

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// plant makes links below the prefix: to a folder outside of the store, to a sibling's folder in it, to another realm's
// folder, and to files there.
func (w *world) plant() (names []string, outside string) {
	w.t.Helper()
	w.fill()
	w.put("lake/ns/other/s", "secret")
	outside = w.t.TempDir()
	realmDir := filepath.Join(w.dir, "realm=other", bucket)
	err := errors.Join(os.WriteFile(filepath.Join(outside, "s"), []byte("secret"), 0o600),
		os.MkdirAll(realmDir, 0o700), os.WriteFile(filepath.Join(realmDir, "s"), []byte("secret"), 0o600))
	if err != nil {
		w.t.Fatal(err)
	}
	for name, to := range map[string]string{
		"outside": outside, "realm": "../../../../../realm=other/" + bucket, "sibling": "../table-1a2b-other", "self": "data",
		"file": "../table-1a2b-other/s", "outfile": filepath.Join(outside, "s"), "own": "a", "dead": "none",
	} {
		if err := os.Symlink(to, filepath.Join(w.dir, home, bucket, filepath.FromSlash(prefix), name)); err != nil {
			w.t.Skip("no symbolic links here")
		}
		if strings.Contains(name, "file") || name == "own" || name == "dead" {
			names = append(names, name)
		} else {
			names = append(names, name+"/s", name+"/b")
		}
	}
	return names, outside
}

// unchanged checks that nothing came of requests through links.
func (w *world) unchanged(outside string) {
	w.t.Helper()
	for _, dir := range []string{outside, filepath.Join(w.dir, "realm=other", bucket), filepath.Join(w.dir, home, bucket, filepath.FromSlash(sibling))} {
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 1 || entries[0].Name() != "s" {
			w.t.Errorf("%s: got %v, %v, want s alone", dir, entries, err)
		}
		if text, err := os.ReadFile(filepath.Join(dir, "s")); string(text) != "secret" || err != nil {
			w.t.Errorf("%s/s: got %q, %v, want secret", dir, text, err)
		}
	}
	if w.read(prefix+"data/b") != "beta" || w.read(prefix+"a") != "alpha" {
		w.t.Errorf("own objects: got %q, %q, want beta, alpha", w.read(prefix+"data/b"), w.read(prefix+"a"))
	}
}

func TestLink_NoOperation_FollowsOne(t *testing.T) {
	w := newWorld(t)
	names, outside := w.plant()
	c := w.mint(everyAction)
	client := w.as(everyAction)
	check := func(what string, rec *httptest.ResponseRecorder, codes ...string) {
		t.Helper()
		if strings.Contains(rec.Body.String(), "secret") || !strings.Contains(strings.Join(codes, " "), codeOf(rec)) || len(codes) > 0 && codeOf(rec) == "" {
			t.Errorf("%s: got %d %s, want %v", what, rec.Code, rec.Body, codes)
		}
	}
	for _, name := range names {
		key := prefix + name
		check("get "+name, w.call(c, get(key)), "NoSuchKey")
		check("copy "+name, w.call(c, ask{method: "PUT", target: at(prefix + "new"), header: map[string]string{"x-amz-copy-source": at(key)}}), "NoSuchKey")
		check("put "+name, w.call(c, ask{method: "PUT", target: at(key), body: "x"}), "KeyConflict")
		if rec := w.call(c, ask{method: "DELETE", target: at(key)}); rec.Code != 204 {
			t.Errorf("delete %s: got %d %s, want 204: there is no such object", name, rec.Code, rec.Body)
		}
		if _, err := client.Get(t.Context(), bucket, key); err == nil {
			t.Errorf("client's get %s: got an object", name)
		}
		if err := client.Put(t.Context(), bucket, key, []byte("x"), false); err == nil {
			t.Errorf("client's put %s: got none, want an error", name)
		}
		id := w.upload(c, key, "x")
		parts, _, err := w.store.parts(id, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		check("complete "+name, w.call(c, ask{method: "POST", target: at(key) + "?uploadId=" + id, body: complete(parts[0].ETag)}), "KeyConflict")
		folder, _, _ := strings.Cut(name, "/")
		list := ask{method: "GET", target: "/" + bucket + "?list-type=2&prefix=" + encodeURI(prefix+folder+"/", false)}
		if rec := w.call(c, list); rec.Code != 200 || strings.Contains(rec.Body.String(), "<Key>") {
			t.Errorf("list %s: got %d %s, want no keys", folder, rec.Code, rec.Body)
		}
	}
	all, err := client.List(t.Context(), bucket, prefix, "", 100)
	if got := fmt.Sprint(keysOf(all)); err != nil || got != fmt.Sprint([]string{prefix + "a", prefix + "data/b"}) {
		t.Errorf("list of all: got %s, %v, want a and data/b", got, err)
	}
	w.unchanged(outside)
}

func TestLink_InAnUpload_IsNoPart(t *testing.T) {
	w := newWorld(t)
	_, outside := w.plant()
	c, key := w.mint(everyAction), prefix+"new"
	id := w.upload(c, key, "part")
	folder := filepath.Join(w.dir, uploadsFolder, id)
	victim := filepath.Join(w.dir, home, bucket, filepath.FromSlash(sibling), "s")
	if err := errors.Join(os.Remove(filepath.Join(folder, partFile(1))), os.Symlink(victim, filepath.Join(folder, partFile(1)))); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(victim)
	if err != nil {
		t.Fatal(err)
	}
	list := w.call(c, ask{method: "GET", target: at(key) + "?uploadId=" + id})
	if list.Code != 200 || strings.Contains(list.Body.String(), "<Part>") {
		t.Errorf("list parts: got %d %s, want none", list.Code, list.Body)
	}
	for _, tag := range []string{object("", info).ETag, "x"} {
		if rec := w.call(c, ask{method: "POST", target: at(key) + "?uploadId=" + id, body: complete(tag)}); codeOf(rec) != "InvalidPart" {
			t.Errorf("complete: got %d %s, want InvalidPart", rec.Code, rec.Body)
		}
	}
	if err := errors.Join(os.RemoveAll(folder), os.Symlink(filepath.Dir(victim), folder)); err != nil {
		t.Fatal(err)
	}
	if rec := w.call(c, ask{method: "PUT", target: at(key) + "?partNumber=2&uploadId=" + id, body: "x"}); codeOf(rec) != "NoSuchUpload" {
		t.Errorf("part of a folder that is a link: got %d %s, want NoSuchUpload", rec.Code, rec.Body)
	}
	if rec := w.call(c, ask{method: "DELETE", target: at(key) + "?uploadId=" + id}); codeOf(rec) != "NoSuchUpload" {
		t.Errorf("abort: got %d %s, want NoSuchUpload", rec.Code, rec.Body)
	}
	w.unchanged(outside)
}

// The store's own folders are held by handles: a link in their place is not where work files go.
func TestLink_InPlaceOfTheWorkFolder_IsNotFollowed(t *testing.T) {
	w := newWorld(t)
	_, outside := w.plant()
	work := filepath.Join(w.dir, workFolder)
	if err := errors.Join(os.Remove(work), os.Symlink(outside, work)); err != nil {
		t.Fatal(err)
	}
	rec := w.call(w.mint(Write), ask{method: "PUT", target: at(prefix + "new"), body: "x"})
	if rec.Code < 500 || w.read(prefix+"new") != "" {
		t.Errorf("got %d %s, want an error", rec.Code, rec.Body)
	}
	w.unchanged(outside)
}
