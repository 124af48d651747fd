package s3local

import (
	"net/http"
	"slices"
	"strings"
)

// operation is a row of the table of what the store does. A request is of the first row that fits; whatever else it
// brings must be on the row's lists, so that nothing is silently ignored.
type operation struct {
	name    string // as in the S3 API Reference
	method  string
	bucket  bool     // of a bucket, else of an object
	has     []string // query parameters that must be there
	may     []string // further query parameters
	copies  bool     // x-amz-copy-source is there
	headers []string // x-amz-* headers beside the common ones
	needs   Action   // on the key, or for List on the prefix; 0: the operation asks for each key
	serve   func(*call) error
}

var (
	checksumHeaders = []string{"x-amz-sdk-checksum-algorithm", "x-amz-checksum-crc32", "x-amz-checksum-crc32c", "x-amz-checksum-crc64nvme", "x-amz-checksum-sha1", "x-amz-checksum-sha256"}
	bodyHeaders     = []string{"x-amz-decoded-content-length", "x-amz-trailer"}
	createHeaders   = []string{"x-amz-acl", "x-amz-storage-class", "x-amz-checksum-algorithm", "x-amz-checksum-type"}
	copyHeaders     = []string{"x-amz-copy-source", "x-amz-copy-source-if-match", "x-amz-copy-source-range", "x-amz-metadata-directive"}
	completeHeaders = append([]string{"x-amz-checksum-type", "x-amz-mp-object-size"}, bodyHeaders...)
	putHeaders      = append(slices.Clone(createHeaders), bodyHeaders...)
)

// operations is the table; rows with more conditions stand before those with fewer.
var operations = []operation{
	{name: "ListParts", method: http.MethodGet, has: []string{"uploadId"}, may: []string{"max-parts", "part-number-marker"}, needs: Write, serve: (*call).listParts},
	{name: "GetObject", method: http.MethodGet, may: []string{"x-amz-checksum-mode"}, headers: []string{"x-amz-checksum-mode", "x-amz-te"}, needs: Read, serve: (*call).getObject},
	{name: "HeadObject", method: http.MethodHead, may: []string{"x-amz-checksum-mode"}, headers: []string{"x-amz-checksum-mode"}, needs: Read, serve: (*call).getObject},
	{name: "UploadPartCopy", method: http.MethodPut, copies: true, has: []string{"partNumber", "uploadId"}, headers: copyHeaders, needs: Write, serve: (*call).uploadPartCopy},
	{name: "UploadPart", method: http.MethodPut, has: []string{"partNumber", "uploadId"}, may: []string{"x-amz-sdk-checksum-algorithm"}, headers: bodyHeaders, needs: Write, serve: (*call).uploadPart},
	{name: "CopyObject", method: http.MethodPut, copies: true, headers: append(slices.Clone(createHeaders), copyHeaders...), needs: Write, serve: (*call).copyObject},
	{name: "PutObject", method: http.MethodPut, may: []string{"x-amz-sdk-checksum-algorithm"}, headers: putHeaders, needs: Write, serve: (*call).putObject},
	{name: "CreateMultipartUpload", method: http.MethodPost, has: []string{"uploads"}, headers: createHeaders, needs: Write, serve: (*call).createUpload},
	{name: "CompleteMultipartUpload", method: http.MethodPost, has: []string{"uploadId"}, headers: completeHeaders, needs: Write, serve: (*call).completeUpload},
	{name: "AbortMultipartUpload", method: http.MethodDelete, has: []string{"uploadId"}, needs: Write, serve: (*call).abortUpload},
	{name: "DeleteObject", method: http.MethodDelete, needs: Delete, serve: (*call).deleteObject},
	{name: "ListObjectsV2", method: http.MethodGet, bucket: true, has: []string{"list-type"}, may: []string{"prefix", "delimiter", "max-keys", "continuation-token", "start-after", "encoding-type", "fetch-owner"}, needs: List, serve: (*call).listObjects},
	{name: "DeleteObjects", method: http.MethodPost, bucket: true, has: []string{"delete"}, headers: bodyHeaders, serve: (*call).deleteObjects},
}

// commonHeaders are those that every operation takes. Checksums are of the body; Java's SDK sends that of no body too, with
// requests that have none.
var commonHeaders = append([]string{"x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "x-amz-user-agent", "x-amz-api-version", "x-amz-request-payer"}, checksumHeaders...)

// headerValues are the only values of headers that ask for what is so here anyway, or for what a server need not give:
// append-md5 is a wish of Java's SDK, which looks into the answer for whether it was granted.
var headerValues = map[string][]string{
	"x-amz-te":                 {"append-md5"},
	"x-amz-acl":                {"private", "bucket-owner-full-control"},
	"x-amz-storage-class":      {"STANDARD"},
	"x-amz-metadata-directive": {"COPY", "REPLACE"},
}

// classify finds a request's operation.
func classify(r *http.Request, t target) (*operation, error) {
	if t.bucket == "" || t.key == "" && r.Method == http.MethodHead {
		return nil, denied("A credential opens prefixes; buckets are not listed and not looked at.")
	}
	_, copies := r.Header["X-Amz-Copy-Source"]
	for i := range operations {
		op := &operations[i]
		missing := func(name string) bool { _, ok := t.query[name]; return !ok }
		if op.method == r.Method && op.bucket == (t.key == "") && op.copies == copies && !slices.ContainsFunc(op.has, missing) {
			return op, nil
		}
	}
	if r.Method == http.MethodGet && t.key == "" {
		return nil, notImplemented("Version 1 of ListObjects and the settings of buckets are not supported; list with list-type=2.")
	}
	return nil, notImplemented("The operation is not supported.")
}

// admit refuses query parameters and headers that the operation does not know.
func (op *operation) admit(r *http.Request, t target, presigned bool) error {
	for name := range t.query {
		known := name == "x-id" || slices.Contains(op.has, name) || slices.Contains(op.may, name) || presigned && slices.Contains(presignNames, name)
		if !known {
			return notImplemented("The query parameter is not supported: " + name)
		}
	}
	for name, values := range r.Header {
		name = strings.ToLower(name)
		if !strings.HasPrefix(name, "x-amz-") {
			continue
		}
		if !slices.Contains(commonHeaders, name) && !slices.Contains(op.headers, name) {
			return notImplemented("The header is not supported: " + name)
		}
		if some, fixed := headerValues[name]; fixed && !slices.Contains(some, values[0]) {
			return notImplemented("The header's value is not supported: " + name)
		}
	}
	return nil
}
