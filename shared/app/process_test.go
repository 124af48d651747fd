package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// childEnv makes the test binary a server in a process of its own, which can be killed: its value is a ServeConfig.
const childEnv = "FIRN_TEST_SERVE"

func TestMain(m *testing.M) {
	if text := os.Getenv(childEnv); text != "" {
		os.Exit(child(text))
	}
	if file := os.Getenv(bareEnv); file != "" {
		os.Exit(bare(file))
	}
	os.Exit(m.Run())
}

// child serves as cmd/firn does.
func child(config string) int {
	var c ServeConfig
	err := json.Unmarshal([]byte(config), &c)
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		err = Serve(ctx, World{Getenv: os.Getenv, Stdout: os.Stdout, Stderr: os.Stderr}, c)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// process is a server in a process of its own, with root:s3cr3t.
type process struct {
	cmd   *exec.Cmd
	base  string // of its API: http://host:port
	log   string // the file that its log goes to
	ended chan error
	stop  sync.Once
}

// startProcess starts a server on a data folder in dir and waits until it takes requests.
func startProcess(t testing.TB, dir string) *process {
	t.Helper()
	config, err := json.Marshal(ServeConfig{Data: filepath.Join(dir, "data"), Listen: "127.0.0.1:0", StoreListen: "127.0.0.1:0", Realms: []string{"POLARIS"}, MaxBody: 10 << 20, UniqueLocations: true})
	if err != nil {
		t.Fatal(err)
	}
	return startSelf(t, childEnv+"="+string(config))
}

// startSelf starts the test binary with more in its environment.
func startSelf(t testing.TB, env ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), env...)
	return await(t, cmd)
}

// await starts a server and waits for the line in which it says where it listens.
func await(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, log: filepath.Join(t.TempDir(), "log"), ended: make(chan error, 1)}
	cmd.Env = append(cmd.Env, "FIRN_BOOTSTRAP_CREDENTIALS=POLARIS,root,s3cr3t")
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stderr = log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.signal(syscall.SIGKILL) })
	line := bufio.NewScanner(stdout)
	for line.Scan() {
		if _, rest, ok := strings.Cut(line.Text(), "catalog at "); ok {
			p.base, _, _ = strings.Cut(rest, "/api/catalog")
			break
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, stdout)
		p.ended <- cmd.Wait()
	}()
	if p.base == "" {
		t.Fatalf("the server did not start: %v: %s", p.signal(syscall.SIGKILL), p.logged())
	}
	return p
}

// signal ends the process and gives what it ended with. Only the first call does.
func (p *process) signal(s syscall.Signal) (err error) {
	p.stop.Do(func() {
		_ = p.cmd.Process.Signal(s)
		err = <-p.ended
	})
	return err
}

// logged gives what the process has logged.
func (p *process) logged() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// client asks a process as root. It may be used concurrently.
type client struct {
	base, bearer string
	http         http.Client
}

func (p *process) login(t testing.TB) *client {
	t.Helper()
	c := &client{base: p.base, http: http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	t.Cleanup(c.http.CloseIdleConnections)
	answer, err := c.http.PostForm(p.base+"/api/catalog/v1/oauth/tokens", url.Values{"grant_type": {"client_credentials"},
		"scope": {"PRINCIPAL_ROLE:ALL"}, "client_id": {"root"}, "client_secret": {"s3cr3t"}})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var out struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil || out.Token == "" {
		t.Fatalf("no token: %d %v", answer.StatusCode, err)
	}
	c.bearer = out.Token
	return c
}

// ask sends a request and reads the whole answer. The error is that of the connection. header: "Name: value".
func (c *client) ask(method, path, body string, header ...string) (status int, answer []byte, err error) {
	r, err := http.NewRequest(method, c.base+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.bearer)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w, err := c.http.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer w.Body.Close()
	answer, err = io.ReadAll(w.Body)
	return w.StatusCode, answer, err
}

// must is ask for what has to be answered 2xx.
func (c *client) must(t testing.TB, method, path, body string, header ...string) []byte {
	t.Helper()
	status, answer, err := c.ask(method, path, body, header...)
	if err != nil || status/100 != 2 {
		t.Fatalf("%s %s: got %d %s %v, want 2xx", method, path, status, answer, err)
	}
	return answer
}

// setUp makes the catalog lake on the embedded object store, with the namespace n.
func (c *client) setUp(t testing.TB) {
	t.Helper()
	c.must(t, "POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"lake","properties":{"default-base-location":"s3://lake/wh"},"storageConfigInfo":{"storageType":"S3"}}}`)
	c.must(t, "PUT", "/api/management/v1/catalogs/lake/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`)
	c.must(t, "POST", "/api/catalog/v1/lake/namespaces", `{"namespace":["n"]}`)
}
