//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package s3local

import (
	"os"
	"syscall"
)

// syncsFolders says whether a folder's entries can and must be synced by themselves.
const syncsFolders = true

// lock takes the folder's lock file for this process; the operating system frees it with the process.
func lock(root *os.Root, name string) (*os.File, error) {
	f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
