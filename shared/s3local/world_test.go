package s3local

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The names that most tests use.
const (
	realm   = "r"
	home    = "realm=r" // its folder
	bucket  = "warehouse"
	prefix  = "lake/ns/table-1a2b/"
	sibling = "lake/ns/table-1a2b-other/"
)

// clock is a time that tests move. It starts at the real time, as SDKs sign by it.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is a gate over an empty folder.
type world struct {
	t      testing.TB
	dir    string
	clock  *clock
	issuer *Issuer
	store  *Store
	gate   *Gate
	log    *bytes.Buffer
}

func newWorld(t testing.TB) *world { return newWorldOf(t, Config{}) }

func newWorldOf(t testing.TB, c Config) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), clock: &clock{at: time.Now()}, log: &bytes.Buffer{}}
	c.Dir, c.Now = w.dir, w.clock.now
	var err error
	if w.issuer, err = NewIssuer(bytes.Repeat([]byte("k"), 32), w.clock.now); err != nil {
		t.Fatalf("new issuer: %v", err)
	}
	if w.store, err = Open(c); err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	if w.gate, err = NewGate(w.issuer, w.store, w.clock.now, slog.New(slog.NewJSONHandler(&locked{to: w.log}, nil))); err != nil {
		t.Fatalf("new gate: %v", err)
	}
	return w
}

// locked lets several requests log into one buffer.
type locked struct {
	mu sync.Mutex
	to io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

// mint gives a credential for the prefix that most tests use.
func (w *world) mint(a Action) Credential {
	w.t.Helper()
	return w.mintFor(Claims{Principal: "p1", Table: "t1", Scopes: []Scope{{bucket, prefix, a}}})
}

func (w *world) mintFor(c Claims) Credential {
	w.t.Helper()
	if c.Realm == "" {
		c.Realm = realm
	}
	credential, err := w.issuer.Mint(c, time.Hour)
	if err != nil {
		w.t.Fatalf("mint: %v", err)
	}
	return credential
}

// put writes an object past the gate.
func (w *world) put(key, text string) {
	w.t.Helper()
	name := filepath.Join(w.dir, home, bucket, filepath.FromSlash(key))
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// read gives an object past the gate; "" if there is none.
func (w *world) read(key string) string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, home, bucket, filepath.FromSlash(key)))
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	return string(text)
}

// leftovers counts the files that no object needs.
func (w *world) leftovers() int {
	w.t.Helper()
	entries, err := os.ReadDir(filepath.Join(w.dir, workFolder))
	if err != nil {
		w.t.Fatal(err)
	}
	return len(entries)
}

// ask is a request in the making, to be signed by hand.
type ask struct {
	method  string
	target  string // as on the wire
	header  map[string]string
	body    string
	length  *int64              // other than the body's
	payload string              // x-amz-content-sha256; empty: the body's hash
	at      time.Time           // of signing; zero: now
	unsign  []string            // headers that are left out of the signature
	signed  string              // target that is signed instead of the one on the wire
	host    string              // that is signed instead of the one on the wire
	alter   func(*http.Request) // after signing
}

const wireHost = "127.0.0.1:8182"

// request signs an ask with a credential (Signature Version 4 in headers), independently of the code under test.
func (w *world) request(c Credential, a ask) *http.Request {
	r := &http.Request{Method: a.method, Header: http.Header{}, Host: wireHost, RequestURI: a.target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		URL: &url.URL{Path: "/"}, Body: io.NopCloser(strings.NewReader(a.body)), ContentLength: int64(len(a.body))}
	if a.length != nil {
		r.ContentLength = *a.length
	}
	for name, value := range a.header {
		r.Header.Set(name, value)
	}
	if a.payload == "" {
		a.payload = hexSHA256(a.body)
	}
	if a.at.IsZero() {
		a.at = w.clock.now()
	}
	r.Header.Set("X-Amz-Content-Sha256", a.payload)
	r.Header.Set("X-Amz-Date", a.at.UTC().Format("20060102T150405Z"))
	r.Header.Set("X-Amz-Security-Token", string(c.SessionToken))
	signature, headers := signatureOf(c, r, a)
	scope := a.at.UTC().Format("20060102") + "/eu-central-1/s3/aws4_request"
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s", c.AccessKeyID, scope, headers, signature))
	if a.alter != nil {
		a.alter(r)
	}
	return r.WithContext(w.t.Context())
}

