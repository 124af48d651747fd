package s3local

import (
	"encoding/xml"
	"io"
	"net/http"
	"strconv"
)

// answer is a ResponseWriter that remembers its status, and replaces the text that http.ServeContent writes for a
// failed condition or range by S3's words.
type answer struct {
	http.ResponseWriter
	status  int // 0: nothing was written
	replace bool
}

var _ http.ResponseWriter = (*answer)(nil)

var (
	errCondition = refuse(http.StatusPreconditionFailed, "PreconditionFailed", "A condition of the request does not hold.")
	errRange     = refuse(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The range is not in the object.")
)

// WriteHeader begins the answer.
func (a *answer) WriteHeader(status int) {
	if a.status != 0 {
		return
	}
	a.status = status
	switch {
	case a.replace && status == errCondition.status:
		writeXML(a.ResponseWriter, status, errorDocument{Code: errCondition.code, Message: errCondition.message, RequestID: a.Header().Get("X-Amz-Request-Id")})
	case a.replace && status == errRange.status:
		writeXML(a.ResponseWriter, status, errorDocument{Code: errRange.code, Message: errRange.message, RequestID: a.Header().Get("X-Amz-Request-Id")})
	default:
		a.replace = false
		a.ResponseWriter.WriteHeader(status)
	}
}

// Write gives bytes of the body; those of a replaced text are dropped.
func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	if a.replace {
		return len(p), nil
	}
	return a.ResponseWriter.Write(p)
}

// writeXML writes a whole answer.
func writeXML(w http.ResponseWriter, status int, document any) {
	text, err := xml.Marshal(document)
	if err != nil { // the documents are structs of this package
		panic(err)
	}
	text = append([]byte(xml.Header), text...)
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text) // a client that is gone needs no answer
}

// ok answers with a document.
func (c *call) ok(document any) error {
	writeXML(c.w, http.StatusOK, document)
	return nil
}

// fail answers with an error and gives its code. The connection of a client that did not show who it is, or whose body was
// not read, is closed.
func (c *call) fail(err error) string {
	r := refusalOf(err)
	if c.w.status != 0 { // the answer has begun: its length tells the client that it is not whole
		return r.code
	}
	if c.claims.ID == "" || c.r.ContentLength != 0 && !c.received.whole {
		c.w.Header().Set("Connection", "close")
	}
	writeXML(c.w, r.status, errorDocument{Code: r.code, Message: r.message, RequestID: c.id})
	return r.code
}

// watched asks between reads whether the transfer may go on.
type watched struct {
	io.ReadCloser
	alive func() error
}

// Read gives bytes as long as the credential is good.
func (w *watched) Read(p []byte) (int, error) {
	if err := w.alive(); err != nil {
		return 0, err
	}
	return w.ReadCloser.Read(p)
}

// watchedFile is watched for downloads, which seek.
type watchedFile struct {
	io.ReadSeeker
	alive func() error
	ended error // why the download broke off
}

// Read gives bytes as long as the credential is good.
func (w *watchedFile) Read(p []byte) (int, error) {
	if w.ended = w.alive(); w.ended != nil {
		return 0, w.ended
	}
	return w.ReadSeeker.Read(p)
}
