package fire

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// wire is the network before a DynamoDB: it loses requests and answers, answers in the table's stead, and delivers late.
type wire struct {
	to   http.Handler
	plan func(action string) wireFault

	active sync.RWMutex // held for reading by requests that are under way
	mu     sync.Mutex
	late   []func()
}

// wireFault is what happens to one request.
type wireFault int

const (
	pass      wireFault = iota
	throttle            // answered that the table is busy
	conflict            // a write is answered that a transaction is in the way or, of a transaction, that it is under way
	dropFirst           // the connection breaks before the request arrives
	dropLast            // the connection breaks behind it
	garble              // its answer becomes a 500
	delay               // the connection breaks, and the request arrives later
)

// newWire starts it before a handler.
func newWire(t testing.TB, to http.Handler, plan func(action string) wireFault) (w *wire, url string) {
	t.Helper()
	w = &wire{to: to, plan: plan}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	return w, server.URL
}

func (w *wire) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.active.RLock()
	defer w.active.RUnlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	send := func() *httptest.ResponseRecorder {
		there := httptest.NewRecorder()
		again := r.Clone(context.WithoutCancel(r.Context())) // what has left its sender arrives
		again.Body = io.NopCloser(bytes.NewReader(body))
		w.to.ServeHTTP(there, again)
		return there
	}
	writes := action == "PutItem" || action == "DeleteItem" || action == "TransactWriteItems"
	f := w.plan(action)
	switch {
	case f == throttle:
		refuse(out, "ThrottlingException")
		return
	case f == conflict && writes:
		refuse(out, map[bool]string{true: "TransactionInProgressException", false: "TransactionConflictException"}[action == "TransactWriteItems"])
		return
	case f == delay && writes:
		w.mu.Lock()
		w.late = append(w.late, func() { send() })
		w.mu.Unlock()
		panic(http.ErrAbortHandler)
	case f == dropFirst:
		panic(http.ErrAbortHandler)
	}
	there := send()
	switch f {
	case dropLast:
		panic(http.ErrAbortHandler)
	case garble:
		out.Header().Set("X-Amzn-ErrorType", "InternalServerError")
		out.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(out, `{"__type":"InternalServerError"}`)
		return
	}
	maps.Copy(out.Header(), there.Header())
	out.WriteHeader(there.Code)
	_, _ = out.Write(there.Body.Bytes())
}

func refuse(out http.ResponseWriter, code string) {
	out.Header().Set("X-Amzn-ErrorType", code)
	out.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(out, `{"__type":%q,"message":"planned"}`, code)
}

// settle waits until nothing is under way, and lets everything arrive that is late. The clients must be gone.
func (w *wire) settle() {
	w.active.Lock()
	defer w.active.Unlock()
	w.deliver()
}

// deliver lets everything arrive that is late.
func (w *wire) deliver() {
	w.mu.Lock()
	late := w.late
	w.late = nil
	w.mu.Unlock()
	for _, send := range late {
		send()
	}
}
