package s3local

import "time"

// The bounds on everything that comes from outside. S3's own are marked; the others are firn's.
const (
	maxKey          = 1024      // bytes (S3)
	maxSegment      = 255       // bytes of a key between slashes, as written to the file system
	maxScopes       = 16        // of a credential
	maxSubject      = 256       // bytes of a principal's or table's id
	maxClaims       = 4096      // bytes of claims as JSON; so a session token has at most 5.5 KB
	maxToken        = 6 * 1024  // bytes of a session token that is worth opening
	maxHeader       = 32 * 1024 // bytes of a request's headers
	maxBody         = 5 << 30   // bytes of a put or a part (S3)
	maxObject       = 5 << 40   // bytes of an object joined from parts (S3 before 2025)
	minPart         = 5 << 20   // bytes of a part that is not the last (S3)
	maxParts        = 10_000    // of an upload (S3)
	maxUploads      = 10_000    // open at once
	maxDeletes      = 1000      // keys of one DeleteObjects (S3)
	maxListed       = 1000      // keys and common prefixes of a page (S3)
	maxDocument     = 4 << 20   // bytes of an XML request: 10,000 parts with checksums fit
	maxChunk        = 16 << 20  // bytes of a signed chunk: it is held in memory until its signature held
	maxChunkLine    = 4096      // bytes of a chunk's or trailer's line
	maxTrailerLines = 8         // of a body in chunks, blank ones too
	maxDrain        = 1 << 20   // bytes read of a refused body so that the client gets to see the answer
	maxParameters   = 32        // of a query

	maxPrincipalUploads = 1000 // open at once of one principal
	maxTableUploads     = 1000 // open at once to one table

	// MaxTTL is the longest life of a credential (the longest that STS gives).
	MaxTTL = 12 * time.Hour

	skew          = 15 * time.Minute   // between a signature's time and ours (S3)
	maxPresign    = 7 * 24 * time.Hour // life of a presigned request (S3); it also dies with its credential
	staleUpload   = 24 * time.Hour     // age from which an open upload gives way to a new one
	headerTimeout = 10 * time.Second   // for a request's headers
	bodyGrace     = 30 * time.Second   // for a request's body, beside what its bytes earn it
	minBodyRate   = 4 << 10            // bytes of a body a second, beyond the grace
	drainTimeout  = 2 * time.Second    // for what is read of a refused body
	idleTimeout   = 2 * time.Minute    // without a request on a connection, or without a byte of a transfer
)
