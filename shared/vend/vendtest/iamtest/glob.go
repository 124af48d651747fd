package iamtest

import "strings"

// request is a request's context under keys in lower case.
type request map[string][]string

func lower(s string) string { return strings.ToLower(s) }

func fold(context map[string][]string) request {
	out := request{}
	for key, values := range context {
		if len(values) > 0 {
			out[lower(key)] = values
		}
	}
	return out
}

// glob is a pattern, piece by piece: * is any text, slashes too, ? is any one byte, the rest is itself.
type glob []piece

type piece struct {
	wild byte // '*', '?', or 0
	text byte
}

// variable gives what stands for ${name}; wild says whether stars in it match anything. ok is false if it has no value.
type variable func(name string) (text string, wild, ok bool)

// compile reads a pattern. Without variables ${ is text. ok is false if a variable has no value.
func compile(pattern string, value variable) (g glob, ok bool) {
	for i := 0; i < len(pattern); i++ {
		if end := strings.IndexByte(pattern[i:], '}'); value != nil && end > 0 && strings.HasPrefix(pattern[i:], "${") {
			text, wild, ok := value(pattern[i+2 : i+end])
			if !ok {
				return nil, false
			}
			g = g.add(text, wild)
			i += end
			continue
		}
		g = g.add(pattern[i:i+1], true)
	}
	return g, true
}

func (g glob) add(text string, wild bool) glob {
	for _, b := range []byte(text) {
		if wild && (b == '*' || b == '?') {
			g = append(g, piece{wild: b, text: b})
			continue
		}
		g = append(g, piece{text: b})
	}
	return g
}

// plain is the pattern as text: operators without wildcards take a star for a star.
func (g glob) plain() string {
	var b strings.Builder
	for _, p := range g {
		b.WriteByte(p.text)
	}
	return b.String()
}

// match compares by going on from the last star whenever what follows it does not fit.
func (g glob) match(s string) bool {
	p, i, star, from := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(g) && g[p].wild == '*':
			star, from = p, i
			p++
		case p < len(g) && (g[p].wild == '?' || g[p].wild == 0 && g[p].text == s[i]):
			p++
			i++
		case star >= 0:
			from++
			p, i = star+1, from
		default:
			return false
		}
	}
	for p < len(g) && g[p].wild == '*' {
		p++
	}
	return p == len(g)
}

func anyMatches(all []glob, s string) bool {
	for _, g := range all {
		if g.match(s) {
			return true
		}
	}
	return false
}

// variables gives the values of policy variables in this request (IAM User Guide, "Policy variables").
func (s *statement) variables(c request) variable {
	switch {
	case s.dialect == MinIO:
		return c.minio
	case !s.expands:
		return nil
	}
	return c.aws
}

// aws knows ${*}, ${?} and ${$} as what they show, ${key} and ${key, 'otherwise'}. A value is text, whatever it holds.
func (c request) aws(name string) (text string, wild, ok bool) {
	if name == "*" || name == "?" || name == "$" {
		return name, false, true
	}
	key, otherwise, given := strings.Cut(name, ",")
	if values := c[lower(strings.TrimSpace(key))]; len(values) == 1 {
		return values[0], false, true
	}
	return strings.Trim(strings.TrimSpace(otherwise), "'"), false, given
}

// minio knows a few keys, and leaves everything else as it is written. Stars stay stars in both.
func (c request) minio(name string) (text string, wild, ok bool) {
	switch name {
	case "aws:username", "aws:userid", "aws:SourceIp", "jwt:sub", "jwt:preferred_username":
		if values := c[lower(name)]; len(values) > 0 && values[0] != "" {
			return values[0], true, true
		}
	}
	return "${" + name + "}", true, true
}
