package attack

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"firn/shared/vend/vendtest/s3try"
)

// signed sends an S3 client's requests as firn signs them for a table; what firn refuses is forbidden.
type signed struct {
	*world
	who  person
	at   call
	gave *[]string // what was signed
}

var _ http.RoundTripper = signed{}

func (s signed) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	sum := sha256.Sum256(body)
	headers := map[string][]string{"x-amz-content-sha256": {hex.EncodeToString(sum[:])}, "host": {r.URL.Host}}
	for name, values := range r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-amz-") || name == "content-md5" || name == "content-type" {
			headers[name] = values
		}
	}
	c := s.at
	c.op, c.plain = "iceberg.signRequest", true
	c.body = doc{"region": "us-east-1", "uri": r.URL.String(), "method": r.Method, "headers": headers, "body": string(body), "provider": "s3"}
	a := s.send(s.who, c)
	if a.code != http.StatusOK {
		if a.code >= 500 || wrongWords(a) != "" {
			s.t.Errorf("sign %s %s: got %d %s", r.Method, r.URL, a.code, a.body)
		}
		return &http.Response{StatusCode: http.StatusForbidden, Body: io.NopCloser(bytes.NewReader(a.body)), Header: http.Header{}, Request: r}, nil
	}
	*s.gave = append(*s.gave, r.Method+" "+r.URL.String())
	var told struct {
		URI     string              `json:"uri"`
		Headers map[string][]string `json:"headers"`
	}
	if err := json.Unmarshal(a.body, &told); err != nil {
		return nil, err
	}
	out, err := http.NewRequestWithContext(r.Context(), r.Method, told.URI, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for _, all := range []map[string][]string{headers, told.Headers} { // the client's own, and those that the signature needs
		for name, values := range all {
			out.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	return connections.Do(out)
}

// signer is a burglar without a key, whose requests firn signs.
type signer struct {
	s3Burglar
	gave *[]string
}

func (x *attack) signing(who person, at call) signer {
	x.t.Helper()
	if x.signs == nil {
		x.t.Skip("nothing is signed for this store")
	}
	o := s3try.Client(x.signs(), "", "", "").Options()
	o.Credentials = aws.AnonymousCredentials{}
	gave := new([]string)
	o.HTTPClient = &http.Client{Transport: signed{x.world, who, at, gave}}
	return signer{s3Burglar{s3.New(o), x.t.Context()}, gave}
}

// held tries a signer on everything but a folder. To be signed is enough: what the key that signs may do is the second
// wall, and stores without STS have none.
func (x *attack) held(b signer, own object) {
	x.t.Helper()
	*b.gave = nil
	all := b.around(x.victims, own)
	for _, v := range append(x.neighbours(own), x.victims...) {
		all = append(all, b.at(v, own)...)
	}
	for _, leak := range succeeded(all) {
		x.t.Errorf("what was signed for %s let the attacker %s", own, leak)
	}
	for _, what := range *b.gave {
		x.t.Errorf("for %s was signed: %s", own, what)
	}
}

var signedStories = []story{
	{"signed requests", []string{"iceberg.signRequest"}, func(x *attack) {
		for _, s := range x.sites() {
			at, _ := x.table(x.mallory, s.catalog, "signed", nil)
			own, mine := folderOf(at), call{in: s.catalog, ns: "mine", table: "signed"}
			b := x.signing(x.mallory, mine)
			must(x.t, b.put(object{own.bucket, own.key + "seed"}))
			must(x.t, b.list(own.bucket, own.key))
			x.held(b, own)
		}
	}},
	{"requests that are signed for a staged table", []string{"iceberg.signRequest", "iceberg.createTable"}, func(x *attack) {
		made := x.must(200, x.mallory, call{op: "iceberg.createTable", in: "lake", ns: "mine", body: create("staged", doc{"stage-create": true})})
		own, query := folderOf(made.text("metadata", "location")), "staged="+made.text("metadata", "table-uuid")
		b := x.signing(x.mallory, call{in: "lake", ns: "mine", table: "staged", query: query})
		must(x.t, b.put(object{own.bucket, own.key + "seed"}))
		x.held(b, own)
		eve := x.accomplice("eve")
		if x.signing(eve, call{in: "lake", ns: "mine", table: "staged", query: query}).put(object{own.bucket, own.key + "eve"}) == nil {
			x.t.Error("signed for somebody else's staged table")
		}
	}},
	{"requests that are signed for a victim's table", []string{"iceberg.signRequest"}, func(x *attack) {
		for _, in := range []string{"lake", "loose", "twin", "vault"} {
			b := x.signing(x.mallory, call{in: in, ns: "theirs", table: "t"})
			x.held(b, object{x.lake, "wh/mine/none/"})
		}
	}},
	{"requests of a reader", []string{"iceberg.signRequest"}, func(x *attack) {
		at, _ := x.table(x.mallory, "lake", "signed", nil)
		own := folderOf(at)
		b := x.signing(x.accomplice("reader", "TABLE_READ_DATA"), call{in: "lake", ns: "mine", table: "signed"})
		must(x.t, b.list(own.bucket, own.key))
		for _, leak := range succeeded(b.at(object{own.bucket, own.key + "seed"}, own)[putting:]) {
			x.t.Errorf("a reader could %s", leak)
		}
		x.held(b, own)
	}},
	{"requests that are signed with firn's own rights", []string{"iceberg.signRequest"}, func(x *attack) {
		if !x.unscoped {
			x.t.Skip("this store has keys for each table")
		}
		storage := maps.Clone(x.config)
		storage["stsUnavailable"], storage["allowedLocations"] = true, []string{x.fresh()}
		x.must(201, x.root, call{op: "management.createCatalog", body: doc{"catalog": doc{"type": "INTERNAL", "name": "nosts", "properties": doc{"default-base-location": x.fresh()}, "storageConfigInfo": storage}}})
		x.must(200, x.root, call{op: "iceberg.createNamespace", in: "nosts", body: doc{"namespace": []string{"mine"}}})
		x.entitle(x.mallory, "nosts", "mine", "TABLE_FULL_METADATA", "TABLE_WRITE_DATA")
		made := x.must(200, x.mallory, call{op: "iceberg.createTable", in: "nosts", ns: "mine", body: create("t", nil), plain: true})
		own, b := folderOf(made.text("metadata", "location")), x.signing(x.mallory, call{in: "nosts", ns: "mine", table: "t"})
		x.tap.take()
		x.refused(x.send(x.mallory, call{op: "iceberg.loadTable", in: "nosts", ns: "mine", table: "t"}))
		must(x.t, b.put(object{own.bucket, own.key + "seed"}))
		x.held(b, own)
	}},
	{"requests for a catalog that was tightened", []string{"iceberg.signRequest", "management.updateCatalog"}, func(x *attack) {
		s, shut := x.unshut()
		outside := x.fresh() + "/b/t"
		x.table(x.mallory, s.catalog, "placed", doc{"location": outside})
		b, own := x.signing(x.mallory, call{in: s.catalog, ns: "mine", table: "placed"}), folderOf(outside)
		must(x.t, b.put(object{own.bucket, own.key + "seed"}))
		shut()
		if b.put(object{own.bucket, own.key + "late"}) == nil || b.list(own.bucket, own.key) == nil {
			x.t.Error("signed for a folder that the catalog no longer allows")
		}
	}},
}

// TestTheBurglarGetsInWhereTheKeyFits holds the attempts to a key that opens what they are made on: those that then still
// fail could never find a leak.
func TestTheBurglarGetsInWhereTheKeyFits(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		x := &attack{world: w, t: t}
		at, k := x.table(w.root, "lake", "fits", nil)
		own := folderOf(at)
		b := w.pick(t, k)
		must(t, b.put(object{own.bucket, own.key + "seed"}))
		v := object{own.bucket, own.key + "victim"}
		must(t, b.put(v))
		all := map[string]burglar{"a key": b}
		if w.signs != nil {
			all["signatures"] = x.signing(w.root, call{in: "lake", ns: "mine", table: "fits"})
		}
		for name, b := range all {
			must(t, b.put(v))
			for _, a := range b.at(v, own) {
				if err := a.try(); err != nil {
					t.Errorf("%s: %s: %v", name, a.name, err)
				}
			}
			must(t, b.put(v))
			other := object{own.bucket, own.key + "elsewhere/"}
			if w.signs == nil {
				continue // the others have no multi-delete
			}
			if err := b.around([]object{v}, other)[0].try(); err != nil {
				t.Errorf("%s: multi-delete: %v", name, err)
			}
		}
	})
}
