package location

import (
	"fmt"
	"strings"
)

// Prefix is a folder of a store: it ends in a slash and is never a whole bucket. Prefixes with equal spelling are equal;
// Index tells whether two are the same place. The zero Prefix holds nothing.
type Prefix struct{ uri URI }

// ParsePrefix reads the location of a folder; the closing slash may be missing. The error is a *fault.Error of kind
// Argument and noun Location.
func ParsePrefix(text string) (Prefix, error) {
	u, rule := parse(text)
	if rule != "" {
		return Prefix{}, refuse(text, rule)
	}
	if !strings.HasSuffix(u.key, "/") {
		u.text += "/"
		u.key += "/"
	}
	if len(u.key) > MaxFolder {
		return Prefix{}, refuse(text, fmt.Sprintf("the path of a folder must have at most %d bytes", MaxFolder))
	}
	if strings.Count(u.key, "/") > MaxDepth {
		return Prefix{}, refuse(text, fmt.Sprintf("the path of a folder must have at most %d segments", MaxDepth))
	}
	return Prefix{u}, nil
}

// String is the folder in the scheme that it was written with, with the closing slash.
func (p Prefix) String() string { return p.uri.text }

// Kind says what sort of store the folder is in.
func (p Prefix) Kind() Kind { return p.uri.kind }

// Bucket is the bucket, or the container of ADLS; empty for File.
func (p Prefix) Bucket() string { return p.uri.bucket }

// Account is the host of the storage account as it was written; empty but for ADLS.
func (p Prefix) Account() string { return p.uri.host }

// Key is the path within the bucket, without a leading and with a closing slash.
func (p Prefix) Key() string { return p.uri.key }

// Contains says whether the object, or the folder written with its slash, is the folder or in it.
func (p Prefix) Contains(u URI) bool {
	return p.uri.kind != 0 && p.uri.store == u.store && strings.HasPrefix(u.key, p.uri.key)
}

// HoldsS3Key says whether the object of that bucket and key of S3 is in the folder. A data file's key may hold what no
// location may, so there is no URI of it; whoever asks has refused keys that two readers take for different ones.
func (p Prefix) HoldsS3Key(bucket, key string) bool {
	return p.uri.kind == S3 && p.uri.bucket == bucket && strings.HasPrefix(key, p.uri.key)
}

// Covers says whether the other folder is this one or in it.
func (p Prefix) Covers(other Prefix) bool { return p.Contains(other.uri) }

// Overlaps says whether one of the folders covers the other.
func (p Prefix) Overlaps(other Prefix) bool { return p.Covers(other) || other.Covers(p) }

// Index is a spelling that all aliases of the folder share, "s3/bucket/a/b/". A covers B if and only if B's Index begins
// with A's, so in byte order a folder stands directly before what is in it.
func (p Prefix) Index() string { return p.uri.store + p.uri.key }

// StoreOf returns what all folders of the same bucket share, by the Index of one: "s3/bucket", "gs/bucket",
// "adls/account/container", and "file" for all folders of a machine.
func StoreOf(index string) string {
	parts := 2
	switch kind, _, _ := strings.Cut(index, "/"); kind {
	case "file":
		parts = 1
	case "adls":
		parts = 3
	}
	all := strings.SplitN(index, "/", parts+1)
	return strings.Join(all[:min(parts, len(all))], "/")
}

// Ancestors are the Index spellings of the folders that cover this one, without itself, outermost first.
func (p Prefix) Ancestors() []string {
	index, from := p.Index(), len(p.uri.store)
	var out []string
	for i := from; i < len(index)-1; i++ {
		if index[i] == '/' {
			out = append(out, index[:i+1])
		}
	}
	return out
}

// Join is a folder below, one level for each segment. A segment is taken as it is; a slash in it is refused. The error
// is a *fault.Error of kind Argument and noun Location.
func (p Prefix) Join(segments ...string) (Prefix, error) {
	for _, s := range segments {
		if s == "" || strings.Contains(s, "/") {
			return Prefix{}, refuse(p.uri.text+s, "a folder's name must not be empty or hold a slash")
		}
	}
	return ParsePrefix(p.uri.text + strings.Join(segments, "/"))
}

// Reduce drops each prefix that another covers, and all but the first of those that are the same place. The rest keeps
// its order.
func Reduce(prefixes []Prefix) []Prefix {
	taken := make(map[string]bool, len(prefixes)) // by Index; true once it is in the result
	for _, p := range prefixes {
		taken[p.Index()] = false
	}
	covered := func(p Prefix) bool {
		for _, a := range p.Ancestors() {
			if _, found := taken[a]; found {
				return true
			}
		}
		return false
	}
	var out []Prefix
	for _, p := range prefixes {
		if !taken[p.Index()] && !covered(p) {
			out = append(out, p)
			taken[p.Index()] = true
		}
	}
	return out
}
