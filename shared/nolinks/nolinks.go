// Package nolinks opens files and folders below an os.Root and follows no symbolic link on the way.
//
// It refuses a path with a link in any component, the last one too, wherever the link leads.
//
// # Why
//
// os.Root keeps a path inside its folder, but follows links between the parts of that folder. Where the parts belong to
// different realms or tables, such a link leads from one into another. A check before the use does not help: the link can
// come in between. So each component is looked at and opened by the handle of the folder above it, and what was opened
// must be what was seen: a folder that is not a link, at that very place.
package nolinks

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
)

// ErrLink reports a link where a folder or a regular file had to be.
var ErrLink = errors.New("a symbolic link is in the path")

// attempts bounds how often a name is looked at anew because something else was put in its place meanwhile.
const attempts = 64

// Folder opens a folder by its slash-separated path below root, which the caller closes. Errors: fs.ErrNotExist,
// syscall.ENOTDIR or ErrLink in the chain.
func Folder(root *os.Root, name string) (*os.Root, error) {
	return walk(root, name, child)
}

// Make is Folder for a path whose missing folders are made.
func Make(root *os.Root, name string, mode fs.FileMode) (*os.Root, error) {
	return walk(root, name, func(dir *os.Root, name string) (*os.Root, error) {
		sub, err := child(dir, name)
		if !errors.Is(err, fs.ErrNotExist) {
			return sub, err
		}
		if err := dir.Mkdir(name, mode); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		return child(dir, name)
	})
}

// walk goes down component by component. The handle of each folder is closed when the next is open.
func walk(root *os.Root, name string, step func(dir *os.Root, name string) (*os.Root, error)) (*os.Root, error) {
	at, err := root.OpenRoot(".")
	if err != nil {
		return nil, err
	}
	for component := range strings.SplitSeq(path.Clean(name), "/") {
		if component == "." {
			continue
		}
		next, err := step(at, component)
		_ = at.Close()
		if err != nil {
			return nil, err
		}
		at = next
	}
	return at, nil
}

// child opens a folder in a folder.
func child(dir *os.Root, name string) (*os.Root, error) {
	seen, err := look(dir, name)
	if err != nil {
		return nil, err
	}
	if !seen.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errNotDir}
	}
	return enter(dir, name, seen)
}

// look describes a name in a folder, which is not a link.
func look(dir *os.Root, name string) (fs.FileInfo, error) {
	info, err := dir.Lstat(name)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return nil, &fs.PathError{Op: "open", Path: name, Err: ErrLink}
	}
	return info, err
}

// linked returns the error of opening a name, or ErrLink if a link has that name by now.
func linked(dir *os.Root, name string, err error) error {
	if _, link := look(dir, name); errors.Is(link, ErrLink) {
		return link
	}
	return err
}

// enter opens the folder that was seen under the name, and no other that the name leads to by now.
func enter(dir *os.Root, name string, seen fs.FileInfo) (*os.Root, error) {
	sub, err := dir.OpenRoot(name)
	if err != nil {
		return nil, linked(dir, name, err)
	}
	opened, err := sub.Stat(".")
	if err == nil && os.SameFile(seen, opened) {
		return sub, nil
	}
	if err == nil {
		err = &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return nil, errors.Join(linked(dir, name, err), sub.Close())
}

// File opens a regular file in a folder for reading. Anything else of that name, a folder or a device, does not exist;
// a link is ErrLink. A file that is replaced again and again while it is opened may not exist either.
func File(dir *os.Root, name string) (*os.File, fs.FileInfo, error) {
	for range attempts {
		// Asked before it is opened: to open a pipe is to wait for its writer.
		seen, err := look(dir, name)
		if err != nil {
			return nil, nil, err
		}
		if !seen.Mode().IsRegular() {
			break
		}
		f, info, err := openSeen(dir, name, seen)
		if f != nil || err != nil {
			return f, info, err
		}
	}
	return nil, nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// openSeen opens the file that was seen under the name; nil if another one is there by now.
func openSeen(dir *os.Root, name string, seen fs.FileInfo) (*os.File, fs.FileInfo, error) {
	f, err := dir.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, linked(dir, name, err)
	}
	opened, err := f.Stat()
	if err == nil && os.SameFile(seen, opened) {
		return f, opened, nil
	}
	return nil, nil, errors.Join(err, f.Close())
}

// Entries reads a folder's entries, in no order. Links are among them, as what they are.
func Entries(dir *os.Root) ([]fs.DirEntry, error) {
	f, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	found, err := f.ReadDir(-1)
	return found, errors.Join(err, f.Close())
}
