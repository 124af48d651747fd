package s3local

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
)

type created struct {
	XMLName  xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ InitiateMultipartUploadResult"`
	Bucket   string
	Key      string
	UploadID string `xml:"UploadId"`
}

// createUpload answers CreateMultipartUpload.
func (c *call) createUpload() error {
	if sum := c.r.Header.Get("X-Amz-Checksum-Algorithm"); sum != "" {
		if checksums[strings.ToLower(sum)] == nil {
			return notImplemented("The checksum algorithm is not supported.")
		}
		c.w.Header().Set("X-Amz-Checksum-Algorithm", sum)
	}
	if kind := c.r.Header.Get("X-Amz-Checksum-Type"); kind != "" {
		c.w.Header().Set("X-Amz-Checksum-Type", kind)
	}
	id, err := c.store.startUpload(c.bucket, c.key, c.claims)
	if err != nil {
		return err
	}
	return c.ok(created{Bucket: c.bucket, Key: c.key, UploadID: id})
}

// part finds the upload and the part's number that a request names.
func (c *call) part() (id string, number int, err error) {
	number, err = strconv.Atoi(c.query["partNumber"])
	if err != nil || number < 1 || number > maxParts {
		return "", 0, refuse(http.StatusBadRequest, "InvalidArgument", "A part's number is 1 to 10000.")
	}
	id = c.query["uploadId"]
	return id, number, c.store.findUpload(c.bucket, c.key, id)
}

// uploadPart answers UploadPart.
func (c *call) uploadPart() error {
	id, number, err := c.part()
	if err != nil {
		return err
	}
	w, b, err := c.receive()
	if err != nil {
		return err
	}
	defer w.discard()
	o, err := c.store.putPart(w, id, number, c.alive)
	if err != nil {
		return err
	}
	c.echo(b)
	c.w.Header().Set("ETag", quote(o.ETag))
	c.w.WriteHeader(http.StatusOK)
	return nil
}

// uploadPartCopy answers UploadPartCopy.
func (c *call) uploadPartCopy() error {
	id, number, err := c.part()
	if err != nil {
		return err
	}
	w, err := c.fetch(c.r.Header.Get("X-Amz-Copy-Source-Range"))
	if err != nil {
		return err
	}
	defer w.discard()
	o, err := c.store.putPart(w, id, number, c.alive)
	if err != nil {
		return err
	}
	return c.ok(copyResult("CopyPartResult", o))
}

type completion struct {
	XMLName xml.Name `xml:"CompleteMultipartUpload"`
	Part    []partRef
}

type completed struct {
	XMLName  xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CompleteMultipartUploadResult"`
	Location string
	Bucket   string
	Key      string
	ETag     string
}

// completeUpload answers CompleteMultipartUpload. The checksums in its headers are the object's, not the document's.
func (c *call) completeUpload() error {
	ifAbsent, err := c.ifAbsent()
	if err != nil {
		return err
	}
	id := c.query["uploadId"]
	if err := c.store.findUpload(c.bucket, c.key, id); err != nil {
		return err
	}
	sums := expectChecksums(c.r.Header)
	for _, e := range sums {
		if strings.Contains(e.want, "-") {
			return notImplemented("Checksums of checksums are not supported; name the object's own.")
		}
	}
	var d completion
	if err := c.document(&d, nil, false); err != nil {
		return err
	}
	if len(d.Part) == 0 || len(d.Part) > maxParts {
		return refuse(http.StatusBadRequest, "MalformedXML", "An upload is completed with 1 to 10000 parts.")
	}
	w, err := c.store.join(id, d.Part, sums, c.alive)
	if err != nil {
		return err
	}
	defer w.discard()
	for _, e := range sums {
		if err := e.hold(); err != nil {
			return err
		}
	}
	if size := c.r.Header.Get("X-Amz-Mp-Object-Size"); size != "" && size != strconv.FormatInt(w.size, 10) {
		return malformed("The parts together do not have the size that the request names.")
	}
	o, err := w.publish(c.publication(ifAbsent))
	if err != nil {
		return err
	}
	_ = c.store.endUpload(id) // the object is there; parts that stay end with the process
	return c.ok(completed{Location: "http://" + c.r.Host + encodeURI(c.path, true), Bucket: c.bucket, Key: c.key, ETag: quote(o.ETag)})
}

// abortUpload answers AbortMultipartUpload.
func (c *call) abortUpload() error {
	id := c.query["uploadId"]
	if err := c.store.findUpload(c.bucket, c.key, id); err != nil {
		return err
	}
	if err := c.store.endUpload(id); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

type partsListed struct {
	XMLName              xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListPartsResult"`
	Bucket               string
	Key                  string
	UploadID             string `xml:"UploadId"`
	PartNumberMarker     int
	NextPartNumberMarker int
	MaxParts             int
	IsTruncated          bool
	Part                 []listedPart
}

type listedPart struct {
	PartNumber   string
	LastModified string
	ETag         string
	Size         int64
}

// listParts answers ListParts.
func (c *call) listParts() error {
	id := c.query["uploadId"]
	if err := c.store.findUpload(c.bucket, c.key, id); err != nil {
		return err
	}
	d := partsListed{Bucket: c.bucket, Key: c.key, UploadID: c.query["uploadId"], MaxParts: maxListed}
	for name, into := range map[string]*int{"max-parts": &d.MaxParts, "part-number-marker": &d.PartNumberMarker} {
		if text, ok := c.query[name]; ok {
			number, err := strconv.Atoi(text)
			if *into = number; err != nil || number < 0 {
				return refuse(http.StatusBadRequest, "InvalidArgument", "The "+name+" is a number of at least 0.")
			}
		}
	}
	d.MaxParts = min(d.MaxParts, maxListed)
	parts, more, err := c.store.parts(id, d.PartNumberMarker, d.MaxParts)
	if err != nil {
		return err
	}
	d.IsTruncated = more
	for _, p := range parts {
		d.Part = append(d.Part, listedPart{PartNumber: p.Key, LastModified: s3Time(p.Modified), ETag: quote(p.ETag), Size: p.Size})
		d.NextPartNumberMarker, _ = strconv.Atoi(p.Key) // the store made it of a number
	}
	return c.ok(d)
}
