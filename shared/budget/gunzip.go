package budget

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/klauspost/compress/gzip"
)

// inflaterSize is about how many bytes it takes to inflate a text, beside the text.
const inflaterSize = 48 << 10

// Gunzip inflates a gzip stream to at most limit bytes, and takes them before it does. Errors: ErrLong, those
// of Take, those of a stream that is broken.
func Gunzip(ctx context.Context, packed []byte, limit int64) ([]byte, error) {
	if err := Take(ctx, inflaterSize); err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return ReadAll(ctx, r, inflatedSize(packed), limit)
}

// inflatedSize returns what the last four bytes of a gzip member say about the length of its text (RFC 1952,
// section 2.3.1), -1 if that cannot be. It is a hint: the reader compares it at the end, and a stream may
// have several members.
func inflatedSize(packed []byte) int64 {
	const most = 1032 // bytes of text that a byte of deflate can make
	size := int64(binary.LittleEndian.Uint32(packed[len(packed)-4:]))
	if size > most*int64(len(packed)) {
		return -1
	}
	return size
}
