package s3local

import (
	"net/http"
	"strings"
	"testing"
)

func TestNothingBeyondTheScopeIsReached(t *testing.T) {
	put := func(key string) ask { return ask{method: "PUT", target: at(key), body: "x"} }
	list := func(query string) ask { return ask{method: "GET", target: "/" + bucket + "?list-type=2" + query} }
	copied := func(to, source string) ask {
		return ask{method: "PUT", target: at(to), header: map[string]string{"x-amz-copy-source": source}}
	}
	raw := func(path string) ask { return ask{method: "GET", target: "/" + bucket + "/" + path} }
	signedAs := func(a ask, path string) ask {
		a.signed = path
		return a
	}
	refusals(t, []refusalRow{
		{name: "get of a sibling", ask: get(sibling + "s"), status: 403, code: "AccessDenied"},
		{name: "head of a sibling", make: func(w *world, c Credential) *http.Request {
			return w.request(c, ask{method: "HEAD", target: at(sibling + "s")})
		}, status: 403, code: "AccessDenied"},
		{name: "put of a sibling", ask: put(sibling + "new"), status: 403, code: "AccessDenied"},
		{name: "delete of a sibling", ask: ask{method: "DELETE", target: at(sibling + "s")}, status: 403, code: "AccessDenied"},
		{name: "get above", ask: get("lake/ns/top"), status: 403, code: "AccessDenied"},
		{name: "get of what begins like the prefix", ask: get("lake/ns/table-1a2b.txt"), status: 403, code: "AccessDenied"},
		{name: "get of the prefix without its slash", ask: get(strings.TrimSuffix(prefix, "/")), status: 403, code: "AccessDenied"},
		{name: "get of what is not there", ask: get(sibling + "none"), status: 403, code: "AccessDenied"},
		{name: "another bucket", ask: ask{method: "GET", target: "/other-bucket/" + prefix + "a"}, status: 403, code: "AccessDenied"},
		{name: "list of a sibling", ask: list("&prefix=" + encodeURI(sibling, false)), status: 403, code: "AccessDenied"},
		{name: "list of the prefix without its slash", ask: list("&prefix=lake%2Fns%2Ftable-1a2b"), status: 403, code: "AccessDenied"},
		{name: "list above", ask: list("&prefix=lake%2Fns%2F"), status: 403, code: "AccessDenied"},
		{name: "list of all", ask: list(""), status: 403, code: "AccessDenied"},
		{name: "list through dots", ask: list("&prefix=" + encodeURI(prefix+"../", false)), status: 400, code: "InvalidArgument"},
		{name: "read without the action", actions: List | Write | Delete, ask: get(prefix + "a"), status: 403, code: "AccessDenied"},
		{name: "list without the action", actions: Read | Write | Delete, ask: list("&prefix=" + encodeURI(prefix, false)), status: 403, code: "AccessDenied"},
		{name: "write without the action", actions: Read | List | Delete, ask: put(prefix + "new"), status: 403, code: "AccessDenied"},
		{name: "upload without the action", actions: Read | List | Delete, ask: ask{method: "POST", target: at(prefix+"new") + "?uploads"}, status: 403, code: "AccessDenied"},
		{name: "delete without the action", actions: Read | List | Write, ask: ask{method: "DELETE", target: at(prefix + "a")}, status: 403, code: "AccessDenied"},
		{name: "copy from a sibling", ask: copied(prefix+"new", at(sibling+"s")), status: 403, code: "AccessDenied"},
		{name: "copy to a sibling", ask: copied(sibling+"new", at(prefix+"a")), status: 403, code: "AccessDenied"},
		{name: "copy without read", actions: Write, ask: copied(prefix+"new", at(prefix+"a")), status: 403, code: "AccessDenied"},
		{name: "copy without write", actions: Read, ask: copied(prefix+"new", at(prefix+"a")), status: 403, code: "AccessDenied"},
		{name: "copy through dots", ask: copied(prefix+"new", "/"+bucket+"/"+prefix+"../table-1a2b-other/s"), status: 400, code: "InvalidArgument"},
		{name: "copy through encoded dots", ask: copied(prefix+"new", "/"+bucket+"/"+prefix+"%2e%2e/table-1a2b-other/s"), status: 400, code: "InvalidArgument"},
		{name: "copy through dots encoded twice", ask: copied(prefix+"new", "/"+bucket+"/"+prefix+"%252e%252e/table-1a2b-other/s"), status: 400, code: "InvalidArgument"},
		{name: "copy of a version", ask: copied(prefix+"new", at(prefix+"a")+"?versionId=1"), status: 501, code: "NotImplemented"},
		{name: "copy of a bucket", ask: copied(prefix+"new", bucket), status: 400, code: "InvalidArgument"},
		{name: "copy of a broken escape", ask: copied(prefix+"new", bucket+"/%zz"), status: 400, code: "InvalidArgument"},
		{name: "copy from a bad bucket", ask: copied(prefix+"new", ".firn/lock"), status: 400, code: "InvalidBucketName"},
		{name: "copy if another tag", ask: ask{method: "PUT", target: at(prefix + "new"), header: map[string]string{"x-amz-copy-source": at(prefix + "a"), "x-amz-copy-source-if-match": `"x"`}}, status: 412, code: "PreconditionFailed"},
		{name: "copy of nothing", ask: copied(prefix+"new", at(prefix+"none")), status: 404, code: "NoSuchKey"},
		{name: "dots", ask: raw(prefix + "../table-1a2b-other/s"), status: 400, code: "InvalidArgument"},
		{name: "dots signed as what they lead to", ask: signedAs(raw(prefix+"../table-1a2b-other/s"), at(sibling+"s")), status: 400, code: "InvalidArgument"},
		{name: "encoded dots", ask: raw(prefix + "%2e%2e/table-1a2b-other/s"), status: 400, code: "InvalidArgument"},
		{name: "encoded dots signed decoded", ask: signedAs(raw(prefix+"%2E%2e/table-1a2b-other/s"), "/"+bucket+"/"+prefix+"../table-1a2b-other/s"), status: 400, code: "InvalidArgument"},
		{name: "dots with an encoded slash", ask: signedAs(raw(prefix+"..%2Ftable-1a2b-other/s"), "/"+bucket+"/"+prefix+"../table-1a2b-other/s"), status: 400, code: "InvalidArgument"},
		{name: "dots encoded twice", ask: raw(prefix + "%252e%252e/table-1a2b-other/s"), status: 400, code: "InvalidArgument"},
		{name: "dots with a slash encoded twice", ask: raw(prefix + "x%252F..%252F..%252Fs"), status: 400, code: "InvalidArgument"},
		{name: "one dot", ask: raw(prefix + "./a"), status: 400, code: "InvalidArgument"},
		{name: "two slashes", ask: raw(prefix + "/a"), status: 400, code: "InvalidArgument"},
		{name: "two slashes at the start", ask: ask{method: "GET", target: "//" + bucket + "/" + prefix + "a"}, status: 400, code: "InvalidBucketName"},
		{name: "backslash", ask: raw(prefix + "..%5Ca"), status: 400, code: "InvalidArgument"},
		{name: "control character", ask: raw(prefix + "a%00"), status: 400, code: "InvalidArgument"},
		{name: "not UTF-8", ask: raw(prefix + "%FF"), status: 400, code: "InvalidArgument"},
		{name: "the marker's own name", ask: raw(prefix + folderMarker), status: 400, code: "InvalidArgument"},
		{name: "broken escape", ask: raw(prefix + "%zz"), status: 400, code: "InvalidURI"},
		{name: "absolute form", ask: ask{method: "GET", target: "http://" + wireHost + at(prefix+"a")}, status: 400, code: "InvalidURI"},
		{name: "the store's own folder", ask: ask{method: "GET", target: "/.firn/lock"}, status: 400, code: "InvalidBucketName"},
		{name: "list of buckets", ask: ask{method: "GET", target: "/"}, status: 403, code: "AccessDenied"},
		{name: "look at the bucket", ask: ask{method: "HEAD", target: "/" + bucket}, status: 403, code: "AccessDenied"},
	})
}

