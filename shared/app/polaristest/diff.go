package polaristest

import (
	"encoding/json"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strconv"
)

// placeholders stand in recorded strings for what no two servers answer alike.
var placeholders = map[string]string{
	"any":        `[\s\S]*`,
	"clientid":   `\S{8,}`,
	"etag":       `(?:W/)?"[^"]+"`,
	"id":         `-?\d+`,
	"ms":         `\d{13}`,
	"page-token": `\S+`,
	"secret":     `\S{16,}`,
	"sha256":     `[0-9a-f]{64}`,
	"time":       `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`,
	"token":      `[\w.~+/=-]{16,}`,
	"uuid":       `[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`,
}

var placeholder = regexp.MustCompile(`<([a-z0-9-]+)>`)

// unordered are the members whose lists have no order.
var unordered = map[string]bool{
	"allowedKmsKeys": true, "allowedLocations": true, "applicable-policies": true, "catalogs": true, "endpoints": true,
	"grants": true, "identifiers": true, "missing": true, "namespaces": true, "principals": true, "removed": true,
	"roles": true, "updated": true,
}

// same says whether got is want, with placeholders read as patterns.
func (c *comparison) same(want, got string) bool {
	if want == got {
		return true
	}
	pattern, end := "", 0
	for _, at := range placeholder.FindAllStringSubmatchIndex(want, -1) {
		if p, ok := placeholders[want[at[2]:at[3]]]; ok {
			pattern += regexp.QuoteMeta(want[end:at[0]]) + p
			end = at[1]
		}
	}
	if end == 0 {
		return false
	}
	matched, err := regexp.MatchString(`\A(?:`+pattern+regexp.QuoteMeta(want[end:])+`)\z`, got)
	return err == nil && matched
}

// value compares two decoded JSON values. at is the JSON pointer of the place, key the member's name if it is one.
func (c *comparison) value(at, key string, want, got any) {
	if c.match[at] == "any" {
		return
	}
	switch w := want.(type) {
	case string:
		c.text(at, w, got)
	case map[string]any:
		c.object(at, w, got)
	case []any:
		c.list(at, key, w, got)
	case json.Number:
		if g, ok := got.(json.Number); !ok || !equal(w, g) {
			c.differs(at, want, got)
		}
	default: // true, false, null
		if want != got {
			c.differs(at, want, got)
		}
	}
}

func (c *comparison) differs(at string, want, got any) {
	w, g := c.session.pair(want, got)
	c.add("%s: want %s got %s", at, w, g)
}

// text compares a recorded string; some of them stand for numbers.
func (c *comparison) text(at, want string, got any) {
	text, isText := got.(string)
	switch want {
	case "<ms>", "<id>":
		n, isNumber := got.(json.Number)
		if _, err := strconv.ParseInt(n.String(), 10, 64); !isNumber || err != nil {
			c.add("%s: want a whole number got %s", at, c.session.short(got))
		}
	case "<ms:string>":
		if !isText || !c.same("<ms>", text) {
			c.add("%s: want milliseconds in a string got %s", at, c.session.short(got))
		}
	default:
		if !isText || !c.same(want, text) {
			c.differs(at, want, got)
		}
	}
}

func (c *comparison) object(at string, want map[string]any, got any) {
	g, ok := got.(map[string]any)
	if !ok {
		c.add("%s: want an object got %s", at, c.session.short(got))
		return
	}
	for _, key := range sortedKeys(want) {
		if member, ok := g[key]; ok {
			c.value(at+"/"+key, key, want[key], member)
		} else {
			c.add("%s/%s: missing, want %s", at, key, c.session.short(want[key]))
		}
	}
	for _, key := range sortedKeys(g) {
		if _, ok := want[key]; !ok {
			c.add("%s/%s: not expected, got %s", at, key, c.session.short(g[key]))
		}
	}
}

func (c *comparison) list(at, key string, want []any, got any) {
	g, ok := got.([]any)
	how := c.match[at]
	switch {
	case !ok:
		c.add("%s: want a list got %s", at, c.session.short(got))
	case how == "contains" || how == "" && unordered[key]:
		c.members(at, want, g, how == "contains")
	default:
		if len(want) != len(g) {
			c.add("%s: want %d items got %d", at, len(want), len(g))
		}
		for i := 0; how != "count" && i < min(len(want), len(g)); i++ {
			c.value(at+"/"+strconv.Itoa(i), "", want[i], g[i])
		}
	}
}

// members compares lists without order; more says that got may hold other items too.
func (c *comparison) members(at string, want, got []any, more bool) {
	rest := slices.Clone(got)
	for _, w := range want {
		i := slices.IndexFunc(rest, func(g any) bool {
			one := comparison{session: c.session, match: c.match}
			one.value("", "", w, g)
			return len(one.found) == 0
		})
		if i < 0 {
			c.add("%s: lacks %s", at, c.session.short(w))
			continue
		}
		rest = slices.Delete(rest, i, i+1)
	}
	if len(rest) > 0 && !more {
		c.add("%s: not expected %s", at, c.session.short(rest))
	}
}

// equal compares numbers by value: 1 is 1.0, and no digit of a long one is lost.
func equal(a, b json.Number) bool {
	x, okX := new(big.Rat).SetString(a.String())
	y, okY := new(big.Rat).SetString(b.String())
	return okX && okY && x.Cmp(y) == 0
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
