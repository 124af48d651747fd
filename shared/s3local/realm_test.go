package s3local

import (
	"strings"
	"testing"

	"firn/shared/fault"
)

// twoRealms returns credentials of two realms for the same bucket and prefix, and an object of the first.
func twoRealms(t *testing.T) (w *world, own, other Credential, key string) {
	w, key = newWorld(t), prefix+"a"
	scopes := []Scope{{bucket, prefix, everyAction}}
	own, other = w.mintFor(Claims{Scopes: scopes}), w.mintFor(Claims{Realm: "R", Scopes: scopes})
	if rec := w.call(own, ask{method: "PUT", target: at(key), body: "own"}); rec.Code != 200 {
		t.Fatalf("put: got %d %s", rec.Code, rec.Body)
	}
	return w, own, other, key
}

func TestRealm_CredentialOfAnother_OpensNothing(t *testing.T) {
	w, own, other, key := twoRealms(t)
	id := w.upload(own, key, "part")
	list := ask{method: "GET", target: "/" + bucket + "?list-type=2&prefix=" + encodeURI(prefix, false)}
	for name, row := range map[string]struct {
		ask  ask
		code string
	}{
		"get":         {ask{method: "GET", target: at(key)}, "NoSuchKey"},
		"copy":        {ask{method: "PUT", target: at(key + "2"), header: map[string]string{"x-amz-copy-source": at(key)}}, "NoSuchKey"},
		"upload part": {ask{method: "PUT", target: at(key) + "?partNumber=1&uploadId=" + id, body: "x"}, "NoSuchUpload"},
		"list parts":  {ask{method: "GET", target: at(key) + "?uploadId=" + id}, "NoSuchUpload"},
		"complete":    {ask{method: "POST", target: at(key) + "?uploadId=" + id, body: complete(`"x"`)}, "NoSuchUpload"},
		"abort":       {ask{method: "DELETE", target: at(key) + "?uploadId=" + id}, "NoSuchUpload"},
	} {
		if rec := w.call(other, row.ask); codeOf(rec) != row.code {
			t.Errorf("%s: got %d %s, want %s", name, rec.Code, rec.Body, row.code)
		}
	}
	if rec := w.call(other, list); rec.Code != 200 || strings.Contains(rec.Body.String(), "<Key>") {
		t.Errorf("list: got %d %s, want no keys", rec.Code, rec.Body)
	}
	for name, a := range map[string]ask{
		"put if absent": {method: "PUT", target: at(key), body: "other", header: map[string]string{"If-None-Match": "*"}},
		"delete":        {method: "DELETE", target: at(key)},
		"delete of many": {method: "POST", target: "/" + bucket + "?delete",
			body: "<Delete><Object><Key>" + key + "</Key></Object></Delete>"},
	} {
		if rec := w.call(other, a); rec.Code >= 300 {
			t.Errorf("%s of its own object of that key: got %d %s", name, rec.Code, rec.Body)
		}
	}
	if rec := w.call(own, ask{method: "GET", target: at(key)}); rec.Body.String() != "own" {
		t.Errorf("in the end: got %d %s, want own", rec.Code, rec.Body)
	}
}

func TestRealm_ClientOfAnother_OpensNothing(t *testing.T) {
	w, _, _, key := twoRealms(t)
	c, err := w.store.As("R", Scope{bucket, prefix, everyAction})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(t.Context(), bucket, key); !fault.Is(err, fault.NotFound) {
		t.Errorf("get: got %v, want NotFound", err)
	}
	if found, err := c.List(t.Context(), bucket, prefix, "", 10); len(found) != 0 || err != nil {
		t.Errorf("list: got %v, %v, want nothing", found, err)
	}
	if err := c.Delete(t.Context(), bucket, key); err != nil || w.read(key) != "own" {
		t.Errorf("delete: got %v and %q left, want own", err, w.read(key))
	}
	if err := c.Put(t.Context(), bucket, key, []byte("other"), true); err != nil || w.read(key) != "own" {
		t.Errorf("put: got %v and %q in the other realm, want own", err, w.read(key))
	}
	if _, err := w.store.As("", Scope{bucket, prefix, everyAction}); !fault.Is(err, fault.Argument) {
		t.Errorf("client of no realm: got %v, want Argument", err)
	}
}

func TestRealm_Names_AreFoldersOfTheirOwn(t *testing.T) {
	for _, escaped := range []bool{false, true} {
		seen := map[string]string{}
		for _, realm := range []string{"a", "A", "A.", "a/b", "a%2fb", "..", ".", "a\\b", "POLARIS", "polaris", "%41", "realm=a", "CON", "é"} {
			folder := naming{escaped: escaped}.realm(realm)
			if escaped {
				folder = strings.ToLower(folder)
			}
			if seen[folder] != "" || strings.ContainsAny(folder, `/\`) || checkBucket(folder) == nil {
				t.Errorf("escaped %v: %q is in %q, as %q is", escaped, realm, folder, seen[folder])
			}
			seen[folder] = realm
		}
	}
}
