//go:build cdk

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"firn/shared/rest"
)

// method is one that a resource of the API serves.
type method struct {
	function rest.Function
	class    class
}

// anyMethod stands for the methods that a resource has no route for: one of its functions answers OPTIONS, and tells which
// methods there are, as the whole server does.
const anyMethod = "ANY"

// resource is a path of the API and its methods. Its last segment may be greedy: {proxy+}.
type resource struct {
	path    string
	methods map[string]method
}

// maxResources bounds the resources of an API: API Gateway's quota is 300, and not all Regions raise it.
const maxResources = 300

// segment is a node of the tree of paths. What is between two routes is a resource too.
type segment struct {
	name     string // "{...}" for a named one
	children map[string]*segment
	methods  map[string]method
	folded   map[string]method // of everything below, served by {proxy+}; nil: the children are resources of their own
}

// resources derives the API from the route table. HEAD is served where GET is. A tree of more resources than the limit is
// made smaller: all that is below some segments, if it belongs to a single function anyway, is served by one greedy resource.
func resources(table []rest.Route, limit int) ([]resource, error) {
	root := &segment{}
	for _, r := range table {
		if err := root.add(r); err != nil {
			return nil, err
		}
	}
	for root.size() > limit {
		best := root.foldable()
		if best == nil {
			return nil, fmt.Errorf("the routes need %d resources, and API Gateway has %d: what is left belongs to several functions", root.size(), limit)
		}
		best.folded = best.below()
	}
	all := root.list("", nil)
	for _, r := range all {
		verbs := slices.Sorted(maps.Keys(r.methods))
		first := r.methods[verbs[0]]
		if get, ok := r.methods["GET"]; ok {
			first = get
		}
		r.methods[anyMethod] = method{first.function, reads}
	}
	return all, nil
}

func (s *segment) add(r rest.Route) error {
	n := s
	for part := range strings.SplitSeq(strings.TrimPrefix(r.Pattern, "/"), "/") {
		key := part
		if strings.HasPrefix(part, "{") {
			key = "{}" // a resource has one named child, whatever the routes call it
		}
		next := n.children[key]
		if next == nil {
			next = &segment{name: part}
			if n.children == nil {
				n.children = map[string]*segment{}
			}
			n.children[key] = next
		}
		n = next
	}
	if n.methods == nil {
		n.methods = map[string]method{}
	}
	if had, ok := n.methods[r.Method]; ok && had.function != r.Function && r.Method != "HEAD" {
		return fmt.Errorf("%s %s is served by two functions, %s and %s", r.Method, r.Pattern, had.function, r.Function)
	}
	m := method{r.Function, classOf(r)}
	n.methods[r.Method] = m
	if _, ok := n.methods["HEAD"]; r.Method == "GET" && !ok {
		n.methods["HEAD"] = m
	}
	return nil
}

// size counts the resources of the tree.
func (s *segment) size() int {
	if s.folded != nil {
		return 2
	}
	n := 1
	for _, c := range s.children {
		n += c.size()
	}
	return n
}

// below gives the methods of everything below; nil if one of them is served by several functions, or throttled in two ways.
func (s *segment) below() map[string]method {
	all := map[string]method{}
	for _, c := range s.children {
		nested := c.below()
		if nested == nil {
			return nil
		}
		for _, methods := range []map[string]method{c.methods, nested} {
			for verb, m := range methods {
				if had, ok := all[verb]; ok && had != m {
					return nil
				}
				all[verb] = m
			}
		}
	}
	return all
}

// foldable gives the segment that saves the most resources; nil if there is none. Ties go to the first by name, so that
// the same table gives the same API.
func (s *segment) foldable() *segment {
	if s.folded != nil {
		return nil
	}
	var best *segment
	if s.size() > 2 && s.name != "" && len(s.below()) > 0 {
		best = s
	}
	for _, name := range slices.Sorted(maps.Keys(s.children)) {
		if c := s.children[name].foldable(); c != nil && (best == nil || c.size() > best.size()) {
			best = c
		}
	}
	return best
}

func (s *segment) list(path string, out []resource) []resource {
	if len(s.methods) > 0 {
		out = append(out, resource{path, s.methods})
	}
	if s.folded != nil {
		return append(out, resource{path + "/{proxy+}", s.folded})
	}
	for _, name := range slices.Sorted(maps.Keys(s.children)) {
		c := s.children[name]
		out = c.list(path+"/"+c.name, out)
	}
	return out
}
