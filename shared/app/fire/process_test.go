package fire

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"firn/shared/app"
	"firn/shared/app/base"
	"firn/shared/app/disk"
	"firn/shared/blob"
	"firn/shared/lake"
	"firn/shared/storagepolicy/storagepolicytest"
	"firn/shared/token"
	"firn/shared/vend"
)

// childEnv makes the test binary a server in a process of its own, which can be killed: its value is a process's settings.
const childEnv = "FIRN_TEST_FIRE"

func TestMain(m *testing.M) {
	if text := os.Getenv(childEnv); text != "" {
		fmt.Fprintln(os.Stderr, child(text))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// settings of a process: the folder of `firn serve`, or else the DynamoDB of a server that shares it with others.
type settings struct {
	Data            string
	Endpoint, Table string
	Keys            string
}

// child serves until it is killed.
func child(text string) error {
	var s settings
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return err
	}
	if s.Endpoint == "" {
		return app.Serve(context.Background(), app.World{Getenv: os.Getenv, Stdout: os.Stdout, Stderr: os.Stderr}, app.ServeConfig{Data: s.Data, Listen: "127.0.0.1:0",
			StoreListen: "127.0.0.1:0", Realms: []string{"POLARIS"}, MaxBody: 1 << 20, UniqueLocations: true, AllowFileStorage: []string{os.TempDir()}})
	}
	keys, err := token.ParseKeys(lake.Secret(s.Keys))
	if err != nil {
		return err
	}
	lenient := storagepolicytest.WithFolders(storagepolicytest.Lenient(nil))
	a, err := app.New(app.Config{Table: dynamoTable(s.Endpoint, s.Table), Keys: keys, Vendor: vend.ByStorage{}, Files: blob.ByStorage{Policy: lenient, File: disk.Opener{Policy: lenient}}, Log: slog.New(slog.DiscardHandler),
		Now: time.Now, Settings: base.Settings{Realms: []lake.Realm{"POLARIS"}, UniqueLocations: true, StoragePolicy: storagepolicytest.WithFolders(storagepolicytest.Lenient(nil))}})
	if err != nil {
		return err
	}
	if _, _, err := a.Admin.Bootstrap(context.Background(), "POLARIS", lake.Credentials{ClientID: "root", ClientSecret: "s3cr3t"}); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("a catalog at http://%s/api/catalog\n", l.Addr())
	return http.Serve(l, a.Handler)
}

// process is a server that can be killed.
type process struct {
	url   string
	cmd   *exec.Cmd
	ended chan struct{}
}

func start(t *testing.T, s settings) *process {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	text, err := json.Marshal(s)
	must(t, err)
	p := &process{cmd: exec.Command(self), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), childEnv+"="+string(text), "FIRN_BOOTSTRAP_CREDENTIALS=POLARIS,root,s3cr3t")
	stdout, err := p.cmd.StdoutPipe()
	must(t, err)
	must(t, p.cmd.Start())
	t.Cleanup(p.kill)
	for line := bufio.NewScanner(stdout); p.url == "" && line.Scan(); {
		if _, rest, ok := strings.Cut(line.Text(), "catalog at "); ok {
			p.url, _, _ = strings.Cut(rest, "/api/catalog")
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, stdout)
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	if p.url == "" {
		p.kill()
		t.Fatal("the server did not start")
	}
	return p
}

// kill ends the process at once, and waits until it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.ended
}
