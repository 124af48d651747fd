// Package azuretest is Azure Storage for tests: accounts with a hierarchical namespace that are opened by user delegation
// SAS alone, over TLS, at the hosts of both services. It gives out delegation keys for bearer tokens that it knows.
//
// It refuses whatever Azure is documented to refuse of a SAS, and more: one that is not for one directory, one without an
// end or without spr=https, one whose permissions are not in order. What it serves of the Blob and the DFS protocol is
// what metadata files and sweeps need; anything else is an error 400.
//
// # Why
//
// No emulator knows directories. What a SAS says is read and signed anew here, from Microsoft's description ("Create a
// user delegation SAS") and without a line of the driver's, so that the two must agree by each being right.
//
// A listing at the Blob endpoint takes a prefix whose folders must be the SAS's; what Azure answers to a prefix that is
// the directory's bare name is not documented, and here it is the directory.
package azuretest

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// ObjectID is firn's identity in the fake's answers.
const ObjectID = "0b1ec700-0000-4000-8000-00000000f112"

// Cloud is Azure Storage. Make one with New.
type Cloud struct {
	now func() time.Time

	mu         sync.Mutex
	tenants    map[string]string            // by bearer token
	containers map[string]map[string]*entry // by account/container, then path
	keys       map[keyFacts][]byte
	log        []Entry
	server     *httptest.Server
}

// entry is a file or a directory.
type entry struct {
	data      []byte
	directory bool
}

// Entry is a line of the storage's log.
type Entry struct {
	Operation   string // "GetBlob"
	Path        string // account/container/path
	Correlation string // scid of the SAS
}

// New starts a cloud with no containers, which stops with the test.
func New(t testing.TB, now func() time.Time) *Cloud {
	t.Helper()
	c := &Cloud{now: now, tenants: map[string]string{}, containers: map[string]map[string]*entry{}, keys: map[keyFacts][]byte{}}
	c.server = httptest.NewUnstartedServer(c)
	c.server.Config.ErrorLog = log.New(io.Discard, "", 0) // of connections that tests cut
	c.server.StartTLS()
	t.Cleanup(c.server.Close)
	return c
}

// Transport reaches the cloud at all of its hosts.
func (c *Cloud) Transport() http.RoundTripper {
	t := c.server.Client().Transport.(*http.Transport).Clone()
	t.TLSClientConfig.ServerName = "example.com" // the test server's certificate
	t.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, c.server.Listener.Addr().String())
	}
	return t
}

// Trust makes a bearer token good for delegation keys, in the name of ObjectID in a tenant.
func (c *Cloud) Trust(token, tenant string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tenants[token] = tenant
}

// Seed makes a container, and with a path an object in it, as the account's owner.
func (c *Cloud) Seed(account, container, path, data string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := account + "/" + container
	if c.containers[name] == nil {
		c.containers[name] = map[string]*entry{}
	}
	if path != "" {
		put(c.containers[name], path, []byte(data))
	}
}

// Holds gives an object's data, and whether there is one.
func (c *Cloud) Holds(account, container, path string) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.containers[account+"/"+container][path]
	if e == nil || e.directory {
		return "", false
	}
	return string(e.data), true
}

// RevokeKeys ends all delegation keys of an account, and with them their SAS.
func (c *Cloud) RevokeKeys(account string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for facts := range c.keys {
		if facts.account == account {
			delete(c.keys, facts)
		}
	}
}

// Log gives what was asked, in order.
func (c *Cloud) Log() []Entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Entry(nil), c.log...)
}

// refusal is an answer that is none.
type refusal struct {
	status int
	code   string
}

// ServeHTTP answers as the service that the host names.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	call, no := c.parse(r)
	if no == nil {
		no = call.serve(w)
	}
	if no != nil {
		w.Header().Set("X-Ms-Error-Code", no.code)
		w.WriteHeader(no.status)
	}
	c.log = append(c.log, Entry{Operation: call.operation, Path: call.account + "/" + call.container + "/" + call.path, Correlation: r.URL.Query().Get("scid")})
}

// call is one request.
type call struct {
	*Cloud
	request   *http.Request
	service   string // blob or dfs
	account   string
	container string
	path      string
	operation string
}

// parse takes host and path apart. A path that another layer could read otherwise is refused.
func (c *Cloud) parse(r *http.Request) (*call, *refusal) {
	out := &call{Cloud: c, request: r}
	label, _, blob := strings.Cut(r.Host, ".blob.")
	out.service = "blob"
	if !blob {
		label, _, _ = strings.Cut(r.Host, ".dfs.")
		out.service = "dfs"
	}
	out.account, _, _ = strings.Cut(label, ".")
	out.container, out.path, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	for segment := range strings.SplitSeq(out.path, "/") {
		if out.path != "" && (segment == "" || segment == "." || segment == "..") {
			return out, &refusal{http.StatusBadRequest, "InvalidUri"}
		}
	}
	return out, nil
}

// serve finds the operation.
func (c *call) serve(w http.ResponseWriter) *refusal {
	q := c.request.URL.Query()
	switch method := c.request.Method; {
	case c.container == "" && method == http.MethodPost && q.Get("comp") == "userdelegationkey" && q.Get("restype") == "service" && c.service == "blob":
		return c.delegate(w)
	case c.container == "":
	case c.path == "" && method == http.MethodGet && q.Get("comp") == "list" && q.Get("restype") == "container" && c.service == "blob":
		return c.listBlobs(w)
	case c.path == "" && method == http.MethodGet && q.Get("resource") == "filesystem" && c.service == "dfs":
		return c.listPaths(w)
	case c.path == "" || q.Get("comp") != "" || q.Get("restype") != "" || q.Get("resource") != "" || q.Get("action") != "":
	case method == http.MethodGet:
		return c.get(w)
	case method == http.MethodPut && c.service == "blob" && c.request.Header.Get("X-Ms-Copy-Source") != "":
		return c.copyBlob(w)
	case method == http.MethodPut && c.service == "blob" && c.request.Header.Get("X-Ms-Blob-Type") == "BlockBlob":
		return c.putBlob(w)
	case method == http.MethodDelete:
		return c.remove(w)
	}
	return &refusal{http.StatusBadRequest, "UnsupportedOperation"}
}
