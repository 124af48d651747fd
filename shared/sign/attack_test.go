package sign

import (
	"fmt"
	"strings"
	"testing"

	"firn/shared/fault"
)

// attack is a request that must not be signed for the table t.
type attack struct {
	name string
	r    Request
	want string // in the message
}

// outside are the ends of URIs that do not name an object of the table, whatever reads them.
var outside = map[string]string{
	"a sibling":                           "/lake/wh/t2/a",
	"what begins like the folder":         "/lake/wh/t",
	"what begins like the folder, longer": "/lake/wh/t.parquet",
	"the folder above":                    "/lake/wh/a",
	"the folder above, as a folder":       "/lake/wh/",
	"another bucket":                      "/attic/wh/t/a",
	"another bucket that begins alike":    "/lake2/wh/t/a",
	"a bucket in upper case":              "/LAKE/wh/t/a",
	"a key in upper case":                 "/lake/WH/T/a",
	"two dots":                            "/lake/wh/t/../t2/a",
	"two dots, encoded":                   "/lake/wh/t/%2e%2e/t2/a",
	"two dots, half encoded":              "/lake/wh/t/.%2E/t2/a",
	"two dots, encoded twice":             "/lake/wh/t/%252e%252e/t2/a",
	"two dots, encoded three times":       "/lake/wh/t/%25252e%25252e/t2/a",
	"two dots behind an encoded slash":    "/lake/wh/t/a%252f..%252f..%252ft2/a",
	"two dots at the end":                 "/lake/wh/t/..",
	"one dot":                             "/lake/wh/t/./a",
	"a doubled slash":                     "/lake/wh/t//a",
	"a doubled slash before the key":      "/lake//wh/t/a",
	"a doubled slash before the bucket":   "//lake/wh/t/a",
	"a doubled slash, encoded":            "/lake/wh/t/%2Fa",
	"a backslash":                         `/lake/wh/t/..\..\t2`,
	"a backslash, encoded":                "/lake/wh/t/..%5C..%5Ct2",
	"a backslash alone":                   "/lake/wh/t/a%5Cb",
	"NUL":                                 "/lake/wh/t/a%00",
	"a new line":                          "/lake/wh/t/a%0aHost:x",
	"DEL":                                 "/lake/wh/t/a%7f",
	"a control character of Unicode":      "/lake/wh/t/a%c2%85",
	"no UTF-8":                            "/lake/wh/t/a%ff",
	"an overlong slash":                   "/lake/wh/t/..%c0%af..%c0%aft2",
	"a broken escape":                     "/lake/wh/t/a%2",
	"a broken escape of no digits":        "/lake/wh/t/a%zz",
	"a parameter of a path":               "/lake;x=/wh/t/a",
	"the bucket encoded":                  "/lake%2Fwh%2Ft2/a",
	"a key that is too long":              "/lake/wh/t/" + strings.Repeat("a", maxKey),
	"no bucket":                           "/",
	"no path":                             "",
}

