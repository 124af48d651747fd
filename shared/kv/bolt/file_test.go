package bolt

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"firn/shared/fault"
	"firn/shared/kv"
)

func TestSecondOpenerIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "firn.db")
	openTest(t, Config{Path: path})
	_, err := Open(Config{Path: path, LockTimeout: time.Millisecond})
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("got %v, want Unavailable with the reason", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	folder := t.TempDir()
	garbage := filepath.Join(folder, "garbage")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("not a store ", 5000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"no folder": filepath.Join(folder, "none", "firn.db"), "a folder": folder, "another format": garbage} {
		if _, err := Open(Config{Path: path}); !fault.Is(err, fault.Argument) {
			t.Errorf("%s: got %v, want kind argument", name, err)
		}
	}
}

func TestItemsSurviveClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "firn.db")
	db, err := Open(Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	key := kv.Key{Partition: "p", Sort: "s"}
	if err := db.Write(t.Context(), []kv.Op{{Item: kv.Item{Key: key, Tag: "t", Data: []byte("d")}}}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = db.Get(t.Context(), []kv.Key{key})
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("get after close: got %v, want Unavailable", err)
	}
	if err := db.Write(t.Context(), []kv.Op{{Verb: kv.Delete, Item: kv.Item{Key: key}}}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("write after close: got %v, want Unavailable", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v and %v, want a file for its owner alone", info.Mode(), err)
	}
	items, err := openTest(t, Config{Path: path}).Get(t.Context(), []kv.Key{key})
	if err != nil || items[0] == nil || string(items[0].Data) != "d" {
		t.Errorf("after opening again: got %v and %v, want the item", items, err)
	}
}

func TestPageEndsAtOneMegabyte(t *testing.T) {
	db := openTest(t, Config{NoSync: true})
	for i := range 9 {
		op := putOp(fmt.Sprint(i), "t", kv.Always())
		op.Item.Data = make([]byte, 256<<10)
		if err := db.Write(t.Context(), []kv.Op{op}); err != nil {
			t.Fatal(err)
		}
	}
	items, next, err := db.List(t.Context(), kv.Page{Partition: "p", Limit: 100})
	if err != nil || len(items) != 4 || next != "3" {
		t.Errorf("got %d items, next %q and %v, want 4 and the way on", len(items), next, err)
	}
}

func TestUnknownFormatIsNotGuessed(t *testing.T) {
	key := kv.Key{Partition: "p", Sort: "s"}
	good := encode(kv.Item{Key: key, Tag: "tag"})
	rows := map[string][]byte{
		"empty":            {},
		"cut in expiry":    good[:8],
		"cut before tag":   good[:9],
		"cut in tag":       good[:11],
		"newer format":     append([]byte{format + 1}, good[1:]...),
		"endless tag size": append(good[:9:9], 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			db := openTest(t, Config{NoSync: true})
			err := db.bolt.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketName).Put(rowKey(key), row) })
			if err != nil {
				t.Fatal(err)
			}
			_, getErr := db.Get(t.Context(), []kv.Key{key})
			_, _, listErr := db.List(t.Context(), kv.Page{Partition: "p", Limit: 1})
			for _, err := range []error{getErr, listErr, db.Write(t.Context(), []kv.Op{{Verb: kv.Delete, Item: kv.Item{Key: key}, If: kv.Match("tag")}})} {
				if !fault.Is(err, fault.Internal) || !strings.Contains(err.Error(), "unknown format") {
					t.Errorf("got %v, want Internal with the reason", err)
				}
			}
		})
	}
}

const pathVariable = "FIRN_TEST_BOLT_PATH"

// TestWriteUntilKilled is the process that TestKilledProcessLosesNothing kills.
func TestWriteUntilKilled(t *testing.T) {
	path := os.Getenv(pathVariable)
	if path == "" {
		t.Skip("runs in a process of its own")
	}
	db := openTest(t, Config{Path: path})
	for i := 0; ; i++ {
		var ops []kv.Op
		for _, sort := range []string{"a", "b", "c"} {
			ops = append(ops, kv.Op{Item: kv.Item{Key: kv.Key{Partition: "p", Sort: sort}, Tag: fmt.Sprint(i)}})
		}
		if err := db.Write(t.Context(), ops); err != nil {
			t.Fatal(err)
		}
		fmt.Println("landed", i)
	}
}

func TestKilledProcessLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "firn.db")
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWriteUntilKilled$")
	child.Env = append(os.Environ(), pathVariable+"="+path)
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	last := -1
	for lines := bufio.NewScanner(output); lines.Scan(); {
		_, _ = fmt.Sscanf(lines.Text(), "landed %d", &last)
		if last == 50 {
			_ = child.Process.Kill()
		}
	}
	if exit, ok := errors.AsType[*exec.ExitError](child.Wait()); !ok || exit.Exited() {
		t.Fatalf("the writer ended by itself: %v", exit)
	}
	var keys []kv.Key
	for _, sort := range []string{"a", "b", "c"} {
		keys = append(keys, kv.Key{Partition: "p", Sort: sort})
	}
	items, err := openTest(t, Config{Path: path}).Get(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		var i int
		if item == nil || item.Tag != items[0].Tag {
			t.Fatalf("got %v, want all three items of one write", items)
		}
		if _, err := fmt.Sscan(item.Tag, &i); err != nil || i < last {
			t.Errorf("got write %s, want at least %d which was answered", item.Tag, last)
		}
	}
}
