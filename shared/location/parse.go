package location

import (
	"fmt"
	"strings"

	"firn/shared/fault"
)

// The limits of a location.
const (
	MaxKey    = 1024 // bytes of an object's key: the limit of S3, GCS and ADLS
	MaxFolder = 700  // bytes of a folder's key: a data file's name with its partition path must still fit below it
	MaxDepth  = 64   // segments of a folder's key: its ancestors are looked up in one batch
	maxBucket = 222  // bytes, of GCS
	maxHost   = 128  // bytes

	// MaxIndex is the longest Prefix.Index in bytes: a part of a sort key. "gs/" and the bucket with its slash come first.
	MaxIndex = len("gs/") + maxBucket + 1 + MaxFolder
)

// maxBuckets are the longest names of buckets and containers in bytes.
var maxBuckets = map[Kind]int{S3: 63, GCS: maxBucket, ADLS: 63}

var kinds = map[string]Kind{
	"s3": S3, "s3a": S3, "s3n": S3, "gs": GCS,
	"abfs": ADLS, "abfss": ADLS, "wasb": ADLS, "wasbs": ADLS, "file": File,
}

// KindOf tells the kind by the scheme alone; the rest of text may be anything. False: no scheme that firn knows.
func KindOf(text string) (Kind, bool) {
	if strings.HasPrefix(text, "/") {
		return File, true
	}
	scheme, _, found := strings.Cut(text, ":")
	if !found {
		return 0, false
	}
	kind, known := kinds[scheme]
	return kind, known
}

// Parse reads the location of an object or a folder. The error is a *fault.Error of kind Argument and noun Location.
func Parse(text string) (URI, error) {
	u, rule := parse(text)
	if rule != "" {
		return URI{}, refuse(text, rule)
	}
	return u, nil
}

// refuse keeps what the caller wrote within bounds, and on one line.
func refuse(text, rule string) *fault.Error {
	const most = 200
	shown := text
	if len(shown) > most {
		shown = shown[:most]
	}
	return fault.Of(fault.Argument, fault.Location, shown, "Invalid location %q: %s", shown, rule)
}

// NotAllowed is the refusal of a location of a catalog that is good by itself, and that this caller may not have. The
// words are the same whatever the reason: they do not tell what others have there.
func NotAllowed(text string) *fault.Error {
	return fault.Of(fault.Argument, fault.Location, text, "Location not allowed: '%.200s'", text)
}

// parse gives the rule that text breaks, or an empty string.
func parse(text string) (URI, string) {
	if len(text) > MaxKey+maxBucket+maxHost {
		return URI{}, "it is too long"
	}
	if rule := checkBytes(text); rule != "" {
		return URI{}, rule
	}
	kind, known := KindOf(text)
	if !known {
		return URI{}, "its scheme must be s3, s3a, s3n, gs, abfs, abfss, wasb, wasbs or file"
	}
	u := URI{text: text, kind: kind}
	rule := ""
	if kind == File {
		rule = u.splitFile()
	} else {
		rule = u.splitBucket()
	}
	if rule == "" {
		rule = checkKey(u.key, kind)
	}
	return u, rule
}

// splitFile takes "file:/x", "file:///x" or "/x" apart.
func (u *URI) splitFile() string {
	u.scheme, u.store = "file", "file/"
	path := strings.TrimPrefix(u.text, "file:")
	if strings.HasPrefix(path, "//") {
		if path == u.text || !strings.HasPrefix(path, "///") {
			return "a file location has no host"
		}
		path = path[2:]
	}
	key, absolute := strings.CutPrefix(path, "/")
	if !absolute {
		return "a file location is an absolute path"
	}
	if key == "" {
		return "it must not be the root of the file system"
	}
	u.key = key
	return ""
}

