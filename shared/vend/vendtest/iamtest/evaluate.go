// Package iamtest decides requests by IAM policies, as AWS documents it: the other opinion on the policies that firn writes.
//
// Parse reads a policy; Evaluate holds a request against identity policies, a permissions boundary and session policies.
// For tests alone: no emulator at hand enforces the policies of roles.
//
// It refuses what it does not know (elements, operators, conditions without values) with an error: to skip it would show a
// wider policy as the one that was meant. It shares nothing with the code that writes policies.
//
// # Why
//
// Dialects differ in what matters most here, the escape of a wildcard. AWS reads ${*} as a star that is one; MinIO takes it
// for text in which the star still matches anything, and puts the value of a variable into the pattern, stars and all. So a
// policy is parsed for a dialect.
//
// Resource policies and service control policies are not here: nothing of firn's writes them.
package iamtest

// Request is what is asked for.
type Request struct {
	Action   string              // such as s3:GetObject; its case does not count
	Resource string              // ARN
	Context  map[string][]string // condition keys, in any case, with their values
}

// Policies are those that a request must pass. All statements of one kind count together.
type Policies struct {
	Identity []*Policy // of the role; without any nothing is allowed
	Boundary []*Policy // permissions boundary; none: unbounded
	Session  []*Policy // handed over with AssumeRole; none: the session has all that the role has
}

// Decision is the outcome of a request.
type Decision int

// The decisions.
const (
	ImplicitDeny Decision = iota // nobody allows it
	ExplicitDeny                 // a statement denies it
	Allow
)

// String names the decision.
func (d Decision) String() string {
	return [...]string{"implicit deny", "explicit deny", "allow"}[d]
}

// Evaluate decides a request (IAM User Guide, "Policy evaluation logic"): one explicit deny ends it, and else each kind of
// policy that there is must allow it.
func Evaluate(r Request, p Policies) Decision {
	c := fold(r.Context)
	allowed := true
	for _, kind := range []struct {
		policies []*Policy
		needed   bool
	}{{p.Identity, true}, {p.Boundary, len(p.Boundary) > 0}, {p.Session, len(p.Session) > 0}} {
		allows := false
		for _, policy := range kind.policies {
			for _, s := range policy.statements {
				if !s.applies(r, c) {
					continue
				}
				if s.deny {
					return ExplicitDeny
				}
				allows = true
			}
		}
		allowed = allowed && (allows || !kind.needed)
	}
	if !allowed {
		return ImplicitDeny
	}
	return Allow
}

// Everything is an identity policy that allows all, for judging what stands beside it.
func Everything() *Policy {
	star, _ := compile("*", nil)
	return &Policy{statements: []statement{{actions: []glob{star}, resources: []string{"*"}}}}
}

func (s *statement) applies(r Request, c request) bool {
	action := anyMatches(s.actions, lower(r.Action))
	resource := false
	for _, text := range s.resources {
		pattern, ok := compile(text, s.variables(c))
		resource = resource || ok && pattern.match(r.Resource)
	}
	if action == s.notActions || resource == s.notResources {
		return false
	}
	for _, condition := range s.conditions {
		if !condition.holds(s, c) {
			return false
		}
	}
	return true
}
