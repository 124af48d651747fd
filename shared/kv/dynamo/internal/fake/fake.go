// Package fake is a DynamoDB endpoint within the test's process: as much of the JSON 1.0 protocol as firn's driver speaks,
// and the failures that emulators never show: throttling, conflicts, lost requests and answers, keys left unprocessed.
//
// It refuses, as DynamoDB does, expressions that it cannot read, names and values that an expression does not use, a start
// key outside of what a Query asks for, and a token used again for other content.
//
// # Why
//
// The emulators are the judges of the protocol and run only where they are installed; this one runs in every `go test` and
// does what it is told at an exact call. Where the two disagree, it is wrong: the same suite runs on both.
package fake

import (
	"encoding/json"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Server is the endpoint.
type Server struct {
	URL string

	mu     sync.Mutex
	tables map[string]*table
	tokens map[string]request // request by token of the transactions that landed
	script map[string][]Fault
	calls  []Call
}

// Call is what a client has sent.
type Call struct {
	Operation string // as in DynamoDB's API
	Body      string
}

// Fault is what happens to one call instead of, or after, its effect.
type Fault struct {
	Status  int      // answered instead of the effect, with Code; 0: 400
	Code    string   // of the error; empty: no error
	Reasons []string // with TransactionCanceledException: the code for each operation

	DropRequest bool   // the connection breaks before the effect
	DropAnswer  bool   // the connection breaks after it
	CutAnswer   bool   // it breaks within the answer's body
	LoseAnswer  int    // this status is answered after the effect
	Process     int    // of a BatchGetItem: only so many keys are answered; -1: none
	ForgetToken bool   // of a transaction that lands: its token may be used again
	Then        func() // runs after the effect, before the answer
}

// New starts a server that ends with the test.
func New(t testing.TB) *Server {
	s := &Server{tables: map[string]*table{}, tokens: map[string]request{}, script: map[string][]Fault{}}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	s.URL = web.URL
	return s
}

// Next gives the coming calls of an operation a fault each.
func (s *Server) Next(operation string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script[operation] = append(s.script[operation], faults...)
}

// Take gives the calls since the last Take, and how many scripted faults no call has met.
func (s *Server) Take() (calls []Call, pending int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls, s.calls = s.calls, nil
	for _, faults := range s.script {
		pending += len(faults)
	}
	return calls, pending
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "DynamoDB_20120810.")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	f := s.begin(Call{operation, string(body)})
	if f.DropRequest {
		panic(http.ErrAbortHandler)
	}
	answer, failure := s.answer(operation, body, f)
	if f.ForgetToken {
		s.forgetTokens()
	}
	if f.Then != nil {
		f.Then()
	}
	if f.DropAnswer {
		panic(http.ErrAbortHandler)
	}
	status := http.StatusOK
	switch {
	case f.LoseAnswer != 0:
		status, answer = f.LoseAnswer, &problem{Code: "InternalServerError"}
	case failure != nil:
		status, answer = failure.status, failure
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	text, _ := json.Marshal(answer)
	w.Header().Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(text)), 10))
	if f.CutAnswer {
		w.Header().Set("Content-Length", strconv.Itoa(len(text)+1))
	}
	w.WriteHeader(status)
	_, _ = w.Write(text)
	if f.CutAnswer {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

func (s *Server) begin(c Call) (f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, c)
	if faults := s.script[c.Operation]; len(faults) > 0 {
		f, s.script[c.Operation] = faults[0], faults[1:]
	}
	return f
}

func (s *Server) forgetTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

func (s *Server) answer(operation string, body []byte, f Fault) (any, *problem) {
	if f.Code != "" {
		return nil, injected(f)
	}
	var r request
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, invalid("SerializationException: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch operation {
	case "CreateTable":
		return s.createTable(r)
	case "BatchGetItem":
		return s.batchGet(r, f.Process)
	case "TransactWriteItems":
		return s.transact(r)
	}
	t := s.tables[r.TableName]
	if t == nil {
		return nil, &problem{status: 400, Code: "ResourceNotFoundException"}
	}
	switch operation {
	case "DescribeTable":
		return map[string]any{"Table": map[string]any{"TableName": r.TableName, "TableStatus": "ACTIVE"}}, nil
	case "UpdateTimeToLive":
		t.timeToLive = r.TimeToLiveSpecification.AttributeName
		return r, nil
	case "GetItem":
		return map[string]any{"Item": t.items[r.Key.id()]}, nil
	case "Query":
		return t.query(r)
	case "PutItem", "DeleteItem":
		if failure := t.holds(r); failure != nil {
			return nil, failure
		}
		t.apply(r)
		return struct{}{}, nil
	}
	return nil, invalid("unknown operation %s", operation)
}
