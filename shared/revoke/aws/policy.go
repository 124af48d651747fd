package aws

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/revoke"
	"firn/shared/vend/aws/session"
)

// maxPolicy is how long a managed policy may be, in characters without white space (IAM User Guide, "IAM and AWS STS
// quotas"). It cannot be raised.
const maxPolicy = 6_144

// document is a policy. What is not firn's in it stays as it is written.
type document struct {
	Version   string            `json:"Version"`
	ID        string            `json:"Id,omitempty"`
	Statement []json.RawMessage `json:"Statement"`
}

// readDocument reads a policy with a list of statements, or one.
func readDocument(text string) (document, error) {
	var raw struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields() // what is not understood would be lost
	if err := d.Decode(&raw); err != nil {
		return document{}, unreadable(err)
	}
	out := document{Version: raw.Version, ID: raw.ID}
	if err := json.Unmarshal(raw.Statement, &out.Statement); err != nil {
		out.Statement = []json.RawMessage{raw.Statement}
	}
	for i, s := range out.Statement {
		var b bytes.Buffer
		if err := json.Compact(&b, s); err != nil {
			return document{}, unreadable(err)
		}
		out.Statement[i] = b.Bytes()
	}
	return out, nil
}

// text writes the policy as short as it gets.
func (d document) text() (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // three letters become eighteen
	if err := e.Encode(d); err != nil {
		return "", fmt.Errorf("write the policy: %w", err)
	}
	return strings.TrimSpace(b.String()), nil
}

// sid begins the ids of the statements that are firn's for a target: letters and digits are all that an id may hold.
func sid(t revoke.Target) string {
	sum := sha256.Sum256([]byte(t.Role + "\x00" + t.ExternalID))
	return "FirnRevoked" + hex.EncodeToString(sum[:4])
}

// with gives the policy with these statements in place of those whose id begins so.
func (d document) with(id string, statements []deny) (document, error) {
	out := d
	out.Statement = nil
	for _, s := range d.Statement {
		var named struct{ Sid string }
		if err := json.Unmarshal(s, &named); err != nil {
			return d, unreadable(err)
		}
		if !strings.HasPrefix(named.Sid, id) {
			out.Statement = append(out.Statement, s)
		}
	}
	if len(out.Statement) == 0 {
		return d, unreadable(errors.New("it has no statement: nothing but denies would be left"))
	}
	for i, s := range statements {
		s.Sid = id + "n" + strconv.Itoa(i)
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(s); err != nil {
			return d, fmt.Errorf("write a statement of the policy: %w", err)
		}
		out.Statement = append(out.Statement, bytes.TrimSpace(b.Bytes()))
	}
	return out, nil
}

// same says whether two policies hold the same statements, in whatever order.
func (d document) same(other document) bool {
	sorted := func(all []json.RawMessage) [][]byte {
		out := make([][]byte, len(all))
		for i, s := range all {
			out[i] = s
		}
		slices.SortFunc(out, bytes.Compare)
		return out
	}
	return slices.EqualFunc(sorted(d.Statement), sorted(other.Statement), bytes.Equal)
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
