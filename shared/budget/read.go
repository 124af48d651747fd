package budget

import (
	"context"
	"errors"
	"io"
)

// ErrLong is the error of ReadAll for a text that is longer than its limit.
var ErrLong = errors.New("the text is longer than its limit")

// firstRead is the size in bytes of the buffer for a text of unknown length.
const firstRead = 4 << 10

// ReadAll reads r to its end, at most limit bytes, and takes the bytes of its buffer before it allocates it.
// size is how long the text is said to be, if that is known; negative: it is not. A text of exactly that size
// is read without a copy. Errors: ErrLong, those of Take, those of r.
func ReadAll(ctx context.Context, r io.Reader, size, limit int64) ([]byte, error) {
	if size > limit {
		return nil, ErrLong
	}
	if size < 0 {
		size = min(firstRead, limit)
	}
	if err := Take(ctx, size); err != nil {
		return nil, err
	}
	data := make([]byte, 0, size)
	for {
		if len(data) == cap(data) {
			var one [1]byte // to know the end without a larger buffer
			n, err := io.ReadFull(r, one[:])
			if n == 0 {
				return data, ended(err)
			}
			if int64(len(data)) == limit {
				return nil, ErrLong
			}
			if data, err = grow(ctx, data, limit); err != nil {
				return nil, err
			}
			data = append(data, one[0])
			continue
		}
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if err != nil {
			return data, ended(err)
		}
	}
}

func ended(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// grow returns the data in a buffer twice as large, or as large as the limit.
func grow(ctx context.Context, data []byte, limit int64) ([]byte, error) {
	size := min(max(2*int64(cap(data)), firstRead), limit)
	if err := Take(ctx, size-int64(cap(data))); err != nil {
		return nil, err
	}
	return append(make([]byte, 0, size), data...), nil
}
