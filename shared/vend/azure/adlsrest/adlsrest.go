// Package adlsrest is what the two drivers for Azure Storage (vend/azure, blob/azure) need of its REST protocol: where an
// account is, and one exchange with an answer, repeated where that helps.
//
// It refuses redirects, which would carry a token or a SAS to another host, and to tell a URL: SAS are part of it, so that
// no error holds one.
//
// # Why
//
// The protocol is spoken without Microsoft's storage SDKs. firn needs five operations of it, and those SDKs sign a whole
// container where a directory is empty, and would be in every function's binary.
//
// Version is pinned, and is the version of signatures too: the oldest one whose string-to-sign is the one in use until
// 2025-07-05, when fields were added for keys that are bound to a user. Azure keeps old versions.
package adlsrest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"firn/shared/budget"
	"firn/shared/fault"
)

// Version is the version of the protocol and of signatures (x-ms-version, sv).
const Version = "2020-12-06"

const (
	attempts  = 3
	maxPause  = time.Second // longest pause before an attempt, also where the store asks for more
	maxReason = 16 << 10    // bytes that are read of a refusal
)

// Client exchanges requests and answers. Safe for concurrent use.
type Client struct {
	http  *http.Client
	pause time.Duration
}

// New makes a client. The transport may be nil: net/http's own. The first pause between attempts doubles with each; 0:
// 100 ms.
func New(transport http.RoundTripper, pause time.Duration) *Client {
	if pause == 0 {
		pause = 100 * time.Millisecond
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{http: &http.Client{Transport: transport, CheckRedirect: stay}, pause: pause}
}

// Request is one operation, which may be sent several times.
type Request struct {
	Method string
	URL    string
	Header map[string]string // besides x-ms-version
	Body   []byte
	Limit  int64 // bytes that are read of the answer, and one more, which tells that it is longer
}

// Answer is what a successful operation gives.
type Answer struct {
	Header http.Header
	Body   []byte
}

// Failure is why an operation gave none.
type Failure struct {
	Status     int           // of the last answer; 0: there was none
	Code       string        // Azure's name of the error; may be empty
	RetryAfter time.Duration // 0: the store did not say
	Unclear    bool          // some attempt may have had an effect
	Cause      error         // without the URL
}

// Error says what happened, for logs.
func (f *Failure) Error() string {
	if f.Status == 0 {
		return fmt.Sprintf("no answer: %v", f.Cause)
	}
	return fmt.Sprintf("status %d %s", f.Status, f.Code)
}

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Cause }

// Busy says whether the store asks to come again later.
func (f *Failure) Busy() bool {
	return f.Status == http.StatusTooManyRequests || f.Status == http.StatusServiceUnavailable
}

// Do sends a request until there is a clear answer, at most three times. An error is a *Failure; it has no effect but
// where it says so.
func (c *Client) Do(ctx context.Context, r Request) (Answer, error) {
	unclear := false
	for attempt := 1; ; attempt++ {
		answer, failure := c.once(ctx, r)
		if failure == nil {
			return answer, nil
		}
		unclear = unclear || failure.Unclear
		failure.Unclear = unclear
		if attempt == attempts || !again(failure) || failure.RetryAfter > maxPause || ctx.Err() != nil {
			return Answer{}, failure
		}
		timer := time.NewTimer(max(failure.RetryAfter, min(c.pause<<(attempt-1), maxPause)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return Answer{}, failure
		}
	}
}

func (c *Client) once(ctx context.Context, r Request) (Answer, *Failure) {
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return Answer{}, &Failure{Cause: errors.New("the address cannot be written")}
	}
	for name, value := range r.Header {
		request.Header.Set(name, value)
	}
	request.Header.Set("X-Ms-Version", Version)
	response, err := c.http.Do(request)
	if err != nil {
		return Answer{}, lost(err)
	}
	defer response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return Answer{}, refused(response)
	}
	body, err := budget.ReadAll(ctx, io.LimitReader(response.Body, r.Limit+1), min(response.ContentLength, r.Limit+1), r.Limit+1)
	if err != nil {
		return Answer{}, lost(err)
	}
	return Answer{Header: response.Header, Body: body}, nil
}

// lost is an attempt without a whole answer: it had no effect if the connection was never made.
func lost(err error) *Failure {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	dial, ok := errors.AsType[*net.OpError](err)
	return &Failure{Unclear: !ok || dial.Op != "dial", Cause: err}
}

// refused is an attempt that the store answered: one that a server did not know the end of itself is unclear.
func refused(r *http.Response) *Failure {
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxReason)) // so that the connection can be used again
	seconds, _ := strconv.Atoi(r.Header.Get("Retry-After"))
	return &Failure{
		Status: r.StatusCode, Code: r.Header.Get("X-Ms-Error-Code"), RetryAfter: time.Duration(max(seconds, 0)) * time.Second,
		Unclear: r.StatusCode >= 500 && r.StatusCode != http.StatusServiceUnavailable,
	}
}

// again says whether another attempt may fare better.
func again(f *Failure) bool {
	if _, ok := errors.AsType[*fault.Error](f.Cause); ok {
		return false // the request has no memory for the answer
	}
	return f.Status == 0 || f.Status == http.StatusRequestTimeout || f.Status >= 500 || f.Busy()
}
