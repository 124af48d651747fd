package sigv4

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/s3local"
	"firn/shared/sign"
	"firn/shared/storagepolicy/storagepolicytest"
	"firn/shared/vend"
)

var (
	now   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	yes   = true
	no    = false
	own   = credentials.NewStaticCredentialsProvider("OWN", "own-secret", "")
	named = func(name string) aws.CredentialsProvider {
		if name != "known" {
			return nil
		}
		return credentials.NewStaticCredentialsProvider("NAMED", "named-secret", "")
	}
	temp = &vend.Credential{S3: &vend.S3Credential{AccessKeyID: "TEMP", SecretAccessKey: "temp-secret", SessionToken: "temp-token"}}
)

// world is an embedded store as the independent reader of what was signed: it verifies signatures by its own code and
// reads requests by its own rules. The key that it knows opens the table t and its sibling t2 alike: what is kept from
// t2 is kept by the signing alone.
type world struct {
	t      *testing.T
	server *httptest.Server
	store  *s3local.Client
	key    *vend.Credential
	signer *Signer
	at     *lake.Storage
}

func newWorld(t *testing.T) *world {
	t.Helper()
	clock := func() time.Time { return now }
	issuer, err := s3local.NewIssuer(bytes.Repeat([]byte("k"), 32), clock)
	if err != nil {
		t.Fatal(err)
	}
	store, err := s3local.Open(s3local.Config{Dir: t.TempDir(), Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	gate, err := s3local.NewGate(issuer, store, clock, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	all := s3local.Read | s3local.List | s3local.Write | s3local.Delete
	scopes := []s3local.Scope{{Bucket: "lake", Prefix: "wh/", Actions: all}, {Bucket: "attic", Prefix: "wh/", Actions: all}}
	minted, err := issuer.Mint(s3local.Claims{Realm: "r", Scopes: scopes}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, server: httptest.NewServer(gate)}
	t.Cleanup(w.server.Close)
	if w.store, err = store.As("r", scopes...); err != nil {
		t.Fatal(err)
	}
	w.key = &vend.Credential{S3: &vend.S3Credential{AccessKeyID: minted.AccessKeyID, SecretAccessKey: lake.Secret(minted.SecretAccessKey), SessionToken: lake.Secret(minted.SessionToken)}}
	w.signer = New(Config{Embedded: func() string { return w.server.URL }, Now: clock})
	w.at = &lake.Storage{Type: lake.S3}
	return w
}

func (w *world) put(bucket, key, text string) {
	w.t.Helper()
	if err := w.store.Put(w.t.Context(), bucket, key, []byte(text), false); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) get(bucket, key string) string {
	w.t.Helper()
	r, err := w.store.Get(w.t.Context(), bucket, key)
	if fault.Is(err, fault.NotFound) {
		return "(none)"
	}
	if err != nil {
		w.t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(data)
}

// sign asks for a signature on t as a client would.
func (w *world) sign(r sign.Request) (sign.Signed, error) {
	w.t.Helper()
	site, err := w.signer.Site(w.at)
	if err != nil {
		return sign.Signed{}, err
	}
	r.Region = site.Region
	c, err := sign.Parse(r, site)
	if err != nil {
		return sign.Signed{}, err
	}
	folder, err := location.ParsePrefix("s3://lake/wh/t")
	if err != nil {
		w.t.Fatal(err)
	}
	checked, err := c.Within([]location.Prefix{folder})
	if err != nil {
		return sign.Signed{}, err
	}
	return w.signer.Sign(w.t.Context(), "POLARIS", w.at, w.key, checked)
}

// send does what Iceberg's clients do: their own headers, and over them those that came from the signer.
func (w *world) send(r sign.Request, s sign.Signed, body string, extra ...string) (int, string) {
	w.t.Helper()
	out, err := http.NewRequestWithContext(w.t.Context(), r.Method, s.URI, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for name, values := range s.Headers {
		out.Header[name] = values
	}
	for name, values := range r.Headers {
		out.Header[http.CanonicalHeaderKey(name)] = values
	}
	for i := 0; i < len(extra); i += 2 {
		out.Header.Set(extra[i], extra[i+1])
	}
	answer, err := w.server.Client().Do(out)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer.StatusCode, string(data)
}

func (w *world) do(method, path, body string, headers map[string][]string) (int, string) {
	w.t.Helper()
	r := sign.Request{Method: method, URI: w.server.URL + path, Headers: headers}
	if strings.Contains(path, "?delete") {
		r.Body = &body
	}
	s, err := w.sign(r)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	return w.send(r, s, body)
}

func TestAStoreTakesWhatIsSigned(t *testing.T) {
	w := newWorld(t)
	w.put("lake", "wh/t/a", "alpha")
	const batch = "<Delete><Object><Key>wh/t/a</Key></Object></Delete>"
	var upload struct {
		ID string `xml:"UploadId"`
	}
	rows := []struct {
		name, method, path, body string
		headers                  map[string][]string
		status                   int
		want                     string // in the answer
	}{
		{"a read", "GET", "/lake/wh/t/a", "", map[string][]string{"Range": {"bytes=0-2"}, "X-Amz-Checksum-Mode": {"ENABLED"}}, 206, "alp"},
		{"a look", "HEAD", "/lake/wh/t/a", "", nil, 200, ""},
		{"a look at nothing", "HEAD", "/lake/wh/t/none", "", nil, 404, ""},
		{"a write under a name that is encoded", "PUT", "/lake/wh/t/city=New+York%252F%C3%A9/b", "beta", map[string][]string{"Content-Type": {"text/plain"}, "x-amz-checksum-crc32": {"YsFq4w=="}}, 400, "BadDigest"},
		{"the same with its checksum", "PUT", "/lake/wh/t/city=New+York%252F%C3%A9/b", "beta", map[string][]string{"Content-Type": {"text/plain"}}, 200, ""},
		{"a list", "GET", "/lake?list-type=2&prefix=wh/t/&encoding-type=url", "", nil, 200, "New%2BYork%252F%C3%A9/b"},
		{"a copy", "PUT", "/lake/wh/t/c", "", map[string][]string{"X-Amz-Copy-Source": {"lake/wh/t/a"}}, 200, "CopyObjectResult"},
		{"an upload", "POST", "/lake/wh/t/d?uploads", "", nil, 200, "UploadId"},
		{"a batch delete", "POST", "/lake?delete", batch, nil, 200, "DeleteResult"},
		{"a delete", "DELETE", "/lake/wh/t/c", "", nil, 204, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			status, text := w.do(row.method, row.path, row.body, row.headers)
			if status != row.status || !strings.Contains(text, row.want) {
				t.Errorf("got %d %s, want %d %s", status, text, row.status, row.want)
			}
			if strings.HasSuffix(row.path, "?uploads") {
				if err := xml.Unmarshal([]byte(text), &upload); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	status, _ := w.do("PUT", "/lake/wh/t/d?partNumber=1&uploadId="+upload.ID, "delta", nil)
	_, parts := w.do("GET", "/lake/wh/t/d?uploadId="+upload.ID, "", nil)
	if status != 200 || !strings.Contains(parts, "<PartNumber>1") {
		t.Errorf("got part %d and parts %s, want 200 and the part", status, parts)
	}
	_, tag, _ := strings.Cut(parts, "<ETag>")
	tag, _, _ = strings.Cut(tag, "</ETag>")
	end := "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>" + tag + "</ETag></Part></CompleteMultipartUpload>"
	if status, text := w.do("POST", "/lake/wh/t/d?uploadId="+upload.ID, end, nil); status != 200 {
		t.Errorf("got %d %s, want the upload ended", status, text)
	}
	if got := w.get("lake", "wh/t/a") + w.get("lake", "wh/t/city=New+York%2Fé/b") + w.get("lake", "wh/t/d"); got != "(none)betadelta" {
		t.Errorf("got %q, want a deleted, b and d written", got)
	}
}

// A signature is for the one request: what a client changes afterwards, a store that checks x-amz headers refuses.
func TestASignatureIsForOneRequest(t *testing.T) {
	w := newWorld(t)
	w.put("lake", "wh/t/a", "alpha")
	w.put("lake", "wh/t2/a", "hidden")
	w.put("attic", "wh/t/a", "hidden")
	batch, other := "<Delete><Object><Key>wh/t/a</Key></Object></Delete>", "<Delete><Object><Key>wh/t2/a</Key></Object></Delete>"
	rows := []struct {
		name   string
		r      sign.Request
		change func(*sign.Signed)
		body   string
		extra  []string
	}{
		{"another key", sign.Request{Method: "GET", URI: w.server.URL + "/lake/wh/t/a"}, func(s *sign.Signed) { s.URI = w.server.URL + "/lake/wh/t2/a" }, "", nil},
		{"another bucket", sign.Request{Method: "GET", URI: w.server.URL + "/lake/wh/t/a"}, func(s *sign.Signed) { s.URI = w.server.URL + "/attic/wh/t/a" }, "", nil},
		{"a wider list", sign.Request{Method: "GET", URI: w.server.URL + "/lake?list-type=2&prefix=wh/t/"}, func(s *sign.Signed) { s.URI = w.server.URL + "/lake?list-type=2&prefix=wh%2F" }, "", nil},
		{"a copy instead of a write", sign.Request{Method: "PUT", URI: w.server.URL + "/lake/wh/t/b"}, nil, "", []string{"x-amz-copy-source", "lake/wh/t2/a"}},
		{"another source", sign.Request{Method: "PUT", URI: w.server.URL + "/lake/wh/t/b", Headers: map[string][]string{"x-amz-copy-source": {"lake/wh/t/a"}}}, nil, "", []string{"x-amz-copy-source", "lake/wh/t2/a"}},
		{"another batch", sign.Request{Method: "POST", URI: w.server.URL + "/lake?delete", Body: &batch}, nil, other, nil},
		{"another batch, unsigned", sign.Request{Method: "POST", URI: w.server.URL + "/lake?delete", Body: &batch}, nil, other, []string{"x-amz-content-sha256", "UNSIGNED-PAYLOAD"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s, err := w.sign(row.r)
			if err != nil {
				t.Fatal(err)
			}
			if row.change != nil {
				row.change(&s)
			}
			status, text := w.send(row.r, s, row.body, row.extra...)
			if status < 400 || strings.Contains(text, "hidden") {
				t.Errorf("got %d %s, want a refusal", status, text)
			}
		})
	}
	if got := w.get("lake", "wh/t/b") + w.get("lake", "wh/t2/a") + w.get("attic", "wh/t/a"); got != "(none)hiddenhidden" {
		t.Errorf("got %q, want b not there and what is hidden untouched", got)
	}
}

// What is signed of requests put together at random does nothing outside, as the store reads them.
func TestNothingThatIsSignedLeavesTheTable(t *testing.T) {
	w := newWorld(t)
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	outside := [][2]string{{"lake", "wh/t2/a"}, {"lake", "wh/a"}, {"attic", "wh/t/a"}}
	for _, o := range outside {
		w.put(o[0], o[1], "hidden")
	}
	signed, refused := 0, 0
	for range 20_000 {
		path := "/" + pick("lake", "lake", "lake", "lake", "lake", "lake", "attic", "", "lake%2F") + "/" + pick("wh/", "wh/", "wh/", "wh/", "wh%2F", "", "/")
		for range random.IntN(4) + 1 {
			path += pick("t/", "t/", "t/", "t/", "t/", "t", "t2", "/", "%2F", "..", ".", "%2e%2e", "%2E.", "%252e%252e", "a", "a", "t/a", "t2/a", "../", "..%2F", "%5C", "+", "%2B", "=", "é", "%C3%A9", "%00", ";", "*", "'")
		}
		if random.IntN(5) == 0 {
			path = "/" + pick("lake", "lake", "attic")
		}
		query := []string{}
		for range max(0, random.IntN(8)-5) {
			query = append(query, pick("list-type=2", "prefix=wh/t/", "prefix=wh/t", "prefix=wh/", "prefix=", "prefix=wh%2Ft%2F..%2F", "prefix=wh/t2/", "delimiter=/", "delete", "uploads", "uploadId=u", "partNumber=1", "acl", "x-id=a",
				"location", "start-after=wh/", "versionId=1", "max-keys=1"))
		}
		r := sign.Request{Method: pick("GET", "GET", "HEAD", "PUT", "PUT", "POST", "DELETE"), URI: w.server.URL + path, Headers: map[string][]string{}}
		if len(query) > 0 {
			r.URI += "?" + strings.Join(query, "&")
		}
		if r.Method == "PUT" && random.IntN(2) == 0 {
			r.Headers["x-amz-copy-source"] = []string{pick("lake/wh/t/a", "/lake/wh/t/a", "lake/wh/t2/a", "lake/wh/t/../t2/a", "attic/wh/t/a", "lake/wh/t/%2e%2e/t2/a", "lake%2Fwh%2Ft2%2Fa", "lake/wh/t%2Fa")}
		}
		body := "<Delete><Object><Key>" + pick("wh/t/a", "wh/t2/a", "wh/t/../t2/a", "wh/a", "wh/t/&#46;&#46;/t2/a") + "</Key></Object></Delete>"
		if slices.Contains(query, "delete") {
			r.Body = &body
		} else {
			body = "written"
		}
		s, err := w.sign(r)
		if err != nil {
			refused++
			continue
		}
		signed++
		status, text := w.send(r, s, body)
		if strings.Contains(text, "hidden") || strings.Contains(text, "<Key>wh/t2") || strings.Contains(text, "<Key>wh/a") {
			t.Fatalf("%s %s %v was signed and read outside: %d %s", r.Method, r.URI, r.Headers, status, text)
		}
		for _, o := range outside {
			if w.get(o[0], o[1]) != "hidden" {
				t.Fatalf("%s %s %v was signed and changed %s", r.Method, r.URI, r.Headers, o)
			}
		}
		if got := w.get("lake", "wh/t/a"); got == "hidden" {
			t.Fatalf("%s %s %v was signed and copied from outside", r.Method, r.URI, r.Headers)
		} else if got == "(none)" {
			w.put("lake", "wh/t/a", "alpha")
		}
	}
	if signed < 500 || refused < 500 {
		t.Errorf("got %d signed and %d refused, want enough of both to say anything", signed, refused)
	}
}

func TestTheKeyThatSigns(t *testing.T) {
	gone := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, errors.New("gone") })
	sts, noSTS := lake.Storage{Type: lake.S3, Endpoint: "http://store"}, lake.Storage{Type: lake.S3, Endpoint: "http://store", STSUnavailable: &yes}
	has := lake.Storage{Type: lake.S3, Endpoint: "http://store", STSUnavailable: &no}
	rows := []struct {
		name     string
		storage  lake.Storage
		key      *vend.Credential
		unscoped aws.CredentialsProvider
		want     string     // the id of the key
		refused  fault.Kind // 0: none
	}{
		{"the vended key", sts, temp, own, "TEMP", 0},
		{"the vended key though there is no STS", noSTS, temp, own, "TEMP", 0},
		{"firn's own where there is no STS", noSTS, nil, own, "OWN", 0},
		{"those with the storage's name", lake.Storage{Type: lake.S3, Endpoint: "http://store", STSUnavailable: &yes, Name: "known"}, nil, own, "NAMED", 0},
		{"never firn's own for a name that is not known", lake.Storage{Type: lake.S3, Endpoint: "http://store", STSUnavailable: &yes, Name: "other"}, nil, own, "", fault.Unsupported},
		{"no name where there is STS", lake.Storage{Type: lake.S3, Endpoint: "http://store", Name: "known"}, nil, own, "", fault.Unsupported},
		{"never firn's own where there is STS", sts, nil, own, "", fault.Unsupported},
		{"nor where the catalog says so", has, nil, own, "", fault.Unsupported},
		{"no rights of its own", noSTS, nil, nil, "", fault.Unsupported},
		{"a key to something else", noSTS, &vend.Credential{GCS: &vend.GCSCredential{Token: "t"}}, own, "", fault.Unsupported},
		{"rights that cannot be had now", noSTS, nil, gone, "", fault.Unavailable},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := &world{t: t, key: row.key, signer: New(Config{Policy: storagepolicytest.Lenient([]string{"http://store"}, "known", "other"), Unscoped: row.unscoped, Named: named, Now: func() time.Time { return now }}), at: &row.storage}
			s, err := w.sign(sign.Request{Method: "GET", URI: "http://store/lake/wh/t/a", Headers: map[string][]string{"x-amz-checksum-mode": {"ENABLED"}, "User-Agent": {"u"}}})
			if row.refused != 0 {
				if !fault.Is(err, row.refused) {
					t.Errorf("got %v, want %s", err, row.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			names := slices.Sorted(maps.Keys(s.Headers))
			want := []string{"Authorization", "X-Amz-Content-Sha256", "X-Amz-Date"}
			if row.want == "TEMP" {
				want = append(want, "X-Amz-Security-Token")
			}
			if diff := cmp.Diff(want, names); diff != "" {
				t.Errorf("headers that are not the client's (-want +got):\n%s", diff)
			}
			auth := s.Headers["Authorization"][0]
			if !strings.Contains(auth, "Credential="+row.want+"/20260301/us-east-1/s3/aws4_request") || !strings.Contains(auth, "x-amz-checksum-mode") || strings.Contains(auth, "user-agent") {
				t.Errorf("got %s, want it of %s and with the x-amz headers alone", auth, row.want)
			}
		})
	}
}

func TestSites(t *testing.T) {
	embedded := func() string { return "http://127.0.0.1:8182" }
	role := "arn:aws:iam::111122223333:role/r"
	rows := []struct {
		name    string
		config  Config
		storage lake.Storage
		want    sign.Site // zero: refused
	}{
		{"AWS", Config{}, lake.Storage{Type: lake.S3, RoleARN: role, Region: "eu-central-1", CurrentKMSKey: "a", AllowedKMSKeys: []string{"b"}},
			sign.Site{Region: "eu-central-1", KMSKeys: []string{"b", "a"}}},
		{"AWS without a region", Config{Region: "eu-west-1"}, lake.Storage{Type: lake.S3, RoleARN: role}, sign.Site{Region: "eu-west-1"}},
		{"a store, by path unless it is said", Config{}, lake.Storage{Type: lake.S3, Endpoint: "http://store", EndpointInternal: "http://inner"}, sign.Site{Endpoint: "http://store", Region: "us-east-1"}},
		{"R2 without a region", Config{Region: "eu-west-1"}, lake.Storage{Type: lake.S3, Endpoint: "https://r2", Profile: lake.ProfileR2}, sign.Site{Endpoint: "https://r2", Region: "auto"}},
		{"a store, by path", Config{}, lake.Storage{Type: lake.S3, Endpoint: "http://store", PathStyleAccess: &yes}, sign.Site{Endpoint: "http://store", Region: "us-east-1"}},
		{"a store with virtual hosts", Config{}, lake.Storage{Type: lake.S3, Endpoint: "http://store", PathStyleAccess: &no}, sign.Site{Endpoint: "http://store", Region: "us-east-1", VirtualHosts: true}},
		{"the embedded store", Config{Embedded: embedded}, lake.Storage{Type: lake.S3, PathStyleAccess: &no}, sign.Site{Endpoint: "http://127.0.0.1:8182", Region: "us-east-1"}},
		{"no embedded store here", Config{}, lake.Storage{Type: lake.S3}, sign.Site{}},
		{"GCS", Config{Embedded: embedded}, lake.Storage{Type: lake.GCS}, sign.Site{}},
		{"ADLS", Config{Embedded: embedded}, lake.Storage{Type: lake.Azure}, sign.Site{}},
		{"a folder", Config{Embedded: embedded}, lake.Storage{Type: lake.File}, sign.Site{}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got, err := New(row.config).Site(&row.storage)
			if row.want.Region == "" && !fault.Is(err, fault.Argument) || row.want.Region != "" && err != nil {
				t.Errorf("got %v", err)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What is signed with firn's own rights cannot be made something else by a header that nobody signed, at stores that heed
// such headers; what a scoped key signs need not be guarded, and an approved copy must not be.
func TestOwnRightsAreGuarded(t *testing.T) {
	noSTS := lake.Storage{Type: lake.S3, Endpoint: "http://store", STSUnavailable: &yes}
	const uri = "http://store/lake/wh/t/a"
	copies := map[string][]string{"x-amz-copy-source": {"/lake/wh/t/b"}}
	rows := []struct {
		name    string
		key     *vend.Credential
		request sign.Request
		guarded bool
	}{
		{"a put with firn's own rights", nil, sign.Request{Method: "PUT", URI: uri}, true},
		{"a part with firn's own rights", nil, sign.Request{Method: "PUT", URI: uri + "?partNumber=1&uploadId=x"}, true},
		{"a put with a vended key", temp, sign.Request{Method: "PUT", URI: uri}, false},
		{"a copy", nil, sign.Request{Method: "PUT", URI: uri, Headers: copies}, false},
		{"a get", nil, sign.Request{Method: "GET", URI: uri}, false},
	}
	for _, row := range rows {
		w := &world{t: t, key: row.key, signer: New(Config{Policy: storagepolicytest.Lenient([]string{"http://store"}), Unscoped: own, Now: func() time.Time { return now }}), at: &noSTS}
		s, err := w.sign(row.request)
		if err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		for name := range guards {
			_, sent := s.Headers[name]
			signed := strings.Contains(s.Headers["Authorization"][0], strings.ToLower(name))
			if sent != row.guarded || signed != row.guarded {
				t.Errorf("%s: %s sent %v, signed %v, want %v", row.name, name, sent, signed, row.guarded)
			}
		}
	}
}
