package gcstest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"github.com/tink-crypto/tink-go/v2/aead"
	expr "google.golang.org/genproto/googleapis/api/expr/v1alpha1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// open finds what a token is. The caller has the lock.
func (s *Server) open(value string) (*token, error) {
	if t := s.tokens[value]; t != nil && t.session == nil {
		return t, nil
	}
	dot := strings.LastIndexByte(value, '.')
	middle := s.tokens[value[:max(dot, 0)]]
	if middle == nil || middle.session == nil {
		return &token{}, errors.New("nobody issued it")
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(value[dot+1:])
	if err != nil {
		return &token{}, err
	}
	key, err := aead.New(middle.session)
	if err != nil {
		return &token{}, err
	}
	plain, err := key.Decrypt(sealed, []byte{})
	if err != nil {
		return &token{}, err
	}
	b, err := decodeBoundary(plain)
	if err != nil {
		s.t.Errorf("client-side boundary %x: %v", plain, err)
		return &token{}, err
	}
	s.tokens[value] = &token{account: middle.account, expires: middle.expires, boundary: b}
	return s.tokens[value], nil
}

// decodeBoundary reads the message ClientSideAccessBoundary.
func decodeBoundary(plain []byte) (*boundary, error) {
	b := &boundary{}
	err := eachField(plain, func(number protowire.Number, content []byte) error {
		if number != 1 {
			return fmt.Errorf("a boundary has no field %d", number)
		}
		return b.decodeRule(content)
	})
	return b, errors.Join(err, b.count())
}

func (b *boundary) decodeRule(message []byte) error {
	var resource string
	var permissions []string
	var condition *expr.Expr
	err := eachField(message, func(number protowire.Number, content []byte) error {
		switch number {
		case 1:
			resource = string(content)
		case 2:
			permissions = append(permissions, string(content))
		case 4:
			condition = &expr.Expr{}
			if err := proto.Unmarshal(content, condition); err != nil {
				return err
			}
			return known(condition, map[int64]bool{})
		default:
			return fmt.Errorf("a rule has no field %d", number)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if condition == nil {
		return errors.New("a rule without a condition opens the whole bucket")
	}
	text, err := cel.AstToString(cel.ParsedExprToAst(&expr.ParsedExpr{Expr: condition}))
	if err != nil {
		return err
	}
	ast, issues := environment.Compile(text) // checks the types, too
	if issues.Err() != nil {
		return issues.Err()
	}
	return b.add(resource, permissions, ast)
}

// known refuses nodes with fields that the language does not have, or with numbers that are not their own.
func known(e *expr.Expr, numbers map[int64]bool) error {
	if len(e.ProtoReflect().GetUnknown()) > 0 || e.GetId() == 0 || numbers[e.GetId()] {
		return errors.New("a node of the condition has an unknown field or not a number of its own")
	}
	numbers[e.GetId()] = true
	var below []*expr.Expr
	switch k := e.GetExprKind().(type) {
	case *expr.Expr_CallExpr:
		below = append(below, k.CallExpr.GetArgs()...)
		if k.CallExpr.GetTarget() != nil {
			below = append(below, k.CallExpr.GetTarget())
		}
	case *expr.Expr_SelectExpr:
		below = append(below, k.SelectExpr.GetOperand())
	case *expr.Expr_ConstExpr, *expr.Expr_IdentExpr:
	default:
		return fmt.Errorf("a node of the condition is a %T", k)
	}
	for _, b := range below {
		if err := known(b, numbers); err != nil {
			return err
		}
	}
	return nil
}

func eachField(message []byte, do func(protowire.Number, []byte) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 || kind != protowire.BytesType {
			return errors.New("not a message of texts and messages")
		}
		content, m := protowire.ConsumeBytes(message[n:])
		if m < 0 {
			return protowire.ParseError(m)
		}
		if err := do(number, content); err != nil {
			return err
		}
		message = message[n+m:]
	}
	return nil
}
