// Package outbound is the HTTP client for addresses that a caller may influence: endpoints of stores and
// token services, and hosts that are made of a bucket, a region or an account.
//
// What may be reached is judged on the address, after each resolution of a name and before the connection:
//
//	endpoint                                      addresses                              scheme         proxy
//	listed by the operator                        public, private, loopback              as listed      yes
//	a service of AWS, Google or Azure (host.go)   public, private (a VPC endpoint)       https          yes
//	any other                                     public; loopback if Config.Loopback    https          no
//	any other, plain                              loopback if Config.Loopback            http           no
//
// It never connects to link-local, metadata, multicast, unspecified, broadcast or reserved addresses
// (address.go), whatever is listed. It follows no redirect, reads no endless header or body, and waits for no
// answer for long.
//
// # Why
//
// A name is judged where the connection is made, not before: a name that resolves to a public address when it
// is checked and to a private one when it is used would pass any check of its text. The same place sees every
// spelling of an address.
//
// Connections of one kind of endpoint are not used for another, so that an endpoint that is taken off the
// list is not reached by a connection that was made before.
//
// A proxy resolves names itself, where nothing here sees the address. So only what the operator listed and
// the clouds' own services go through the proxy of the environment (HTTPS_PROXY, NO_PROXY); what a caller
// chose freely is dialed directly, and in a network without a direct way it has to be listed. The address of
// the proxy is the operator's own choice.
//
// Every connection that was not made fails as *net.OpError of a dial, whether it was refused here or by the
// other side, or the name is not known: retries and callers see no difference. What remains is time: a port
// that drops packets answers later than one that is closed. It tells nothing about a private network, whose
// unlisted addresses are not dialed.
package outbound

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Config says what may be reached. With the zero Config that is public addresses by https.
type Config struct {
	// Listed reports whether the operator listed an endpoint, spelled as Endpoint spells it. It is asked at
	// each request; nil: none is listed.
	Listed func(endpoint string) bool
	// Loopback allows the addresses of this machine to endpoints that are not listed, by plain http too.
	Loopback bool
	// Proxy returns the proxy of a request, or nil; a nil func: that of the environment.
	Proxy func(*http.Request) (*url.URL, error)
	// TLS is the configuration of https; nil: Go's own.
	TLS *tls.Config
	// Resolver resolves names; nil: that of the machine.
	Resolver *net.Resolver
	// HeaderTimeout bounds the wait for the head of an answer; 0: 10 s.
	HeaderTimeout time.Duration
}

// The bounds of a request.
const (
	dialTimeout      = 3 * time.Second
	handshakeTimeout = 5 * time.Second
	headerTimeout    = 10 * time.Second
	idleTimeout      = 90 * time.Second
	maxIdle          = 100
	maxIdlePerHost   = 10
	maxHeader        = 64 << 10 // bytes of an answer's head
	maxRefusal       = 64 << 10 // bytes of the body of an answer that is no success
	maxBody          = 65 << 20 // bytes of any body: more than an object that firn reads may have
)

// New returns a client that reaches what the Config allows. It does no I/O.
func New(c Config) *http.Client {
	if c.Listed == nil {
		c.Listed = func(string) bool { return false }
	}
	if c.Proxy == nil {
		c.Proxy = http.ProxyFromEnvironment
	}
	if c.HeaderTimeout == 0 {
		c.HeaderTimeout = headerTimeout
	}
	t := &transport{config: c, direct: map[reach]*http.Transport{}}
	t.proxied = t.dialing(anywhere)
	t.proxied.Proxy = c.Proxy
	for _, r := range []reach{t.reachOf(ofListed), t.reachOf(ofCloud), t.reachOf(ofOther), t.reachOf(ofPlain)} {
		if r != nowhere {
			t.direct[r] = t.dialing(r)
		}
	}
	return &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// transport sends each request by the transport of its endpoint's kind.
type transport struct {
	config  Config
	direct  map[reach]*http.Transport
	proxied *http.Transport
}

// dialing makes a transport whose connections reach the addresses.
func (t *transport) dialing(r reach) *http.Transport {
	return &http.Transport{
		DialContext:            t.dialer(r),
		TLSClientConfig:        t.config.TLS.Clone(),
		TLSHandshakeTimeout:    handshakeTimeout,
		ResponseHeaderTimeout:  t.config.HeaderTimeout,
		MaxResponseHeaderBytes: maxHeader,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdlePerHost,
		ForceAttemptHTTP2:      true,
	}
}

// RoundTrip sends a request if its endpoint may be reached at all.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	next, err := t.pick(r)
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, undialed(err)
	}
	answer, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = bound(answer)
	return answer, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections work.
func (t *transport) CloseIdleConnections() {
	t.proxied.CloseIdleConnections()
	for _, d := range t.direct {
		d.CloseIdleConnections()
	}
}

// pick chooses the transport of a request's endpoint.
func (t *transport) pick(r *http.Request) (*http.Transport, error) {
	kind := t.kindOf(r.URL)
	allowed := t.reachOf(kind)
	if allowed == nowhere {
		return nil, errPlain
	}
	if kind == ofListed || kind == ofCloud {
		proxy, err := t.config.Proxy(r)
		switch {
		case err != nil:
			return nil, err
		case proxy != nil:
			return t.proxied, judgeText(hostOf(r.URL), allowed)
		}
	}
	return t.direct[allowed], nil
}

// errPlain refuses http to an endpoint that is not listed.
var errPlain = errors.New("plain http goes to listed endpoints alone")

// judgeText judges a host that a proxy will resolve by what its text shows.
func judgeText(host string, allowed reach) error {
	if metadataHosts[host] {
		return errMetadata
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return nil // a name, which the operator or a cloud chose
	}
	return judge(addr, allowed)
}