func attacks() []attack {
	const origin = "http://store:9000"
	var out []attack
	add := func(name, method, uri, want string, pairs ...string) {
		out = append(out, attack{name, Request{Method: method, URI: uri, Headers: header(pairs...)}, want})
	}
	for name, end := range outside {
		for _, method := range []string{"GET", "HEAD", "PUT", "DELETE"} {
			add(method+" of "+name, method, origin+end, "")
		}
		if strings.HasPrefix(end, "/lake/wh") && len(end) < maxKey {
			add("upload to "+name, "POST", origin+end+"?uploads", "")
			add("copy from "+name, "PUT", inside, "", "x-amz-copy-source", end)
			add("part from "+name, "PUT", inside+"?partNumber=1&uploadId=u", "", "x-amz-copy-source", end)
			key, _ := decode(strings.TrimPrefix(end, "/lake/"))
			out = append(out, attack{"batch with " + name, Request{Method: "POST", URI: origin + "/lake?delete", Body: batch("wh/t/a", key)}, ""})
		}
	}
	for name, authority := range map[string]string{
		"another host": "evil", "another port": "store:9001", "no port": "store", "user information": "u@store:9000", "user and password": "store:9000@evil",
		"a bucket's host where there are none": "lake.store:9000", "an encoded host": "stor%65:9000", "a dot behind the host": "store.:9000", "no host": "",
		"a host that ends alike": "evilstore:9000", "AWS": "lake.s3.us-east-1.amazonaws.com",
	} {
		add(name, "GET", "http://"+authority+"/lake/wh/t/a", "Cannot sign a request to")
	}
	add("another scheme", "GET", "https://store:9000/lake/wh/t/a", "that is not the catalog's storage")
	add("a scheme of no web", "GET", "s3://lake/wh/t/a", "that is not the catalog's storage")
	add("no scheme", "GET", "/lake/wh/t/a", "it is not absolute")
	add("no URI", "GET", "", "it is not absolute")
	add("a fragment", "GET", inside+"#a", "a fragment")
	add("a space", "GET", inside+" HTTP/1.1", "characters that no URI has")
	add("a new line in the URI", "GET", inside+"\r\nHost: evil", "characters that no URI has")
	add("letters beyond ASCII", "GET", inside+"é", "characters that no URI has")
	add("a URI of 9 KB", "GET", inside+"?x-id="+strings.Repeat("a", 9<<10), "too long")

	for _, sub := range []string{"acl", "policy", "tagging", "versions", "versionId=1", "versionId", "uploads", "torrent", "retention", "legal-hold", "attributes", "restore", "select", "cors",
		"lifecycle", "replication", "notification", "logging", "website", "encryption", "object-lock", "publicAccessBlock", "requestPayment", "accelerate", "metrics", "append", "response-content-type=text/html",
		"X-Amz-Signature=a", "X-Amz-Security-Token=a", "X-Amz-Algorithm=AWS4-HMAC-SHA256", "AWSAccessKeyId=a&Signature=b&Expires=1", "x-amz-acl=public-read", "X-Amz-Copy-Source=a", "session", "PREFIX=wh/t/"} {
		for _, method := range []string{"GET", "PUT", "DELETE", "POST"} {
			if sub == "uploads" && method == "POST" {
				continue
			}
			add(method+" of an object's "+sub, method, inside+"?"+sub, "")
			add(method+" of the bucket's "+sub, method, origin+"/lake?"+sub, "")
			add(method+" of the bucket's "+sub+" beside a prefix", method, origin+"/lake?prefix=wh/t/&"+sub, "")
		}
	}
	add("a parameter twice", "GET", origin+"/lake?list-type=2&prefix=wh/t/&prefix=", "twice")
	add("a parameter twice, once encoded", "GET", origin+"/lake?list-type=2&prefix=wh/t/&pr%65fix=", "twice")
	add("a parameter without name", "GET", inside+"?=a", "its query")
	add("a plus in the query", "GET", origin+"/lake?list-type=2&prefix=wh/t/+", "a plus sign")
	add("a broken escape in the query", "GET", inside+"?uploadId=%", "broken escape")
	for name, prefix := range map[string]string{"none": "", "of the folder without slash": "wh/t", "of the sibling": "wh/t2/", "above": "wh/", "with dots": "wh/t/../t2/",
		"with dots, encoded twice": "wh/t/%252e%252e/t2/", "of dots alone": "wh/t/..%2F", "with a doubled slash": "wh/t//", "with a slash in front": "/wh/t/", "of a slash": "/"} {
		add("a list with a prefix "+name, "GET", origin+"/lake?list-type=2&prefix="+prefix, "")
		add("an old list with a prefix "+name, "GET", origin+"/lake?prefix="+prefix, "")
		add("a list of another bucket with a prefix "+name, "GET", origin+"/attic?list-type=2&prefix="+prefix, "")
	}
	add("a list without prefix", "GET", origin+"/lake?list-type=2", "with a prefix inside the table alone")
	add("an old list without prefix", "GET", origin+"/lake", "with a prefix inside the table alone")
	add("a list of buckets", "GET", origin+"/", "names no bucket")
	add("a list of version 3", "GET", origin+"/lake?list-type=3&prefix=wh/t/", "that value")
	add("a list that names a key", "GET", inside+"?list-type=2&prefix=wh/t/", "does not take the query parameter")
	add("a look at another bucket", "HEAD", origin+"/attic", "outside of the table's")
	add("where another bucket is", "GET", origin+"/attic?location", "outside of the table's")
	add("a bucket is made", "PUT", origin+"/lake", "no operation that is signed")
	add("the bucket is deleted", "DELETE", origin+"/lake", "no operation that is signed")
	add("a form post", "POST", origin+"/lake", "no operation that is signed")
	for _, method := range []string{"", "get", "PATCH", "OPTIONS", "CONNECT", "TRACE", "GET /x"} {
		add("the method "+method, method, inside, "no operation that is signed")
	}
	return append(out, append(headerAttacks(), batchAttacks()...)...)
}

