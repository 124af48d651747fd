package s3local

import (
	"encoding/xml"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const xmlns = "http://s3.amazonaws.com/doc/2006-03-01/"

func quote(etag string) string   { return `"` + etag + `"` }
func unquote(etag string) string { return strings.Trim(strings.TrimSpace(etag), `"`) }

// oneRange is the only form of a Range that S3 acts on; it answers the whole object to others (RFC 9110, section 14.2).
var oneRange = regexp.MustCompile(`^bytes=(\d+-\d*|-\d+)$`)

// getObject answers GetObject and HeadObject. Ranges and conditions are RFC 9110's, by net/http. A download breaks off
// when its credential ends.
func (c *call) getObject() error {
	f, o, err := c.store.open(c.bucket, c.key)
	if err != nil {
		return err
	}
	defer f.Close()
	if !oneRange.MatchString(c.r.Header.Get("Range")) {
		c.r.Header.Del("Range")
	}
	c.w.Header().Set("ETag", quote(o.ETag))
	c.w.Header().Set("Content-Type", "binary/octet-stream")
	c.w.replace = true
	file := &watchedFile{ReadSeeker: f, alive: c.alive}
	http.ServeContent(c.w, c.r, "", o.Modified, file)
	return file.ended
}

// putObject answers PutObject.
func (c *call) putObject() error {
	ifAbsent, err := c.ifAbsent()
	if err != nil {
		return err
	}
	w, b, err := c.receive()
	if err != nil {
		return err
	}
	defer w.discard()
	o, err := w.publish(c.publication(ifAbsent))
	if err != nil {
		return err
	}
	c.echo(b)
	c.w.Header().Set("ETag", quote(o.ETag))
	c.w.WriteHeader(http.StatusOK)
	return nil
}

// receive brings the request's body, whole and verified, into a work file that the caller discards.
func (c *call) receive() (*work, *body, error) {
	b, err := c.body(maxBody, expectChecksums(c.r.Header))
	if err != nil {
		return nil, nil, err
	}
	w, err := c.store.newWork(b.size)
	if err != nil {
		return nil, nil, err
	}
	if _, err := copyBytes(w, b); err != nil {
		w.discard()
		return nil, nil, err
	}
	return w, b, nil
}

func (c *call) publication(ifAbsent bool) publication {
	return publication{to: c.store, bucket: c.bucket, key: c.key, ifAbsent: ifAbsent, sync: c.store.sync, alive: c.alive}
}

// ifAbsent reads the condition of a write.
func (c *call) ifAbsent() (bool, error) {
	match, none := c.r.Header.Get("If-Match"), c.r.Header.Get("If-None-Match")
	if match != "" || none != "" && none != "*" {
		return false, notImplemented("Of conditional writes only If-None-Match: * is supported.")
	}
	return none == "*", nil
}

// echo tells the client which checksums held.
func (c *call) echo(b *body) {
	for _, e := range b.expects {
		if strings.HasPrefix(e.field, checksumPrefix) {
			c.w.Header().Set(e.field, e.want)
		}
	}
}

// copyObject answers CopyObject.
func (c *call) copyObject() error {
	ifAbsent, err := c.ifAbsent()
	if err != nil {
		return err
	}
	w, err := c.fetch("")
	if err != nil {
		return err
	}
	defer w.discard()
	o, err := w.publish(c.publication(ifAbsent))
	if err != nil {
		return err
	}
	return c.ok(copyResult("CopyObjectResult", o))
}

// fetch brings the copy source, or a range of it, into a work file that the caller discards. The source is opened only
// if the credential may read it.
func (c *call) fetch(span string) (*work, error) {
	bucket, key, err := parseSource(c.r.Header.Get("X-Amz-Copy-Source"))
	if err != nil {
		return nil, err
	}
	if err := c.may(Read, bucket, key); err != nil {
		return nil, err
	}
	f, o, err := c.store.open(bucket, key)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if want := c.r.Header.Get("X-Amz-Copy-Source-If-Match"); want != "" && unquote(want) != o.ETag {
		return nil, errCondition
	}
	from, size, err := parseSpan(span, o.Size)
	if err != nil {
		return nil, err
	}
	if size > maxBody {
		return nil, errTooLarge
	}
	w, err := c.store.newWork(size)
	if err != nil {
		return nil, err
	}
	if _, err := copyBytes(w, &watchedFile{ReadSeeker: io.NewSectionReader(f, from, size), alive: c.alive}); err != nil {
		w.discard()
		return nil, err
	}
	return w, nil
}

// copySpan is the form of x-amz-copy-source-range.
var copySpan = regexp.MustCompile(`^bytes=(\d{1,18})-(\d{1,18})$`)

// parseSpan reads a copy source's range; empty: all of it.
func parseSpan(span string, size int64) (from, length int64, err error) {
	if span == "" {
		return 0, size, nil
	}
	ends := copySpan.FindStringSubmatch(span)
	if ends == nil {
		return 0, 0, refuse(http.StatusBadRequest, "InvalidArgument", "The range of the copy source cannot be parsed.")
	}
	first, _ := strconv.ParseInt(ends[1], 10, 64) // 18 digits fit
	last, _ := strconv.ParseInt(ends[2], 10, 64)
	if first > last || last >= size {
		return 0, 0, errRange
	}
	return first, last - first + 1, nil
}

// copied is the document that answers a copy, under two names.
type copied struct {
	XMLName      xml.Name
	ETag         string
	LastModified string
}

func copyResult(name string, o Object) copied {
	return copied{XMLName: xml.Name{Space: xmlns, Local: name}, ETag: quote(o.ETag), LastModified: s3Time(o.Modified)}
}

func s3Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
