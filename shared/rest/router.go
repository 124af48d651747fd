package rest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"firn/shared/fault"
)

// The bounds of a path. Deeper paths match nothing; more names in a pattern are refused when the table is built.
const (
	maxSegments = 24
	maxNames    = 8
)

// entry is a route in the tree.
type entry struct {
	Route
	names     []string // of the pattern, in order
	dialect   Dialect
	operation string // with the protocol's name
	media     string
	bearers   Bearers
}

// node is one segment's place in the tree of routes. Literal children are tried before the named one.
type node struct {
	literals map[string]*node
	named    *node
	entries  []*entry // that end here, one per method
}

// router matches paths against patterns.
type router struct {
	root      node
	protocols []Protocol // by whose bases paths are read, and told of that match nothing
	common    Protocol   // of paths below none of these
}

func newRouter(protocols []Protocol) (*router, error) {
	t := &router{protocols: protocols, common: Protocol{Dialect: Vocabulary{}.Envelope}}
	seen := map[string]bool{}
	for _, p := range protocols {
		if p.Dialect == nil {
			return nil, fmt.Errorf("protocol %s has no dialect", p.Name)
		}
		for _, r := range p.Routes {
			e := &entry{Route: r, dialect: p.Dialect, operation: p.Name + "." + r.Operation, media: p.Media, bearers: p.Bearers}
			if r.Handler == nil || r.Method == "" || r.Operation == "" || r.Function == "" || seen[e.operation] {
				return nil, fmt.Errorf("route %s %s (%s) is incomplete, or its name is used twice", r.Method, r.Pattern, e.operation)
			}
			seen[e.operation] = true
			if err := t.add(e); err != nil {
				return nil, fmt.Errorf("route %s %s (%s): %w", r.Method, r.Pattern, e.operation, err)
			}
		}
	}
	return t, nil
}

func (t *router) add(e *entry) error {
	if !strings.HasPrefix(e.Pattern, "/") {
		return fmt.Errorf("the pattern does not begin with a slash")
	}
	n := &t.root
	segments := strings.Split(e.Pattern[1:], "/")
	for _, segment := range segments {
		next := n.named
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			if next == nil {
				next = &node{}
				n.named = next
			}
			e.names = append(e.names, strings.TrimSuffix(name, "}"))
		} else if next = n.literals[segment]; next == nil {
			if n.literals == nil {
				n.literals = map[string]*node{}
			}
			next = &node{}
			n.literals[segment] = next
		}
		n = next
	}
	switch {
	case slices.ContainsFunc(segments, halfNamed):
		return fmt.Errorf("the pattern has a brace that does not enclose a whole segment")
	case slices.Contains(segments, "") || len(segments) > maxSegments || len(e.names) > maxNames:
		return fmt.Errorf("the pattern has an empty segment, or too many")
	case n.entry(e.Method) != nil:
		return fmt.Errorf("the pattern and method are taken")
	}
	n.entries = append(n.entries, e)
	return nil
}

func halfNamed(segment string) bool {
	inner := strings.TrimSuffix(strings.TrimPrefix(segment, "{"), "}")
	return strings.ContainsAny(inner, "{}") || inner == "" && segment != "" || len(inner) == len(segment)-1
}

func (n *node) entry(method string) *entry {
	for _, e := range n.entries {
		if e.Method == method {
			return e
		}
	}
	return nil
}

// search walks the tree for one request. It holds nothing that outlives the search, or its segments would go to the heap.
type search struct {
	method   string
	segments []string
	values   *[maxNames]string
}

// find gives the route below a node for the segments from at on, and adds to others the nodes that match the path but not
// the method.
func (s *search) find(n *node, at, named int, others *[]*node) *entry {
	if at == len(s.segments) {
		e := n.entry(s.method)
		if e == nil && s.method == http.MethodHead {
			e = n.entry(http.MethodGet)
		}
		if e == nil && len(n.entries) > 0 {
			*others = append(*others, n)
		}
		return e
	}
	if next := n.literals[s.segments[at]]; next != nil {
		if e := s.find(next, at+1, named, others); e != nil {
			return e
		}
	}
	if n.named == nil {
		return nil
	}
	s.values[named] = s.segments[at]
	return s.find(n.named, at+1, named+1, others)
}

// match finds the route of a method and an escaped path and fills in the named segments. Errors: Malformed (a broken
// escape), NoRoute, MethodNotAllowed; allow then lists the methods that there are.
func (t *router) match(method, path string, values *[maxNames]string) (e *entry, allow string, err error) {
	var space [maxSegments]string
	segments, err := split(path, space[:0])
	if err != nil {
		return nil, "", err
	}
	s := search{method: method, segments: segments, values: values}
	var others []*node
	if e = s.find(&t.root, 0, 0, &others); e != nil {
		return e, "", nil
	}
	if others == nil {
		return nil, "", fault.New(fault.NoRoute, "")
	}
	return nil, allowed(others), fault.New(fault.MethodNotAllowed, "")
}

// split cuts a path at its slashes, then decodes each segment once. Empty segments (a doubled or trailing slash) do not
// count. A path with more segments than any pattern comes back with one too many and matches nothing.
func split(path string, segments []string) ([]string, error) {
	for rest := path; rest != "" && len(segments) <= maxSegments; {
		var raw string
		raw, rest, _ = strings.Cut(rest, "/")
		if raw == "" {
			continue
		}
		segment, err := url.PathUnescape(raw)
		if err != nil || !utf8.ValidString(segment) {
			return nil, fault.New(fault.Malformed, "The path is not valid percent-encoded UTF-8")
		}
		segments = append(segments, segment)
	}
	return segments, nil
}

// allowed lists the methods of a path for an Allow header.
func allowed(nodes []*node) string {
	methods := []string{http.MethodOptions}
	for _, n := range nodes {
		for _, e := range n.entries {
			methods = append(methods, e.Method)
			if e.Method == http.MethodGet {
				methods = append(methods, http.MethodHead)
			}
		}
	}
	slices.Sort(methods)
	return strings.Join(slices.Compact(methods), ", ")
}

// protocol gives the one whose base is the longest that leads a path, whose words tell of paths without a route. Where
// there is none its dialect is the common one.
func (t *router) protocol(path string) *Protocol {
	found := &t.common
	for i := range t.protocols {
		p := &t.protocols[i]
		under := path == p.Base || strings.HasPrefix(path, p.Base+"/")
		if under && len(p.Base) > len(found.Base) {
			found = p
		}
	}
	return found
}
