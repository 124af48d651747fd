package gcs

import (
	"encoding/base64"

	"google.golang.org/protobuf/encoding/protowire"

	"firn/shared/lake"
)

// sealer narrows tokens without asking anyone: it holds an intermediary token and the key under which Google reads what is
// put behind it.
type sealer struct {
	token Token
	key   sessionKey
}

func newSealer(e exchanged) (sealer, error) {
	key, err := parseSessionKey(e.sessionKey)
	return sealer{token: e.Token, key: key}, err
}

// seal gives a token that opens what the rules say and lives as long as the intermediary: both, with a dot between them
// (ClientSideCredentialAccessBoundaryFactory of google-auth-library-java, generateToken).
func (s sealer) seal(rules []rule) lake.Secret {
	return lake.Secret(s.token.Value.Reveal() + "." + base64.RawURLEncoding.EncodeToString(s.key.seal(encodeBoundary(rules))))
}

// The field numbers of client_side_access_boundary.proto (the descriptor in google-auth-library-java's
// ClientSideAccessBoundaryProto).
const (
	boundaryRules   = 1
	ruleResource    = 1
	rulePermissions = 2
	ruleCondition   = 4
)

// encodeBoundary writes the message ClientSideAccessBoundary. Its conditions are syntax trees, so nothing in a location
// can be read as anything but text.
func encodeBoundary(rules []rule) []byte {
	var out []byte
	for _, r := range rules {
		var m []byte
		m = text(m, ruleResource, r.resource())
		m = text(m, rulePermissions, r.permission())
		m = message(m, ruleCondition, r.tree())
		out = message(out, boundaryRules, m)
	}
	return out
}

// The field numbers of cel/expr/syntax.proto, message Expr.
const (
	exprID     = 2
	exprConst  = 3
	exprIdent  = 4
	exprSelect = 5
	exprCall   = 6

	constString   = 6
	identName     = 1
	selectOperand = 1
	selectField   = 2
	callTarget    = 1
	callFunction  = 2
	callArgs      = 3
)

// tree is the rule's condition as a message Expr: what a parser makes of expression.
func (r rule) tree() []byte {
	var b trees
	out := b.term(r.terms[0])
	for _, t := range r.terms[1:] {
		out = b.call(nil, "_||_", out, b.term(t))
	}
	return out
}

// trees builds messages of type Expr, each node with a number of its own.
type trees struct{ nodes uint64 }

func (b *trees) term(t term) []byte {
	subject := b.field(b.ident("resource"), "name")
	if t.listing {
		subject = b.call(b.ident("api"), "getAttribute", b.literal(listPrefix), b.literal(""))
	}
	return b.call(subject, "startsWith", b.literal(t.prefix))
}

func (b *trees) node(kind protowire.Number, content []byte) []byte {
	b.nodes++
	out := protowire.AppendTag(nil, exprID, protowire.VarintType)
	return message(protowire.AppendVarint(out, b.nodes), kind, content)
}

func (b *trees) literal(s string) []byte  { return b.node(exprConst, text(nil, constString, s)) }
func (b *trees) ident(name string) []byte { return b.node(exprIdent, text(nil, identName, name)) }

func (b *trees) field(of []byte, name string) []byte {
	return b.node(exprSelect, text(message(nil, selectOperand, of), selectField, name))
}

func (b *trees) call(target []byte, function string, args ...[]byte) []byte {
	var m []byte
	if target != nil {
		m = message(m, callTarget, target)
	}
	m = text(m, callFunction, function)
	for _, a := range args {
		m = message(m, callArgs, a)
	}
	return b.node(exprCall, m)
}

func text(out []byte, number protowire.Number, s string) []byte {
	return message(out, number, []byte(s))
}

// message appends a field of length and bytes, which texts and messages are alike.
func message(out []byte, number protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(out, number, protowire.BytesType), content)
}
