package lambdahttp

import "strings"

// target gives the path for the handler: without the custom domain's base path and the stage, and percent-encoded.
func (e *event) target(base string) string {
	path := e.Path
	if e.v2() {
		path = e.RawPath
	}
	path = trim(path, base)
	if e.Context.Stage != "" {
		path = trim(path, "/"+e.Context.Stage)
	}
	return escape(path, e.httpAPI())
}

// trim takes a prefix of whole segments off a path.
func trim(path, prefix string) string {
	rest, ok := strings.CutPrefix(path, prefix)
	switch {
	case !ok || rest != "" && rest[0] != '/':
		return path
	case rest == "":
		return "/"
	}
	return rest
}

// escape percent-encodes what a path may not hold as it is (RFC 3986, section 3.3), and leaves escapes alone: net/url keeps
// the encoding of a path only if there is nothing else to encode. Control characters, and a percent sign without two
// digits, are what is left of a name whose path was decoded on the way; in a path that was not they are for httpadapter to refuse.
func escape(path string, decoded bool) string {
	plain := func(i int) bool {
		b := path[i]
		switch {
		case b == '%':
			return !decoded || i+2 < len(path) && hex(path[i+1]) && hex(path[i+2])
		case b < ' ' || b == 0x7f:
			return !decoded
		}
		return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || strings.IndexByte("/-._~!$&'()*+,;=:@", b) >= 0
	}
	var out strings.Builder
	done := 0
	for i := range len(path) {
		if plain(i) {
			continue
		}
		const digits = "0123456789ABCDEF"
		out.WriteString(path[done:i])
		out.Write([]byte{'%', digits[path[i]>>4], digits[path[i]&0xf]})
		done = i + 1
	}
	if done == 0 {
		return path
	}
	return out.String() + path[done:]
}

func hex(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'f' || 'A' <= b && b <= 'F'
}
