package gcstest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// boundary is a Credential Access Boundary that was looked at and can be evaluated.
type boundary struct{ rules []rule }

type rule struct {
	bucket      string
	permissions []string
	condition   cel.Program
}

const listPrefix = "storage.googleapis.com/objectListPrefix"

// environment is what a condition may speak of (IAM documentation, "Attribute reference for IAM Conditions").
var environment = mustEnv()

func mustEnv() *cel.Env {
	attributes := cel.MapType(cel.StringType, cel.StringType)
	env, err := cel.NewEnv(cel.Variable("resource", attributes), cel.Variable("api", attributes),
		cel.Function("getAttribute", cel.MemberOverload("api_get_attribute", []*cel.Type{attributes, cel.StringType, cel.StringType}, cel.StringType,
			cel.FunctionBinding(func(args ...ref.Val) ref.Val {
				if value, found := args[0].(traits.Mapper).Find(args[1]); found {
					return value
				}
				return args[2]
			}))))
	if err != nil {
		panic(err)
	}
	return env
}

// parseBoundary reads the options of an exchange. The error says where it is wider than folders.
func parseBoundary(text []byte) (*boundary, error) {
	var in struct {
		AccessBoundary *struct {
			Rules []struct {
				Permissions []string `json:"availablePermissions"`
				Resource    string   `json:"availableResource"`
				Condition   *struct {
					Expression string `json:"expression"`
				} `json:"availabilityCondition"`
			} `json:"accessBoundaryRules"`
		} `json:"accessBoundary"`
	}
	if err := exact(text); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil || d.More() {
		return nil, fmt.Errorf("not a boundary that Google reads whole: %w", errors.Join(err))
	}
	if in.AccessBoundary == nil {
		return nil, errors.New("no boundary")
	}
	b := &boundary{}
	for i, r := range in.AccessBoundary.Rules {
		if r.Condition == nil || r.Condition.Expression == "" {
			return nil, fmt.Errorf("rule %d has no condition: it opens the whole bucket", i)
		}
		if n := len(r.Condition.Expression); n > 2048 {
			return nil, fmt.Errorf("rule %d has a condition of %d characters", i, n)
		}
		ast, issues := environment.Compile(r.Condition.Expression)
		if issues.Err() != nil {
			return nil, fmt.Errorf("rule %d: %w", i, issues.Err())
		}
		if err := b.add(r.Resource, r.Permissions, ast); err != nil {
			return nil, fmt.Errorf("rule %d: %w", i, err)
		}
	}
	return b, b.count()
}

// exact refuses keys in a case of their own, which Go's decoder takes and Google does not.
func exact(text []byte) error {
	for _, key := range regexp.MustCompile(`"([A-Za-z_]+)":`).FindAllSubmatch(text, -1) {
		switch string(key[1]) {
		case "accessBoundary", "accessBoundaryRules", "availablePermissions", "availableResource", "availabilityCondition", "expression":
		default:
			return fmt.Errorf("the key %s is one that Google skips", key[1])
		}
	}
	return nil
}

func (b *boundary) count() error {
	if n := len(b.rules); n == 0 || n > 10 {
		return fmt.Errorf("%d rules", n)
	}
	return nil
}

var bucketResource = regexp.MustCompile(`^//storage\.googleapis\.com/projects/_/buckets/([a-z0-9._-]+)$`)

// add looks at a rule as an auditor would, and makes its condition ready.
func (b *boundary) add(resource string, permissions []string, condition *cel.Ast) error {
	parts := bucketResource.FindStringSubmatch(resource)
	if parts == nil {
		return fmt.Errorf("the resource %q is no bucket", resource)
	}
	r := rule{bucket: parts[1]}
	for _, p := range permissions {
		role, ok := strings.CutPrefix(p, "inRole:")
		if !ok || roles[role] == nil {
			return fmt.Errorf("%q is no role", p)
		}
		r.permissions = append(r.permissions, roles[role]...)
	}
	if len(r.permissions) == 0 {
		return errors.New("no roles")
	}
	if err := narrow(r.bucket, condition.NativeRep().Expr()); err != nil {
		return err
	}
	var err error
	r.condition, err = environment.Program(condition)
	b.rules = append(b.rules, r)
	return err
}

// narrow refuses everything but predicates of a folder of the bucket, any of which may hold.
func narrow(bucket string, e celast.Expr) error {
	if e.Kind() != celast.CallKind {
		return errors.New("the condition is no predicate of a folder")
	}
	call := e.AsCall()
	if call.FunctionName() == operators.LogicalOr {
		for _, arg := range call.Args() {
			if err := narrow(bucket, arg); err != nil {
				return err
			}
		}
		return nil
	}
	if call.FunctionName() != "startsWith" || !call.IsMemberFunction() || len(call.Args()) != 1 {
		return fmt.Errorf("the condition calls %s", call.FunctionName())
	}
	prefix, ok := literal(call.Args()[0])
	if !ok || !strings.HasSuffix(prefix, "/") {
		return fmt.Errorf("the prefix %q does not end in a slash", prefix)
	}
	subject := call.Target()
	if subject.Kind() == celast.SelectKind {
		s := subject.AsSelect()
		if s.IsTestOnly() || s.FieldName() != "name" || s.Operand().Kind() != celast.IdentKind || s.Operand().AsIdent() != "resource" {
			return errors.New("the condition looks at something else than the resource's name")
		}
		for _, kind := range []string{"/objects/", "/folders/"} {
			if rest, ok := strings.CutPrefix(prefix, "projects/_/buckets/"+bucket+kind); ok && len(rest) > 1 {
				return nil
			}
		}
		return fmt.Errorf("%q is no folder of the bucket %s", prefix, bucket)
	}
	return listing(subject, prefix)
}

// listing refuses what is not the prefix of a listing.
func listing(subject celast.Expr, prefix string) error {
	if subject.Kind() == celast.CallKind && len(prefix) > 1 {
		get := subject.AsCall()
		if get.FunctionName() == "getAttribute" && get.IsMemberFunction() && len(get.Args()) == 2 && get.Target().Kind() == celast.IdentKind && get.Target().AsIdent() == "api" {
			name, _ := literal(get.Args()[0])
			otherwise, ok := literal(get.Args()[1])
			if name == listPrefix && ok && otherwise == "" {
				return nil
			}
		}
	}
	return errors.New("the condition looks at something else than the prefix of a listing")
}

func literal(e celast.Expr) (string, bool) {
	if e.Kind() != celast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

// allows evaluates the boundary for one right on one resource.
func (b *boundary) allows(permission, bucket, resource string, attributes map[string]string) bool {
	for _, r := range b.rules {
		if r.bucket != bucket || !slices.Contains(r.permissions, permission) {
			continue
		}
		value, _, err := r.condition.Eval(map[string]any{"resource": map[string]string{"name": resource}, "api": attributes})
		if err == nil && value == types.True {
			return true
		}
	}
	return false
}
