//go:build unix

package functions

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firn/shared/app"
	"firn/shared/app/cloudtest"
	"firn/shared/token/secretsmanager/secretsmanagertest"
)

// BenchmarkStart is the time from a function's start to the moment when it asks for its first event, in which it has read
// its environment and its keys, beside that of a function that does nothing.
func BenchmarkStart(b *testing.B) {
	account := cloudtest.New(b)
	env := []string{"HOME=" + b.TempDir()}
	account.Use(b)
	for name, value := range account.Environment() {
		env = append(env, name+"="+value)
	}
	err := app.Bootstrap(b.Context(), app.World{Getenv: os.Getenv, Stdout: b.Output()},
		app.BootstrapConfig{Table: cloudtest.Table, SigningSecret: secretsmanagertest.ARN, Realms: []string{"POLARIS"}})
	if err != nil {
		b.Fatal(err)
	}
	build := func(pkg string) string {
		binary := filepath.Join(b.TempDir(), "bootstrap")
		cmd := exec.Command("go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags", "-s -w", "-o", binary, pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		return binary
	}
	hello := build("./testdata/hello")
	for _, name := range []string{"token", "management", "credentials", "commit"} {
		binary := build("./" + name)
		b.Run(name, func(b *testing.B) {
			var took [2]time.Duration
			for b.Loop() {
				took[0] += untilNext(b, binary, env)
				took[1] += untilNext(b, hello, env)
			}
			info, err := os.Stat(binary)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(took[0].Microseconds())/1000/float64(b.N), "ms")
			b.ReportMetric(float64(took[0])/float64(took[1]), "times-hello")
			b.ReportMetric(float64(info.Size())/(1<<20), "MiB")
		})
	}
}

// untilNext starts a function and waits until it asks for an event.
func untilNext(b *testing.B, binary string, env []string) time.Duration {
	b.Helper()
	asked := make(chan time.Time, 1)
	runtime := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- time.Now()
		<-r.Context().Done()
	}))
	defer runtime.Close()
	cmd := exec.Command(binary)
	cmd.Env = append(env, "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(runtime.URL, "http://"))
	began := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	at := <-asked
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return at.Sub(began)
}
