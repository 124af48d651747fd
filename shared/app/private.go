package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// checkPrivate refuses a data folder in which others than its owner could read or write: it holds the key that signs tokens,
// the table, and the objects. What is not there yet firn makes for its owner alone.
func checkPrivate(data string) error {
	if runtime.GOOS == "windows" {
		return nil // modes say nothing there
	}
	for _, path := range []string{data, filepath.Join(data, "firn.db"), filepath.Join(data, "signing-key.pem"), filepath.Join(data, "objects")} {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("look at the data folder: %w", err)
		}
		const others = 0o066
		if mode := info.Mode().Perm(); mode&others != 0 {
			private := "600"
			if info.IsDir() {
				private = "700"
			}
			return fmt.Errorf("%s can be read or written by others than its owner (mode %04o); run `chmod %s %s`", path, mode, private, quoted(path))
		}
	}
	return nil
}

// quoted spells a path for a shell.
func quoted(path string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/._-+=@%:,", r)
	}
	if !strings.HasPrefix(path, "-") && !strings.ContainsFunc(path, func(r rune) bool { return !plain(r) }) {
		return path
	}
	return "-- '" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