// splitBucket takes "scheme://authority/key" apart.
func (u *URI) splitBucket() string {
	scheme, rest, found := strings.Cut(u.text, "://")
	if !found {
		return `"://" must follow its scheme`
	}
	authority, key, _ := strings.Cut(rest, "/")
	u.scheme, u.bucket, u.key = scheme, authority, key
	switch u.kind {
	case S3:
		u.store = "s3/" + authority + "/"
	case GCS:
		u.store = "gs/" + authority + "/"
	case ADLS:
		at := strings.LastIndexByte(authority, '@')
		if at < 0 {
			return "container and account name must be both provided"
		}
		u.bucket, u.host = authority[:at], authority[at+1:]
		account, ok := foldHost(u.host)
		if !ok {
			return "its host must be a storage account's dfs or blob endpoint in an Azure cloud, in lower case"
		}
		u.store = "adls/" + account + "/" + u.bucket + "/"
	}
	if most := maxBuckets[u.kind]; !bucketName(u.bucket, most) {
		return fmt.Sprintf("its bucket must have 1 to %d lower-case letters, digits and inner - _ . without user information or port", most)
	}
	if key == "" {
		return "it must not be a whole bucket"
	}
	return ""
}

// bucketName holds for what S3, GCS and ADLS allow between them. The stores' own, narrower rules are theirs to enforce.
func bucketName(s string, most int) bool {
	if s == "" || len(s) > most || !alphanumeric(s[0]) || !alphanumeric(s[len(s)-1]) || strings.Contains(s, "..") {
		return false
	}
	for i := range len(s) {
		if !alphanumeric(s[i]) && !strings.ContainsRune("-_.", rune(s[i])) {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }

// azureClouds are the suffixes under which Microsoft alone hands out names.
var azureClouds = map[string]bool{
	"core.windows.net": true, "core.chinacloudapi.cn": true, "core.usgovcloudapi.net": true, "storage.azure.net": true,
}

// foldHost gives what the dfs and the blob endpoint of an account share: "account.core.windows.net", or with a DNS zone
// "account.z01.storage.azure.net".
func foldHost(host string) (string, bool) {
	if len(host) > maxHost {
		return "", false
	}
	for _, endpoint := range [...]string{".dfs.", ".blob."} {
		account, cloud, found := strings.Cut(host, endpoint)
		if !found || !azureClouds[cloud] {
			continue
		}
		name, zone, zoned := strings.Cut(account, ".")
		if !azureLabel(name) || zoned != (cloud == "storage.azure.net") || zoned && !azureLabel(zone) {
			return "", false
		}
		return account + "." + cloud, true
	}
	return "", false
}

func azureLabel(s string) bool {
	for i := range len(s) {
		if !alphanumeric(s[i]) && s[i] != '-' {
			return false
		}
	}
	return s != ""
}

// checkBytes looks at every character of a location, decoded or not.
func checkBytes(s string) string {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c > '~':
			return "it must hold printable ASCII characters only"
		case forbidden(c):
			return fmt.Sprintf("it must not hold %q", c)
		}
	}
	return ""
}

// forbidden characters mean something to IAM, CEL, globs, shells or URLs.
func forbidden(c byte) bool { return strings.IndexByte("*?$'\"{}<>|#^`\\", c) >= 0 }

func checkKey(key string, kind Kind) string {
	if len(key) > MaxKey {
		return fmt.Sprintf("its path must have at most %d bytes", MaxKey)
	}
	for segment := range strings.SplitSeq(strings.TrimSuffix(key, "/"), "/") {
		if rule := checkSegment(segment, kind); rule != "" {
			return rule
		}
	}
	return ""
}

// checkSegment decodes as often as anyone behind firn might: what is safe only until it is decoded is refused.
func checkSegment(s string, kind Kind) string {
	if s == "" {
		return "it must not hold an empty segment"
	}
	if s[0] == ' ' || s[len(s)-1] == ' ' {
		return "a segment must not begin or end with a space"
	}
	if kind == ADLS && s[len(s)-1] == '.' {
		return "a segment must not end with a dot in Azure storage, which drops it"
	}
	for {
		if s == "." || s == ".." {
			return `it must not hold a segment "." or ".."`
		}
		decoded := decode(s)
		if decoded == s {
			return ""
		}
		s = decoded
		if rule := checkBytes(s); rule != "" {
			return "percent-decoded, " + rule
		}
		if strings.Contains(s, "/") {
			return "it must not hold a percent-encoded slash"
		}
	}
}

// decode replaces each %XX once. What is no escape stays.
func decode(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			high, low := unhex(s[i+1]), unhex(s[i+2])
			if high >= 0 && low >= 0 {
				out = append(out, byte(high<<4|low))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

// unhex is -1 for what is no digit. Control characters do not come here.
func unhex(c byte) int { return strings.IndexByte("0123456789abcdef", c|0x20) }
