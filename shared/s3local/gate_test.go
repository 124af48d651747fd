package s3local

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fill puts objects inside the prefix and beside it.
func (w *world) fill() {
	w.put(prefix+"a", "alpha")
	w.put(prefix+"data/b", "beta")
	w.put(sibling+"s", "secret")
	w.put("lake/ns/top", "secret")
	w.put("lake/ns/table-1a2b.txt", "secret")
}

func TestASignedRequestWithinItsScopeIsServed(t *testing.T) {
	tests := []struct {
		name    string
		actions Action
		ask     ask
		status  int
		body    string
	}{
		{"get", Read, ask{method: "GET", target: at(prefix + "a")}, 200, "alpha"},
		{"get with x-id", Read, ask{method: "GET", target: at(prefix+"a") + "?x-id=GetObject"}, 200, "alpha"},
		{"get of a range", Read, ask{method: "GET", target: at(prefix + "a"), header: map[string]string{"Range": "bytes=1-2"}}, 206, "lp"},
		{"get of a suffix", Read, ask{method: "GET", target: at(prefix + "a"), header: map[string]string{"Range": "bytes=-2"}}, 206, "ha"},
		{"get of several ranges is a whole one", Read, ask{method: "GET", target: at(prefix + "a"), header: map[string]string{"Range": "bytes=0-0,2-2"}}, 200, "alpha"},
		{"get of a range that is none is a whole one", Read, ask{method: "GET", target: at(prefix + "a"), header: map[string]string{"Range": "lines=1"}}, 200, "alpha"},
		{"get with an unsigned payload", Read, ask{method: "GET", target: at(prefix + "a"), payload: unsignedPayload}, 200, "alpha"},
		{"get signed as another spelling", Read, ask{method: "GET", target: "/warehouse/lake/ns/table-1a2b/%61", signed: at(prefix + "a")}, 200, "alpha"},
		{"get that asks for checksums", Read, ask{method: "GET", target: at(prefix + "a"), header: map[string]string{"x-amz-checksum-mode": "ENABLED"}}, 200, "alpha"},
		{"get of what was changed long ago", Read, ask{method: "GET", target: at(prefix + "a"), header: map[string]string{"If-Modified-Since": "Fri, 31 Dec 9999 23:59:59 GMT"}}, 304, ""},
		{"head", Read, ask{method: "HEAD", target: at(prefix + "a")}, 200, ""},
		{"put", Write, ask{method: "PUT", target: at(prefix + "new"), body: "x"}, 200, ""},
		{"put of nothing", Write, ask{method: "PUT", target: at(prefix + "new")}, 200, ""},
		{"put over", Write, ask{method: "PUT", target: at(prefix + "a"), body: "x"}, 200, ""},
		{"put if absent", Write, ask{method: "PUT", target: at(prefix + "new"), body: "x", header: map[string]string{"If-None-Match": "*"}}, 200, ""},
		{"put of a folder marker", Write, ask{method: "PUT", target: at(prefix + "dir/")}, 200, ""},
		{"put of the prefix itself", Write, ask{method: "PUT", target: at(prefix)}, 200, ""},
		{"put of an escaped slash", Write, ask{method: "PUT", target: at(prefix + "kind=text%2Fhtml/f"), body: "x"}, 200, ""},
		{"put with an ACL that changes nothing", Write, ask{method: "PUT", target: at(prefix + "new"), header: map[string]string{"x-amz-acl": "private", "x-amz-storage-class": "STANDARD"}}, 200, ""},
		{"put skewed by ten minutes", Write, ask{method: "PUT", target: at(prefix + "new"), at: time.Now().Add(-10 * time.Minute)}, 200, ""},
		{"delete", Delete, ask{method: "DELETE", target: at(prefix + "a")}, 204, ""},
		{"delete of nothing", Delete, ask{method: "DELETE", target: at(prefix + "none")}, 204, ""},
		{"delete of a folder of objects deletes nothing", Delete, ask{method: "DELETE", target: at(prefix + "data")}, 204, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.fill()
			rec := w.call(w.mint(tt.actions), tt.ask)
			if rec.Code != tt.status || rec.Body.String() != tt.body && codeOf(rec) == "" {
				t.Errorf("got %d %q, want %d %q", rec.Code, rec.Body, tt.status, tt.body)
			}
			if w.leftovers() != 0 {
				t.Errorf("got %d work files left, want none", w.leftovers())
			}
			if got := w.read(prefix + "data/b"); got != "beta" {
				t.Errorf("another object: got %q, want beta", got)
			}
		})
	}
}

