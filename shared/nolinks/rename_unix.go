//go:build unix

package nolinks

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// errNotDir is what opening a file as a folder means.
var errNotDir error = syscall.ENOTDIR

// Rename moves a name from one folder to another, in one step, over a file that is there. Neither name is followed if it
// is a link.
func Rename(from *os.Root, name string, to *os.Root, as string) error {
	old, err := from.Open(".")
	if err != nil {
		return err
	}
	defer old.Close()
	next, err := to.Open(".")
	if err != nil {
		return err
	}
	defer next.Close()
	for {
		err := unix.Renameat(int(old.Fd()), name, int(next.Fd()), as)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return &os.LinkError{Op: "renameat", Old: name, New: as, Err: err}
		}
		return nil
	}
}
