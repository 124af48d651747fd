// Package gcstest is Google within a test's process: the Security Token Service, the IAM Service Account Credentials API
// and the objects of Cloud Storage's JSON API, which it opens for exactly what a token's access boundary says.
//
// It fails the test where a scope is wider than a folder: an exchange without a boundary, a rule without a condition, a
// key that Google would skip, a condition that is anything but predicates of this rule's own bucket which begin with a
// text that ends in a slash. What it lets through it evaluates by Google's own CEL library, with the rights that Google
// gives the roles.
//
// It refuses what it was not taught: an unknown path, parameter or role is an error, never a permission.
//
// # Why
//
// No emulator of Cloud Storage enforces access boundaries. A verifier that shares code with what it verifies proves
// nothing, so nothing here is imported from the driver, conditions are parsed rather than compared, and the client-side
// boundary is opened by Tink.
package gcstest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tink-crypto/tink-go/v2/keyset"
)

// Self is the service account that firn is.
const Self = "firn@project.iam.gserviceaccount.com"

// Fault is what happens to one call. The zero value lets it through.
type Fault struct {
	Status     int           // answered instead, without an effect; 200 with a Body is an answer that was not expected
	RetryAfter time.Duration // with Status
	Body       string        // with Status; "": an error in the form of the service
	Drop       bool          // the request is lost, without an effect
	Dial       bool          // no connection is made
	Lose       bool          // the effect takes place, and the answer is lost
}

// Server is Google. It may be asked, and told to fail, concurrently.
type Server struct {
	t   testing.TB
	now func() time.Time

	mu      sync.Mutex
	trusted map[string]bool // service accounts that Self may act as
	tokens  map[string]*token
	objects map[string]*object // by bucket and name with a slash between
	made    int
	plan    func(call string) Fault
	calls   map[string]int
}

// token is what the server knows of one that it issued.
type token struct {
	account  string
	expires  time.Time
	boundary *boundary      // nil: everything that the account may
	session  *keyset.Handle // of an intermediary token, which opens nothing by itself
}

type object struct {
	data       []byte
	generation int
}

// New makes a server with an empty Cloud Storage.
func New(t testing.TB, now func() time.Time) *Server {
	return &Server{t: t, now: now, trusted: map[string]bool{}, tokens: map[string]*token{}, objects: map[string]*object{}, calls: map[string]int{}}
}

// Trust lets Self act as a service account.
func (s *Server) Trust(account string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trusted[account] = true
}

// Identity gives a token of Self that lives so long.
func (s *Server) Identity(life time.Duration) (value string, expires time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := &token{account: Self, expires: s.now().Add(life)}
	return s.issue(made), made.expires
}

// Plan says what happens to calls from now on; nil: nothing does. It may be asked concurrently, and may wait. The calls are exchange, intermediary, federate,
// impersonate, get, put, delete, list and copy.
func (s *Server) Plan(plan func(call string) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan = plan
}

// Take gives how often each call was made since the last Take.
func (s *Server) Take() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.calls
	s.calls = map[string]int{}
	return was
}

// Seed puts an object with the rights of the bucket's owner.
func (s *Server) Seed(bucket, name, data string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[bucket+"/"+name] = &object{data: []byte(data), generation: 1}
}

// Look gives an object with the rights of the bucket's owner.
func (s *Server) Look(bucket, name string) (data string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects[bucket+"/"+name]
	if !ok {
		return "", false
	}
	return string(o.data), true
}

// issue names a token. The caller has the lock.
func (s *Server) issue(t *token) string {
	s.made++
	value := fmt.Sprintf("ya29.%s-%d", strings.Repeat("t", 24), s.made)
	s.tokens[value] = t
	return value
}

// Client gives a client for which this server is every host.
func (s *Server) Client() *http.Client { return &http.Client{Transport: direct{s}} }

// direct serves requests without a network, so that tests may wait for them in synctest's bubbles.
type direct struct{ server *Server }

func (d direct) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	defer func() {
		switch cause := recover(); cause {
		case nil:
		case http.ErrAbortHandler:
			resp, err = nil, io.ErrUnexpectedEOF
		case errDial:
			resp, err = nil, &net.OpError{Op: "dial", Net: "tcp", Err: errDial}
		default:
			panic(cause)
		}
	}()
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	d.server.ServeHTTP(w, in)
	return w.Result(), nil
}

var errDial = errors.New("planned: nobody listens")

// refused is an answer that is no success. Handlers panic with it.
type refused struct {
	status int
	code   string
	detail string
	body   string // instead of code and detail
}

func refuse(status int, code, format string, args ...any) {
	panic(refused{status: status, code: code, detail: fmt.Sprintf(format, args...)})
}

// ServeHTTP finds the service by its path, as the paths of Google's services differ.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		cause := recover()
		f, ok := cause.(refused)
		if !ok {
			if cause != nil {
				panic(cause)
			}
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(f.status)
		if f.body != "" {
			_, _ = io.WriteString(w, f.body)
		} else if r.URL.Path == "/v1/token" {
			answer(w, map[string]string{"error": f.code, "error_description": f.detail})
		} else {
			answer(w, map[string]any{"error": map[string]any{"code": f.status, "status": f.code, "message": f.detail}})
		}
	}()
	switch path := r.URL.EscapedPath(); {
	case path == "/v1/token":
		s.serveTokens(w, r)
	case strings.HasPrefix(path, "/v1/projects/-/serviceAccounts/"):
		s.serveAccounts(w, r)
	case strings.HasPrefix(path, "/storage/v1/b/"), strings.HasPrefix(path, "/upload/storage/v1/b/"):
		s.serveStorage(w, r)
	default:
		refuse(http.StatusNotFound, "NOT_FOUND", "no such path: %s", path)
	}
}

// begin counts a call and does what was planned for it. What it gives runs behind the effect.
func (s *Server) begin(w http.ResponseWriter, call string) (after func()) {
	s.mu.Lock()
	s.calls[call]++
	plan := s.plan
	s.mu.Unlock()
	var f Fault
	if plan != nil {
		f = plan(call)
	}
	switch {
	case f.Dial:
		panic(errDial)
	case f.Drop:
		panic(http.ErrAbortHandler)
	case f.Status != 0:
		if f.RetryAfter != 0 {
			w.Header().Set("Retry-After", fmt.Sprint(int(f.RetryAfter/time.Second)))
		}
		panic(refused{status: f.Status, code: "PLANNED", detail: "planned", body: f.Body})
	}
	return func() {
		if f.Lose {
			panic(http.ErrAbortHandler)
		}
	}
}

// answer writes JSON.
func answer(w io.Writer, value any) {
	if err := json.NewEncoder(w).Encode(value); err != nil {
		panic(err)
	}
}
