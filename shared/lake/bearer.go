package lake

import "strings"

// bearerMark begins every bearer token, so that scanners for leaked secrets find it.
const bearerMark = "firnshare_"

// NewBearer makes a recipient's bearer token of 256 random bits. It names the principal, so that what it is compared with
// is found in one read.
func NewBearer(principal ID) Secret {
	return Secret(bearerMark + string(principal) + "_" + NewSecret().Reveal())
}

// ParseBearer gives the principal that a token claims to be of; false if it is no bearer token at all. Whether the
// principal has it is the reader's to find out.
func ParseBearer(raw string) (ID, bool) {
	rest, ok := strings.CutPrefix(raw, bearerMark)
	id, secret, _ := strings.Cut(rest, "_")
	decoded, err := idText.DecodeString(id)
	return ID(id), ok && err == nil && len(id) == len(NewID()) && len(decoded) == 16 && secret != ""
}
