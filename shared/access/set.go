package access

import "strings"

// Set holds privileges. Sets are values: equal if they hold the same.
type Set [4]uint64

// SetOf holds the given privileges.
func SetOf(privileges ...Privilege) Set {
	var s Set
	for _, p := range privileges {
		s[p/64] |= 1 << (p % 64)
	}
	return s
}

// With is the set and the privileges.
func (s Set) With(privileges ...Privilege) Set { return s.union(SetOf(privileges...)) }

// Has says whether the set holds the privilege.
func (s Set) Has(p Privilege) bool { return s.meets(SetOf(p)) }

// List gives the privileges in the order of the constants.
func (s Set) List() []Privilege {
	var out []Privilege
	for p := Privilege(1); p < endOfPrivileges; p++ {
		if s.Has(p) {
			out = append(out, p)
		}
	}
	return out
}

// String is for logs and test output.
func (s Set) String() string {
	var names []string
	for _, p := range s.List() {
		names = append(names, p.String())
	}
	return strings.Join(names, " ")
}

func (s Set) union(o Set) Set {
	for i := range s {
		s[i] |= o[i]
	}
	return s
}

func (s Set) meets(o Set) bool {
	for i := range s {
		if s[i]&o[i] != 0 {
			return true
		}
	}
	return false
}
