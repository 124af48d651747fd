package sign

import (
	"slices"
	"strings"

	"firn/shared/vend"
)

// operation is a row of the table of what is signed. A request is of the first row that fits; whatever else it brings
// must be on the row's lists.
type operation struct {
	name    string // as in the S3 API Reference
	method  string
	bucket  bool     // of a bucket, else of an object
	copies  bool     // x-amz-copy-source is there
	has     []string // query parameters that must be there
	may     []string // further ones
	headers []string // x-amz headers beside the common ones
	action  vend.Actions
	keys    source // what it does that to
}

// source says where a request names what it touches.
type source int

const (
	fromPath   source = iota // the object of the path
	fromCopy                 // that, written, and the object of x-amz-copy-source, read
	fromPrefix               // the query parameter prefix
	fromBody                 // a batch delete
	fromBucket               // nothing but the bucket
)

var (
	checksumHeaders = []string{"x-amz-sdk-checksum-algorithm", "x-amz-checksum-crc32", "x-amz-checksum-crc32c", "x-amz-checksum-crc64nvme", "x-amz-checksum-sha1", "x-amz-checksum-sha256"}
	bodyHeaders     = append([]string{"x-amz-decoded-content-length", "x-amz-trailer"}, checksumHeaders...)
	createHeaders   = []string{"x-amz-storage-class", "x-amz-checksum-algorithm", "x-amz-checksum-type", "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-server-side-encryption-bucket-key-enabled"}
	putHeaders      = append(slices.Clone(createHeaders), bodyHeaders...)
	completeHeaders = append([]string{"x-amz-checksum-type", "x-amz-mp-object-size"}, checksumHeaders...)
	copyHeaders     = append([]string{"x-amz-copy-source", "x-amz-copy-source-if-match", "x-amz-metadata-directive"}, createHeaders...)
	partCopyHeaders = []string{"x-amz-copy-source", "x-amz-copy-source-if-match", "x-amz-copy-source-range"}
	readHeaders     = []string{"x-amz-checksum-mode", "x-amz-te"} // x-amz-te: Java's AWS client wishes for an MD5 behind the body
)

// operations is the table; rows with more conditions stand before those with fewer. A read by versionId is not on it:
// what an object was before may be older than the table.
var operations = []operation{
	{name: "ListParts", method: "GET", has: []string{"uploadId"}, may: []string{"max-parts", "part-number-marker"}, action: vend.Write},
	{name: "GetObject", method: "GET", may: []string{"partNumber"}, headers: readHeaders, action: vend.Read},
	{name: "HeadObject", method: "HEAD", may: []string{"partNumber"}, headers: readHeaders, action: vend.Read},
	{name: "UploadPartCopy", method: "PUT", copies: true, has: []string{"partNumber", "uploadId"}, headers: partCopyHeaders, action: vend.Write, keys: fromCopy},
	{name: "UploadPart", method: "PUT", has: []string{"partNumber", "uploadId"}, headers: bodyHeaders, action: vend.Write},
	{name: "CopyObject", method: "PUT", copies: true, headers: copyHeaders, action: vend.Write, keys: fromCopy},
	{name: "PutObject", method: "PUT", headers: putHeaders, action: vend.Write},
	{name: "CreateMultipartUpload", method: "POST", has: []string{"uploads"}, headers: createHeaders, action: vend.Write},
	{name: "CompleteMultipartUpload", method: "POST", has: []string{"uploadId"}, headers: completeHeaders, action: vend.Write},
	{name: "AbortMultipartUpload", method: "DELETE", has: []string{"uploadId"}, action: vend.Write},
	{name: "DeleteObject", method: "DELETE", action: vend.Delete},
	{name: "ListObjectsV2", method: "GET", bucket: true, has: []string{"list-type", "prefix"}, may: []string{"delimiter", "max-keys", "continuation-token", "start-after", "encoding-type", "fetch-owner"}, action: vend.List, keys: fromPrefix},
	{name: "ListObjects", method: "GET", bucket: true, has: []string{"prefix"}, may: []string{"delimiter", "max-keys", "marker", "encoding-type"}, action: vend.List, keys: fromPrefix},
	{name: "GetBucketLocation", method: "GET", bucket: true, has: []string{"location"}, action: vend.List, keys: fromBucket},
	{name: "HeadBucket", method: "HEAD", bucket: true, action: vend.List, keys: fromBucket},
	{name: "DeleteObjects", method: "POST", bucket: true, has: []string{"delete"}, headers: checksumHeaders, action: vend.Delete, keys: fromBody},
}

