package s3local

import (
	"crypto/md5" //nolint:gosec // the protocol's
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// coding is a body in the aws-chunked coding in the making.
type coding struct {
	chunks    []string
	payload   string // x-amz-content-sha256
	trailer   string // name:value; empty: none
	announced string // x-amz-trailer, if other than the trailer's name
	length    string // x-amz-decoded-content-length, if other than the chunks'
	wire      func(string) string
	end       string // behind the body
	header    map[string]string
}

// chunked signs a put whose body is coded; the seed is the signature of the request itself.
func (w *world) chunked(c Credential, key string, k coding) *http.Request {
	text := strings.Join(k.chunks, "")
	header := map[string]string{"x-amz-decoded-content-length": strconv.Itoa(len(text)), "content-encoding": "aws-chunked"}
	if k.length != "" {
		header["x-amz-decoded-content-length"] = k.length
	}
	if k.trailer != "" {
		header["x-amz-trailer"], _, _ = strings.Cut(k.trailer, ":")
	}
	if k.announced != "" {
		header["x-amz-trailer"] = k.announced
	}
	for name, value := range k.header {
		header[name] = value
	}
	unknown := int64(-1)
	at := w.clock.now()
	r := w.request(c, ask{method: "PUT", target: "/" + bucket + "/" + key, header: header, payload: k.payload, length: &unknown, at: at})
	_, seed, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
	wire := k.encode(c, seed, at) + k.end
	if k.wire != nil {
		wire = k.wire(wire)
	}
	r.Body = w.plain("PUT", "/", nil, wire).Body
	return r
}

func (k coding) encode(c Credential, last string, at time.Time) string {
	var b strings.Builder
	day, when := at.UTC().Format("20060102"), at.UTC().Format("20060102T150405Z")
	sign := func(kind, hashes string) string {
		last = hex.EncodeToString(mac(keyOf(c, day), "AWS4-HMAC-SHA256"+kind+"\n"+when+"\n"+day+"/eu-central-1/s3/aws4_request\n"+last+"\n"+hashes))
		return last
	}
	signed := k.payload != unsignedTrailer
	for _, chunk := range append(k.chunks, "") {
		fmt.Fprintf(&b, "%x", len(chunk))
		if signed {
			b.WriteString(";chunk-signature=" + sign("-PAYLOAD", hexSHA256("")+"\n"+hexSHA256(chunk)))
		}
		b.WriteString("\r\n")
		if chunk != "" {
			b.WriteString(chunk + "\r\n")
		}
	}
	if k.trailer != "" {
		b.WriteString(k.trailer + "\r\n")
		if signed {
			b.WriteString("x-amz-trailer-signature:" + sign("-TRAILER", hexSHA256(k.trailer+"\n")) + "\r\n")
		}
	}
	return b.String() + "\r\n"
}

// Checksums of "hello world", from the specifications' reference tools.
var helloSums = map[string]string{
	"x-amz-checksum-crc32":     "DUoRhQ==",
	"x-amz-checksum-crc32c":    "yZRlqg==",
	"x-amz-checksum-crc64nvme": "jSnVw/bqjr4=",
	"x-amz-checksum-sha1":      "Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
	"x-amz-checksum-sha256":    "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=",
}

const helloCRC = "x-amz-checksum-crc32:DUoRhQ=="

func TestABodyInChunksIsDecoded(t *testing.T) {
	tests := []struct {
		name string
		k    coding
	}{
		{"signed", coding{chunks: []string{"hello ", "world"}, payload: signedChunks}},
		{"signed with a trailer", coding{chunks: []string{"hello", " world"}, payload: signedTrailer, trailer: helloCRC}},
		{"unsigned with a trailer", coding{chunks: []string{"hello", " ", "world"}, payload: unsignedTrailer, trailer: helloCRC}},
		{"unsigned with crc64nvme", coding{chunks: []string{"hello world"}, payload: unsignedTrailer, trailer: "x-amz-checksum-crc64nvme:" + helloSums["x-amz-checksum-crc64nvme"]}},
		{"without the last line's end", coding{chunks: []string{"hello world"}, payload: unsignedTrailer, trailer: helloCRC, wire: func(s string) string { return strings.TrimRight(s, "\r\n") }}},
		{"with a blank line before the trailer's signature", coding{chunks: []string{"hello world"}, payload: signedTrailer, trailer: helloCRC, wire: func(s string) string {
			return strings.Replace(s, "\r\nx-amz-trailer-signature", "\n\r\nx-amz-trailer-signature", 1)
		}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			rec := w.do(w.chunked(w.mint(Write), prefix+"new", tt.k))
			if got := w.read(prefix + "new"); rec.Code != 200 || got != "hello world" {
				t.Errorf("got %d %s and %q, want 200 and hello world", rec.Code, rec.Body, got)
			}
			if name, want, ok := strings.Cut(tt.k.trailer, ":"); ok && rec.Header().Get(name) != want {
				t.Errorf("echo: got %q, want %q", rec.Header().Get(name), want)
			}
		})
	}
}

func TestABodyThatDoesNotHoldLeavesTheOldObject(t *testing.T) {
	length := func(n int64) *int64 { return &n }
	put := func(name, value string) ask {
		return ask{method: "PUT", target: at(prefix + "a"), body: "hello world", header: map[string]string{name: value}}
	}
	chunks := func(k coding) func(*world, Credential) *http.Request {
		return func(w *world, c Credential) *http.Request { return w.chunked(c, prefix+"a", k) }
	}
	swap := func(old, text string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, text, 1) }
	}
	hello := []string{"hello ", "world"}
	rows := []refusalRow{
		{name: "swapped body", make: func(w *world, c Credential) *http.Request {
			r := w.request(c, ask{method: "PUT", target: at(prefix + "a"), body: "hello world"})
			r.Body = w.plain("PUT", "/", nil, "hello earth").Body
			return r
		}, status: 400, code: "XAmzContentSHA256Mismatch"},
		{name: "unknown payload", ask: ask{method: "PUT", target: at(prefix + "a"), body: "x", payload: "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}, status: 400, code: "InvalidArgument"},
		{name: "short body", ask: ask{method: "PUT", target: at(prefix + "a"), body: "x", length: length(2), payload: unsignedPayload}, status: 400, code: "IncompleteBody"},
		{name: "long body", ask: ask{method: "PUT", target: at(prefix + "a"), body: "xyz", length: length(2), payload: unsignedPayload}, status: 400, code: "IncompleteBody"},
		{name: "no length", ask: ask{method: "PUT", target: at(prefix + "a"), body: "x", length: length(-1), payload: unsignedPayload}, status: 411, code: "MissingContentLength"},
		{name: "too large", ask: ask{method: "PUT", target: at(prefix + "a"), body: "x", length: length(maxBody + 1), payload: unsignedPayload}, status: 400, code: "EntityTooLarge"},
		{name: "md5", ask: put("Content-MD5", "nd2k6gpELDs0dJqnfI8+Iw=="), status: 400, code: "BadDigest"},
		{name: "chunk data", make: chunks(coding{chunks: hello, payload: signedChunks, wire: swap("world", "earth")}), status: 403, code: "SignatureDoesNotMatch"},
		{name: "chunk signature", make: chunks(coding{chunks: hello, payload: signedChunks, wire: swap("chunk-signature=", "chunk-signature=0")}), status: 403, code: "SignatureDoesNotMatch"},
		{name: "no chunk signature", make: chunks(coding{chunks: hello, payload: signedChunks, wire: swap(";chunk-signature=", ";x=")}), status: 400, code: "InvalidRequest"},
		{name: "signature on an unsigned chunk", make: chunks(coding{chunks: hello, payload: unsignedTrailer, trailer: helloCRC, wire: swap("6\r\n", "6;chunk-signature=0\r\n")}), status: 400, code: "InvalidRequest"},
		{name: "signed chunk that is too large", make: chunks(coding{chunks: hello, payload: signedChunks, wire: swap("6;", "1000001;")}), status: 400, code: "InvalidRequest"},
		{name: "chunks in another order", make: chunks(coding{chunks: []string{"ab", "cd"}, payload: signedChunks, wire: func(s string) string {
			lines := strings.SplitAfter(s, "\r\n")
			return lines[2] + lines[3] + lines[0] + lines[1] + strings.Join(lines[4:], "")
		}}), status: 403, code: "SignatureDoesNotMatch"},
		{name: "cut before the last chunk", make: chunks(coding{chunks: hello, payload: signedChunks, wire: func(s string) string { return s[:strings.LastIndex(s, "0;chunk")] }}), status: 400, code: "IncompleteBody"},
		{name: "cut in a chunk", make: chunks(coding{chunks: hello, payload: signedChunks, wire: func(s string) string { return s[:strings.Index(s, "wor")+3] }}), status: 400, code: "IncompleteBody"},
		{name: "unsigned, cut in a chunk", make: chunks(coding{chunks: hello, payload: unsignedTrailer, trailer: helloCRC, wire: func(s string) string { return s[:strings.Index(s, "wor")+3] }}), status: 400, code: "IncompleteBody"},
		{name: "chunk's line too long", make: chunks(coding{chunks: hello, payload: unsignedTrailer, trailer: helloCRC, wire: func(s string) string { return strings.Repeat("0", maxChunkLine) + s }}), status: 400, code: "InvalidRequest"},
		{name: "line end missing", make: chunks(coding{chunks: hello, payload: unsignedTrailer, trailer: helloCRC, wire: swap("hello \r\n", "hello x\r\n")}), status: 400, code: "InvalidRequest"},
		{name: "size that is no number", make: chunks(coding{chunks: hello, payload: unsignedTrailer, trailer: helloCRC, wire: swap("6\r\n", "-6\r\n")}), status: 400, code: "InvalidRequest"},
		{name: "decoded length too short", make: chunks(coding{chunks: hello, payload: signedChunks, length: "10"}), status: 400, code: "IncompleteBody"},
		{name: "decoded length too long", make: chunks(coding{chunks: hello, payload: signedChunks, length: "12"}), status: 400, code: "IncompleteBody"},
		{name: "decoded length missing", make: chunks(coding{chunks: hello, payload: signedChunks, length: "x"}), status: 411, code: "MissingContentLength"},
		{name: "decoded length negative", make: chunks(coding{chunks: hello, payload: signedChunks, length: "-1"}), status: 411, code: "MissingContentLength"},
		{name: "decoded length too large", make: chunks(coding{chunks: hello, payload: signedChunks, length: strconv.Itoa(maxBody + 1)}), status: 400, code: "EntityTooLarge"},
		{name: "trailer's checksum", make: chunks(coding{chunks: hello, payload: unsignedTrailer, trailer: "x-amz-checksum-crc32:AAAAAA=="}), status: 400, code: "BadDigest"},
		{name: "trailer's checksum, signed", make: chunks(coding{chunks: hello, payload: signedTrailer, trailer: "x-amz-checksum-crc32:AAAAAA=="}), status: 400, code: "BadDigest"},
		{name: "trailer changed after signing", make: chunks(coding{chunks: hello, payload: signedTrailer, trailer: "x-amz-checksum-crc32:AAAAAA==", wire: swap("AAAAAA==", "DUoRhQ==")}), status: 403, code: "SignatureDoesNotMatch"},
		{name: "trailer's signature missing", make: chunks(coding{chunks: hello, payload: signedTrailer, trailer: helloCRC, wire: func(s string) string { return s[:strings.Index(s, "x-amz-trailer-sig")] }}), status: 403, code: "SignatureDoesNotMatch"},
		{name: "trailer missing", make: chunks(coding{chunks: hello, payload: unsignedTrailer, announced: "x-amz-checksum-crc32"}), status: 400, code: "MalformedTrailerError"},
		{name: "trailer not announced", make: chunks(coding{chunks: hello, payload: unsignedTrailer}), status: 400, code: "InvalidRequest"},
		{name: "another trailer than announced", make: chunks(coding{chunks: hello, payload: unsignedTrailer, trailer: helloCRC, announced: "x-amz-checksum-sha1"}), status: 400, code: "InvalidRequest"},
		{name: "unknown trailer", make: chunks(coding{chunks: hello, payload: unsignedTrailer, trailer: "x-amz-meta-a:b"}), status: 400, code: "InvalidRequest"},
		{name: "trailer twice", make: chunks(coding{chunks: hello, payload: unsignedTrailer, trailer: helloCRC + "\r\n" + helloCRC, announced: "x-amz-checksum-crc32"}), status: 400, code: "InvalidRequest"},
		{name: "more behind the trailer", make: chunks(coding{chunks: hello, payload: unsignedTrailer, trailer: helloCRC, end: "more"}), status: 400, code: "InvalidRequest"},
		{name: "blank lines without end", make: chunks(coding{chunks: hello, payload: unsignedTrailer, trailer: helloCRC, end: strings.Repeat("\n", 100)}), status: 400, code: "InvalidRequest"},
		{name: "checksum in a header of a body in chunks", make: chunks(coding{chunks: hello, payload: signedChunks, header: map[string]string{"x-amz-checksum-crc32": "AAAAAA=="}}), status: 400, code: "BadDigest"},
	}
	for name := range helloSums {
		rows = append(rows, refusalRow{name: "checksum " + name, ask: put(name, "AAAAAA=="), status: 400, code: "BadDigest"})
	}
	refusals(t, rows)
}

func TestChecksumsThatHoldAreTaken(t *testing.T) {
	sum := md5.Sum([]byte("hello world")) //nolint:gosec // the protocol's
	sums := map[string]string{"content-md5": base64.StdEncoding.EncodeToString(sum[:])}
	for name, value := range helloSums {
		sums[name] = value
	}
	for name, value := range sums {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			rec := w.call(w.mint(Write), ask{method: "PUT", target: at(prefix + "new"), body: "hello world", payload: unsignedPayload, header: map[string]string{name: value}})
			if rec.Code != 200 || w.read(prefix+"new") != "hello world" {
				t.Errorf("got %d %s, want 200", rec.Code, rec.Body)
			}
		})
	}
}

