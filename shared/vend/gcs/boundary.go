package gcs

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"firn/shared/fault"
	"firn/shared/location"
	"firn/shared/vend"
)

// What the Security Token Service takes (IAM reference, AccessBoundary): rules in a boundary, and characters in the
// condition of a rule.
const (
	maxRules     = 10
	maxCondition = 2048
)

// rule opens what its bucket's resources hold where one of the terms is true, for what the role may do. It has at least
// one term: a rule without a condition opens the whole bucket.
type rule struct {
	bucket string
	role   string
	terms  []term
}

// term is one predicate of a condition: that an attribute of the request begins with a text that ends in a slash.
type term struct {
	listing bool   // of the prefix of a listing; false: of the resource's name
	prefix  string // with its slash
}

// need is what an action needs: a role, and the resources on which.
type need struct {
	role  string
	terms []func(location.Prefix) term
}

// needs gives the narrowest of Google's roles that hold an action's rights (Cloud Storage documentation, IAM roles). Each
// has a rule of its own, because a role in a shared rule would open what another's condition holds.
func needs(a vend.Actions) ([]need, error) {
	var out []need
	if a.Has(vend.Read) {
		out = append(out, need{"roles/storage.legacyObjectReader", []func(location.Prefix) term{objects}})
	}
	if a.Has(vend.List) {
		out = append(out, need{"roles/storage.objectViewer", []func(location.Prefix) term{listings, folders}})
	}
	switch {
	case a.Has(vend.Write | vend.Delete):
		out = append(out, need{"roles/storage.legacyBucketWriter", []func(location.Prefix) term{objects}},
			need{"roles/storage.objectUser", []func(location.Prefix) term{folders}})
	case a.Has(vend.Write):
		out = append(out, need{"roles/storage.objectCreator", []func(location.Prefix) term{objects, folders}})
	case a.Has(vend.Delete):
		return nil, fault.Of(fault.Invalid, fault.Credential, "", "No storage credential can be made: GCS has no role that deletes objects and writes none.")
	}
	return out, nil
}

// The names of resources (Cloud Storage documentation, "Conditions": resource attributes).
func objects(p location.Prefix) term {
	return term{prefix: resource(p.Bucket()) + "/objects/" + p.Key()}
}
func folders(p location.Prefix) term {
	return term{prefix: resource(p.Bucket()) + "/folders/" + p.Key()}
}
func listings(p location.Prefix) term { return term{listing: true, prefix: p.Key()} }

func resource(bucket string) string { return "projects/_/buckets/" + bucket }

// boundary gives the rules that narrow a token to a grant, 1 to maxRules of them.
func boundary(g vend.Grant) ([]rule, error) {
	prefixes := location.Reduce(g.Prefixes)
	needs, err := needs(g.Actions)
	if err != nil {
		return nil, err
	}
	var rules []rule
	for _, n := range needs {
		var packed []rule // of this need
		for _, p := range prefixes {
			var terms []term
			for _, of := range n.terms {
				terms = append(terms, of(p))
			}
			packed = pack(packed, rule{bucket: p.Bucket(), role: n.role, terms: terms})
		}
		rules = append(rules, packed...)
	}
	if len(rules) == 0 || len(rules) > maxRules {
		return nil, fault.Of(fault.Invalid, fault.Credential, "", "The access boundary for %d locations needs %d rules; GCS takes %d. "+
			"Keep the table's location, write.data.path and write.metadata.path in one bucket, best inside one another.", len(prefixes), len(rules), maxRules)
	}
	return rules, nil
}

// pack puts the terms of one prefix into a rule for its bucket that has room, or makes a rule of its own.
func pack(rules []rule, r rule) []rule {
	for i, other := range rules {
		joined := rule{bucket: r.bucket, role: r.role, terms: slices.Concat(other.terms, r.terms)}
		if other.bucket == r.bucket && len(joined.expression()) <= maxCondition {
			rules[i] = joined
			return rules
		}
	}
	return append(rules, r)
}

// listPrefix is the attribute that holds the prefix of a listing, and is absent in all other requests.
const listPrefix = "storage.googleapis.com/objectListPrefix"

// expression is the rule's condition in CEL, as the Security Token Service reads it.
func (r rule) expression() string {
	var out []string
	for _, t := range r.terms {
		subject := "resource.name"
		if t.listing {
			subject = "api.getAttribute(" + quote(listPrefix) + ", '')"
		}
		out = append(out, subject+".startsWith("+quote(t.prefix)+")")
	}
	return strings.Join(out, " || ")
}

var escapes = strings.NewReplacer(`\`, `\\`, `'`, `\'`, `"`, `\"`)

// quote makes a literal of CEL (CEL specification, "String and Bytes Values").
func quote(s string) string { return "'" + escapes.Replace(s) + "'" }

// The boundary as the Security Token Service reads it. It skips a key that it does not know, and a condition whose key is
// misspelt is no condition.
type (
	boundaryOptions struct {
		AccessBoundary boundaryJSON `json:"accessBoundary"`
	}
	boundaryJSON struct {
		Rules []ruleJSON `json:"accessBoundaryRules"`
	}
	ruleJSON struct {
		Permissions []string      `json:"availablePermissions"`
		Resource    string        `json:"availableResource"`
		Condition   conditionJSON `json:"availabilityCondition"`
	}
	conditionJSON struct {
		Expression string `json:"expression"`
	}
)

// encodeOptions writes the boundary for a token exchange.
func encodeOptions(rules []rule) (string, error) {
	var b boundaryOptions
	for _, r := range rules {
		b.AccessBoundary.Rules = append(b.AccessBoundary.Rules, ruleJSON{
			Permissions: []string{r.permission()}, Resource: r.resource(), Condition: conditionJSON{r.expression()}})
	}
	text, err := json.Marshal(b)
	if err != nil {
		return "", fmt.Errorf("encode access boundary: %w", err)
	}
	return string(text), nil
}

func (r rule) permission() string { return "inRole:" + r.role }
func (r rule) resource() string   { return "//storage.googleapis.com/" + resource(r.bucket) }
