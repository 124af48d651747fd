package sign

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/location"
	"firn/shared/vend"
)

// The sites of the tests: a store of one's own that knows no virtual hosts, one that does, and AWS.
var (
	store   = Site{Endpoint: "http://store:9000", Region: "us-east-1"}
	virtual = Site{Endpoint: "https://store/", Region: "us-east-1", VirtualHosts: true}
	amazon  = Site{Region: "eu-central-1", KMSKeys: []string{"arn:aws:kms:eu-central-1:111122223333:key/k"}}
)

// inside is a file of the table t; its folder begins like that of t2.
const inside = "http://store:9000/lake/wh/t/data/a.parquet"

func table(t testing.TB) []location.Prefix {
	t.Helper()
	var out []location.Prefix
	for _, text := range []string{"s3://lake/wh/t", "s3a://other/data/t"} {
		p, err := location.ParsePrefix(text)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

func header(pairs ...string) map[string][]string {
	h := map[string][]string{}
	for i := 0; i < len(pairs); i += 2 {
		h[pairs[i]] = append(h[pairs[i]], pairs[i+1])
	}
	return h
}

// judge is Parse and Within.
func judge(t testing.TB, r Request, s Site) (*Call, *Checked, error) {
	t.Helper()
	if r.Region == "" {
		r.Region = s.Region
	}
	c, err := Parse(r, s)
	if err != nil {
		return nil, nil, err
	}
	checked, err := c.Within(table(t))
	return c, checked, err
}

func batch(keys ...string) *string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`)
	for _, k := range keys {
		b.WriteString("<Object><Key>" + k + "</Key></Object>")
	}
	b.WriteString("<Quiet>true</Quiet></Delete>")
	text := b.String()
	return &text
}

func TestWhatIsSigned(t *testing.T) {
	const folder = "http://store:9000/lake/wh/t/"
	rows := []struct {
		name    string
		r       Request
		op      string
		actions vend.Actions
	}{
		{"a read", Request{Method: "GET", URI: inside, Headers: header("Range", "bytes=0-9", "x-amz-checksum-mode", "ENABLED", "x-amz-te", "append-md5")}, "GetObject", vend.Read},
		{"a read, as AWS's Go client sends it", Request{Method: "GET", URI: inside + "?x-id=GetObject"}, "GetObject", vend.Read},
		{"a look", Request{Method: "HEAD", URI: inside}, "HeadObject", vend.Read},
		{"a write", Request{Method: "PUT", URI: inside, Headers: header("Content-Type", "application/octet-stream", "x-amz-checksum-crc32", "AAAAAA==", "If-None-Match", "*")}, "PutObject", vend.Write},
		{"a write to the table's other folder", Request{Method: "PUT", URI: "http://store:9000/other/data/t/f"}, "PutObject", vend.Write},
		{"an upload begins", Request{Method: "POST", URI: inside + "?uploads"}, "CreateMultipartUpload", vend.Write},
		{"a part", Request{Method: "PUT", URI: inside + "?partNumber=1&uploadId=u"}, "UploadPart", vend.Write},
		{"an upload ends", Request{Method: "POST", URI: inside + "?uploadId=u"}, "CompleteMultipartUpload", vend.Write},
		{"an upload is given up", Request{Method: "DELETE", URI: inside + "?uploadId=u"}, "AbortMultipartUpload", vend.Write},
		{"the parts of an upload", Request{Method: "GET", URI: inside + "?uploadId=u&max-parts=10"}, "ListParts", vend.Write},
		{"a delete", Request{Method: "DELETE", URI: inside}, "DeleteObject", vend.Delete},
		{"a batch delete", Request{Method: "POST", URI: "http://store:9000/lake?delete", Body: batch("wh/t/a", "wh/t/b")}, "DeleteObjects", vend.Delete},
		{"a batch delete with a slash", Request{Method: "POST", URI: "http://store:9000/lake/?delete=", Body: batch("wh/t/a&amp;b")}, "DeleteObjects", vend.Delete},
		{"a list", Request{Method: "GET", URI: "http://store:9000/lake?list-type=2&prefix=wh%2Ft%2F&delimiter=%2F&max-keys=5"}, "ListObjectsV2", vend.List},
		{"a list of what begins so, below the folder", Request{Method: "GET", URI: "http://store:9000/lake?list-type=2&prefix=wh/t/da"}, "ListObjectsV2", vend.List},
		{"an old list", Request{Method: "GET", URI: "http://store:9000/lake/?prefix=wh/t/&marker=wh/t/a"}, "ListObjects", vend.List},
		{"a copy", Request{Method: "PUT", URI: inside, Headers: header("x-amz-copy-source", "/lake/wh/t/b%20c", "x-amz-metadata-directive", "COPY")}, "CopyObject", vend.Write | vend.Read},
		{"a copy of a part", Request{Method: "PUT", URI: inside + "?partNumber=1&uploadId=u", Headers: header("x-amz-copy-source", "other/data/t/b", "x-amz-copy-source-range", "bytes=0-9")}, "UploadPartCopy", vend.Write | vend.Read},
		{"a look at the bucket", Request{Method: "HEAD", URI: "http://store:9000/lake"}, "HeadBucket", vend.List},
		{"where the bucket is", Request{Method: "GET", URI: "http://store:9000/lake?location"}, "GetBucketLocation", vend.List},
		{"a partition's folder", Request{Method: "GET", URI: folder + "city=New%2BYork%252FEast%3F/d%C3%A9*.parquet"}, "GetObject", vend.Read},
	}
	shown := map[string]bool{}
	for _, row := range rows {
		shown[row.op] = true
		t.Run(row.name, func(t *testing.T) {
			c, _, err := judge(t, row.r, store)
			if err != nil {
				t.Fatal(err)
			}
			if c.Operation() != row.op || c.Actions() != row.actions {
				t.Errorf("got %s %s, want %s %s", c.Operation(), c.Actions(), row.op, row.actions)
			}
		})
	}
	for _, op := range operations {
		if !shown[op.name] {
			t.Errorf("%s has no row here", op.name)
		}
	}
}

func TestTheURIThatIsSigned(t *testing.T) {
	rows := []struct {
		name, uri string
		site      Site
		want      string
	}{
		{"a canonical one", inside, store, inside},
		{"characters that AWS encodes", "http://store:9000/lake/wh/t/a=b+c/d'e(f)", store, "http://store:9000/lake/wh/t/a%3Db%2Bc/d%27e%28f%29"},
		{"lower-case escapes", "http://store:9000/lake/wh/t/%3d%7e", store, "http://store:9000/lake/wh/t/%3D~"},
		{"a sorted query with values", "http://store:9000/lake/wh/t/a?uploadId=b/c&max-parts=1", store, "http://store:9000/lake/wh/t/a?max-parts=1&uploadId=b%2Fc"},
		{"a parameter without value", "http://store:9000/lake/wh/t/a?uploadId", store, "http://store:9000/lake/wh/t/a?uploadId="},
		{"the scheme's own port", "https://STORE:443/lake/wh/t/a", virtual, "https://store/lake/wh/t/a"},
		{"a bucket's own host", "https://lake.store/wh/t/a", virtual, "https://lake.store/wh/t/a"},
		{"AWS, the bucket's host", "https://lake.s3.eu-central-1.amazonaws.com/wh/t/a", amazon, "https://lake.s3.eu-central-1.amazonaws.com/wh/t/a"},
		{"AWS, by path", "https://s3.eu-central-1.amazonaws.com/lake/wh/t/a", amazon, "https://s3.eu-central-1.amazonaws.com/lake/wh/t/a"},
		{"AWS, both protocols", "https://lake.s3.dualstack.eu-central-1.amazonaws.com/wh/t/a", amazon, "https://lake.s3.dualstack.eu-central-1.amazonaws.com/wh/t/a"},
		{"AWS, the old name", "https://lake.s3.amazonaws.com/wh/t/a", Site{Region: "us-east-1"}, "https://lake.s3.amazonaws.com/wh/t/a"},
		{"AWS in China", "https://lake.s3.cn-north-1.amazonaws.com.cn/wh/t/a", Site{Region: "cn-north-1"}, "https://lake.s3.cn-north-1.amazonaws.com.cn/wh/t/a"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, c, err := judge(t, Request{Method: "GET", URI: row.uri}, row.site)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Parts().URI; got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func TestWhatIsSignedOfHeadersAndBody(t *testing.T) {
	hash := strings.Repeat("0a", 32)
	kms := header("x-amz-server-side-encryption", "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id", amazon.KMSKeys[0])
	rows := []struct {
		name    string
		r       Request
		site    Site
		headers map[string]string
		payload string
	}{
		{"nothing said of the body", Request{Method: "PUT", URI: inside}, store, nil, "UNSIGNED-PAYLOAD"},
		{"what HTTP libraries own, and an earlier signature, are left out",
			Request{Method: "GET", URI: inside, Headers: header("User-Agent", "x", "Range", "bytes=0-1", "Authorization", "AWS4", "X-Amz-Date", "d", "amz-sdk-request", "attempt=1")}, store, nil, "UNSIGNED-PAYLOAD"},
		{"unsigned by wish", Request{Method: "PUT", URI: inside, Headers: header("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")}, store,
			map[string]string{"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, "UNSIGNED-PAYLOAD"},
		{"a hash", Request{Method: "PUT", URI: inside, Headers: header("x-amz-content-sha256", hash, "Content-MD5", "m", "Content-Type", "t")}, store,
			map[string]string{"x-amz-content-sha256": hash, "content-md5": "m", "content-type": "t"}, hash},
		{"a checksum behind the body, from a client that signs nothing", Request{Method: "PUT", URI: inside, Headers: header("x-amz-trailer", "x-amz-checksum-crc32")}, store,
			map[string]string{"x-amz-trailer": "x-amz-checksum-crc32"}, "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
		{"a batch delete is bound to its body", Request{Method: "POST", URI: "http://store:9000/lake?delete", Body: batch("wh/t/a")}, store, nil,
			"ec4c8dc84a3a9099b04a664b56afea4e2da5b46a7e9b66ddca2464fe2154c67b"},
		{"the catalog's own KMS key", Request{Method: "PUT", URI: "https://lake.s3.eu-central-1.amazonaws.com/wh/t/a", Headers: kms}, amazon,
			map[string]string{"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": amazon.KMSKeys[0]}, "UNSIGNED-PAYLOAD"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, c, err := judge(t, row.r, row.site)
			if err != nil {
				t.Fatal(err)
			}
			if row.headers == nil {
				row.headers = map[string]string{}
			}
			if diff := cmp.Diff(row.headers, c.Parts().Headers); diff != "" || c.Parts().Payload != row.payload {
				t.Errorf("payload got %s, want %s; headers (-want +got):\n%s", c.Parts().Payload, row.payload, diff)
			}
		})
	}
}

// A site that cannot be read off its endpoint is not signed for.
func TestEndpointsThatAreNone(t *testing.T) {
	for _, endpoint := range []string{"http://store/s3", "store:9000", "ftp://store", "http://", "http://u@store", "http://store?x"} {
		_, _, err := judge(t, Request{Method: "GET", URI: inside}, Site{Endpoint: endpoint, Region: "us-east-1"})
		if !fault.Is(err, fault.Argument) || !strings.Contains(err.Error(), "its endpoint") {
			t.Errorf("%s: got %v, want a refusal of the endpoint", endpoint, err)
		}
	}
}

func TestNoFoldersSignNothing(t *testing.T) {
	gcs, err := location.ParsePrefix("gs://lake/wh/t")
	if err != nil {
		t.Fatal(err)
	}
	for method, uri := range map[string]string{"GET": inside, "HEAD": "http://store:9000/lake"} {
		c, err := Parse(Request{Method: method, URI: uri, Region: "us-east-1"}, store)
		if err != nil {
			t.Fatal(err)
		}
		for _, folders := range [][]location.Prefix{nil, {{}}, {gcs}} {
			if _, err := c.Within(folders); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s within %v: got %v, want forbidden", c.Operation(), folders, err)
			}
		}
	}
}

// The table itself: each row's parameters are of its kind of target, and rows that copy sign both ends.
func TestRowsWithMoreConditionsComeFirst(t *testing.T) {
	for i, op := range operations {
		for _, later := range operations[i+1:] {
			same := op.method == later.method && op.bucket == later.bucket && op.copies == later.copies
			if same && !slices.ContainsFunc(op.has, func(p string) bool { return !slices.Contains(later.has, p) }) {
				t.Errorf("%s hides %s", op.name, later.name)
			}
		}
	}
}
