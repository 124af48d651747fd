package s3local

import (
	"path"
	"strings"

	"firn/shared/fault"
)

// realmMark begins the names of realms' folders. No bucket's name has an equals sign, so a folder at the top of the store
// is either a realm's or, in a folder that was filled before realms had their own, a bucket.
const realmMark = "realm="

// checkRealm refuses what is no realm's name: 1 byte at least, and a folder's name at most.
func checkRealm(realm string) error {
	if realm == "" || len(naming{escaped: true}.realm(realm)) > maxSegment {
		return fault.Of(fault.Argument, fault.Realm, realm, "a realm's name has 1 byte at least, and at most what a folder's name has room for")
	}
	return nil
}

// realm returns the name of a realm's folder. Names that differ in case alone are two folders on every file system.
func (n naming) realm(realm string) string {
	var b strings.Builder
	b.WriteString(realmMark)
	for i := range len(realm) {
		c := realm[i]
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', !n.escaped && 'A' <= c && c <= 'Z':
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
		}
	}
	return b.String()
}

// tenant is the part of a store that belongs to one realm. Every way to an object or an upload begins with one, made of a
// credential's claims: a request names buckets and keys, and no realm.
type tenant struct {
	*Store
	realm string
}

func (s *Store) of(realm string) tenant { return tenant{s, realm} }

// file returns the path of a key below the store's folder.
func (t tenant) file(bucket, key string) (string, error) {
	name, err := t.naming.file(bucket, key)
	return path.Join(t.naming.realm(t.realm), name), err
}

// folder returns the path of the folder that a key prefix stands for.
func (t tenant) folder(bucket, prefix string) string {
	return path.Join(t.naming.realm(t.realm), t.naming.folder(bucket, prefix))
}

// belowBucket reports whether a folder is in a bucket's folder, which is in a realm's.
func belowBucket(folder string) bool { return strings.Count(folder, "/") > 1 }
