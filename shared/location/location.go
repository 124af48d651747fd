// Package location is the only code that reads and compares storage locations: s3://, gs://, abfss://container@host/ and
// file:/ are taken apart by one parser, and whether one place lies within another is asked of a Prefix alone.
//
// It refuses everything that two readers could take for different places, or that means something to a policy language
// in which a location may later be written: control and non-ASCII characters, backslashes, empty, "." and ".." segments
// (percent-encoded too, however often), * ? $ ' " { } < > | # ^ and backtick, user information, ports, unknown Azure
// hosts, whole buckets. A refusal is a *fault.Error of kind Argument and noun Location that names the rule.
//
// # Why
//
// net/url is not used: it decodes, splits off ? and # and normalises, so that what was checked is not what is stored.
// Here nothing is rewritten. A location is good as it was written, or it is refused; String gives it back unchanged,
// because engines compare locations as strings.
//
// One place has many spellings (s3, s3a and s3n; abfs and wasb; the dfs and the blob endpoint of an account). They are
// folded in Prefix.Index, which is for comparison only and never given to a client.
//
// A folder always ends in a slash. Without it "s3://b/t" holds "s3://b/t2", which other catalogs had to publish as a
// vulnerability; so comparison exists on Prefix and nowhere else. A bucket is never a prefix: who holds it holds every
// table in it. A catalog may allow one all the same, as many do: it stands for the catalog's base (Allowed).
//
// Upper-case buckets and hosts, and Azure hosts outside the public clouds, are refused: a host is a place to which a
// token is sent, and case is an alias on one side of a request and not on the other.
package location

// Kind is the sort of store that a location is in.
type Kind uint8

// The kinds. The zero Kind is no store.
const (
	S3   Kind = iota + 1 // s3, s3a, s3n
	GCS                  // gs
	ADLS                 // abfs, abfss, wasb, wasbs
	File                 // file:/x, file:///x and /x
)

var kindNames = [...]string{"", "S3", "GCS", "AZURE", "FILE"}

// String is Polaris's name of the storage type.
func (k Kind) String() string {
	if int(k) >= len(kindNames) {
		return ""
	}
	return kindNames[k]
}

// URI is a valid location of an object or a folder, as it was written. URIs with equal spelling are equal.
type URI struct {
	text   string
	kind   Kind
	scheme string
	bucket string
	host   string // of ADLS alone
	store  string // what all spellings of one bucket share; ends in a slash
	key    string
}

// String is the location as it was written.
func (u URI) String() string { return u.text }

// Kind says what sort of store the location is in.
func (u URI) Kind() Kind { return u.kind }

// Scheme is the part before the colon; "file" for a plain path.
func (u URI) Scheme() string { return u.scheme }

// Bucket is the bucket, or the container of ADLS; empty for File.
func (u URI) Bucket() string { return u.bucket }

// Account is the host of the storage account, "account.dfs.core.windows.net", as it was written; empty but for ADLS.
func (u URI) Account() string { return u.host }

// Key is the path within the bucket (of File: from the root), without a leading slash. It ends in a slash if the
// location was written so.
func (u URI) Key() string { return u.key }

// Folder is the folder that holds the object; of "s3://b/x/y" it is "s3://b/x/". A location that ends in a slash is its
// own folder. The error is a *fault.Error of kind Argument if that is the whole bucket.
func (u URI) Folder() (Prefix, error) {
	end := len(u.key)
	for end > 0 && u.key[end-1] != '/' {
		end--
	}
	return ParsePrefix(u.text[:len(u.text)-len(u.key)+end])
}
