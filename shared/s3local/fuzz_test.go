package s3local

import (
	"bufio"
	"encoding/base64"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// FuzzChunks feeds bytes to the decoder of bodies in chunks: it never ends well without the checksum that it was told.
func FuzzChunks(f *testing.F) {
	f.Add("b\r\nhello world\r\n0\r\n"+helloCRC+"\r\n\r\n", int64(11))
	f.Add("6\r\nhello \r\n5\r\nworld\r\n0\r\n"+helloCRC, int64(11))
	f.Add("0\r\n\r\n", int64(0))
	f.Fuzz(func(t *testing.T, wire string, size int64) {
		h := http.Header{"X-Amz-Trailer": {"x-amz-checksum-crc32"}}
		trailer, err := expectTrailer(h)
		if err != nil {
			t.Fatal(err)
		}
		c := &chunks{from: bufio.NewReaderSize(strings.NewReader(wire), 64<<10), trailer: trailer.field}
		b := &body{from: c, chunks: c, size: size, left: size, expects: []expectation{trailer}}
		text, err := io.ReadAll(b)
		if err != nil {
			return
		}
		sum := crc32.ChecksumIEEE(text)
		want := base64.StdEncoding.EncodeToString([]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
		if int64(len(text)) != size || !strings.Contains(wire, want) {
			t.Errorf("got %d bytes taken, want %d and the checksum %s in %q", len(text), size, want, wire)
		}
	})
}

// FuzzRequest sends what nobody signed: it is refused, and nothing panics.
func FuzzRequest(f *testing.F) {
	w := newWorld(f)
	f.Add("GET", at(prefix+"a")+"?x-id=GetObject", "AWS4-HMAC-SHA256 Credential=FIRN/20261121/r/s3/aws4_request, SignedHeaders=host, Signature=0", "20261121T000000Z", "token")
	f.Add("PUT", "/b/../%2e%2e?X-Amz-Signature=1&X-Amz-Expires=1&X-Amz-Algorithm=AWS4-HMAC-SHA256", "", "", "")
	f.Add("POST", "//?delete&delete", "AWS x:y", "", "")
	f.Fuzz(func(t *testing.T, method, target, authorization, date, token string) {
		w.log.Reset()
		header := http.Header{"Authorization": {authorization}, "X-Amz-Date": {date}, "X-Amz-Security-Token": {token}, "X-Amz-Content-Sha256": {unsignedPayload}}
		r := &http.Request{Method: method, RequestURI: target, Header: header, Host: wireHost, URL: &url.URL{}, Body: http.NoBody}
		rec := httptest.NewRecorder()
		w.gate.ServeHTTP(rec, r.WithContext(t.Context()))
		if rec.Code < 400 {
			t.Errorf("got %d %s, want a refusal", rec.Code, rec.Body)
		}
		if parsed, err := parseTarget(target); err == nil && parsed.key != "" {
			if name, err := w.store.of(realm).file(parsed.bucket, parsed.key); err != nil || strings.Contains("/"+name+"/", "/../") {
				t.Errorf("target %q: got the file %q, %v", target, name, err)
			}
		}
	})
}
