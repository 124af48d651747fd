package s3local

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// crashFolder makes this test binary the process that dies.
const crashFolder = "FIRN_TEST_CRASH_FOLDER"

// TestAKilledProcessLosesNothingThatItAcknowledged kills a process that has acknowledged one object and has written half
// of the next version of it.
func TestAKilledProcessLosesNothingThatItAcknowledged(t *testing.T) {
	if dir := os.Getenv(crashFolder); dir != "" {
		dieInAPut(t, dir)
		return
	}
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	process := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$")
	process.Env = append(os.Environ(), crashFolder+"="+dir)
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	if err := process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = process.Wait() // killed
	if !strings.HasPrefix(line, "half") {
		t.Fatalf("got %q from the process, want half", line)
	}
	work := func() []os.DirEntry {
		entries, err := os.ReadDir(filepath.Join(dir, workFolder))
		if err != nil {
			t.Fatal(err)
		}
		return entries
	}
	if len(work()) != 1 {
		t.Fatalf("got %d work files after the kill, want 1", len(work()))
	}
	s, err := Open(Config{Dir: dir, Now: time.Now})
	if err != nil {
		t.Fatalf("open after the kill: %v", err)
	}
	defer s.Close()
	text, err := os.ReadFile(filepath.Join(dir, home, bucket, prefix, "a"))
	if string(text) != "acknowledged" || err != nil || len(work()) != 0 {
		t.Errorf("got %q, %v and %d work files, want the acknowledged object and none", text, err, len(work()))
	}
}

func dieInAPut(t *testing.T, dir string) {
	s, err := Open(Config{Dir: dir, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.As(realm, Scope{bucket, prefix, Write})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Put(t.Context(), bucket, prefix+"a", []byte("acknowledged"), true); err != nil {
		t.Fatal(err)
	}
	w, err := s.newWork(8)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	_, _ = os.Stdout.WriteString("half\n")
	<-t.Context().Done() // until killed
}
