package s3local

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// chain signs chunk after chunk, each over the signature before it (Signature Version 4 reference, "Transferring Payload
// in Multiple Chunks").
type chain struct {
	key   []byte
	proof proof
	last  string
}

// hold checks the next signature of the chain over parts that are already hashed.
func (c *chain) hold(kind, signature string, hashes ...string) error {
	text := strings.Join(append([]string{algorithm + kind, c.proof.when, c.proof.scope(), c.last}, hashes...), "\n")
	if !hmac.Equal([]byte(hex.EncodeToString(sign(c.key, text))), []byte(signature)) {
		return errSignature
	}
	c.last = signature
	return nil
}

// chunks decodes the aws-chunked coding. A signed chunk is held back until its signature held.
type chunks struct {
	from     *bufio.Reader
	chain    *chain // nil: chunks are not signed
	trailer  string // the field that ends the body, lower case; empty: none
	checksum string // what the trailer brought

	held []byte // of a signed chunk
	left int64  // of an unsigned chunk
	open bool   // an unsigned chunk's line end is still to come
	end  error
}

var _ io.Reader = (*chunks)(nil)

var errChunk = malformed("The body is not in chunks as the request says.")

// Read gives the bytes in the chunks; io.EOF only behind a complete trailer.
func (c *chunks) Read(p []byte) (int, error) {
	for len(c.held) == 0 && c.left == 0 && c.end == nil {
		c.end = c.next()
	}
	switch {
	case len(c.held) > 0:
		n := copy(p, c.held)
		c.held = c.held[n:]
		return n, nil
	case c.left > 0:
		n, err := c.from.Read(p[:min(int64(len(p)), c.left)])
		c.left -= int64(n)
		return n, cut(err)
	}
	return 0, c.end
}

// cut says that the body ends where it must not.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errIncomplete
	}
	return err
}

// line reads a line without its end.
func (c *chunks) line() (string, error) {
	text, err := c.from.ReadSlice('\n')
	if len(text) > maxChunkLine || errors.Is(err, bufio.ErrBufferFull) {
		return "", errChunk
	}
	return string(bytes.TrimRight(text, "\r\n")), err
}

// next reads a chunk's line, and the chunk if it is signed. It answers io.EOF behind the last one.
func (c *chunks) next() error {
	if c.open {
		if err := c.lineEnd(); err != nil {
			return err
		}
	}
	text, err := c.line()
	if err != nil {
		return cut(err)
	}
	digits, extension, _ := strings.Cut(text, ";")
	size, err := strconv.ParseUint(digits, 16, 63)
	if err != nil {
		return errChunk
	}
	if c.chain == nil {
		if extension != "" {
			return errChunk
		}
		if size == 0 {
			return c.finish()
		}
		c.left, c.open = int64(size), true
		return nil
	}
	signature, ok := strings.CutPrefix(extension, "chunk-signature=")
	if !ok || size > maxChunk {
		return errChunk
	}
	return c.signed(int64(size), signature)
}

// signed reads a signed chunk. Memory grows with what arrives, not with what the chunk's line says.
func (c *chunks) signed(size int64, signature string) error {
	var data bytes.Buffer
	if n, err := io.CopyN(&data, c.from, size); n < size {
		return cut(err)
	}
	sum := sha256.Sum256(data.Bytes())
	if err := c.chain.hold("-PAYLOAD", signature, emptySHA256, hex.EncodeToString(sum[:])); err != nil {
		return err
	}
	if size == 0 {
		return c.finish()
	}
	c.held = data.Bytes()
	return c.lineEnd()
}

// lineEnd reads what stands behind a chunk's bytes.
func (c *chunks) lineEnd() error {
	c.open = false
	text, err := c.line()
	if err != nil {
		return cut(err)
	}
	if text != "" {
		return errChunk
	}
	return nil
}

// finish reads the trailer to the end of the body. Blank lines may stand around the trailer's signature: clients differ.
func (c *chunks) finish() error {
	var fields, signature string
	for range maxTrailerLines {
		text, err := c.line()
		name, value, ok := strings.Cut(text, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		switch {
		case text == "" && errors.Is(err, io.EOF):
			return c.settle(fields, signature)
		case text == "" && err == nil:
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return cut(err)
		case ok && name == "x-amz-trailer-signature" && signature == "" && fields != "":
			signature = value
		case ok && name == c.trailer && c.checksum == "" && value != "":
			c.checksum, fields = value, name+":"+value+"\n"
		default:
			return errChunk
		}
	}
	return errChunk
}

// settle holds the trailer against what was announced.
func (c *chunks) settle(fields, signature string) error {
	if c.trailer != "" && c.checksum == "" {
		return refuse(http.StatusBadRequest, "MalformedTrailerError", "The trailer does not hold what the request announced.")
	}
	if c.chain != nil && c.trailer != "" {
		if err := c.chain.hold("-TRAILER", signature, hashHex(fields)); err != nil {
			return err
		}
	}
	return io.EOF
}
