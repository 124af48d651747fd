package s3local

import (
	"crypto/md5"  //nolint:gosec // a checksum of the protocol, not a proof
	"crypto/sha1" //nolint:gosec // a checksum of the protocol, not a proof
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"strings"
)

// checksumPrefix begins the names of headers and trailers with a checksum of the body.
const checksumPrefix = "x-amz-checksum-"

// checksums are the algorithms by the ends of their headers' names (S3 User Guide, "Checking object integrity").
var checksums = map[string]func() hash.Hash{
	"crc32":     func() hash.Hash { return crc32.NewIEEE() },
	"crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"crc64nvme": func() hash.Hash { return crc64.New(nvme) },
	"sha1":      sha1.New,
	"sha256":    sha256.New,
}

// nvme is the table of CRC-64/NVME, whose polynomial 0xad93d23594c93659 Go writes with its bits reversed.
var nvme = crc64.MakeTable(0x9a6c9329ac4bc9b5)

// expectation is a sum that the body must have.
type expectation struct {
	field   string // the header or trailer, lower case
	sum     hash.Hash
	want    string // base64; empty until the trailer is read
	refusal *refusal
}

func (e expectation) hold() error {
	if base64.StdEncoding.EncodeToString(e.sum.Sum(nil)) != e.want {
		return e.refusal
	}
	return nil
}

var errDigest = refuse(http.StatusBadRequest, "BadDigest", "The body does not have the checksum that the request names.")

// expectChecksums reads the headers that name a checksum of the body.
func expectChecksums(h http.Header) []expectation {
	var all []expectation
	for name, sum := range checksums {
		if want := h.Get(checksumPrefix + name); want != "" {
			all = append(all, expectation{checksumPrefix + name, sum(), want, errDigest})
		}
	}
	if want := h.Get("Content-MD5"); want != "" {
		all = append(all, expectation{"content-md5", md5.New(), want, errDigest})
	}
	return all
}

// expectTrailer reads which checksum the trailer will bring; none or an unknown one is refused.
func expectTrailer(h http.Header) (expectation, error) {
	field := strings.ToLower(h.Get("X-Amz-Trailer"))
	name, ok := strings.CutPrefix(field, checksumPrefix)
	sum := checksums[name]
	if !ok || sum == nil {
		return expectation{}, malformed("The header x-amz-trailer names one checksum.")
	}
	return expectation{field, sum(), "", errDigest}, nil
}