func headerAttacks() (out []attack) {
	add := func(name, method, want string, pairs ...string) {
		out = append(out, attack{name, Request{Method: method, URI: inside, Headers: header(pairs...)}, want})
	}
	for _, name := range []string{"x-amz-acl", "X-Amz-Grant-Read", "x-amz-grant-full-control", "x-amz-website-redirect-location", "x-amz-server-side-encryption-customer-key",
		"x-amz-server-side-encryption-customer-algorithm", "x-amz-bypass-governance-retention", "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date", "x-amz-object-lock-legal-hold", "x-amz-tagging",
		"x-amz-security-token", "x-amz-meta-snowball-auto-extract", "x-amz-meta-minio-snowball-prefix", "x-amz-mfa", "x-amz-request-payer", "x-amz-write-offset-bytes", "x-amz-rename-source",
		"x-amz-copy-source-server-side-encryption-customer-key", "x-amz-server-side-encryption-context", "x-amz-anything"} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			add(method+" with "+name, method, "does not take the header", name, "a")
		}
		add("copy with "+name, "PUT", "does not take the header", name, "a", "x-amz-copy-source", "lake/wh/t/a")
	}
	add("a read with a copy's source", "GET", "no operation that is signed", "x-amz-copy-source", "lake/wh/t/a")
	add("a delete with a copy's source", "DELETE", "no operation that is signed", "x-amz-copy-source", "lake/wh/t/a")
	for name, source := range map[string]string{"a version": "lake/wh/t/a?versionId=1", "no key": "lake", "an empty key": "lake/", "nothing": "", "another bucket": "attic/wh/t/a", "an access point": "arn:aws:s3:eu:1:accesspoint/a/object/wh/t/a",
		"a broken escape": "lake/wh/t/%", "a plus": "lake/wh/t/a+b", "two slashes in front": "//lake/wh/t/a", "a URL": "http://store:9000/lake/wh/t/a"} {
		add("a copy from "+name, "PUT", "", "x-amz-copy-source", source)
	}
	add("two copy sources", "PUT", "exactly one value", "x-amz-copy-source", "lake/wh/t/a", "x-amz-copy-source", "attic/a")
	add("two copy sources in two cases", "PUT", "comes twice", "x-amz-copy-source", "lake/wh/t/a", "X-Amz-Copy-Source", "attic/a")
	out = append(out, attack{"a header without value", Request{Method: "PUT", URI: inside, Headers: map[string][]string{"x-amz-acl": {}}}, "exactly one value"})
	add("a header in a value", "PUT", "control characters", "content-type", "a\nx-amz-acl: public-read")
	add("a header in a name", "PUT", "a name is none", "content-type: a\nx-amz-acl", "public-read")
	add("a name of nothing", "PUT", "a name is none", "", "a")
	add("a KMS key of someone else", "PUT", "that value of the header", "x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:eu-central-1:999922223333:key/k")
	add("an encryption of someone else", "PUT", "that value of the header", "x-amz-server-side-encryption", "aws:fsx")
	add("a wish for something else", "GET", "that value of the header", "x-amz-te", "x")
	add("a directive that is none", "PUT", "that value of the header", "x-amz-copy-source", "lake/wh/t/a", "x-amz-metadata-directive", "x")
	for _, payload := range []string{"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "", "0a", strings.Repeat("0A", 32), "unsigned-payload"} {
		add("a payload of "+payload, "PUT", "x-amz-content-sha256 is no", "x-amz-content-sha256", payload)
	}
	add("a trailer behind a hash", "PUT", "x-amz-content-sha256 is no", "x-amz-content-sha256", strings.Repeat("0a", 32), "x-amz-trailer", "x-amz-checksum-crc32")
	add("a trailer behind an unsigned body", "PUT", "x-amz-content-sha256 is no", "x-amz-content-sha256", "UNSIGNED-PAYLOAD", "x-amz-trailer", "x-amz-checksum-crc32")
	many := make([]string, 0, 2*maxHeaders+2)
	for i := range maxHeaders + 1 {
		many = append(many, fmt.Sprint("a", i), "a")
	}
	add("too many headers", "GET", "too many", many...)
	add("too long headers", "GET", "too long", "a", strings.Repeat("a", maxHeader))
	return out
}