func TestWhatWasPutIsReadBack(t *testing.T) {
	w := newWorld(t)
	c := w.mint(everyAction)
	key := prefix + "data/d=1/Ü b+c%2Fd~.parquet"
	put := w.call(c, ask{method: "PUT", target: at(key), body: "bytes", header: map[string]string{"x-amz-checksum-crc32": "sZlDzg=="}})
	if put.Code != 200 || put.Header().Get("X-Amz-Checksum-Crc32") != "sZlDzg==" {
		t.Fatalf("put: got %d %s %s", put.Code, put.Body, put.Header())
	}
	get := w.call(c, ask{method: "GET", target: at(key)})
	if get.Body.String() != "bytes" || get.Header().Get("ETag") != put.Header().Get("ETag") || get.Header().Get("Content-Type") != "binary/octet-stream" {
		t.Errorf("got %q %v, want bytes with the tag %s", get.Body, get.Header(), put.Header().Get("ETag"))
	}
	if got := w.read(key); got != "bytes" {
		t.Errorf("file: got %q, want bytes", got)
	}
	w.call(c, ask{method: "PUT", target: at(key), body: "bytes"})
	if next := w.call(c, ask{method: "HEAD", target: at(key)}); next.Header().Get("ETag") == put.Header().Get("ETag") {
		t.Errorf("tag after another put: got the same %s", next.Header().Get("ETag"))
	}
	if unchanged := w.call(c, ask{method: "GET", target: at(key), header: map[string]string{"If-None-Match": put.Header().Get("ETag")}}); unchanged.Code != 200 {
		t.Errorf("get if changed: got %d, want 200", unchanged.Code)
	}
}

func TestCopiesAreWrites(t *testing.T) {
	tests := []struct {
		name   string
		sync   bool
		header map[string]string
		status int
		want   string
	}{
		{"copy", false, nil, 200, "alpha"},
		{"copy that is synced", true, nil, 200, "alpha"},
		{"copy without the first slash", false, map[string]string{"x-amz-copy-source": bucket + "/" + prefix + "a"}, 200, "alpha"},
		{"copy of what is not wanted twice", false, map[string]string{"If-None-Match": "*"}, 412, "beta"},
		{"copy with what metadata there is", false, map[string]string{"x-amz-metadata-directive": "REPLACE"}, 200, "alpha"},
		{"copy on a condition that is not kept", false, map[string]string{"If-Match": `"x"`}, 501, "beta"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorldOf(t, Config{Sync: tt.sync})
			w.fill()
			header := map[string]string{"x-amz-copy-source": at(prefix + "a")}
			for name, value := range tt.header {
				header[name] = value
			}
			rec := w.call(w.mint(Read|Write), ask{method: "PUT", target: at(prefix + "data/b"), header: header})
			if got := w.read(prefix + "data/b"); rec.Code != tt.status || got != tt.want || w.leftovers() != 0 {
				t.Errorf("got %d %s and %q, want %d and %q", rec.Code, rec.Body, got, tt.status, tt.want)
			}
		})
	}
}

func TestACopyKeepsToTheVersionThatItNames(t *testing.T) {
	w := newWorld(t)
	w.fill()
	c := w.mint(Read | Write)
	tag := w.call(c, ask{method: "HEAD", target: at(prefix + "a")}).Header().Get("ETag")
	copies := ask{method: "PUT", target: at(prefix + "new"), header: map[string]string{"x-amz-copy-source": at(prefix + "a"), "x-amz-copy-source-if-match": tag}}
	if rec := w.call(c, copies); rec.Code != 200 || w.read(prefix+"new") != "alpha" {
		t.Errorf("got %d %s, want 200", rec.Code, rec.Body)
	}
	w.call(c, ask{method: "PUT", target: at(prefix + "a"), body: "other"})
	if rec := w.call(c, copies); rec.Code != 412 || w.read(prefix+"new") != "alpha" {
		t.Errorf("after a change: got %d %s, want 412", rec.Code, rec.Body)
	}
}

func TestErrorsAreS3sOwn(t *testing.T) {
	tests := []struct {
		name   string
		ask    ask
		status int
		code   string
	}{
		{"no such key", ask{method: "GET", target: at(prefix + "none")}, 404, "NoSuchKey"},
		{"a folder is no object", ask{method: "GET", target: at(prefix + "data")}, 404, "NoSuchKey"},
		{"a key below an object is no object", ask{method: "GET", target: at(prefix + "a/b")}, 404, "NoSuchKey"},
		{"range behind the end", ask{method: "GET", target: at(prefix + "a"), header: map[string]string{"Range": "bytes=5-"}}, 416, "InvalidRange"},
		{"condition of a get", ask{method: "GET", target: at(prefix + "a"), header: map[string]string{"If-Match": `"other"`}}, 412, "PreconditionFailed"},
		{"put if absent", ask{method: "PUT", target: at(prefix + "a"), body: "x", header: map[string]string{"If-None-Match": "*"}}, 412, "PreconditionFailed"},
		{"put where a folder is", ask{method: "PUT", target: at(prefix + "data"), body: "x"}, 409, "KeyConflict"},
		{"put if absent where a folder is", ask{method: "PUT", target: at(prefix + "data"), body: "x", header: map[string]string{"If-None-Match": "*"}}, 409, "KeyConflict"},
		{"put below an object", ask{method: "PUT", target: at(prefix + "a/b"), body: "x"}, 409, "KeyConflict"},
		{"put if absent below an object", ask{method: "PUT", target: at(prefix + "a/b"), body: "x", header: map[string]string{"If-None-Match": "*"}}, 409, "KeyConflict"},
		{"put on a condition that is not kept", ask{method: "PUT", target: at(prefix + "a"), body: "x", header: map[string]string{"If-Match": `"x"`}}, 501, "NotImplemented"},
		{"put if another tag", ask{method: "PUT", target: at(prefix + "a"), body: "x", header: map[string]string{"If-None-Match": `"x"`}}, 501, "NotImplemented"},
		{"put of a segment that is too long", ask{method: "PUT", target: at(prefix + strings.Repeat("x", 256)), body: "x"}, 400, "InvalidArgument"},
		{"put of a key that is too long", ask{method: "PUT", target: at(prefix + strings.Repeat("x/", 512)), body: "x"}, 400, "InvalidArgument"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.fill()
			rec := w.call(w.mint(everyAction), tt.ask)
			if rec.Code != tt.status || codeOf(rec) != tt.code {
				t.Errorf("got %d %s, want %d %s", rec.Code, rec.Body, tt.status, tt.code)
			}
			if got := w.read(prefix + "a"); got != "alpha" || w.leftovers() != 0 {
				t.Errorf("after the refusal: got %q and %d work files, want alpha and none", got, w.leftovers())
			}
		})
	}
}

