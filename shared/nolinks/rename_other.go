//go:build !unix

package nolinks

import (
	"os"
	"path/filepath"
	"syscall"
)

// errNotDir is what opening a file as a folder means.
var errNotDir error = syscall.ENOTDIR

// Rename moves a name from one folder to another, over a file that is there. This system has no rename by handles of
// folders; to make links takes a right of its own here.
func Rename(from *os.Root, name string, to *os.Root, as string) error {
	return os.Rename(filepath.Join(from.Name(), name), filepath.Join(to.Name(), as))
}
