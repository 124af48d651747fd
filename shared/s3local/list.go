package s3local

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"firn/shared/nolinks"
)

// listing asks for a page of a bucket.
type listing struct {
	bucket    string
	prefix    string
	after     string // keys and common prefixes up to and including it are left out
	delimited bool   // by "/"
	limit     int    // keys and common prefixes together
}

// page is a part of a listing, in byte order.
type page struct {
	objects  []Object
	prefixes []string // common prefixes, ending in a slash
	last     string   // the last key or common prefix of the page
	more     bool
}

// list reads a page. Each folder on its way is read whole, so a page costs as much as its widest folder.
func (t tenant) list(l listing) (page, error) {
	if err := checkBucket(l.bucket); err != nil {
		return page{}, err
	}
	if err := checkListPrefix(l.prefix); err != nil {
		return page{}, err
	}
	w := walk{of: t, listing: l}
	if l.limit == 0 {
		return page{}, nil
	}
	if err := w.folder(l.prefix[:strings.LastIndexByte(l.prefix, '/')+1]); err != nil {
		return page{}, fmt.Errorf("list folder: %w", err)
	}
	return w.page, nil
}

type walk struct {
	of tenant
	listing
	page page
}

// entry is a name in a folder: "" is the folder's own marker, a folder's name ends in a slash.
type entry struct {
	name string
	fs.DirEntry
}

// entries reads a folder, given as the key prefix that it stands for, in the byte order of the keys below it. What no
// key names is left out; a folder that is not there has no entries.
func (w *walk) entries(prefix string) ([]entry, error) {
	dir, err := nolinks.Folder(w.of.root, w.of.folder(w.bucket, prefix))
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	found, err := nolinks.Entries(dir)
	if err != nil && !absent(err) {
		return nil, err
	}
	all := make([]entry, 0, len(found))
	for _, d := range found {
		name, ok := w.of.naming.segment(d.Name())
		switch {
		case d.Type().IsRegular() && d.Name() == folderMarker && prefix != "":
			all = append(all, entry{"", d})
		case ok && d.IsDir():
			all = append(all, entry{name + "/", d})
		case ok && d.Type().IsRegular():
			all = append(all, entry{name, d})
		}
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	return all, nil
}

// folder walks what is below a prefix that is empty or ends in a slash, until the page is full.
func (w *walk) folder(prefix string) error {
	entries, err := w.entries(prefix)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if w.page.more {
			return nil
		}
		key := prefix + e.name
		if e.IsDir() {
			err = w.subfolder(key)
		} else if strings.HasPrefix(key, w.prefix) && key > w.after {
			err = w.object(key, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) subfolder(key string) error {
	inside := strings.HasPrefix(key, w.prefix)
	if !inside && !strings.HasPrefix(w.prefix, key) || key < w.after && !strings.HasPrefix(w.after, key) {
		return nil // nothing below can be of the page
	}
	if !w.delimited || !inside {
		return w.folder(key)
	}
	if key <= w.after {
		return nil
	}
	some, err := w.holds(key)
	if err == nil && some && w.room() {
		w.page.prefixes = append(w.page.prefixes, key)
		w.page.last = key
	}
	return err
}

func (w *walk) object(key string, e entry) error {
	info, err := e.Info()
	if absent(err) {
		return nil // deleted since the folder was read
	}
	if err == nil && w.room() {
		w.page.objects = append(w.page.objects, object(key, info))
		w.page.last = key
	}
	return err
}

// room says whether the page takes one more; if not, there is more than the page.
func (w *walk) room() bool {
	w.page.more = len(w.page.objects)+len(w.page.prefixes) == w.limit
	return !w.page.more
}

// holds says whether there is an object below a prefix: a folder without one is no common prefix.
func (w *walk) holds(prefix string) (bool, error) {
	entries, err := w.entries(prefix)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		some := !e.IsDir()
		if !some {
			some, err = w.holds(prefix + e.name)
		}
		if some || err != nil {
			return some, err
		}
	}
	return false, nil
}

// folder gives the path of the folder that a key prefix stands for.
func (n naming) folder(bucket, prefix string) string {
	names := []string{bucket}
	for segment := range strings.SplitSeq(strings.TrimSuffix(prefix, "/"), "/") {
		names = append(names, n.name(segment))
	}
	return path.Join(names...)
}
