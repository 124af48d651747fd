//go:build unix

package lambdatest

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// environment is one process of a function and the Runtime API (version 2018-06-01) that it alone talks to.
type environment struct {
	arn     string
	process *exec.Cmd
	api     *http.Server
	ready   chan struct{}    // the runtime asks for work
	next    chan *invocation // what it is given
	exited  chan struct{}    // closed when the process is gone and its output read

	mu        sync.Mutex
	current   *invocation
	initError string
}

// invocation is one event on its way through a function.
type invocation struct {
	id, trace string
	event     []byte
	deadline  time.Time
	answer    []byte
	err       error
	answered  bool // by an answer or an error
}

// start runs the program in its folder, with Lambda's variables and its own. It is made the head of a process group so
// that, should the test itself be killed, the system wakes it from a freeze (and hangs it up) as it does with orphaned jobs.
func start(name string, f Function, output io.Writer) (*environment, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the runtime: %w", err)
	}
	env := map[string]string{
		"AWS_LAMBDA_RUNTIME_API": listener.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME": name,
		"AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
		"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
		"LAMBDA_TASK_ROOT": filepath.Dir(f.Bootstrap), "_HANDLER": "bootstrap", "TZ": ":UTC", "PATH": "/usr/local/bin:/usr/bin:/bin",
	}
	maps.Copy(env, f.Env)
	e := &environment{
		arn: "arn:aws:lambda:us-east-1:123456789012:function:" + name, process: exec.Command(f.Bootstrap),
		ready: make(chan struct{}, 1), next: make(chan *invocation), exited: make(chan struct{}),
	}
	for k, v := range env {
		e.process.Env = append(e.process.Env, k+"="+v)
	}
	e.process.Dir = filepath.Dir(f.Bootstrap)
	e.process.Stdout, e.process.Stderr = output, output
	e.process.WaitDelay = time.Second // for output that a child of the process holds open
	e.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := e.process.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", name, err), listener.Close())
	}
	e.api = &http.Server{Handler: e.runtimeAPI()}
	go e.api.Serve(listener)
	go func() {
		_ = e.process.Wait() // how it ended is in its state
		_ = e.api.Close()
		close(e.exited)
	}()
	return e, nil
}

// await returns when the runtime asks for its first request.
func (e *environment) await(patience time.Duration) error {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-e.ready:
		return nil
	case <-timer.C:
		e.end()
		return fmt.Errorf("timed out after %v", patience)
	case <-e.exited:
		e.mu.Lock()
		defer e.mu.Unlock()
		return fmt.Errorf("%s %s", e.process.ProcessState, e.initError)
	}
}

// serve gives the event to the runtime and returns when it asks for the next, is gone, or has no time left. An answer that
// was given before the process ended counts.
func (e *environment) serve(call *invocation, timeout time.Duration) error {
	e.mu.Lock()
	e.current = call
	e.mu.Unlock()
	e.thaw()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	var end error
	for next := e.next; end == nil; {
		select {
		case next <- call:
			next = nil // once
		case <-e.ready:
			end = errors.New("the runtime asked for more without an answer")
		case <-e.exited:
			end = fmt.Errorf("the runtime ended: %s", e.process.ProcessState)
		case <-timer.C:
			end = fmt.Errorf("task timed out after %.2f seconds", timeout.Seconds())
			e.end()
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.current = nil
	if call.answered {
		return call.err
	}
	e.end() // whatever it is at, it is not waiting for work
	return end
}

// end kills the process and waits until it is gone.
func (e *environment) end() {
	e.kill()
	<-e.exited
}

func (e *environment) gone() bool {
	select {
	case <-e.exited:
		return true
	default:
		return false
	}
}

// The signals go through the process's handle: one that is gone, whose number may be another's, gets none.
func (e *environment) freeze() { _ = e.process.Process.Signal(syscall.SIGSTOP) }
func (e *environment) thaw()   { _ = e.process.Process.Signal(syscall.SIGCONT) }
func (e *environment) kill()   { _ = e.process.Process.Kill() }
