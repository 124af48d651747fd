package file

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/location"
	"firn/shared/nolinks"
)

// errFull ends a walk that has found enough.
var errFull = errors.New("enough files")

// DeleteAll removes files, and folders that are empty after it. Links are removed, not followed.
func (b *Bucket) DeleteAll(ctx context.Context, prefix location.Prefix, limit int) (more bool, err error) {
	if err := blob.CheckLimit(limit); err != nil {
		return false, err
	}
	for _, folder := range b.folders {
		if folder.Covers(prefix) {
			more, err := sweep(ctx, folder, prefix, limit)
			if ended := blob.Ended(ctx, prefix.String()); err != nil && ended != nil {
				return more, ended
			}
			if err = translate(prefix, err); fault.Is(err, fault.NotFound) {
				return false, nil
			}
			return more, err
		}
	}
	return false, forbidden(prefix.String())
}

func sweep(ctx context.Context, folder, prefix location.Prefix, limit int) (more bool, err error) {
	root, err := openFolder(folder, false)
	if err != nil {
		return false, err
	}
	defer root.Close()
	name := path.Clean(strings.TrimPrefix(prefix.Key(), folder.Key())) // "." for the folder itself
	top, err := nolinks.Folder(root, name)
	if err != nil {
		return false, err
	}
	defer top.Close()
	files, folders, err := find(ctx, top.FS(), limit)
	if more = errors.Is(err, errFull); err != nil && !more {
		return false, err
	}
	for _, name := range files {
		if err := top.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return true, err
		}
	}
	for _, name := range slices.Backward(folders) {
		if name != "." {
			_ = top.Remove(name) // one that is not empty stays
		}
	}
	if name != "." {
		err = removeFolder(root, name)
	}
	return more, err
}

// removeFolder removes a folder; one that is not empty stays.
func removeFolder(root *os.Root, name string) error {
	above, err := nolinks.Folder(root, path.Dir(name))
	if err != nil {
		return err
	}
	defer above.Close()
	_ = above.Remove(path.Base(name))
	return nil
}

// find gives up to limit files and the folders on the way, outermost first; errFull if there is one more.
func find(ctx context.Context, tree fs.FS, limit int) (files, folders []string, err error) {
	err = fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case entry.IsDir():
			folders = append(folders, name)
		case len(files) == limit:
			return errFull
		default:
			files = append(files, name)
		}
		return nil
	})
	return files, folders, err
}
