package aws

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/revoke"
	"firn/shared/vend/aws/session"
)

// maxPolicy is how long a managed policy may be, in characters without white space (IAM User Guide, "IAM and AWS STS
// quotas"). It cannot be raised.
const maxPolicy = 6_144

// sid begins the ids of the statements that are firn's for a target: letters and digits are all that an id may hold.
func sid(t revoke.Target) string {
	sum := sha256.Sum256([]byte(t.Role + "\x00" + t.ExternalID))
	return "FirnRevoked" + hex.EncodeToString(sum[:4])
}

// plan gives the policy that refuses the cuts; widely where it has room for no narrower one.
func (d document) plan(t revoke.Target, own lake.ID, cuts []revoke.Cut) (next document, widely bool, err error) {
	narrow, err := narrow(own, cuts)
	if err != nil {
		return document{}, false, err
	}
	for _, statements := range [][]deny{narrow, wide(own, cuts)} {
		if next, err = d.with(sid(t), statements); err != nil {
			return document{}, false, err
		}
		text, err := next.text()
		if err != nil {
			return document{}, false, err
		}
		if size(text) <= maxPolicy {
			return next, widely, nil
		}
		widely = true
	}
	return document{}, false, fault.Of(fault.Invalid, fault.Credential, "",
		"The permissions boundary of the catalog's role has no room for one more statement. An administrator must shorten it.")
}

// size counts what IAM counts: white space within texts counts too, which is more than IAM may say.
func size(text string) int { return len([]rune(text)) }

// deny is a statement of firn's.
type deny struct {
	Sid       string
	Effect    string
	Action    string
	Resource  string
	Condition struct {
		StringLike    userid `json:",omitzero"`
		StringNotLike userid `json:",omitzero"`
		DateLessThan  issued
	}
}

type userid struct {
	IDs []string `json:"aws:userid"`
}

// IsZero leaves the condition out.
func (u userid) IsZero() bool { return len(u.IDs) == 0 }

type issued struct {
	Before string `json:"aws:TokenIssueTime"`
}

// newDeny denies everything to sessions whose aws:userid is like one of these (none: all) and like none of the others, if they
// are older than the moment. Sessions are told apart by the second.
func newDeny(like, unlike []string, before time.Time) deny {
	d := deny{Effect: "Deny", Action: "*", Resource: "*"}
	d.Condition.StringLike.IDs, d.Condition.StringNotLike.IDs = like, unlike
	d.Condition.DateLessThan.Before = before.UTC().Add(time.Second - 1).Truncate(time.Second).Format(time.RFC3339)
	return d
}

// narrow gives the fewest statements that refuse the cuts. Cuts are together in one if one moment does for all; those for
// tables are apart, because firn's own sessions are left out of them.
func narrow(own lake.ID, cuts []revoke.Cut) ([]deny, error) {
	var tables, others []revoke.Cut
	for _, c := range cuts {
		if c.Of.TableID != "" {
			tables = append(tables, c)
		} else {
			others = append(others, c)
		}
	}
	var out []deny
	for _, all := range [][]revoke.Cut{others, tables} {
		for _, group := range together(all) {
			var like, unlike []string
			for _, c := range group.cuts {
				p, err := pattern(c)
				if err != nil {
					return nil, err
				}
				like = append(like, p)
				if c.Of.TableID != "" {
					unlike = append(unlike, session.OfPrincipal(c.Realm, own))
				}
			}
			out = append(out, newDeny(unique(like), unique(unlike), group.before))
		}
	}
	return out, nil
}

// wide is the statement for want of room: it refuses all sessions that are older than the latest cut, but for firn's own.
func wide(own lake.ID, cuts []revoke.Cut) []deny {
	var unlike []string
	before := time.Time{}
	for _, c := range cuts {
		unlike = append(unlike, session.OfPrincipal(c.Realm, own))
		if c.Before.After(before) {
			before = c.Before
		}
	}
	return []deny{newDeny(nil, unique(unlike), before)}
}

// pattern is what aws:userid is like for the keys of a cut.
func pattern(c revoke.Cut) (string, error) {
	switch {
	case c.Of.PrincipalID != "":
		return session.OfPrincipal(c.Realm, c.Of.PrincipalID), nil
	case c.Of.TableID != "":
		return session.OfTable(c.Of.TableID), nil
	}
	p, ok := session.OfName(c.Of.Credential)
	if !ok {
		return "", fault.New(fault.Internal, "Internal error.").Because(fmt.Errorf("a cut of no session of firn's"))
	}
	return p, nil
}

// group is cuts for which one moment does.
type group struct {
	cuts   []revoke.Cut
	before time.Time
}

// together parts the cuts into as few groups as can be: in the order of their latest moments, each group ends with the first
// one that its moment, which is the latest of the first cut's, is too early for.
func together(cuts []revoke.Cut) []group {
	cuts = slices.Clone(cuts)
	slices.SortFunc(cuts, func(a, b revoke.Cut) int {
		if a.Latest.IsZero() != b.Latest.IsZero() {
			return map[bool]int{true: 1, false: -1}[a.Latest.IsZero()]
		}
		return cmp.Or(a.Latest.Compare(b.Latest), a.Before.Compare(b.Before))
	})
	var out []group
	var until time.Time // the latest moment of the group that is being made
	for _, c := range cuts {
		if n := len(out) - 1; n >= 0 && (until.IsZero() || !c.Before.After(until)) {
			out[n].cuts = append(out[n].cuts, c)
			out[n].before = latest(out[n].before, c.Before)
			continue
		}
		out, until = append(out, group{[]revoke.Cut{c}, c.Before}), c.Latest
	}
	return out
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func unique(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
}
