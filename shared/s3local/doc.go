// Package s3local is the object store of `firn serve`: the S3 protocol over a folder, opened only by short-lived
// credentials that it mints itself. A laptop so behaves as the cloud does: a key opens its prefixes for its actions, ends
// at its expiry, and (what no cloud offers) at once when it is revoked.
//
// Issuer mints, opens and revokes credentials. Store is the folder. Gate is the http.Handler that lets a signed request
// through to the store; Client is the door for this process's own metadata files, under the same scope check.
//
// Realms are tenants: each has a folder of its own, "realm=NAME", and buckets of one name in two realms are two. The realm
// is in the credential's claims, and a request has no way to name one.
//
// A request passes these steps in order, and the first that fails ends it: the target is parsed by hand; the signature
// is verified (AWS Signature Version 4, in headers or presigned); the credential's expiry and revocation are asked; the
// operation is found in a table; its query parameters and headers are held against lists; the scope is checked; only
// then is a byte of the body read or a file touched.
//
// # What it refuses
//
// Whatever it would otherwise have to ignore: query parameters and x-amz-* headers that an operation's list does not
// name (versions, ACLs, tags, encryption, user metadata), ListObjects version 1, Signature Version 2, virtual-host
// addressing, POST forms, CORS. Content-Type and the other headers of HTTP's own are taken and not kept. Keys with
// empty, "." or ".." segments, also percent-encoded, with control characters, backslashes or segments over 255 bytes. A key below
// an object's key ("a" and "a/b"), as a folder cannot hold both: 409. Symbolic links, wherever they lead: to a reader they
// are no objects, and a writer gets 409. HeadBucket and ListBuckets answer 403, as they do
// to a credential of STS whose policy names a prefix.
//
// # What it promises
//
// An object is written to a work file and renamed into place after the last byte, checksum and signature of the body
// held, and after expiry and revocation were asked once more: a torn, forged or late upload leaves the old object. An
// acknowledged put survives the death of the process (kill -9) always. It survives the death of the machine if
// Config.Sync is set, and for a Client's writes and deletes always: file and folders are synced before the answer.
// Conditional creates (If-None-Match: *) have one winner. Listings are in byte order of the keys. Open multipart uploads
// and all credentials end with the process; work files are swept at the start. One process owns a folder: a lock file
// that the operating system frees with the process makes a second Open fail.
//
// # Why
//
// Own code on the standard library, and no S3 library: two thirds of it (token, signature, body, gate) would be needed
// around any of them; those measured write in place before the body is verified, or bring forty modules and a changed
// working directory.
//
// No ServeMux: it redirects ".." and "//" away, and what is signed must be what is served. The request target is decoded
// once and encoded again for the canonical request, so that no second spelling of a path can carry a signature.
//
// Credentials are sealed, not stored: the session token is the claims under AES-GCM, the secret an HMAC of the token. The
// master key is fresh in each process, so nothing secret rests on disk and a restart revokes everything. Revocation is a
// table from subject to the last moment of issue that is dead, and moments of issue are strictly increasing.
//
// Entity tags name the file's modification time (unique, in microseconds) and size, and end in "-1" so that no client
// takes them for an MD5: nothing is kept beside the object, and a folder stays a folder.
//
// Publishing, deleting and the sweep of emptied parent folders hold one mutex: they are a few system calls each, and a
// sweep that races with a put loses the put. Bodies, syncs and reads are outside of it.
//
// Folders are opened one by one by the handle of the one above (package nolinks), as os.Root alone follows a link from one
// realm's folder to another's.
//
// A folder that was filled before realms had folders is taken over when it is opened (Adoption): buckets, and where realms
// share one the folders in it, are renamed into their realm's. A marker in the layout file says that this is under way, so
// that a process which dies meanwhile is followed by one that goes on, and an older version refuses the folder.
//
// Open uploads are bounded for each principal and each table, well below the bound of all: a writer that never completes
// its uploads takes no slot of another's.
//
// A body has half a minute, and more for each byte that came of it: one that drips is cut off, and one of many gigabytes
// goes on over a slow line. Of a body that was refused two seconds are read, so that its client sees why, and a connection
// on which nobody showed who it is is closed with the answer.
//
// Parts of an upload are copied into the object, not moved, so that a Complete that failed can be sent again.
//
// Keys are file names as they are, unless the file system folds case: then "T/" and "t/" would be one folder under two
// scopes, and everything but lower-case letters, digits and "-_.=" is escaped. The choice is made once per folder.
//
// Percent signs in keys are allowed ("kind=text%2Fhtml" is what Iceberg makes of a partition value): a key is decoded
// once and nothing below decodes again. Only segments that would decode to "." or ".." are refused, for the tools that do.
package s3local
