package s3local

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"strconv"
	"unicode/utf8"
)

// listed is the document that answers ListObjectsV2.
type listed struct {
	XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name                  string
	Prefix                string
	Delimiter             string `xml:",omitempty"`
	StartAfter            string `xml:",omitempty"`
	ContinuationToken     string `xml:",omitempty"`
	NextContinuationToken string `xml:",omitempty"`
	EncodingType          string `xml:",omitempty"`
	KeyCount              int
	MaxKeys               int
	IsTruncated           bool
	Contents              []listedObject
	CommonPrefixes        []listedPrefix
}

type listedObject struct {
	Key          string
	LastModified string
	ETag         string
	Size         int64
	StorageClass string
}

type listedPrefix struct{ Prefix string }

// listObjects answers ListObjectsV2.
func (c *call) listObjects() error {
	l, err := c.listing()
	if err != nil {
		return err
	}
	found, err := c.store.list(l)
	if err != nil {
		return err
	}
	spell := func(s string) string { return s }
	if c.query["encoding-type"] == "url" {
		spell = func(s string) string { return encodeURI(s, true) }
	}
	d := listed{
		Name: c.bucket, Prefix: spell(l.prefix), Delimiter: c.query["delimiter"], StartAfter: spell(c.query["start-after"]),
		ContinuationToken: c.query["continuation-token"], EncodingType: c.query["encoding-type"],
		KeyCount: len(found.objects) + len(found.prefixes), MaxKeys: l.limit, IsTruncated: found.more,
	}
	if found.more {
		d.NextContinuationToken = base64.RawURLEncoding.EncodeToString([]byte(found.last))
	}
	for _, o := range found.objects {
		d.Contents = append(d.Contents, listedObject{Key: spell(o.Key), LastModified: s3Time(o.Modified), ETag: quote(o.ETag), Size: o.Size, StorageClass: "STANDARD"})
	}
	for _, p := range found.prefixes {
		d.CommonPrefixes = append(d.CommonPrefixes, listedPrefix{spell(p)})
	}
	return c.ok(d)
}

// listing reads the parameters of ListObjectsV2. A token names the last key or common prefix of the page before; it
// only leaves out what the prefix lets in, so it needs no seal.
func (c *call) listing() (listing, error) {
	l := listing{bucket: c.bucket, prefix: c.query["prefix"], after: c.query["start-after"], limit: maxListed}
	if c.query["list-type"] != "2" {
		return l, refuse(http.StatusBadRequest, "InvalidArgument", "The list-type is 2.")
	}
	switch c.query["delimiter"] {
	case "":
	case "/":
		l.delimited = true
	default:
		return l, notImplemented("The only delimiter is the slash.")
	}
	if encoding, ok := c.query["encoding-type"]; ok && encoding != "url" {
		return l, refuse(http.StatusBadRequest, "InvalidArgument", "The encoding-type is url.")
	}
	if text, ok := c.query["max-keys"]; ok {
		limit, err := strconv.Atoi(text)
		if err != nil || limit < 0 {
			return l, refuse(http.StatusBadRequest, "InvalidArgument", "The max-keys is a number of at least 0.")
		}
		l.limit = min(limit, maxListed)
	}
	if token, ok := c.query["continuation-token"]; ok {
		last, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil || len(last) > maxKey || !utf8.Valid(last) {
			return l, refuse(http.StatusBadRequest, "InvalidArgument", "The continuation token is not valid.")
		}
		l.after = string(last)
	}
	return l, nil
}
