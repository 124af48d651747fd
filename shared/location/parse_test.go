package location

import (
	"strings"
	"testing"

	"firn/shared/fault"
)

func TestParseTakesALocationApart(t *testing.T) {
	type parts struct {
		kind                         Kind
		scheme, bucket, account, key string
	}
	tests := []struct {
		name, text string
		want       parts
	}{
		{"s3", "s3://b/x/y", parts{S3, "s3", "b", "", "x/y"}},
		{"s3a", "s3a://my-bucket.v2/x", parts{S3, "s3a", "my-bucket.v2", "", "x"}},
		{"s3n with a closing slash", "s3n://b/x/", parts{S3, "s3n", "b", "", "x/"}},
		{"gs with an underscore", "gs://my_bucket/x", parts{GCS, "gs", "my_bucket", "", "x"}},
		{"abfss", "abfss://c@a.dfs.core.windows.net/x/y", parts{ADLS, "abfss", "c", "a.dfs.core.windows.net", "x/y"}},
		{"abfs in another cloud", "abfs://c@a.dfs.core.chinacloudapi.cn/x", parts{ADLS, "abfs", "c", "a.dfs.core.chinacloudapi.cn", "x"}},
		{"wasbs", "wasbs://c@a.blob.core.usgovcloudapi.net/x", parts{ADLS, "wasbs", "c", "a.blob.core.usgovcloudapi.net", "x"}},
		{"wasb in a DNS zone", "wasb://c@a.z01.blob.storage.azure.net/x", parts{ADLS, "wasb", "c", "a.z01.blob.storage.azure.net", "x"}},
		{"file with one slash", "file:/tmp/ns/table", parts{File, "file", "", "", "tmp/ns/table"}},
		{"file with three slashes", "file:///tmp/x/", parts{File, "file", "", "", "tmp/x/"}},
		{"plain path", "/tmp/x", parts{File, "file", "", "", "tmp/x"}},
		{"inner space, colon, at sign and brackets", "s3://b/a b/k:v@[1]", parts{S3, "s3", "b", "", "a b/k:v@[1]"}},
		{"harmless escapes", "s3://b/ts=10%3A00/100%/%zz/%2", parts{S3, "s3", "b", "", "ts=10%3A00/100%/%zz/%2"}},
		{"dots within a name", "s3://b/..x/y../a..b/.z", parts{S3, "s3", "b", "", "..x/y../a..b/.z"}},
		{"segment with a dot at its end, outside Azure", "s3://b/x./y", parts{S3, "s3", "b", "", "x./y"}},
		{"longest key", "s3://b/" + strings.Repeat("k", MaxKey), parts{S3, "s3", "b", "", strings.Repeat("k", MaxKey)}},
		{"longest bucket of S3", "s3://" + strings.Repeat("b", 63) + "/x", parts{S3, "s3", strings.Repeat("b", 63), "", "x"}},
		{"longest bucket of GCS", "gs://" + strings.Repeat("b", 222) + "/x", parts{GCS, "gs", strings.Repeat("b", 222), "", "x"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, err := Parse(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			got := parts{u.Kind(), u.Scheme(), u.Bucket(), u.Account(), u.Key()}
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if u.String() != tt.text {
				t.Errorf("got %q, want it as written: %q", u, tt.text)
			}
		})
	}
}

// The attacks are those of the advisories of other catalogs: each would be read as another place by some policy
// language, URL parser or client.
func TestParseRefuses(t *testing.T) {
	const (
		ascii   = "printable ASCII"
		scheme  = "scheme must be"
		bucket  = "lower-case letters"
		host    = "its host must be"
		whole   = "whole bucket"
		dots    = `segment "." or ".."`
		empty   = "empty segment"
		space   = "begin or end with a space"
		long    = "at most 1024 bytes"
		slash   = "percent-encoded slash"
		unclean = "must not hold"
	)
	tests := []struct{ name, text, rule string }{
		{"empty", "", scheme},
		{"no scheme", "b/x", scheme},
		{"unknown scheme", "hdfs://b/x", scheme},
		{"https", "https://b.s3.amazonaws.com/x", scheme},
		{"upper-case scheme", "S3://b/x", scheme},
		{"scheme alone", "s3", scheme},
		{"one slash", "s3:/b/x", `"://" must follow`},
		{"no authority", "s3:///x", bucket},
		{"whole bucket", "s3://b", whole},
		{"whole bucket with a slash", "s3://b/", whole},
		{"whole container", "abfss://c@a.dfs.core.windows.net/", whole},
		{"upper-case bucket", "s3://Bucket/x", bucket},
		{"two dots in a bucket", "s3://b..c/x", bucket},
		{"bucket that begins with a hyphen", "s3://-b/x", bucket},
		{"bucket that ends with a dot", "s3://b./x", bucket},
		{"user information", "s3://key@b/x", bucket},
		{"user and password", "s3://key:secret@b/x", bucket},
		{"port", "s3://b:9000/x", bucket},
		{"access point", "s3://arn:aws:s3:us-east-1:1:accesspoint/x", bucket},
		{"escape in the bucket", "s3://b%2fc/x", bucket},
		{"bucket over the limit of S3", "s3://" + strings.Repeat("b", 64) + "/x", bucket},
		{"bucket over the limit of GCS", "gs://" + strings.Repeat("b", 223) + "/x", bucket},
		{"container over the limit", "abfss://" + strings.Repeat("c", 64) + "@a.dfs.core.windows.net/x", bucket},
		{"Azure without a container", "abfss://nocontainer/x", "container and account"},
		{"Azure with an empty container", "abfss://@a.dfs.core.windows.net/x", bucket},
		{"Azure with user information", "abfss://c@evil@a.dfs.core.windows.net/x", bucket},
		{"Azure with a port", "abfss://c@a.dfs.core.windows.net:443/x", host},
		{"Azure host elsewhere", "abfss://c@a.dfs.core.windows.net.evil.example/x", host},
		{"Azure host without an endpoint", "abfss://c@a.core.windows.net/x", host},
		{"Azure host with another endpoint", "abfss://c@a.queue.core.windows.net/x", host},
		{"Azure host with a closing dot", "abfss://c@a.dfs.core.windows.net./x", host},
		{"Azure host in upper case", "abfss://c@A.dfs.core.windows.net/x", host},
		{"Azure host with an empty account", "abfss://c@.dfs.core.windows.net/x", host},
		{"Azure host with a zone in a cloud without", "abfss://c@a.z01.dfs.core.windows.net/x", host},
		{"Azure host without a zone in a cloud with", "abfss://c@a.dfs.storage.azure.net/x", host},
		{"Azure host with an empty zone", "abfss://c@a..dfs.storage.azure.net/x", host},
		{"Azure host with two zones", "abfss://c@a.b.z01.dfs.storage.azure.net/x", host},
		{"Azure host with two endpoints", "abfss://c@a.dfs.b.blob.core.windows.net/x", host},
		{"Azure host over the limit", "abfss://c@" + strings.Repeat("a", 128) + ".dfs.core.windows.net/x", host},
		{"file with a host", "file://host/x", "no host"},
		{"file with an IP address", "file://127.0.0.1/x", "no host"},
		{"file with two slashes", "file://", "no host"},
		{"path with two slashes", "//x", "no host"},
		{"path with three slashes", "///x", "no host"},
		{"file with four slashes", "file:////x", empty},
		{"relative file", "file:x", "absolute path"},
		{"root of the file system", "file:///", "root of the file system"},
		{"root as a path", "/", "root of the file system"},
		{"star", "s3://b/*/x", unclean},
		{"star as a suffix", "s3://b/x*", unclean},
		{"question mark", "s3://b/x?versionId=1", unclean},
		{"policy variable", "s3://b/${aws:username}/x", unclean},
		{"dollar sign", "s3://b/$x", unclean},
		{"single quote", "gs://b/x') || true || resource.name.startsWith('", unclean},
		{"double quote", `s3://b/x","Effect`, unclean},
		{"backslash", `s3://b/x\y`, unclean},
		{"fragment", "s3://b/x#y", unclean},
		{"caret", "s3://b/x^y", unclean},
		{"backtick", "s3://b/x`y", unclean},
		{"pipe", "s3://b/x|y", unclean},
		{"angle brackets", "s3://b/<x>", unclean},
		{"braces", "s3://b/{x}", unclean},
		{"parent", "s3://b/x/../y", dots},
		{"parent at the end", "s3://b/x/..", dots},
		{"parent of a file", "file:///tmp/../etc", dots},
		{"itself", "s3://b/./x", dots},
		{"encoded parent", "s3://b/%2e%2e/x", dots},
		{"half encoded parent", "s3://b/.%2E/x", dots},
		{"encoded itself", "s3://b/%2e/x", dots},
		{"parent encoded twice", "s3://b/%252e%252e/x", dots},
		{"encoded slash", "s3://b/x%2fy", slash},
		{"encoded slash in upper case", "s3://b/x%2Fy", slash},
		{"slash encoded thrice", "s3://b/x%25252Fy", slash},
		{"encoded backslash", "s3://b/x%5cy", unclean},
		{"encoded star", "s3://b/x%2a", unclean},
		{"encoded NUL", "s3://b/x%00", ascii},
		{"encoded control character", "s3://b/x%1f", ascii},
		{"double slash", "s3://b/x//y", empty},
		{"double slash at the end", "s3://b/x//", empty},
		{"double slash at the front", "s3://b//x", empty},
		{"space at a segment's end", "s3://b/x /y", space},
		{"space at a segment's front", "s3://b/ x", space},
		{"NUL", "s3://b/x\x00y", ascii},
		{"newline", "s3://b/x\ny", ascii},
		{"unit separator", "s3://b/x\x1fy", ascii},
		{"delete", "s3://b/x\x7f", ascii},
		{"non-ASCII", "s3://b/täble", ascii},
		{"bidirectional override", "s3://b/x\u202ey", ascii},
		{"not UTF-8", "s3://b/\xff", ascii},
		{"non-ASCII file", "file:/tmp/täble", ascii},
		{"dot at a segment's end in Azure", "abfss://c@a.dfs.core.windows.net/x./y", "dot in Azure"},
		{"key over the limit", "s3://b/" + strings.Repeat("k", MaxKey+1), long},
		{"far over every limit", "s3://b/" + strings.Repeat("k/", 1<<20), "too long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, as := range []struct {
				what  string
				parse func(string) error
			}{
				{"Parse", func(s string) error { _, err := Parse(s); return err }},
				{"ParsePrefix", func(s string) error { _, err := ParsePrefix(s); return err }},
			} {
				err := as.parse(tt.text)
				if !fault.Is(err, fault.Argument) {
					t.Fatalf("%s: got %v, want a refusal of kind Argument", as.what, err)
				}
				e := fault.From(err)
				if e.Noun != fault.Location || !strings.Contains(e.Message, tt.rule) {
					t.Errorf("%s: got %s %q, want a location and the rule %q", as.what, e.Noun, e.Message, tt.rule)
				}
				if len(e.Name) > 200 || len(e.Message) > 1200 || strings.ContainsFunc(e.Message, func(r rune) bool { return r < ' ' }) {
					t.Errorf("%s: got an unbounded or many-lined message of %d bytes: %q", as.what, len(e.Message), e.Message)
				}
			}
		})
	}
}

