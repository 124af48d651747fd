package s3local

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"firn/shared/fault"
)

// The values of x-amz-content-sha256 that are no hash (Signature Version 4 reference, "Uploading in multiple chunks").
const (
	unsignedPayload = "UNSIGNED-PAYLOAD"
	signedChunks    = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	signedTrailer   = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	unsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

var (
	errTooLarge   = refuse(http.StatusBadRequest, "EntityTooLarge", "The body is larger than is allowed.")
	errNoLength   = refuse(http.StatusLengthRequired, "MissingContentLength", "The request does not say how long its body is.")
	errIncomplete = refuse(http.StatusBadRequest, "IncompleteBody", "The body does not have the length that the request names.")
	errPayload    = refuse(http.StatusBadRequest, "XAmzContentSHA256Mismatch", "The body does not have the hash that was signed.")
)

// body reads a request's body and ends in io.EOF only if length, hash, checksums, chunk signatures and trailer held.
// What it gave before is not to be used unless it ended so.
type body struct {
	from    io.Reader
	chunks  *chunks // nil if the body is not in chunks
	size    int64   // bytes that it will give
	left    int64
	expects []expectation
	bound   bool  // the signature or a checksum that it covers binds the bytes
	end     error // what Read answers for ever after
}

var _ io.Reader = (*body)(nil)

// newBody readies a request's body of at most limit bytes, with the checksums that its headers name; nothing is read yet.
func newBody(r *http.Request, a authentic, limit int64, expects []expectation) (*body, error) {
	b := &body{from: r.Body, size: r.ContentLength, expects: expects}
	payload := r.Header.Get(payloadField)
	switch {
	case payload == "" && a.proof.presigned, payload == unsignedPayload:
		b.bound = len(b.expects) > 0
	case payload == signedChunks || payload == signedTrailer || payload == unsignedTrailer:
		if err := b.inChunks(r, a, payload); err != nil {
			return nil, err
		}
	default:
		want, err := hex.DecodeString(payload)
		if err != nil || len(want) != sha256.Size {
			return nil, refuse(http.StatusBadRequest, "InvalidArgument", "The header x-amz-content-sha256 has an unknown value.")
		}
		b.bound = true
		b.expects = append(b.expects, expectation{payloadField, sha256.New(), base64.StdEncoding.EncodeToString(want), errPayload})
	}
	if b.size < 0 {
		return nil, errNoLength
	}
	if b.size > limit {
		return nil, errTooLarge
	}
	b.left = b.size
	return b, checkEncoding(r.Header)
}

// inChunks sets up for the aws-chunked coding. The wire's length may be unknown then; the body's own must not.
func (b *body) inChunks(r *http.Request, a authentic, payload string) error {
	size, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
	if err != nil || size < 0 {
		return errNoLength
	}
	b.size, b.chunks = size, &chunks{from: bufio.NewReaderSize(r.Body, 64<<10)}
	b.from, b.bound = b.chunks, true
	if payload != unsignedTrailer {
		b.chunks.chain = &chain{key: a.signing, proof: a.proof, last: a.proof.signature}
	}
	if payload != signedChunks {
		trailer, err := expectTrailer(r.Header)
		if err != nil {
			return err
		}
		b.chunks.trailer = trailer.field
		b.expects = append(b.expects, trailer)
	}
	return nil
}

// checkEncoding refuses a coding that would have to be kept with the object.
func checkEncoding(h http.Header) error {
	for coding := range strings.SplitSeq(strings.Join(h.Values("Content-Encoding"), ","), ",") {
		if coding = strings.TrimSpace(coding); coding != "" && coding != "aws-chunked" && coding != "identity" {
			return notImplemented("Content-Encoding is not kept, so it is not taken.")
		}
	}
	return nil
}

// Read gives the body's bytes.
func (b *body) Read(p []byte) (int, error) {
	if b.end != nil {
		return 0, b.end
	}
	n, err := b.from.Read(p)
	for _, e := range b.expects {
		e.sum.Write(p[:n])
	}
	b.left -= int64(n)
	switch {
	case b.left < 0:
		b.end = errIncomplete
	case errors.Is(err, io.EOF):
		b.end = b.finish()
	case err != nil:
		b.end = interrupted(err)
	}
	if b.end != nil && !errors.Is(b.end, io.EOF) {
		return 0, b.end
	}
	return n, b.end
}

// finish says io.EOF if everything held.
func (b *body) finish() error {
	if b.left != 0 {
		return errIncomplete
	}
	for i := range b.expects {
		e := &b.expects[i]
		if e.want == "" {
			e.want = b.chunks.checksum
		}
		if err := e.hold(); err != nil {
			return err
		}
	}
	return io.EOF
}

// interrupted tells a body that the connection did not bring whole from one that was refused, or whose sender was.
func interrupted(err error) error {
	_, refused := errors.AsType[*refusal](err)
	_, revoked := errors.AsType[*fault.Error](err)
	if refused || revoked {
		return err
	}
	return errIncomplete.because(err)
}
