package icebergrest

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/rest"
)

// listing tells apart what is listed: realm, catalog, kind and namespace. It leads the tokens of its pages, so that one
// which strayed to another list is refused instead of leaving names out.
type listing string

func listingOf(c *rest.Call, kind string, within []string) listing {
	sum := sha256.Sum256(encode([]any{c.Caller.Realm, c.Path("prefix"), kind, within}))
	return listing(sum[:8])
}

// page reads pageToken and pageSize (iceberg-rest, PageToken): an empty token begins with a page, no token gets everything.
// A size that is no number is told as the recorded server tells a parameter that does not convert: 404.
func (l listing) page(query url.Values) (catalog.Page, error) {
	p := catalog.Page{Asked: query.Has("pageToken"), Size: catalog.MaxPage}
	sized := query.Get("pageSize")
	if sized != "" {
		n, err := strconv.ParseInt(sized, 10, 32)
		if err != nil {
			return p, fault.New(fault.NotFound, "HTTP 404 Not Found")
		}
		p.Asked, p.Size = true, int(n)
	}
	token := query.Get("pageToken")
	if token == "" {
		return p, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(token)
	rest, own := strings.CutPrefix(string(data), string(l))
	size, after, ok := strings.Cut(rest, ":")
	n, sizeErr := strconv.Atoi(size)
	if err != nil || !own || !ok || sizeErr != nil || n < 1 || after == "" {
		p.Bad = true // which is of interest only where the catalog pages
		return p, nil
	}
	p.After = after
	if sized == "" {
		p.Size = n
	}
	return p, nil
}

// token gives the next page's token: it keeps the size, so that a client may send the token alone. nil: there is none.
func (l listing) token(after string, size int) *string {
	if after == "" {
		return nil
	}
	t := base64.RawURLEncoding.EncodeToString([]byte(string(l) + strconv.Itoa(size) + ":" + after))
	return &t
}
