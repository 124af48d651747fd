package s3local

import (
	"os"
	"path/filepath"
	"syscall"
)

// syncsFolders says whether a folder's entries can and must be synced by themselves.
const syncsFolders = false

// lock opens the folder's lock file without sharing it; the operating system frees it with the process.
func lock(root *os.Root, name string) (*os.File, error) {
	path, err := syscall.UTF16PtrFromString(filepath.Join(root.Name(), filepath.FromSlash(name)))
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(path, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(h), name), nil
}