func TestDeletesOfManyKeysAreCheckedOneByOne(t *testing.T) {
	w := newWorld(t)
	w.fill()
	body := `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>` + prefix + `a</Key></Object><Object><Key>` + sibling + `s</Key></Object>` +
		`<Object><Key>` + prefix + `../table-1a2b-other/s</Key></Object><Object><Key>` + prefix + `data/b</Key><VersionId>1</VersionId></Object><Object><Key></Key></Object></Delete>`
	rec := w.call(w.mint(Delete), ask{method: "POST", target: "/" + bucket + "?delete", body: body})
	if rec.Code != 200 {
		t.Fatalf("got %d %s, want 200", rec.Code, rec.Body)
	}
	var keys, codes []string
	for part := range strings.SplitSeq(rec.Body.String(), "<Key>") {
		key, rest, _ := strings.Cut(part, "</Key>")
		_, code, ok := strings.Cut(rest, "<Code>")
		if code, _, _ = strings.Cut(code, "<"); ok {
			keys, codes = append(keys, key), append(codes, code)
		}
	}
	wantKeys := []string{sibling + "s", prefix + "../table-1a2b-other/s", prefix + "data/b", ""}
	if diff := cmp.Diff(wantKeys, keys) + cmp.Diff([]string{"AccessDenied", "InvalidArgument", "NotImplemented", "AccessDenied"}, codes); diff != "" {
		t.Errorf("refused keys (-want +got):\n%s", diff)
	}
	if w.read(prefix+"a") != "" || w.read(sibling+"s") != "secret" || w.read(prefix+"data/b") != "beta" {
		t.Error("want the first key deleted and the others there")
	}
	quiet := w.call(w.mint(Delete), ask{method: "POST", target: "/" + bucket + "?delete", body: `<Delete><Quiet>true</Quiet><Object><Key>` + prefix + `a</Key></Object></Delete>`})
	if quiet.Code != 200 || strings.Contains(quiet.Body.String(), "Key") {
		t.Errorf("quiet: got %s, want no keys", quiet.Body)
	}
}

func TestTheLogNamesWhoAndWhatAndNoSecret(t *testing.T) {
	w := newWorld(t)
	w.fill()
	c := w.mint(Read)
	w.call(c, ask{method: "GET", target: at(prefix + "a")})
	w.do(w.plain("GET", w.presign(c, "GET", at(prefix+"none"), "", 60), nil, ""))
	w.call(c, ask{method: "GET", target: at(sibling + "s")})
	type line struct {
		Level, Operation, Key, Credential, Principal string
		Status                                       int
		Error                                        struct{ Code string }
	}
	var got []line
	for text := range strings.SplitSeq(strings.TrimSpace(w.log.String()), "\n") {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("log line %q: %v", text, err)
		}
		got = append(got, l)
	}
	want := []line{
		{"INFO", "GetObject", prefix + "a", c.AccessKeyID, "p1", 200, struct{ Code string }{}},
		{"INFO", "GetObject", prefix + "none", c.AccessKeyID, "p1", 404, struct{ Code string }{"NoSuchKey"}},
		{"INFO", "GetObject", sibling + "s", c.AccessKeyID, "p1", 403, struct{ Code string }{"AccessDenied"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	for _, secret := range []string{string(c.SecretAccessKey), string(c.SessionToken), "X-Amz-Signature"} {
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("the log holds %.9s..., want no secrets", secret)
		}
	}
}

func TestAGateNeedsItsParts(t *testing.T) {
	w := newWorld(t)
	if _, err := NewGate(w.issuer, nil, w.clock.now, w.gate.log); err == nil {
		t.Error("gate without a store: got no error")
	}
	if s := w.gate.Server(); s.MaxHeaderBytes != maxHeader || s.ReadHeaderTimeout != headerTimeout || s.IdleTimeout != idleTimeout || s.Handler != http.Handler(w.gate) {
		t.Errorf("server: got %+v, want the package's limits", s)
	}
}