// signatureOf signs what the wire carries, or what the ask says instead.
func signatureOf(c Credential, r *http.Request, a ask) (signature, headers string) {
	values := map[string]string{"host": r.Host}
	if a.host != "" {
		values["host"] = a.host
	}
	for name := range r.Header {
		if name = strings.ToLower(name); !slices.Contains(a.unsign, name) && name != "expect" && name != "connection" {
			values[name] = r.Header.Get(name)
		}
	}
	if slices.Contains(a.unsign, "host") {
		delete(values, "host")
	}
	var names []string
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	target := r.RequestURI
	if a.signed != "" {
		target = a.signed
	}
	path, query, _ := strings.Cut(target, "?")
	canonical := r.Method + "\n" + path + "\n" + canonicalQuery(query) + "\n"
	for _, name := range names {
		canonical += name + ":" + strings.TrimSpace(values[name]) + "\n"
	}
	headers = strings.Join(names, ";")
	payload := r.Header.Get("X-Amz-Content-Sha256")
	if payload == "" {
		payload = "UNSIGNED-PAYLOAD"
	}
	canonical += "\n" + headers + "\n" + payload
	day := a.at.UTC().Format("20060102")
	text := "AWS4-HMAC-SHA256\n" + a.at.UTC().Format("20060102T150405Z") + "\n" + day + "/eu-central-1/s3/aws4_request\n" + hexSHA256(canonical)
	return hex.EncodeToString(mac(keyOf(c, day), text)), headers
}

// canonicalQuery sorts parameters that are written in their canonical encoding already.
func canonicalQuery(query string) string {
	if query == "" {
		return ""
	}
	var all []string
	for p := range strings.SplitSeq(query, "&") {
		if !strings.Contains(p, "=") {
			p += "="
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b string) int {
		return strings.Compare(strings.ReplaceAll(a, "=", "\x00"), strings.ReplaceAll(b, "=", "\x00"))
	})
	return strings.Join(all, "&")
}

func keyOf(c Credential, day string) []byte {
	return mac(mac(mac(mac([]byte("AWS4"+string(c.SecretAccessKey)), day), "eu-central-1"), "s3"), "aws4_request")
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hexSHA256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// presign gives a target that carries its signature; extra is further query text in canonical encoding.
func (w *world) presign(c Credential, method, path, extra string, life int) string {
	at := w.clock.now()
	query := fmt.Sprintf("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=%s%%2F%s%%2Feu-central-1%%2Fs3%%2Faws4_request&X-Amz-Date=%s&X-Amz-Expires=%d&X-Amz-Security-Token=%s&X-Amz-SignedHeaders=host",
		c.AccessKeyID, at.UTC().Format("20060102"), at.UTC().Format("20060102T150405Z"), life, string(c.SessionToken))
	if extra != "" {
		query += "&" + extra
	}
	r := &http.Request{Method: method, Header: http.Header{}, Host: wireHost, RequestURI: path + "?" + query}
	signature, _ := signatureOf(c, r, ask{at: at})
	return path + "?" + query + "&X-Amz-Signature=" + signature
}

// do sends a request through the gate in this process.
func (w *world) do(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.gate.ServeHTTP(rec, r)
	return rec
}

// call signs and sends.
func (w *world) call(c Credential, a ask) *httptest.ResponseRecorder {
	w.t.Helper()
	return w.do(w.request(c, a))
}

// plain is an unsigned request.
func (w *world) plain(method, target string, header map[string]string, body string) *http.Request {
	r := &http.Request{Method: method, Header: http.Header{}, Host: wireHost, RequestURI: target, URL: &url.URL{Path: "/"},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	return r.WithContext(w.t.Context())
}

// codeOf is the S3 code in an answer, "" if it is no error.
func codeOf(rec *httptest.ResponseRecorder) string {
	var d struct {
		XMLName xml.Name
		Code    string
	}
	if xml.Unmarshal(rec.Body.Bytes(), &d) != nil || d.XMLName.Local != "Error" {
		return ""
	}
	return d.Code
}

// object path of a key.
func at(key string) string { return "/" + bucket + "/" + encodeURI(key, true) }
