package outbound

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
)

// dialer returns a dial function whose connections go to the addresses alone. The judgement is made by
// net.Dialer's own hook: behind the resolution, for each address, before the first packet.
func (t *transport) dialer(r reach) func(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout, Resolver: t.config.Resolver, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		return judge(at.Addr(), r)
	}}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, undialed(err)
		}
		return conn, nil
	}
}

// undialed is one kind of error for every connection that was not made. The reason is text for a log.
func undialed(reason error) error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: unmade{reason.Error()}}
}

// unmade has the text of an error and nothing else of it: an error that could be unwrapped is retried or not
// by what it is.
type unmade struct{ text string }

func (u unmade) Error() string { return u.text }

// errEndless ends a body that is longer than any that firn reads.
var errEndless = errors.New("the answer is longer than is read of one")

// bound limits the body of an answer.
func bound(answer *http.Response) io.ReadCloser {
	limit := int64(maxBody)
	if answer.StatusCode >= http.StatusMultipleChoices {
		limit = maxRefusal
	}
	return &body{answer.Body, limit}
}

type body struct {
	io.ReadCloser
	left int64
}

// Read reads what is within the limit.
func (b *body) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errEndless
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
