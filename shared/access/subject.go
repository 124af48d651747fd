package access

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"firn/shared/fault"
	"firn/shared/lake"
)

// Path is a securable as the chain of ids that leads to it: lake.RootID, then the catalog, its namespaces from the outside
// in, and the leaf; or lake.RootID and a principal or principal role.
type Path []lake.ID

// Grants are what one role holds, by securable.
type Grants map[lake.ID]Set

// Add notes that the role holds the privilege on the securable.
func (g Grants) Add(on lake.ID, p Privilege) { g[on] = g[on].With(p) }

// Role is an activated role.
type Role struct {
	Name   string
	Grants Grants
}

// Subject is the caller of one request. It is read only: the Grants may be shared between requests.
type Subject struct {
	ID         lake.ID // of the principal
	Name       string  // of the principal
	MustRotate bool    // may do nothing but rotate its own credentials
	AllRoles   bool    // its token activates all its roles; else it has no right but those of the activated ones

	PrincipalRoles []Role // those that are activated
	CatalogRoles   []Role // those of the catalog in question that the principal roles have; none outside a catalog

	// Whole is the caller with all its roles, where AllRoles is not set. Operations that move a table need it: what a token
	// of some roles moves, another token of the same principal may open.
	Whole *Subject

	Log *slog.Logger // takes the audit records at level Info; must not be nil
}

// Check allows the operation or gives a *fault.Error of kind Forbidden with Polaris's message; which privilege was missing
// is in its cause alone. The targets are those that the operation's rule names: one, or two where it has a second; an
// operation with one may be asked for several, and all must allow it.
func (s *Subject) Check(ctx context.Context, op Operation, targets ...Path) error {
	return s.CheckAll(ctx, []Operation{op}, targets...)
}

// CheckAll is Check for operations that are done together: all must be allowed. The refusal names the first that is not.
func (s *Subject) CheckAll(ctx context.Context, ops []Operation, targets ...Path) error {
	if len(ops) == 0 {
		return s.record(ctx, ops, targets, bug("no operation to check"))
	}
	for _, op := range ops {
		if refusal := s.decide(op, targets); refusal != nil {
			return s.record(ctx, []Operation{op}, targets, refusal)
		}
	}
	return s.record(ctx, ops, targets, nil)
}

// CheckFirst is Check for alternatives, best first: it gives the first that is allowed. The refusal names the last.
func (s *Subject) CheckFirst(ctx context.Context, alternatives []Operation, targets ...Path) (Operation, error) {
	refusal, last := bug("no operation to check"), Operation("")
	for _, op := range alternatives {
		if refusal, last = s.decide(op, targets), op; refusal == nil || refusal.Kind != fault.Forbidden {
			break
		}
	}
	if err := s.record(ctx, []Operation{last}, targets, refusal); err != nil {
		return "", err
	}
	return last, nil
}

// decide gives the refusal, or nil.
func (s *Subject) decide(op Operation, targets []Path) *fault.Error {
	r, found := rules[op]
	if !found {
		return bug("operation %q has no rule", op)
	}
	if err := checkTargets(op, r, targets); err != nil {
		return err
	}
	// What is allowed for who the caller is, and not for its roles, would widen a token of some of them.
	own := s.AllRoles && (r.rootOnly || r.self && s.ID == targets[0][len(targets[0])-1])
	switch {
	case s.MustRotate && op != RotateCredentials:
		return fault.New(fault.Forbidden, "Principal '%s' is not authorized for op %s because it must rotate credentials first", s.Name, op)
	case r.rootOnly && s.Name != lake.RootPrincipal:
		return fault.New(fault.Forbidden, "Only Root principal(service-admin) can perform %s", op)
	case own:
		return nil
	}
	for i, path := range targets {
		needs := r.needs
		if i == 1 && len(r.second) > 0 {
			needs = r.second
		}
		for _, p := range needs {
			if !s.holds(p, path, r.belowRoot) {
				return s.forbid(op).Because(fmt.Errorf("%s is not held on %s", p, path))
			}
		}
	}
	if r.moved != nil {
		return s.decideMove(op, r, targets)
	}
	return nil
}

// dataPrivileges are those that lead to credentials for a table's files.
var dataPrivileges = []Privilege{TableReadData, TableWriteData}