func batchAttacks() (out []attack) {
	const shape = "is not <Delete> with objects"
	add := func(name, body, want string, pairs ...string) {
		out = append(out, attack{"a batch " + name, Request{Method: "POST", URI: "http://store:9000/lake?delete", Headers: header(pairs...), Body: &body}, want})
	}
	good := *batch("wh/t/a")
	add("without body", "", shape)
	out = append(out, attack{"a batch whose body is not shown", Request{Method: "POST", URI: "http://store:9000/lake?delete"}, "only with its body"})
	out = append(out, attack{"a batch that names a key", Request{Method: "POST", URI: inside + "?delete", Body: &good}, "no operation that is signed"})
	out = append(out, attack{"a batch for a value", Request{Method: "POST", URI: "http://store:9000/lake?delete=a", Body: &good}, "that value"})
	out = append(out, attack{"a batch in another bucket", Request{Method: "POST", URI: "http://store:9000/attic?delete", Body: &good}, "outside of the table's"})
	add("with a key of a sibling in the middle", *batch("wh/t/a", "wh/t2/a", "wh/t/b"), "outside of the table's")
	add("with a key that becomes one of a sibling", *batch("wh/t/..&#47;t2/a"), "not one path")
	add("with an empty key", *batch(""), "not one path")
	add("of nothing", *batch(), "names 1 to 1000")
	add("of too many", *batch(strings.Split(strings.Repeat("wh/t/a,", maxBatch)+"wh/t/b", ",")...), "names 1 to 1000")
	add("that is too long", good+strings.Repeat(" ", maxBody), "at most")
	add("of two documents", good+good, shape)
	add("with text behind", good+"x", shape)
	add("with text between", strings.Replace(good, "<Object>", "x<Object>", 1), shape)
	add("with a comment", strings.Replace(good, "<Object>", "<!-- --><Object>", 1), shape)
	add("with CDATA", strings.Replace(good, "wh/t/a", "<![CDATA[wh/t2/a]]>", 1), shape)
	add("with a document type", strings.Replace(good, "<Delete", `<!DOCTYPE a [<!ENTITY k "wh/t2/a">]><Delete`, 1), shape)
	add("with an instruction", strings.Replace(good, "<Object>", "<?x y?><Object>", 1), shape)
	add("with an instruction in a key", strings.Replace(good, "wh/t/a", "wh/t/<?x y?>a", 1), shape)
	add("with an element in a key", strings.Replace(good, "wh/t/a", "wh/t/<b>a</b>", 1), shape)
	add("with a version", strings.Replace(good, "</Object>", "<VersionId>1</VersionId></Object>", 1), shape)
	add("with a version first", strings.Replace(good, "<Key>", "<VersionId>1</VersionId><Key>", 1), shape)
	add("with two keys in one", strings.Replace(good, "</Object>", "<Key>wh/t2/a</Key></Object>", 1), shape)
	add("with an object in an object", strings.Replace(good, "</Object>", "<Object><Key>wh/t2/a</Key></Object></Object>", 1), shape)
	add("with an element that is not known", strings.Replace(good, "<Quiet>", "<Loud>x</Loud><Quiet>", 1), shape)
	add("with a broken Quiet", strings.Replace(good, "<Quiet>true", "<Quiet><b/>", 1), shape)
	add("of another root", strings.ReplaceAll(good, "Delete", "Remove"), shape)
	add("of another name space", strings.Replace(good, "2006-03-01", "2007-03-01", 1), shape)
	add("with a prefix for another name space", strings.Replace(good, "<Key>", `<Key xmlns="x">`, 1), shape)
	add("with a prefix that is not declared", strings.NewReplacer("<Key>", "<x:Key>", "</Key>", "</x:Key>").Replace(good), shape)
	add("with an attribute", strings.Replace(good, "<Key>", `<Key a="b">`, 1), shape)
	add("in another encoding", strings.Replace(good, "UTF-8", "UTF-7", 1), shape)
	add("cut off", good[:len(good)-9], shape)
	add("that is no XML", "{}", shape)
	add("with another hash", good, "not the hash of the body", "x-amz-content-sha256", strings.Repeat("0a", 32))
	add("with no hash by wish", good, "not the hash of the body", "x-amz-content-sha256", "UNSIGNED-PAYLOAD")
	add("with another MD5", good, "not the hash of the body", "Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==")
	add("with a trailer", good, "does not take the header", "x-amz-trailer", "x-amz-checksum-crc32")
	return out
}