// classify finds a request's operation.
func classify(method string, t target, copies bool) (*operation, error) {
	for i := range operations {
		op := &operations[i]
		missing := func(name string) bool { _, ok := t.query[name]; return !ok }
		if op.method == method && op.bucket == (t.key == "") && op.copies == copies && !slices.ContainsFunc(op.has, missing) {
			return op, nil
		}
	}
	if method == "GET" && t.key == "" {
		return nil, refuse("a bucket is listed with a prefix inside the table alone")
	}
	return nil, refuse("%s of a bucket or object with these parameters is no operation that is signed", short(method))
}

// commonHeaders are those that every operation takes.
var commonHeaders = []string{"x-amz-content-sha256", "x-amz-user-agent", "x-amz-api-version", "x-amz-expected-bucket-owner"}

// values are the only ones of parameters and headers that choose what is done.
var values = map[string][]string{
	"list-type":                    {"2"},
	"location":                     {""},
	"delete":                       {""},
	"uploads":                      {""},
	"x-amz-server-side-encryption": {"AES256", "aws:kms"},
	"x-amz-metadata-directive":     {"COPY", "REPLACE"},
	"x-amz-te":                     {"append-md5"},
}

// admit refuses query parameters and headers that the operation does not know.
func (op *operation) admit(query map[string]string, h map[string]string, site Site) error {
	for name, value := range query {
		if name != "x-id" && !slices.Contains(op.has, name) && !slices.Contains(op.may, name) {
			return refuse("%s does not take the query parameter %q", op.name, short(name))
		}
		if some, fixed := values[name]; fixed && !slices.Contains(some, value) {
			return refuse("%s does not take that value of the query parameter %q", op.name, name)
		}
	}
	for name, value := range h {
		if !strings.HasPrefix(name, "x-amz-") {
			continue
		}
		if !slices.Contains(commonHeaders, name) && !slices.Contains(op.headers, name) {
			return refuse("%s does not take the header %q", op.name, short(name))
		}
		some, fixed := values[name]
		if name == "x-amz-server-side-encryption-aws-kms-key-id" {
			some, fixed = site.KMSKeys, true
		}
		if fixed && !slices.Contains(some, value) {
			return refuse("%s does not take that value of the header %q", op.name, name)
		}
	}
	return nil
}

// uses finds what the request touches.
func (op *operation) uses(t target, h map[string]string, body *string) ([]use, error) {
	switch op.keys {
	case fromBucket:
		return []use{{action: op.action, bucket: t.bucket, whole: true}}, nil
	case fromPrefix:
		// The rest after the last slash only filters names, so it may be empty.
		if prefix := t.query["prefix"]; !goodKey(prefix + "x") {
			return nil, refuse("the prefix of a list is not one path: %q", short(prefix))
		}
		return []use{{action: op.action, bucket: t.bucket, key: t.query["prefix"]}}, nil
	case fromCopy:
		bucket, key, err := parseSource(h["x-amz-copy-source"])
		return []use{{action: op.action, bucket: t.bucket, key: t.key}, {action: vend.Read, bucket: bucket, key: key}}, err
	case fromBody:
		keys, err := parseBatch(body)
		var all []use
		for _, key := range keys {
			all = append(all, use{action: op.action, bucket: t.bucket, key: key})
		}
		return all, err
	}
	return []use{{action: op.action, bucket: t.bucket, key: t.key}}, nil
}