func TestParseRefusesEachSpecialCharacterAlone(t *testing.T) {
	for _, c := range "*?$'\"{}<>|#^`\\\x00\t\x7f\u0080é" {
		for _, text := range []string{"s3://b/x" + string(c), "gs://b/" + string(c) + "/x", "file:///x" + string(c), "s3://b" + string(c) + "/x"} {
			if _, err := Parse(text); !fault.Is(err, fault.Argument) {
				t.Errorf("%q: got %v, want a refusal of kind Argument", text, err)
			}
		}
	}
}

func TestKindOfLooksAtTheSchemeAlone(t *testing.T) {
	tests := []struct {
		text  string
		want  Kind
		known bool
		name  string
	}{
		{"s3://b", S3, true, "S3"}, {"gs:", GCS, true, "GCS"}, {"wasb://*", ADLS, true, "AZURE"},
		{"file:x", File, true, "FILE"}, {"/", File, true, "FILE"}, {"s3", 0, false, ""}, {"S3://b/x", 0, false, ""}, {"", 0, false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got, known := KindOf(tt.text)
			if got != tt.want || known != tt.known || got.String() != tt.name {
				t.Errorf("got %q %v, want %q %v", got, known, tt.name, tt.known)
			}
		})
	}
	if got := Kind(99).String(); got != "" {
		t.Errorf("got %q for no kind, want nothing", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"s3://b/x/y", "abfss://c@a.dfs.core.windows.net/x/", "file:///x", "/x/y", "s3://b/%2e%2e/x", "gs://b/a%25b", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := Parse(text)
		if err != nil {
			return
		}
		if u.String() != text {
			t.Errorf("got %q, want it as written: %q", u, text)
		}
		if again, err := Parse(u.String()); err != nil || again != u {
			t.Errorf("got %v, %v when read again, want %v", again, err, u)
		}
		if strings.Contains("/"+u.Key()+"/", "/../") || strings.HasPrefix(u.Key(), "/") || u.Key() == "" {
			t.Errorf("got the key %q of %q", u.Key(), text)
		}
		folder, err := u.Folder()
		if err != nil {
			return
		}
		if !folder.Contains(u) {
			t.Errorf("got a folder %q that does not contain %q", folder, u)
		}
		if again, err := ParsePrefix(folder.String()); err != nil || again != folder {
			t.Errorf("got %v, %v when the folder is read again, want %v", again, err, folder)
		}
	})
}
