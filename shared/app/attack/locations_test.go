package attack

import "strings"

// class says why a location is hostile, and so where it must be refused.
type class int

const (
	spelt   class = iota // by its letters: refused everywhere
	foreign              // beyond what the catalog allows
	beside               // allowed to the catalog, but outside the namespace or table: refused unless the catalog is loose
	taken                // somebody else's folder in the same catalog: no folder may be there, however loose the catalog
)

// location is a hostile location. In its text {in} stands for a folder in which the door takes clean ones, {mine} for the
// attacker's namespace, {theirs} for the victim's table, {base} for the catalog's base, {lake} and {vault} for buckets.
type location struct {
	name, text string
	class      class
	free       bool // nobody's: an administrator may give it to a catalog
}

// locations are tried at every door that takes one.
var locations = []location{
	// Places.
	{"the bucket's root", "s3://{lake}", spelt, false},
	{"the bucket's root with its slash", "s3://{lake}/", spelt, false},
	{"another bucket's root", "s3://{vault}/", spelt, false},
	{"a bucket's root, doubled slash", "s3://{lake}//", spelt, false},
	{"another tenant's table", "s3://{vault}/wh/theirs/t", foreign, false},
	{"another tenant's bucket", "s3://{vault}/elsewhere/x", foreign, true},
	{"a catalog's sibling in name", "s3://{lake}/wh2/theirs/t", foreign, false},
	{"a sibling of the catalog's base", "{base}2x/t", foreign, true},
	{"the beginning of the base's name", "s3://{lake}/w", foreign, true},
	{"the parent of the base", "s3://{lake}/.", spelt, false},
	{"the base", "{base}", taken, false},
	{"the base with its slash", "{base}/", taken, false},
	{"the victim's namespace", "{base}/theirs", taken, false},
	{"the victim's table", "{theirs}", taken, false},
	{"the victim's table with its slash", "{theirs}/", taken, false},
	{"within the victim's table", "{theirs}/data", taken, false},
	{"the victim's table by another scheme", "{alias}{theirs-}", taken, false},
	{"the victim's table by another scheme, within", "{alias}{theirs-}/x", taken, false},
	{"a sibling of the namespace in name", "{mine}2/t", beside, false},
	{"the beginning of the namespace's name", "{base}/min", beside, false},

	// Ways up and around.
	{"dots", "{in}/../../theirs/t", spelt, false},
	{"dots at the end", "{in}/x/..", spelt, false},
	{"dots with a slash", "{in}/x/../", spelt, false},
	{"a dot", "{in}/./x", spelt, false},
	{"escaped dots", "{in}/%2e%2e/theirs/t", spelt, false},
	{"escaped dots in capitals", "{in}/%2E%2E/theirs/t", spelt, false},
	{"half-escaped dots", "{in}/.%2e/theirs/t", spelt, false},
	{"twice-escaped dots", "{in}/%252e%252e/theirs/t", spelt, false},
	{"thrice-escaped dots", "{in}/%25252e%25252e/theirs/t", spelt, false},
	{"an escaped slash", "{in}/..%2ftheirs%2ft", spelt, false},
	{"an escaped slash in capitals", "{in}%2F..%2Ftheirs", spelt, false},
	{"a twice-escaped slash", "{in}/a%252Fb", spelt, false},
	{"an escaped backslash", "{in}/a%5cb", spelt, false},
	{"a backslash", `{in}/..\..\theirs`, spelt, false},
	{"an empty segment", "{in}//x", spelt, false},
	{"many slashes", "{in}////x", spelt, false},
	{"a space at the beginning", " {in}/x", spelt, false},
	{"a space at the end", "{in}/x ", spelt, false},
	{"a segment that is a space", "{in}/ /x", spelt, false},
	{"a tab at the end", "{in}/x\t", spelt, false},

	// What policies, expressions and signatures read.
	{"a star", "{in}/*", spelt, false},
	{"stars and a dot", "{in}/*.*", spelt, false},
	{"a star within", "{in}/f*.t1", spelt, false},
	{"a question mark", "{in}/t?", spelt, false},
	{"a policy variable", "{in}/${aws:username}", spelt, false},
	{"an escaped star of IAM", "{in}/${*}", spelt, false},
	{"a dollar", "{in}/a$b", spelt, false},
	{"an escaped star", "{in}/%2a", spelt, false},
	{"an escaped question mark", "{in}/t%3Fx", spelt, false},
	{"a quote", "{in}/a'b", spelt, false},
	{"a double quote", `{in}/a"b`, spelt, false},
	{"an escaped quote", "{in}/a%27b", spelt, false},
	{"an expression", "{in}/x') || true || resource.name.startsWith('", spelt, false},
	{"an end of a policy", `{in}/"],"Resource":["*`, spelt, false},
	{"a new line in a string to sign", "{in}/x\nracwdl\n", spelt, false},
	{"an escaped new line", "{in}/x%0aracwdl", spelt, false},
	{"a query", "{in}/x?sp=racwdl", spelt, false},
	{"a fragment", "{in}/x#y", spelt, false},
	{"a grave accent", "{in}/`id`", spelt, false},
	{"angle brackets", "{in}/<x>", spelt, false},
	{"a bar", "{in}/a|b", spelt, false},

	// Characters.
	{"NUL", "{in}/x\x00y", spelt, false},
	{"an escaped NUL", "{in}/x%00", spelt, false},
	{"the unit separator", "{in}/x\x1fy", spelt, false},
	{"DEL", "{in}/x\x7f", spelt, false},
	{"a next-line", "{in}/x\u0085", spelt, false},
	{"a change of direction", "{in}/\u202et", spelt, false},
	{"a space without width", "{in}/t\u200b", spelt, false},
	{"a byte order mark", "\ufeff{in}/t", spelt, false},
	{"composed", "{in}/caf\u00e9", spelt, false},
	{"decomposed", "{in}/cafe\u0301", spelt, false},
	{"dots of full width", "{in}/\uff0e\uff0e/theirs", spelt, false},
	{"a slash of full width", "{in}/a\uff0fb", spelt, false},
	{"an overlong dot, escaped", "{in}/%c0%ae%c0%ae/x", spelt, false},
	{"a line separator", "{in}/x\u2028y", spelt, false},

	// Lengths.
	{"a key beyond the store's", "{in}/" + strings.Repeat("k", 1100), spelt, false},
	{"very many segments", "{in}" + strings.Repeat("/a", 1000), spelt, false},
	{"a very long location", "{in}/" + strings.Repeat("long/", 4000), spelt, false},

	// Other stores, hosts and spellings.
	{"the scheme in capitals", "{SCHEME}{in-}/x", spelt, false},
	{"HTTP", "http{in-}/x", spelt, false},
	{"another store", "{stranger}{in-}/x", foreign, false},
	{"a third store", "{third}://c@stranger.dfs.core.windows.net/wh/mine/x", foreign, false},
	{"a file", "file:///etc/firn", foreign, false},
	{"a path", "/etc/firn", foreign, false},
	{"a relative path", "wh/mine/x", spelt, false},
	{"no authority", "s3:///wh/mine/x", spelt, false},
	{"no slashes", "s3:{lake}/wh/mine/x", spelt, false},
	{"one slash", "s3:/{lake}/wh/mine/x", spelt, false},
	{"no scheme", "//{lake}/wh/mine/x", spelt, false},
	{"user information", "s3://user:pw@{lake}/wh/mine/x", spelt, false},
	{"a bucket as user information", "s3://{lake}@{vault}/wh/mine/x", spelt, false},
	{"a port", "s3://{lake}:443/wh/mine/x", spelt, false},
	{"the bucket in capitals", "s3://{LAKE}/wh/mine/x", spelt, false},
	{"a bucket with a dot at its end", "s3://{lake}./wh/mine/x", spelt, false},
	{"a bucket with an escape", "s3://{lake}%2fwh/mine/x", spelt, false},
	{"a bucket with a star", "s3://*/wh/mine/x", spelt, false},
	{"an ARN", "arn:aws:s3:::{lake}/wh/mine/x", spelt, false},
	{"an ARN as a bucket", "s3://arn:aws:s3:::{lake}/wh/mine/x", spelt, false},
	{"a list", "{in}/x,s3://{vault}/wh", spelt, false},
	{"two lines", "{in}/x\r\ns3://{vault}/wh", spelt, false},
	{"a space alone", " ", spelt, false},
}
