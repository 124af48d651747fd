package iamtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// condition is one key under one operator: all conditions of a statement must hold.
type condition struct {
	operator operator
	set      string // ForAllValues, ForAnyValue or empty
	ifExists bool
	key      string // in lower case
	values   []string
}

// operator compares what the policy says with one value of the request (IAM JSON policy elements: Condition operators).
type operator struct {
	null    bool
	negated bool
	check   func(want string) error // refuses what a policy must not say; nil: nothing
	same    func(want glob, got string) bool
}

var operators = map[string]operator{
	"StringEquals":              {same: equal},
	"StringNotEquals":           {same: equal, negated: true},
	"StringEqualsIgnoreCase":    {same: equalFold},
	"StringNotEqualsIgnoreCase": {same: equalFold, negated: true},
	"StringLike":                {same: glob.match},
	"StringNotLike":             {same: glob.match, negated: true},
	"ArnEquals":                 {same: arn},
	"ArnNotEquals":              {same: arn, negated: true},
	"ArnLike":                   {same: arn},
	"ArnNotLike":                {same: arn, negated: true},
	"Bool":                      {same: equalFold, check: isBool},
	"Null":                      {null: true, check: isBool},
	"NumericEquals":             number(func(c int) bool { return c == 0 }, false),
	"NumericNotEquals":          number(func(c int) bool { return c == 0 }, true),
	"NumericLessThan":           number(func(c int) bool { return c < 0 }, false),
	"NumericLessThanEquals":     number(func(c int) bool { return c <= 0 }, false),
	"NumericGreaterThan":        number(func(c int) bool { return c > 0 }, false),
	"NumericGreaterThanEquals":  number(func(c int) bool { return c >= 0 }, false),
	"DateEquals":                date(func(c int) bool { return c == 0 }, false),
	"DateNotEquals":             date(func(c int) bool { return c == 0 }, true),
	"DateLessThan":              date(func(c int) bool { return c < 0 }, false),
	"DateLessThanEquals":        date(func(c int) bool { return c <= 0 }, false),
	"DateGreaterThan":           date(func(c int) bool { return c > 0 }, false),
	"DateGreaterThanEquals":     date(func(c int) bool { return c >= 0 }, false),
}

// newCondition reads an operator's name with its set and suffix.
func newCondition(name, key string, values []string) (condition, error) {
	c := condition{key: lower(key), values: values}
	if set, rest, ok := strings.Cut(name, ":"); ok && (set == "ForAllValues" || set == "ForAnyValue") {
		c.set, name = set, rest
	}
	name, c.ifExists = strings.CutSuffix(name, "IfExists")
	var known bool
	if c.operator, known = operators[name]; !known || c.operator.null && (c.ifExists || c.set != "") {
		return c, fmt.Errorf("unknown condition operator %q", name)
	}
	if key == "" || len(values) == 0 {
		return c, fmt.Errorf("condition %s has no key or no value", name)
	}
	for _, v := range values {
		if check := c.operator.check; check != nil && check(v) != nil {
			return c, fmt.Errorf("condition %s: %w", name, check(v))
		}
	}
	return c, nil
}

// holds says whether the request fulfils the condition. Several values are alternatives, and under a negated operator none
// of them may be met. A key that the request lacks fulfils a negated operator, IfExists and ForAllValues, and no other.
func (c *condition) holds(s *statement, r request) bool {
	got, present := r[c.key]
	switch {
	case c.operator.null:
		return slices.ContainsFunc(c.values, func(want string) bool { return strings.EqualFold(want, "true") != present })
	case !present && c.set == "ForAnyValue":
		return c.ifExists
	case !present:
		return c.ifExists || c.set == "ForAllValues" || c.operator.negated
	}
	one := func(got string) bool {
		met := slices.ContainsFunc(c.values, func(want string) bool {
			pattern, ok := compile(want, s.variables(r))
			return ok && c.operator.same(pattern, got)
		})
		return met != c.operator.negated
	}
	if c.set == "ForAllValues" {
		return !slices.ContainsFunc(got, func(g string) bool { return !one(g) })
	}
	return slices.ContainsFunc(got, one)
}

func equal(want glob, got string) bool     { return want.plain() == got }
func equalFold(want glob, got string) bool { return strings.EqualFold(want.plain(), got) }

// arn compares six parts, each by itself: a star does not reach over a colon.
func arn(want glob, got string) bool {
	var parts []glob
	rest := want
	for len(parts) < 5 {
		i := slices.IndexFunc(rest, func(p piece) bool { return p.text == ':' })
		if i < 0 {
			return false
		}
		parts, rest = append(parts, rest[:i]), rest[i+1:]
	}
	parts = append(parts, rest)
	texts := strings.SplitN(got, ":", len(parts))
	if len(texts) != len(parts) {
		return false
	}
	for i, part := range parts {
		if !part.match(texts[i]) {
			return false
		}
	}
	return true
}

func isBool(s string) error {
	if !strings.EqualFold(s, "true") && !strings.EqualFold(s, "false") {
		return fmt.Errorf("%q is neither true nor false", s)
	}
	return nil
}

// number and date compare the request's value with the policy's: the result is below 0 if the request's is smaller.
func number(is func(int) bool, negated bool) operator {
	parse := func(s string) (float64, error) { return strconv.ParseFloat(s, 64) }
	return ordered(parse, func(a, b float64) int {
		switch {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	}, is, negated)
}

func date(is func(int) bool, negated bool) operator {
	parse := func(s string) (time.Time, error) {
		if seconds, err := strconv.ParseInt(s, 10, 64); err == nil {
			return time.Unix(seconds, 0), nil
		}
		return time.Parse(time.RFC3339, s)
	}
	return ordered(parse, time.Time.Compare, is, negated)
}

func ordered[T any](parse func(string) (T, error), compare func(a, b T) int, is func(int) bool, negated bool) operator {
	return operator{
		negated: negated,
		check:   func(want string) error { _, err := parse(want); return err },
		same: func(want glob, got string) bool {
			w, wrong := parse(want.plain())
			g, bad := parse(got)
			return wrong == nil && bad == nil && is(compare(g, w))
		},
	}
}