func TestWhatIsNotSupportedIsNotIgnored(t *testing.T) {
	list := func(query string) ask {
		return ask{method: "GET", target: "/" + bucket + "?list-type=2&prefix=" + encodeURI(prefix, false) + query}
	}
	put := func(name, value string) ask {
		return ask{method: "PUT", target: at(prefix + "new"), body: "x", header: map[string]string{name: value}}
	}
	refusals(t, []refusalRow{
		{name: "acl", ask: ask{method: "GET", target: at(prefix+"a") + "?acl"}, status: 501, code: "NotImplemented"},
		{name: "version", ask: ask{method: "GET", target: at(prefix+"a") + "?versionId=1"}, status: 501, code: "NotImplemented"},
		{name: "tags", ask: ask{method: "PUT", target: at(prefix+"new") + "?tagging", body: "x"}, status: 501, code: "NotImplemented"},
		{name: "delete of a version", ask: ask{method: "DELETE", target: at(prefix+"a") + "?versionId=1"}, status: 501, code: "NotImplemented"},
		{name: "headers of the answer", ask: ask{method: "GET", target: at(prefix+"a") + "?response-content-type=text%2Fhtml"}, status: 501, code: "NotImplemented"},
		{name: "part number alone", ask: ask{method: "PUT", target: at(prefix+"new") + "?partNumber=1", body: "x"}, status: 501, code: "NotImplemented"},
		{name: "policy", ask: ask{method: "GET", target: "/" + bucket + "?policy"}, status: 501, code: "NotImplemented"},
		{name: "list of version 1", ask: ask{method: "GET", target: "/" + bucket + "?prefix=" + encodeURI(prefix, false)}, status: 501, code: "NotImplemented"},
		{name: "list of version 3", ask: ask{method: "GET", target: "/" + bucket + "?list-type=3&prefix=" + encodeURI(prefix, false)}, status: 400, code: "InvalidArgument"},
		{name: "delimiter", ask: list("&delimiter=-"), status: 501, code: "NotImplemented"},
		{name: "encoding", ask: list("&encoding-type=base64"), status: 400, code: "InvalidArgument"},
		{name: "negative max-keys", ask: list("&max-keys=-1"), status: 400, code: "InvalidArgument"},
		{name: "max-keys that is no number", ask: list("&max-keys=x"), status: 400, code: "InvalidArgument"},
		{name: "token", ask: list("&continuation-token=%21"), status: 400, code: "InvalidArgument"},
		{name: "token that is too long", ask: list("&continuation-token=" + strings.Repeat("AAAA", 400)), status: 400, code: "InvalidArgument"},
		{name: "parameter twice", ask: list("&max-keys=1&max-keys=1"), status: 400, code: "InvalidArgument"},
		{name: "too many parameters", ask: list("&" + strings.Repeat("a", 31) + manyParameters()), status: 400, code: "InvalidURI"},
		{name: "broken parameter", ask: list("&max-keys=%zz"), status: 400, code: "InvalidURI"},
		{name: "create a bucket", ask: ask{method: "PUT", target: "/" + bucket}, status: 501, code: "NotImplemented"},
		{name: "post of a form", ask: ask{method: "POST", target: at(prefix + "new")}, status: 501, code: "NotImplemented"},
		{name: "options", ask: ask{method: "OPTIONS", target: at(prefix + "a")}, status: 501, code: "NotImplemented"},
		{name: "get with a copy source", ask: ask{method: "GET", target: at(prefix + "a"), header: map[string]string{"x-amz-copy-source": at(prefix + "a")}}, status: 501, code: "NotImplemented"},
		{name: "user metadata", ask: put("x-amz-meta-a", "b"), status: 501, code: "NotImplemented"},
		{name: "tags in a header", ask: put("x-amz-tagging", "a=b"), status: 501, code: "NotImplemented"},
		{name: "encryption", ask: put("x-amz-server-side-encryption", "AES256"), status: 501, code: "NotImplemented"},
		{name: "public ACL", ask: put("x-amz-acl", "public-read"), status: 501, code: "NotImplemented"},
		{name: "storage class", ask: put("x-amz-storage-class", "GLACIER"), status: 501, code: "NotImplemented"},
		{name: "unknown checksum", ask: put("x-amz-checksum-xxhash64", "AAAA"), status: 501, code: "NotImplemented"},
		{name: "content coding", ask: put("Content-Encoding", "gzip"), status: 501, code: "NotImplemented"},
		{name: "upload with an unknown checksum", ask: ask{method: "POST", target: at(prefix+"new") + "?uploads", header: map[string]string{"x-amz-checksum-algorithm": "XXHASH64"}}, status: 501, code: "NotImplemented"},
	})
}

// manyParameters is a query of more parameters than are read.
func manyParameters() string {
	var b strings.Builder
	for i := range maxParameters {
		b.WriteString("&p" + strings.Repeat("x", i) + "=1")
	}
	return b.String()
}
