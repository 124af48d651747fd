package iamtest

import (
	"fmt"
	"testing"
)

func read(t *testing.T, d Dialect, texts ...string) (out []*Policy) {
	t.Helper()
	for _, text := range texts {
		p, err := Parse(d, text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		out = append(out, p)
	}
	return out
}

func policy(statements string) string {
	return `{"Version":"2012-10-17","Statement":[` + statements + `]}`
}

const (
	readAll  = `{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`
	readOwn  = `{"Effect":"Allow","Action":["s3:Get*"],"Resource":["arn:aws:s3:::lake/t/*"]}`
	writeOwn = `{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::lake/t/*"}`
	denyAll  = `{"Effect":"Deny","Action":"*","Resource":"*"}`
)

// The decisions of the IAM User Guide's page on how policies count together.
func TestPoliciesCountTogether(t *testing.T) {
	type texts = []string
	rows := []struct {
		name                        string
		identity, boundary, session texts
		want                        Decision
	}{
		{"no policy", nil, nil, nil, ImplicitDeny},
		{"an identity policy allows", texts{policy(readAll)}, nil, nil, Allow},
		{"one of two allows", texts{policy(writeOwn), policy(readAll)}, nil, nil, Allow},
		{"none allows", texts{policy(writeOwn)}, nil, nil, ImplicitDeny},
		{"a deny wins", texts{policy(readAll + "," + denyAll)}, nil, nil, ExplicitDeny},
		{"a deny of another policy wins", texts{policy(readAll), policy(denyAll)}, nil, nil, ExplicitDeny},
		{"session and identity allow", texts{policy(readAll)}, nil, texts{policy(readOwn)}, Allow},
		{"the session does not allow", texts{policy(readAll)}, nil, texts{policy(writeOwn)}, ImplicitDeny},
		{"a session policy alone gives nothing", nil, nil, texts{policy(readAll)}, ImplicitDeny},
		{"the session denies", texts{policy(readAll)}, nil, texts{policy(readOwn + "," + denyAll)}, ExplicitDeny},
		{"the boundary allows", texts{policy(readAll)}, texts{policy(readOwn)}, nil, Allow},
		{"the boundary does not allow", texts{policy(readAll)}, texts{policy(writeOwn)}, nil, ImplicitDeny},
		{"a boundary alone gives nothing", nil, texts{policy(readAll)}, nil, ImplicitDeny},
		{"the boundary denies", texts{policy(readAll)}, texts{policy(readAll + "," + denyAll)}, nil, ExplicitDeny},
		{"all three allow", texts{policy(readAll)}, texts{policy(readOwn)}, texts{policy(readOwn)}, Allow},
		{"the session is outside the boundary", texts{policy(readAll)}, texts{policy(writeOwn)}, texts{policy(readOwn)}, ImplicitDeny},
		{"a deny is told before what is missing", nil, nil, texts{policy(denyAll)}, ExplicitDeny},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got := Evaluate(Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::lake/t/a"},
				Policies{Identity: read(t, AWS, row.identity...), Boundary: read(t, AWS, row.boundary...), Session: read(t, AWS, row.session...)})
			if got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func TestEverythingAllowsAll(t *testing.T) {
	r := Request{Action: "iam:DeleteUser", Resource: "arn:aws:iam::1:user/x"}
	if got := Evaluate(r, Policies{Identity: []*Policy{Everything()}}); got != Allow {
		t.Errorf("got %s, want allow", got)
	}
}

func TestActionsAndResources(t *testing.T) {
	allow := func(rest string) string { return policy(`{"Effect":"Allow",` + rest + `}`) }
	object := func(action, resource string) string {
		return allow(fmt.Sprintf(`"Action":%q,"Resource":%q`, action, resource))
	}
	old := func(text string) string { return `{"Statement":` + text[len(`{"Version":"2012-10-17","Statement":`):] }
	const key = "arn:aws:s3:::lake/t/a"
	context := map[string][]string{"aws:username": {"ann"}, "aws:PrincipalTag/folder": {"t"}, "aws:star": {"*"}, "aws:many": {"t", "u"}}
	rows := []struct {
		name    string
		dialect Dialect
		policy  string
		request string // action and resource
		want    Decision
	}{
		{"an action in another case", AWS, object("S3:getobject", key), key, Allow},
		{"a resource in another case", AWS, object("s3:GetObject", "arn:aws:s3:::LAKE/t/a"), key, ImplicitDeny},
		{"a longer action", AWS, object("s3:GetObjectVersion", key), key, ImplicitDeny},
		{"a star in an action", AWS, object("s3:*Object", key), key, Allow},
		{"a question mark in an action", AWS, object("s3:GetObjec?", key), key, Allow},
		{"a star over slashes", AWS, object("s3:GetObject", "arn:aws:s3:::lake/*"), "arn:aws:s3:::lake/t/deep/a", Allow},
		{"a star for nothing", AWS, object("s3:GetObject", "arn:aws:s3:::lake/t/*"), "arn:aws:s3:::lake/t/", Allow},
		{"a star is behind the slash", AWS, object("s3:GetObject", "arn:aws:s3:::lake/t/*"), "arn:aws:s3:::lake/t", ImplicitDeny},
		{"a sibling of a folder", AWS, object("s3:GetObject", "arn:aws:s3:::lake/t/*"), "arn:aws:s3:::lake/t2/a", ImplicitDeny},
		{"a sibling without the slash", AWS, object("s3:GetObject", "arn:aws:s3:::lake/t*"), "arn:aws:s3:::lake/t2/a", Allow},
		{"a star in the middle", AWS, object("s3:GetObject", "arn:aws:s3:::lake/*/a"), "arn:aws:s3:::lake/x/y/a", Allow},
		{"two stars, back and forth", AWS, object("s3:GetObject", "arn:aws:s3:::*a*c"), "arn:aws:s3:::abab-c", Allow},
		{"one character for a question mark", AWS, object("s3:GetObject", "arn:aws:s3:::lake/t/?"), key, Allow},
		{"no character for a question mark", AWS, object("s3:GetObject", "arn:aws:s3:::lake/t/a?"), key, ImplicitDeny},
		{"another partition", AWS, object("s3:GetObject", "arn:aws-cn:s3:::lake/t/*"), key, ImplicitDeny},

		{"an escaped star is a star", AWS, object("s3:GetObject", "arn:aws:s3:::lake/t${*}/*"), "arn:aws:s3:::lake/t*/a", Allow},
		{"an escaped star is nothing else", AWS, object("s3:GetObject", "arn:aws:s3:::lake/t${*}/*"), "arn:aws:s3:::lake/tx/a", ImplicitDeny},
		{"an escaped question mark", AWS, object("s3:GetObject", "arn:aws:s3:::lake/t${?}/*"), "arn:aws:s3:::lake/tx/a", ImplicitDeny},
		{"an escaped dollar", AWS, object("s3:GetObject", "arn:aws:s3:::lake/${$}/*"), "arn:aws:s3:::lake/$/a", Allow},
		{"an escape in the old version", AWS, old(object("s3:GetObject", "arn:aws:s3:::lake/t${*}/*")), "arn:aws:s3:::lake/t${anything}/a", Allow},
		{"an escape means text in the old version", AWS, old(object("s3:GetObject", "arn:aws:s3:::lake/t${*}/*")), "arn:aws:s3:::lake/t*/a", ImplicitDeny},
		{"a variable", AWS, object("s3:GetObject", "arn:aws:s3:::lake/${aws:username}/*"), "arn:aws:s3:::lake/ann/a", Allow},
		{"a variable in another case, with a slash", AWS, object("s3:GetObject", "arn:aws:s3:::lake/${aws:principaltag/folder}/*"), key, Allow},
		{"a variable's star is text", AWS, object("s3:GetObject", "arn:aws:s3:::lake/${aws:star}/*"), key, ImplicitDeny},
		{"a variable without value", AWS, object("s3:GetObject", "arn:aws:s3:::lake/${aws:none}*"), "arn:aws:s3:::lake/x", ImplicitDeny},
		{"a variable with many values", AWS, object("s3:GetObject", "arn:aws:s3:::lake/${aws:many}/*"), key, ImplicitDeny},
		{"a variable's other value", AWS, object("s3:GetObject", "arn:aws:s3:::lake/${aws:none, 't'}/*"), key, Allow},
		{"a variable without an end", AWS, object("s3:GetObject", "arn:aws:s3:::lake/${x"), "arn:aws:s3:::lake/${x", Allow},
		{"no variables in actions", AWS, object("s3:${aws:username}", key), key, ImplicitDeny},

		{"MinIO knows no escapes", MinIO, object("s3:GetObject", "arn:aws:s3:::lake/t${*}/*"), "arn:aws:s3:::lake/t*/a", ImplicitDeny},
		{"a star within MinIO's braces", MinIO, object("s3:GetObject", "arn:aws:s3:::lake/t${*}/*"), "arn:aws:s3:::lake/t${x}/a", Allow},
		{"MinIO takes what it does not know for text", MinIO, object("s3:GetObject", "arn:aws:s3:::lake/${aws:none}/*"), "arn:aws:s3:::lake/${aws:none}/a", Allow},
		{"MinIO knows a user", MinIO, object("s3:GetObject", "arn:aws:s3:::lake/${aws:username}/*"), "arn:aws:s3:::lake/ann/a", Allow},
		{"MinIO's star over slashes", MinIO, object("s3:GetObject", "arn:aws:s3:::lake/t/*"), "arn:aws:s3:::lake/t/deep/a", Allow},

		{"not an action", AWS, allow(`"NotAction":"s3:Put*","Resource":"*"`), key, Allow},
		{"not this action", AWS, allow(`"NotAction":"s3:Get*","Resource":"*"`), key, ImplicitDeny},
		{"not a resource", AWS, allow(`"Action":"*","NotResource":"arn:aws:s3:::lake/u/*"`), key, Allow},
		{"not this resource", AWS, allow(`"Action":"*","NotResource":["arn:aws:s3:::lake/t/*"]`), key, ImplicitDeny},
		{"one statement instead of a list", AWS, `{"Version":"2012-10-17","Statement":` + readOwn + `}`, key, Allow},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got := Evaluate(Request{Action: "s3:GetObject", Resource: row.request, Context: context},
				Policies{Identity: []*Policy{Everything()}, Session: read(t, row.dialect, row.policy)})
			if got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func TestWhatIsNoPolicyIsRefused(t *testing.T) {
	statement := func(rest string) string { return policy(`{"Effect":"Allow",` + rest + `}`) }
	condition := func(text string) string {
		return statement(`"Action":"s3:ListBucket","Resource":"*","Condition":` + text)
	}
	rows := map[string]string{
		"nothing":                       ``,
		"no JSON":                       `Allow`,
		"null":                          `null`,
		"more than a policy":            policy(readAll) + `{}`,
		"no statements":                 policy(``),
		"no statement at all":           `{"Version":"2012-10-17"}`,
		"an unknown version":            `{"Version":"2013-10-17","Statement":[` + readAll + `]}`,
		"a misspelt statement":          `{"Version":"2012-10-17","statement":[` + readAll + `]}`,
		"no effect":                     policy(`{"Action":"*","Resource":"*"}`),
		"another effect":                policy(`{"Effect":"allow","Action":"*","Resource":"*"}`),
		"no action":                     statement(`"Resource":"*"`),
		"an empty action list":          statement(`"Action":[],"Resource":"*"`),
		"action and not action":         statement(`"Action":"*","NotAction":"*","Resource":"*"`),
		"an action without service":     statement(`"Action":"GetObject","Resource":"*"`),
		"an action that is no text":     statement(`"Action":{},"Resource":"*"`),
		"no resource":                   statement(`"Action":"*"`),
		"an empty resource list":        statement(`"Action":"*","Resource":[]`),
		"a resource that is no ARN":     statement(`"Action":"*","Resource":"lake/t/*"`),
		"a principal":                   statement(`"Action":"*","Resource":"*","Principal":"*"`),
		"a misspelt condition":          statement(`"Action":"*","Resource":"*","condition":{}`),
		"a name that stands twice":      statement(`"Action":"*","Resource":"a","Resource":"*"`),
		"an unknown operator":           condition(`{"StringMatches":{"s3:prefix":"a"}}`),
		"an unknown set":                condition(`{"ForSomeValues:StringLike":{"s3:prefix":"a"}}`),
		"an operator without keys":      condition(`{"StringLike":{}}`),
		"a key without values":          condition(`{"StringLike":{"s3:prefix":[]}}`),
		"an empty key":                  condition(`{"StringLike":{"":"a"}}`),
		"a condition that is a text":    condition(`"StringLike"`),
		"a condition without a value":   condition(`{"StringLike":{"s3:prefix":null}}`),
		"a number that is none":         condition(`{"NumericLessThan":{"s3:max-keys":"many"}}`),
		"a date that is none":           condition(`{"DateLessThan":{"aws:TokenIssueTime":"today"}}`),
		"a boolean that is none":        condition(`{"Bool":{"aws:SecureTransport":"yes"}}`),
		"null that exists":              condition(`{"NullIfExists":{"s3:prefix":"true"}}`),
		"an operator that stands twice": condition(`{"StringLike":{"s3:prefix":"a"},"StringLike":{"s3:prefix":"*"}}`),
	}
	for name, text := range rows {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(AWS, text); err == nil {
				t.Errorf("got a policy of %s, want an error", text)
			}
		})
	}
	for name, text := range map[string]string{
		"the old version": `{"Version":"2008-10-17","Statement":[` + readOwn + `]}`, "another service": policy(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:s3:::x"}`),
		"another partition": policy(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws-cn:s3:::lake/*"}`),
	} {
		if _, err := Parse(MinIO, text); err == nil {
			t.Errorf("%s: got a policy, want an error: MinIO takes none", name)
		}
	}
}

func TestDecisionsPrint(t *testing.T) {
	for d, want := range map[Decision]string{Allow: "allow", ExplicitDeny: "explicit deny", ImplicitDeny: "implicit deny"} {
		if got := d.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