func TestADocumentIsBoundAndBounded(t *testing.T) {
	many := strings.Repeat("<Object><Key>k</Key></Object>", maxDeletes+1)
	tests := []struct {
		name   string
		ask    ask
		status int
		code   string
	}{
		{"bytes that nothing binds", ask{body: "<Delete><Object><Key>k</Key></Object></Delete>", payload: unsignedPayload}, 400, "InvalidRequest"},
		{"no XML", ask{body: "{}"}, 400, "MalformedXML"},
		{"another document", ask{body: "<Other/>"}, 400, "MalformedXML"},
		{"no keys", ask{body: "<Delete/>"}, 400, "MalformedXML"},
		{"too many keys", ask{body: "<Delete>" + many + "</Delete>"}, 400, "MalformedXML"},
		{"too large", ask{body: "<Delete>" + strings.Repeat(" ", maxDocument) + "</Delete>"}, 400, "EntityTooLarge"},
		{"wrong checksum", ask{body: "<Delete/>", header: map[string]string{"x-amz-checksum-crc32": "AAAAAA=="}}, 400, "BadDigest"},
		{"bound by a checksum", ask{body: "hello world", payload: unsignedPayload, header: map[string]string{"x-amz-checksum-crc32": helloSums["x-amz-checksum-crc32"]}}, 400, "MalformedXML"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			tt.ask.method, tt.ask.target = "POST", "/"+bucket+"?delete"
			rec := w.call(w.mint(everyAction), tt.ask)
			if rec.Code != tt.status || codeOf(rec) != tt.code {
				t.Errorf("got %d %s, want %d %s", rec.Code, rec.Body, tt.status, tt.code)
			}
		})
	}
}