func TestAttacksAreNotSigned(t *testing.T) {
	all := attacks()
	for _, a := range all {
		t.Run(a.name, func(t *testing.T) {
			_, _, err := judge(t, a.r, store)
			if !fault.Is(err, fault.Forbidden, fault.Argument) || !strings.Contains(fault.From(err).Message, a.want) {
				t.Errorf("got %v, want a refusal that says %q", err, a.want)
			}
		})
	}
	t.Logf("%d attacks, 0 signed", len(all))
}

func TestAnotherRegionIsNotSigned(t *testing.T) {
	for _, region := range []string{"", "eu-west-1", "US-EAST-1", "us-east-1/s3/aws4_request\n"} {
		_, err := Parse(Request{Method: "GET", URI: inside, Region: region}, store)
		if !fault.Is(err, fault.Argument) || !strings.Contains(err.Error(), "region") {
			t.Errorf("%q: got %v, want a refusal of the region", region, err)
		}
	}
}

// Hosts of AWS that are something else than the storage of the Region.
func TestOtherHostsOfAWSAreNotSigned(t *testing.T) {
	for _, host := range []string{"s3.us-east-1.amazonaws.com", "lake.s3.us-east-1.amazonaws.com", "s3.amazonaws.com", "lake.s3-accelerate.amazonaws.com", "lake.s3-website.eu-central-1.amazonaws.com",
		"a-111122223333.s3-accesspoint.eu-central-1.amazonaws.com", "s3-control.eu-central-1.amazonaws.com", "sts.eu-central-1.amazonaws.com", "dynamodb.eu-central-1.amazonaws.com", "lake.s3.eu-central-1.amazonaws.com.cn",
		"lake.s3.eu-central-1.amazonaws.com.evil", ".s3.eu-central-1.amazonaws.com", "lake.s3.eu-central-1.amazonaws.com:8443", "eu-central-1.amazonaws.com"} {
		if _, _, err := judge(t, Request{Method: "GET", URI: "https://" + host + "/lake/wh/t/a"}, amazon); err == nil {
			t.Errorf("%s was signed for", host)
		}
	}
	if _, _, err := judge(t, Request{Method: "GET", URI: "http://lake.s3.eu-central-1.amazonaws.com/wh/t/a"}, amazon); err == nil {
		t.Error("plain HTTP was signed for")
	}
	// A store that serves virtual hosts: the bucket is the host's, whatever the path says.
	if _, _, err := judge(t, Request{Method: "GET", URI: "https://wh.store/t/a"}, virtual); err == nil {
		t.Error("a key that begins like the table's in another bucket was signed for")
	}
}
