package icebergrest

import (
	"net/http"
	"strings"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/rest"
)

// tagged puts the entity tag on an answer that has one: weak, since the same document may be packed or not.
func tagged(a rest.Answer, tag string) rest.Answer {
	if tag == "" {
		return a
	}
	return a.With("ETag", `W/"`+tag+`"`).With("Vary", delegationHeader)
}

// unchanged answers that the client has what it asks for. The keys that it has it keeps, and no cache does.
func unchanged(tag string, d catalog.Delegation) rest.Answer {
	a := tagged(rest.Empty(http.StatusNotModified), tag).With("Vary", "Accept-Encoding, "+delegationHeader)
	if d.Asked() {
		return a.NoStore()
	}
	return a
}

// knownTags reads If-None-Match (RFC 9110, section 13.1.2): the tags that the client has, weak or strong, since they are
// compared weakly. A star would say that any version is as good, and is refused as recorded.
func knownTags(h http.Header) ([]string, error) {
	header := strings.Join(h.Values("If-None-Match"), ",")
	if strings.TrimSpace(header) == "*" {
		return nil, fault.New(fault.Malformed, "If-None-Match may not take the value of '*'")
	}
	var tags []string
	for left := strings.Trim(header, ", \t"); left != ""; {
		quoted, ok := strings.CutPrefix(strings.TrimPrefix(left, "W/"), `"`)
		tag, behind, ends := strings.Cut(quoted, `"`)
		next := strings.TrimLeft(behind, " \t")
		if !ok || !ends || next != "" && next[0] != ',' {
			return nil, fault.New(fault.Argument, "Invalid If-None-Match header: %s", clip([]byte(header)))
		}
		tags = append(tags, tag)
		left = strings.TrimLeft(next, ", \t")
	}
	return tags, nil
}
