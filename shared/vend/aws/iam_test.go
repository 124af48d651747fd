package aws

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// iamPolicy is a session policy as IAM reads it: its own reader, so that a key that policy.go misspells is an error here
// and not a condition that is silently gone (IAM JSON policy reference).
type iamPolicy struct{ statements []iamStatement }

type iamStatement struct {
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]map[string][]string
}

func readPolicy(text string) (iamPolicy, error) {
	var doc struct {
		Version   string
		Statement []iamStatement
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		return iamPolicy{}, err
	}
	if doc.Version != "2012-10-17" || len(doc.Statement) == 0 {
		return iamPolicy{}, fmt.Errorf("version %q with %d statements", doc.Version, len(doc.Statement))
	}
	for _, s := range doc.Statement {
		if s.Effect != "Allow" || len(s.Action) == 0 || len(s.Resource) == 0 {
			return iamPolicy{}, fmt.Errorf("statement without effect, action or resource: %+v", s)
		}
		for operator, keys := range s.Condition {
			if operator != "StringLike" || len(keys) == 0 {
				return iamPolicy{}, fmt.Errorf("unknown condition operator %s", operator)
			}
			for key, values := range keys {
				if key != "s3:prefix" || len(values) == 0 {
					return iamPolicy{}, fmt.Errorf("unknown or empty condition key %s", key)
				}
			}
		}
		for _, pattern := range slices.Concat(s.Resource, s.Action) {
			if strings.Contains(pattern, "${") {
				return iamPolicy{}, fmt.Errorf("policy variable in %s", pattern)
			}
		}
	}
	return iamPolicy{doc.Statement}, nil
}

// allows decides one action. context holds the condition keys that the request has; a condition on a key that it lacks
// does not hold.
func (p iamPolicy) allows(action, resource string, context map[string]string) bool {
	for _, s := range p.statements {
		if !anyLike(s.Action, action) || !anyLike(s.Resource, resource) {
			continue
		}
		holds := true
		for key, patterns := range s.Condition["StringLike"] {
			value, present := context[key]
			holds = holds && present && anyLike(patterns, value)
		}
		if holds {
			return true
		}
	}
	return false
}

func anyLike(patterns []string, s string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return like(p, s) })
}

// like is IAM's wildcard match: * is any text, slashes too, and ? is any one character.
func like(pattern, s string) bool {
	p, i, star, from := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			from++
			p, i = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

func TestIAMWildcardsMatchAsAWSDocuments(t *testing.T) {
	rows := []struct {
		pattern, text string
		want          bool
	}{
		{"a/*", "a/", true}, {"a/*", "a/b/c", true}, {"a/*", "a", false}, {"a/*", "ab/c", false},
		{"a?c", "abc", true}, {"a?c", "ac", false}, {"*", "", true}, {"a*b*c", "a-b-b-c", true}, {"a*b*c", "a-c-b", false}, {"", "a", false},
	}
	for _, row := range rows {
		if got := like(row.pattern, row.text); got != row.want {
			t.Errorf("like(%q, %q): got %v, want %v", row.pattern, row.text, got, row.want)
		}
	}
}

func TestPolicyReaderRefusesWhatIAMWouldReadAsWider(t *testing.T) {
	rows := map[string]string{
		"no statements":          `{"Version":"2012-10-17","Statement":[]}`,
		"old version":            `{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["*"]}]}`,
		"misspelt condition":     `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["a"],"condition_":{}}]}`,
		"unknown condition key":  `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["a"],"Condition":{"StringLike":{"prefix":["a/*"]}}}]}`,
		"empty condition values": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["a"],"Condition":{"StringLike":{"s3:prefix":[]}}}]}`,
		"policy variable":        `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["a/${aws:username}"]}]}`,
	}
	for name, text := range rows {
		t.Run(name, func(t *testing.T) {
			if _, err := readPolicy(text); err == nil {
				t.Error("got no error, want one")
			}
		})
	}
}
