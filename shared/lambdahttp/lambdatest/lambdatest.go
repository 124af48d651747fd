//go:build unix

// Package lambdatest runs Lambda functions on this machine, behind what API Gateway makes of a request: a Gateway is an
// http.Handler that turns each request into an event, gives it to a process of the function's real `bootstrap` through a
// Lambda Runtime API of its own, and turns the answer back.
//
// An environment is one process with one Runtime API endpoint on loopback. It serves one request at a time, is started when
// none is idle (a cold start), is frozen while idle, and is replaced after a crash, a time-out or Recycle. Beyond the
// function's concurrency requests are throttled. What clients see in each of these cases is what AWS shows them.
//
// It refuses to be an AWS account: no rights, no throttling of stages, no authorizers, no streaming, no extensions, no limit
// of memory. Resources are one greedy proxy; Config.Route says what a deployed API has.
//
// # Why
//
// The local emulators that take whole stacks start in tens of seconds and neither freeze nor limit nor let a test kill an
// environment in the middle. What fails in production is there, so a test must be able to make it happen, in milliseconds.
//
// An invocation is over when the runtime asks for the next, as on AWS: only then does the client get the answer, so a request
// that follows finds the environment idle and no test needs to wait for it.
//
// Shapes and answers are those of captures from AWS; a REST API shows a throttled function as 500, not as 429. Not seen in
// a capture are the error types of 413 and of a REST API's other stage, and what a Function URL says where no function is.
package lambdatest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Config says what is deployed.
type Config struct {
	// Functions by name.
	Functions map[string]Function
	// Route says which function serves a request, whose URL has no stage; false if the API has no such resource or method.
	Route func(r *http.Request) (function string, ok bool)
	// Now is the clock that deadlines are told by. Functions read the machine's, so a test gives time.Now.
	Now func() time.Time
	// Stage is the first segment of every path, and in no event's path. "firn" if empty.
	Stage string
	// FunctionURL makes every event and answer that of a Function URL, which has no stage, in place of a REST API's.
	FunctionURL bool
	// BinaryMediaTypes are the REST API's, such as */*: what is no such type stays text on its way in, and base64 on its way out.
	BinaryMediaTypes []string
	// GatewayTimeout ends the client's wait and not the function's work; 29 s if zero. Function URLs wait on.
	GatewayTimeout time.Duration
	// InitTimeout is how long an environment may take to ask for its first request; 10 s if zero.
	InitTimeout time.Duration
	// NoFreeze lets idle environments run on.
	NoFreeze bool
	// Output gets what functions print, and why an invocation failed. May be nil.
	Output io.Writer
}

// Function is one deployed function.
type Function struct {
	// Bootstrap is the program, built for this machine.
	Bootstrap string
	// Env is its environment. Nothing of the test's own environment is in it; what Lambda sets is, unless set here.
	Env map[string]string
	// Timeout ends an invocation and its environment; 3 s if zero.
	Timeout time.Duration
	// Concurrency is how many environments may live at once; 1,000 if zero, as an account has.
	Concurrency int
}

// Counts tell what became of a function's requests.
type Counts struct {
	ColdStarts   int // processes started
	InitFailures int // of these, processes that never asked for a request
	Invocations  int // events that an environment was to serve
	Failures     int // of these, events without an answer: crash, time-out, error
	Throttles    int // requests beyond the function's concurrency
	Running      int // invocations under way now
}

// Gateway is the front door of the deployed functions. It is safe for concurrent use.
type Gateway struct {
	config    Config
	door      door
	functions map[string]*function
}

var _ http.Handler = (*Gateway)(nil)

// New deploys. It fails where a function has no program, or the configuration lacks what it needs.
func New(c Config) (*Gateway, error) {
	if c.Route == nil || c.Now == nil {
		return nil, errors.New("lambdatest needs a Route and a clock")
	}
	c.Stage = orElse(c.Stage, "firn")
	c.GatewayTimeout = orElse(c.GatewayTimeout, 29*time.Second)
	c.InitTimeout = orElse(c.InitTimeout, 10*time.Second)
	c.Output = &output{to: c.Output}
	g := &Gateway{config: c, door: rest{c.Stage, c.BinaryMediaTypes}, functions: map[string]*function{}}
	if c.FunctionURL {
		g.door, g.config.GatewayTimeout = functionURL{}, 15*time.Minute // as long as any function may take
	}
	for name, f := range c.Functions {
		f.Timeout = orElse(f.Timeout, 3*time.Second)
		f.Concurrency = orElse(f.Concurrency, 1000)
		program, err := filepath.Abs(f.Bootstrap)
		if err != nil {
			return nil, fmt.Errorf("deploying %s: %w", name, err)
		}
		if info, err := os.Stat(program); err != nil || info.IsDir() {
			return nil, fmt.Errorf("deploying %s: no program at %s", name, f.Bootstrap)
		}
		f.Bootstrap = program
		g.functions[name] = &function{Function: f, name: name, config: &g.config, live: map[*environment]bool{}}
	}
	return g, nil
}

// Start is New for a test: the gateway listens on loopback and is closed with the test. The URL has the stage and no slash
// at its end. Without Config.Output, what functions print goes to the test's output.
func Start(t testing.TB, c Config) (g *Gateway, url string) {
	t.Helper()
	if c.Output == nil {
		c.Output = t.Output()
	}
	g, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	t.Cleanup(g.Close) // first, so that no request is under way when the server closes
	if c.FunctionURL {
		return g, server.URL
	}
	return g, server.URL + "/" + g.config.Stage
}

// Invoke gives a function an event of its own, as Lambda's Invoke does: a schedule's, a rotation's, or one that a gateway
// recorded. With an error comes what the function said of it, if it did.
func (g *Gateway) Invoke(function string, event []byte) ([]byte, error) {
	answer, err := g.of(function).invoke(&invocation{id: newID(), trace: newTrace(g.config.Now()), event: event})
	if err != nil {
		return answer, fmt.Errorf("invoking %s: %w", function, err)
	}
	return answer, nil
}

// Counts of one function until now.
func (g *Gateway) Counts(function string) Counts { return g.of(function).tell() }

// Recycle replaces a function's environments: idle ones end now, busy ones after their request.
func (g *Gateway) Recycle(function string) { g.of(function).recycle() }

// Kill ends the environments of a function that are at work, as a crash of their hosts would, and says how many there were.
func (g *Gateway) Kill(function string) int { return g.of(function).kill() }

// Close ends every environment and waits for their processes. Requests after it get 502.
func (g *Gateway) Close() {
	for _, f := range g.functions {
		f.close()
	}
}

// of panics at a name that is not deployed: that is a slip of the test's.
func (g *Gateway) of(name string) *function {
	f := g.functions[name]
	if f == nil {
		panic("lambdatest: no function is called " + name)
	}
	return f
}

// output lets several processes write to one writer.
type output struct {
	mu sync.Mutex
	to io.Writer
}

func (o *output) Write(p []byte) (int, error) {
	if o.to == nil {
		return len(p), nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.to.Write(p)
}

func orElse[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