// Gain is the cause of a refusal: the caller would have the privilege on a table's files, and does not have it yet.
type Gain struct {
	Privilege Privilege
	From, To  Path
}

// Error is for logs.
func (g Gain) Error() string {
	return fmt.Sprintf("%s is held on %s and not on %s", g.Privilege, g.To, g.From)
}

// decideMove refuses an operation by which the caller, with these roles or with all of them, gains a data privilege.
func (s *Subject) decideMove(op Operation, r rule, targets []Path) *fault.Error {
	from, to := r.moved(targets)
	callers := []*Subject{s}
	if !s.AllRoles {
		if s.Whole == nil {
			return bug("operation %s needs all roles of the caller", op)
		}
		callers = append(callers, s.Whole)
	}
	for _, caller := range callers {
		for _, p := range dataPrivileges {
			if caller.holds(p, to, false) && !caller.holds(p, from, false) {
				return s.forbid(op).Because(Gain{p, from, to})
			}
		}
	}
	return nil
}

// checkTargets refuses what only a mistake in firn can cause.
func checkTargets(op Operation, r rule, targets []Path) *fault.Error {
	if len(targets) == 0 || len(r.second) > 0 && len(targets) != 2 {
		return bug("operation %s does not take %d targets", op, len(targets))
	}
	for _, path := range targets {
		if len(path) == 0 || slices.Contains(path, "") {
			return bug("operation %s has a target without an id", op)
		}
	}
	return nil
}

// holds says whether any activated role holds what satisfies the privilege anywhere on the path.
func (s *Subject) holds(p Privilege, path Path, belowRoot bool) bool {
	enough := SatisfiedBy(p)
	for _, id := range path {
		if belowRoot && id == lake.RootID {
			continue
		}
		for _, roles := range [...][]Role{s.PrincipalRoles, s.CatalogRoles} {
			for _, role := range roles {
				if role.Grants[id].meets(enough) {
					return true
				}
			}
		}
	}
	return false
}

func (s *Subject) forbid(op Operation) *fault.Error {
	return fault.New(fault.Forbidden, "Principal '%s' with activated PrincipalRoles '[%s]' and activated grants via '[%s]' is not authorized for op %s",
		s.Name, names(s.PrincipalRoles), names(s.PrincipalRoles, s.CatalogRoles), op)
}

// bug denies and tells the client nothing.
func bug(format string, args ...any) *fault.Error {
	return fault.New(fault.Internal, "Internal error.").Because(fmt.Errorf(format, args...))
}

// names lists the roles by name, each name once.
func names(roles ...[]Role) string {
	var out []string
	for _, role := range slices.Concat(roles...) {
		out = append(out, role.Name)
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), ", ")
}

// String is for logs.
func (p Path) String() string {
	ids := make([]string, len(p))
	for i, id := range p {
		ids[i] = string(id)
	}
	return strings.Join(ids, "/")
}

// String is the operation's name.
func (o Operation) String() string { return string(o) }

// join lists things for the log.
func join[T fmt.Stringer](all []T) string {
	texts := make([]string, len(all))
	for i, one := range all {
		texts[i] = one.String()
	}
	return strings.Join(texts, " ")
}

// record writes the audit record of a decision and gives the decision back: nil for nil. Without a log there is no
// permission.
func (s *Subject) record(ctx context.Context, ops []Operation, targets []Path, refusal *fault.Error) error {
	if s.Log == nil {
		return bug("no log to write the audit record to")
	}
	attrs := []slog.Attr{
		slog.String("operations", join(ops)), slog.String("targets", join(targets)), slog.Bool("allowed", refusal == nil),
		slog.String("principal", s.Name), slog.String("principal_id", string(s.ID)),
		slog.String("principal_roles", names(s.PrincipalRoles)), slog.String("catalog_roles", names(s.CatalogRoles)),
	}
	if refusal != nil {
		attrs = append(attrs, slog.String("reason", refusal.Error()))
	}
	s.Log.LogAttrs(ctx, slog.LevelInfo, "access", attrs...)
	if refusal != nil {
		return refusal
	}
	return nil // an error that is nil, not a *fault.Error that is
}
