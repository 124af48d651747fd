package packed

import (
	"encoding/binary"
	"hash/crc32"
)

// gzipHead is the header of a member: deflate, no name, no time, no system (RFC 1952, section 2.3).
var gzipHead = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}

// Gzip gives one gzip member that holds head, the text and tail, in parts that are sent one after the other.
func Gzip(head []byte, t *Text, tail []byte) [][]byte {
	sum := combine(crc32.ChecksumIEEE(head), t.sum, t.size)
	sum = crc32.Update(sum, crc32.IEEETable, tail)
	first := stored(append(make([]byte, 0, len(gzipHead)+len(head)+16), gzipHead...), head, false)
	last := stored(make([]byte, 0, len(tail)+16), tail, true)
	last = binary.LittleEndian.AppendUint32(last, sum)
	last = binary.LittleEndian.AppendUint32(last, uint32(len(head)+t.size+len(tail)))
	return [][]byte{first, t.flate, last}
}

// stored appends blocks that are not compressed (RFC 1951, section 3.2.4). What stands before must end at a byte's border.
func stored(b, text []byte, final bool) []byte {
	const most = 1<<16 - 1
	for {
		n := min(len(text), most)
		kind := byte(0)
		if final && n == len(text) {
			kind = 1
		}
		b = append(b, kind)
		b = binary.LittleEndian.AppendUint16(b, uint16(n))
		b = binary.LittleEndian.AppendUint16(b, ^uint16(n))
		b = append(b, text[:n]...)
		if text = text[n:]; len(text) == 0 {
			return b
		}
	}
}

// combine gives the CRC-32 of two texts one after the other: that of the first, moved past the bytes of the second, which
// is a product of polynomials over GF(2), and that of the second.
func combine(first, second uint32, size int) uint32 {
	shift, square := uint32(1<<31), uint32(1<<23) // x^0 and x^8, a byte, with the lowest power in the highest bit
	for n := uint(size); n > 0; n >>= 1 {
		if n&1 == 1 {
			shift = times(shift, square)
		}
		square = times(square, square)
	}
	return times(shift, first) ^ second
}

// times multiplies polynomials modulo that of CRC-32.
func times(a, b uint32) uint32 {
	product := uint32(0)
	for ; a != 0; a <<= 1 {
		if a>>31 == 1 {
			product ^= b
		}
		if b&1 == 1 {
			b = b>>1 ^ crc32.IEEE
		} else {
			b >>= 1
		}
	}
	return product
}
