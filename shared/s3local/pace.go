package s3local

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// paced is a request's body on its connection. A body that comes too slowly is cut off: it has bodyGrace, and more time for
// each byte that came, so that an upload of any length goes on as long as it keeps up minBodyRate. Only the time that is
// spent waiting for the client counts, not that of this machine's disk.
type paced struct {
	io.ReadCloser
	call     *call
	received int64
	waited   time.Duration
	whole    bool // the last byte was read
}

// Read reads what comes in the time that is left.
func (p *paced) Read(b []byte) (int, error) {
	left := bodyGrace + time.Duration(p.received)*time.Second/minBodyRate - p.waited
	p.call.idle.Reset(min(p.call.gate.idle, max(left, 0)))
	began := p.call.gate.now()
	n, err := p.ReadCloser.Read(b)
	p.waited += p.call.gate.now().Sub(began)
	p.call.idle.Reset(p.call.gate.idle)
	p.received += int64(n)
	p.whole = p.whole || errors.Is(err, io.EOF)
	return n, err
}

// past is a deadline that is over.
var past = time.Unix(1, 0)

// settle ends a request whose body was not read to its end: net/http would wait for the rest without a bound. A client
// that sends its body unasked would not see the answer, so some of it is read; one that waits to be asked sends none.
func (c *call) settle() {
	c.idle.Stop()
	if c.received.whole || c.r.ContentLength == 0 {
		return
	}
	control := http.NewResponseController(c.w.ResponseWriter)
	if c.r.Header.Get("Expect") == "" || c.received.received > 0 {
		timer := time.AfterFunc(drainTimeout, func() { _ = control.SetReadDeadline(past) })
		defer timer.Stop()
		if n, err := io.CopyN(io.Discard, c.received.ReadCloser, maxDrain); n < maxDrain && errors.Is(err, io.EOF) {
			return
		}
	}
	_ = control.SetReadDeadline(past) // what has no deadlines has no connection either
}
