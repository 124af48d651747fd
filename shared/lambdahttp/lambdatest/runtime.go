//go:build unix

package lambdatest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// runtimeAPI is what a runtime asks for work and gives answers to (Lambda developer guide, "Using the Lambda runtime API").
func (e *environment) runtimeAPI() http.Handler {
	const root = "/2018-06-01/runtime/"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+root+"invocation/next", e.serveNext)
	mux.HandleFunc("POST "+root+"invocation/{id}/response", e.serveResponse)
	mux.HandleFunc("POST "+root+"invocation/{id}/error", e.serveError)
	mux.HandleFunc("POST "+root+"init/error", e.serveInitError)
	return mux
}

func (e *environment) serveNext(w http.ResponseWriter, r *http.Request) {
	select {
	case e.ready <- struct{}{}:
	case <-r.Context().Done():
		return
	}
	select {
	case call := <-e.next:
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", call.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(call.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", e.arn)
		h.Set("Lambda-Runtime-Trace-Id", call.trace)
		_, _ = w.Write(call.event) // a runtime that is gone is seen as such
	case <-r.Context().Done():
	}
}

func (e *environment) serveResponse(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer+1))
	status, reply := http.StatusAccepted, `{"status":"OK"}`
	switch {
	case err != nil:
		err = fmt.Errorf("reading the answer: %w", err)
	case len(body) > maxAnswer:
		err = fmt.Errorf("response payload size exceeded maximum allowed payload size (%d bytes)", maxAnswer)
		status, reply = http.StatusRequestEntityTooLarge, `{"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).","errorType":"RequestEntityTooLarge"}`
	case r.Trailer.Get("Lambda-Runtime-Function-Error-Type") != "":
		err = errors.New("the answer broke off: " + r.Trailer.Get("Lambda-Runtime-Function-Error-Type"))
	}
	e.finish(w, r.PathValue("id"), body, err, status, reply)
}

func (e *environment) serveError(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	e.finish(w, r.PathValue("id"), body, fmt.Errorf("the function failed: %s", body), http.StatusAccepted, `{"status":"OK"}`)
}

// finish takes one answer for the invocation under way, and none for another.
func (e *environment) finish(w http.ResponseWriter, id string, body []byte, err error, status int, reply string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch call := e.current; {
	case call == nil || call.id != id:
		status, reply = http.StatusBadRequest, `{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}`
	case call.answered:
		status, reply = http.StatusForbidden, `{"errorMessage":"State transition is not allowed","errorType":"InvalidStateTransition"}`
	default:
		call.answer, call.err, call.answered = body, err, true
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, reply)
}

// serveInitError ends the process, which has nothing more to do.
func (e *environment) serveInitError(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	e.mu.Lock()
	e.initError = string(body)
	e.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
	e.kill()
}
