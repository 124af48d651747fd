package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"firn/shared/vend"
)

// Tag is the entity tag of the answer, without the quotes of a dialect: a client that has an answer of this tag need not
// get it again. It is the hash of the metadata location; and of whatever else the answer differs with: that snapshots were
// left out, and with keys whose they are, what they open, and the catalog's settings. Empty for a staged table, which has
// no version yet.
//
// With a credential the tag says until when a client may go by it, in milliseconds: on "not modified" clients keep the
// credential that they have (Iceberg's Java does), and that must live for a while then.
func (l Loaded) Tag() string {
	if l.MetadataLocation == "" {
		return ""
	}
	until := ""
	if c := l.Keys.Credential; c != nil {
		until = strconv.FormatInt(c.Expires.Add(-vend.MinRemaining).UnixMilli(), 10)
	}
	return l.tag(until)
}

func (l Loaded) tag(until string) string {
	parts := []string{l.MetadataLocation}
	if l.refsOnly || l.Keys.scope != "" {
		parts = append(parts, strconv.FormatBool(l.refsOnly), l.Keys.scope, until)
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	tag := hex.EncodeToString(sum[:])
	if until != "" {
		tag += "." + until
	}
	return tag
}

// among finds the tag by which a client has what would be answered now, in its list; empty if it has not.
func (l Loaded) among(known []string, now time.Time) string {
	for _, tag := range known {
		_, until, ends := strings.Cut(tag, ".")
		if ms, err := strconv.ParseInt(until, 10, 64); ends && (err != nil || now.UnixMilli() >= ms) {
			continue
		}
		if tag == l.tag(until) {
			return tag
		}
	}
	return ""
}

// scope tells apart the keys that are given for a table: to whom, what they open, under which settings of the catalog, and
// whether some before them were taken back or have ended with a right, a table or a process. It is asked for before they are
// minted: of keys that end meanwhile a client has the scope of before. Empty if none are asked for.
func (x *session) scope(h holder, actions vend.Actions) string {
	if actions == 0 {
		return ""
	}
	c := x.cat.Value
	return strings.Join([]string{string(x.who.ID), strconv.Itoa(int(actions)), strconv.FormatBool(x.signs != nil),
		string(c.ID), strconv.Itoa(c.Version), epoch(x.me.Principal.Value.Keys, h.keys), x.Era()}, " ")
}
