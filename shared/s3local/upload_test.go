package s3local

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// upload opens an upload with one part and gives its id.
func (w *world) upload(c Credential, key, part string) string {
	w.t.Helper()
	rec := w.call(c, ask{method: "POST", target: at(key) + "?uploads"})
	var d created
	if err := xml.Unmarshal(rec.Body.Bytes(), &d); err != nil || rec.Code != 200 {
		w.t.Fatalf("create upload: got %d %s", rec.Code, rec.Body)
	}
	if tag := w.part(c, key, d.UploadID, 1, part); tag == "" {
		w.t.Fatal("upload part: got no tag")
	}
	return d.UploadID
}

func (w *world) part(c Credential, key, id string, number int, text string) string {
	w.t.Helper()
	rec := w.call(c, ask{method: "PUT", target: fmt.Sprintf("%s?partNumber=%d&uploadId=%s", at(key), number, id), body: text})
	return rec.Header().Get("ETag")
}

// completion document of parts by their tags; number 0 is left out.
func complete(tags ...string) string {
	var b strings.Builder
	for i, tag := range tags {
		if tag != "" {
			fmt.Fprintf(&b, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", i+1, strings.ReplaceAll(tag, `"`, "&quot;"))
		}
	}
	return "<CompleteMultipartUpload>" + b.String() + "</CompleteMultipartUpload>"
}

func TestAnUploadIsOfOneKey(t *testing.T) {
	w := newWorld(t)
	w.fill()
	owner := w.mintFor(Claims{Scopes: []Scope{{bucket, sibling, everyAction}}})
	id := w.upload(owner, sibling+"new", "hidden")
	thief := w.mint(everyAction)
	key := at(prefix + "new")
	for name, a := range map[string]ask{
		"upload part": {method: "PUT", target: key + "?partNumber=1&uploadId=" + id, body: "x"},
		"copy part":   {method: "PUT", target: key + "?partNumber=1&uploadId=" + id, header: map[string]string{"x-amz-copy-source": at(prefix + "a")}},
		"list parts":  {method: "GET", target: key + "?uploadId=" + id},
		"complete":    {method: "POST", target: key + "?uploadId=" + id, body: complete(`"x"`)},
		"abort":       {method: "DELETE", target: key + "?uploadId=" + id},
		"a path":      {method: "DELETE", target: key + "?uploadId=..%2F..%2F" + bucket},
		"no id":       {method: "DELETE", target: key + "?uploadId="},
		"another id":  {method: "GET", target: key + "?uploadId=" + strings.Repeat("0", 32)},
	} {
		if rec := w.call(thief, a); rec.Code != 404 || codeOf(rec) != "NoSuchUpload" {
			t.Errorf("%s: got %d %s, want NoSuchUpload", name, rec.Code, rec.Body)
		}
	}
	if rec := w.call(owner, ask{method: "GET", target: at(sibling+"new") + "?uploadId=" + id}); !strings.Contains(rec.Body.String(), "<Size>6</Size>") {
		t.Errorf("list parts by the owner: got %d %s, want the part", rec.Code, rec.Body)
	}
}

func TestPartsAreJoined(t *testing.T) {
	w := newWorld(t)
	w.put(prefix+"src", "0123456789")
	c, key := w.mint(everyAction), prefix+"new"
	big := strings.Repeat("b", minPart)
	id := w.upload(c, key, "to be replaced")
	first := w.part(c, key, id, 1, big)
	copied := w.call(c, ask{method: "PUT", target: at(key) + "?partNumber=3&uploadId=" + id, header: map[string]string{"x-amz-copy-source": at(prefix + "src"), "x-amz-copy-source-range": "bytes=2-4"}})
	var d copiedTag
	if err := xml.Unmarshal(copied.Body.Bytes(), &d); err != nil || copied.Code != 200 {
		t.Fatalf("copy part: got %d %s", copied.Code, copied.Body)
	}
	body := complete(first, "", d.ETag)
	for name, header := range map[string]map[string]string{
		"checksum of the whole":   {"x-amz-checksum-crc32": "AAAAAA=="},
		"size of the whole":       {"x-amz-mp-object-size": "7"},
		"checksum over checksums": {"x-amz-checksum-crc32": "AAAAAA==-2"},
	} {
		if rec := w.call(c, ask{method: "POST", target: at(key) + "?uploadId=" + id, body: body, header: header}); rec.Code < 400 || w.read(key) != "" {
			t.Errorf("%s: got %d, want a refusal", name, rec.Code)
		}
	}
	// As a client whose requests are signed elsewhere ends it.
	rec := w.call(c, ask{method: "POST", target: at(key) + "?uploadId=" + id, body: body, payload: unsignedPayload, header: map[string]string{"x-amz-mp-object-size": fmt.Sprint(minPart + 3), "If-None-Match": "*"}})
	if got := w.read(key); rec.Code != 200 || got != big+"234" {
		t.Errorf("complete: got %d %s and %d bytes, want the parts", rec.Code, rec.Body, len(got))
	}
	if rec := w.call(c, ask{method: "POST", target: at(key) + "?uploadId=" + id, body: body}); codeOf(rec) != "NoSuchUpload" || w.leftovers() != 0 {
		t.Errorf("complete again: got %s and %d work files, want NoSuchUpload and none", rec.Body, w.leftovers())
	}
}

type copiedTag struct {
	XMLName xml.Name `xml:"CopyPartResult"`
	ETag    string
}

func TestAnUploadRefuses(t *testing.T) {
	tests := []struct {
		name   string
		make   func(w *world, c Credential, key, id, tag string) *http.Request
		status int
		code   string
	}{
		{"no parts", post(func(string) string { return "<CompleteMultipartUpload/>" }), 400, "MalformedXML"},
		{"too many parts", post(func(string) string {
			return "<CompleteMultipartUpload>" + strings.Repeat("<Part/>", maxParts+1) + "</CompleteMultipartUpload>"
		}), 400, "MalformedXML"},
		{"a part that was not uploaded", post(func(tag string) string { return complete("", tag) }), 400, "InvalidPart"},
		{"another tag", post(func(string) string { return complete(`"x"`) }), 400, "InvalidPart"},
		{"parts out of order", post(func(tag string) string {
			return strings.Replace(complete(tag), "</Complete", "<Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></Complete", 1)
		}), 400, "InvalidPartOrder"},
		{"a small part before the last", func(w *world, c Credential, key, id, tag string) *http.Request {
			return w.request(c, ask{method: "POST", target: key + "?uploadId=" + id, body: complete(tag, w.part(c, prefix+"new", id, 2, "tail"))})
		}, 400, "EntityTooSmall"},
		{"complete over an object", func(w *world, c Credential, key, id, tag string) *http.Request {
			w.put(prefix+"new", "there")
			return w.request(c, ask{method: "POST", target: key + "?uploadId=" + id, body: complete(tag), header: map[string]string{"If-None-Match": "*"}})
		}, 412, "PreconditionFailed"},
		{"part 0", put("0"), 400, "InvalidArgument"},
		{"part 10001", put("10001"), 400, "InvalidArgument"},
		{"part x", put("x"), 400, "InvalidArgument"},
		{"range behind the source", copiesPart("bytes=0-5"), 416, "InvalidRange"},
		{"range backwards", copiesPart("bytes=3-2"), 416, "InvalidRange"},
		{"range that is none", copiesPart("bytes=-3"), 400, "InvalidArgument"},
		{"part from a sibling", func(w *world, c Credential, key, id, _ string) *http.Request {
			return w.request(c, ask{method: "PUT", target: key + "?partNumber=1&uploadId=" + id, header: map[string]string{"x-amz-copy-source": at(sibling + "s")}})
		}, 403, "AccessDenied"},
		{"list with a bad limit", func(w *world, c Credential, key, id, _ string) *http.Request {
			return w.request(c, ask{method: "GET", target: key + "?max-parts=-1&uploadId=" + id})
		}, 400, "InvalidArgument"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.fill()
			c := w.mint(everyAction)
			id := w.upload(c, prefix+"new", "part")
			parts, _, err := w.store.parts(id, 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			rec := w.do(tt.make(w, c, at(prefix+"new"), id, parts[0].ETag))
			if rec.Code != tt.status || codeOf(rec) != tt.code {
				t.Errorf("got %d %s, want %d %s", rec.Code, rec.Body, tt.status, tt.code)
			}
			if got := w.read(prefix + "new"); got != "" && got != "there" || w.leftovers() != 0 {
				t.Errorf("got %q and %d work files, want no object and none", got, w.leftovers())
			}
		})
	}
}

type makeRequest = func(w *world, c Credential, key, id, tag string) *http.Request

func post(body func(tag string) string) makeRequest {
	return func(w *world, c Credential, key, id, tag string) *http.Request {
		return w.request(c, ask{method: "POST", target: key + "?uploadId=" + id, body: body(tag)})
	}
}

func put(number string) makeRequest {
	return func(w *world, c Credential, key, id, _ string) *http.Request {
		return w.request(c, ask{method: "PUT", target: key + "?partNumber=" + number + "&uploadId=" + id, body: "x"})
	}
}

func copiesPart(span string) makeRequest {
	return func(w *world, c Credential, key, id, _ string) *http.Request {
		return w.request(c, ask{method: "PUT", target: key + "?partNumber=2&uploadId=" + id, header: map[string]string{"x-amz-copy-source": at(prefix + "a"), "x-amz-copy-source-range": span}})
	}
}

// open opens an upload of a credential and returns the answer's code: empty if it was opened.
func (w *world) open(c Credential, key string) (code string) {
	w.t.Helper()
	rec := w.call(c, ask{method: "POST", target: at(key) + "?uploads"})
	if code = codeOf(rec); (rec.Code == 200) != (code == "") || code == "SlowDown" && rec.Code != 503 {
		w.t.Fatalf("got %d %s, want 200 or 503 with a code", rec.Code, rec.Body)
	}
	return code
}

// occupy takes so many slots, without folders.
func (w *world) occupy(n int, of func(i int) Claims) {
	w.t.Helper()
	for i := range n {
		c := of(i)
		w.store.slots.add(fmt.Sprint(i), &openUpload{realm: realm, bucket: bucket, key: prefix + "x", touched: w.clock.now(),
			principal: holder{realm, "principal", c.Principal}, table: holder{realm, "table", c.Table}})
	}
}

func TestUpload_WriterAtItsShare_LeavesSlotsForOthers(t *testing.T) {
	claims := func(principal, table string) Claims {
		return Claims{Realm: realm, Principal: principal, Table: table, Scopes: []Scope{{bucket, prefix, Write}}}
	}
	rows := []struct {
		name    string
		n       int
		of      func(i int) Claims
		refused []Claims
		served  []Claims
	}{
		{"a principal on many tables", maxPrincipalUploads, func(i int) Claims { return claims("p", fmt.Sprint("t", i)) },
			[]Claims{claims("p", "new")}, []Claims{claims("q", "t1"), claims("q", "new")}},
		{"many principals on one table", maxTableUploads, func(i int) Claims { return claims(fmt.Sprint("p", i), "t") },
			[]Claims{claims("new", "t")}, []Claims{claims("p1", "u"), claims("new", "u")}},
		{"many on many", maxUploads, func(i int) Claims { return claims(fmt.Sprint("p", i), fmt.Sprint("t", i)) },
			[]Claims{claims("new", "new")}, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.occupy(row.n, row.of)
			for _, c := range row.refused {
				if code := w.open(w.mintFor(c), prefix+"new"); code != "SlowDown" {
					t.Errorf("%s on %s: got %q, want SlowDown", c.Principal, c.Table, code)
				}
			}
			for _, c := range row.served {
				if code := w.open(w.mintFor(c), prefix+"new"); code != "" {
					t.Errorf("%s on %s: got %s, want an upload", c.Principal, c.Table, code)
				}
			}
			if row.served != nil { // the same ids in another realm are others
				c := row.refused[0]
				c.Realm = "other"
				if code := w.open(w.mintFor(c), prefix+"new"); code != "" {
					t.Errorf("another realm: got %s, want an upload", code)
				}
			}
			w.clock.add(staleUpload + time.Minute)
			if code := w.open(w.mintFor(row.refused[0]), prefix+"new"); code != "" {
				t.Errorf("a day later: got %s, want an upload", code)
			}
		})
	}
}

func TestUpload_Ended_GivesItsSlotBack(t *testing.T) {
	w := newWorld(t)
	c := w.mint(everyAction)
	w.occupy(maxPrincipalUploads-1, func(int) Claims { return Claims{Principal: "p1", Table: "t2"} })
	for round := range 3 {
		id := w.upload(c, prefix+"new", "part")
		if code := w.open(c, prefix+"other"); code != "SlowDown" {
			t.Fatalf("round %d, at the limit: got %q, want SlowDown", round, code)
		}
		a := ask{method: "DELETE", target: at(prefix+"new") + "?uploadId=" + id}
		if round == 1 {
			parts, _, _ := w.store.parts(id, 0, 1)
			a = ask{method: "POST", target: a.target, body: complete(parts[0].ETag)}
		}
		if rec := w.call(c, a); rec.Code >= 300 {
			t.Fatalf("round %d, end: got %d %s", round, rec.Code, rec.Body)
		}
	}
	if n := len(w.store.slots.uploads); n != maxPrincipalUploads-1 {
		t.Errorf("got %d open uploads, want %d", n, maxPrincipalUploads-1)
	}
}

func TestPartsAreListedByPage(t *testing.T) {
	w := newWorld(t)
	c, key := w.mint(Write), prefix+"new"
	id := w.upload(c, key, "1")
	w.part(c, key, id, 2, "22")
	w.part(c, key, id, 10, "333")
	rec := w.call(c, ask{method: "GET", target: at(key) + "?max-parts=1&part-number-marker=1&uploadId=" + id})
	var d partsListed
	if err := xml.Unmarshal(rec.Body.Bytes(), &d); err != nil || len(d.Part) != 1 || d.Part[0].PartNumber != "2" || !d.IsTruncated || d.NextPartNumberMarker != 2 {
		t.Errorf("got %d %s, want part 2 and more", rec.Code, rec.Body)
	}
}

func TestAPartThatWasReplacedMeanwhileIsNotJoined(t *testing.T) {
	w := newWorld(t)
	c, key := w.mint(Write), prefix+"new"
	id := w.upload(c, key, "old")
	named := w.part(c, key, id, 1, "named")
	w.part(c, key, id, 1, "other")
	alive := func() error { return nil }
	dir, err := w.store.uploadFolder(id)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := copyPart(io.Discard, dir, partRef{1, named}, alive); !errors.Is(err, errPart) {
		t.Errorf("got %v, want InvalidPart", err)
	}
}
