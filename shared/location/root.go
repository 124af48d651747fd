package location

import "strings"

// Allowed returns the folders that a catalog's allowed locations stand for. One that names a whole store (a bucket, a
// container, the root of the file system) is no folder: who holds it holds every table in it. It stands for the
// catalog's base location, if that is in the store. Others that are no folders are left out; bad is the refusal of the
// last of them.
func Allowed(texts []string, base string) (folders []Prefix, bad error) {
	within, err := ParsePrefix(base)
	for _, text := range texts {
		folder, refusal := ParsePrefix(text)
		switch {
		case refusal == nil:
			folders = append(folders, folder)
		case err == nil && IsStoreOf(text, within):
			folders = append(folders, within)
		default:
			bad = refusal
		}
	}
	return folders, bad
}

// IsStoreOf reports whether a text names the whole store that a folder is in, "s3://lake" or "s3://lake/" that of
// "s3://lake/t/"; "file://", "file:///", "file:/" and "/" are the root of the file system.
func IsStoreOf(text string, p Prefix) bool {
	bare := strings.TrimSuffix(text, "/")
	if text == "file://" || text == "file:///" || text == "file:/" || text == "/" {
		bare = "file://"
	}
	const name = "x"
	inside, err := ParsePrefix(bare + "/" + name)
	return err == nil && inside.Key() == name+"/" && inside.uri.store == p.uri.store
}
