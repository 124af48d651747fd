package iamtest

import "testing"

func TestConditions(t *testing.T) {
	context := map[string][]string{
		"aws:userid": {"AROAEXAMPLE:firn-ann-abc-def"}, "AWS:TokenIssueTime": {"2026-05-04T12:00:00Z"}, "s3:prefix": {"t/data"}, "s3:delimiter": {"/"},
		"s3:max-keys": {"10"}, "aws:SecureTransport": {"true"}, "kms:ViaService": {"s3.eu-west-1.amazonaws.com"}, "aws:TagKeys": {"a", "b"},
		"aws:PrincipalArn": {"arn:aws:iam::111122223333:role/path/lake"}, "aws:username": {"t*"}, "aws:empty": {}, "aws:odd": {"soon"},
	}
	rows := []struct {
		condition string
		want      bool
	}{
		{`{"StringEquals":{"s3:prefix":"t/data"}}`, true},
		{`{"StringEquals":{"s3:prefix":"t/*"}}`, false},
		{`{"StringEquals":{"S3:PREFIX":"t/data"}}`, true},
		{`{"StringEquals":{"s3:prefix":"T/data"}}`, false},
		{`{"StringEqualsIgnoreCase":{"s3:prefix":"T/data"}}`, true},
		{`{"StringNotEqualsIgnoreCase":{"s3:prefix":"T/data"}}`, false},
		{`{"StringEquals":{"s3:prefix":["x","t/data"]}}`, true},
		{`{"StringNotEquals":{"s3:prefix":["x","t/data"]}}`, false},
		{`{"StringNotEquals":{"s3:prefix":["x","y"]}}`, true},
		{`{"StringLike":{"s3:prefix":"t/*"}}`, true},
		{`{"StringLike":{"s3:prefix":"t/dat?"}}`, true},
		{`{"StringLike":{"s3:prefix":"t2/*"}}`, false},
		{`{"StringLike":{"s3:prefix":"${aws:username}"}}`, false},
		{`{"StringLike":{"s3:prefix":"t${*}"}}`, false},
		{`{"StringLike":{"s3:prefix":"${aws:none}*"}}`, false},
		{`{"StringNotLike":{"s3:prefix":["u/*","t/*"]}}`, false},
		{`{"StringNotLike":{"s3:prefix":["u/*","v/*"]}}`, true},
		{`{"StringLike":{"aws:userid":"*:firn-*-abc-*"}}`, true},
		{`{"StringLike":{"aws:userid":"*:firn-*-abd-*"}}`, false},
		{`{"StringLike":{"s3:prefix":"t/*","s3:delimiter":"|"}}`, false},
		{`{"StringLike":{"s3:prefix":"t/*"},"StringEquals":{"s3:delimiter":"/"}}`, true},
		{`{"StringLike":{"s3:prefix":"t/*"},"StringEquals":{"s3:delimiter":"|"}}`, false},

		{`{"StringEquals":{"aws:none":"x"}}`, false},
		{`{"StringNotEquals":{"aws:none":"x"}}`, true},
		{`{"StringNotLike":{"aws:none":"*"}}`, true},
		{`{"StringLike":{"aws:empty":"*"}}`, false},
		{`{"StringEqualsIfExists":{"aws:none":"x"}}`, true},
		{`{"StringEqualsIfExists":{"s3:prefix":"x"}}`, false},
		{`{"Null":{"aws:none":"true"}}`, true},
		{`{"Null":{"aws:none":"false"}}`, false},
		{`{"Null":{"s3:prefix":"true"}}`, false},
		{`{"Null":{"s3:prefix":false}}`, true},
		{`{"Null":{"aws:empty":"true"}}`, true},

		{`{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b","c"]}}`, true},
		{`{"ForAllValues:StringEquals":{"aws:TagKeys":["a"]}}`, false},
		{`{"ForAllValues:StringEquals":{"aws:none":["a"]}}`, true},
		{`{"ForAnyValue:StringEquals":{"aws:TagKeys":["b","c"]}}`, true},
		{`{"ForAnyValue:StringEquals":{"aws:TagKeys":["c"]}}`, false},
		{`{"ForAnyValue:StringEquals":{"aws:none":["a"]}}`, false},
		{`{"ForAnyValue:StringEqualsIfExists":{"aws:none":["a"]}}`, true},
		{`{"ForAllValues:StringNotEquals":{"aws:TagKeys":["c"]}}`, true},
		{`{"ForAllValues:StringNotEquals":{"aws:TagKeys":["b"]}}`, false},

		{`{"DateLessThan":{"aws:TokenIssueTime":"2026-05-04T12:00:01Z"}}`, true},
		{`{"DateLessThan":{"aws:TokenIssueTime":"2026-05-04T12:00:00Z"}}`, false},
		{`{"DateLessThan":{"aws:TokenIssueTime":"2026-05-04T14:00:00+01:00"}}`, true},
		{`{"DateLessThanEquals":{"aws:TokenIssueTime":"2026-05-04T12:00:00Z"}}`, true},
		{`{"DateEquals":{"aws:TokenIssueTime":"2026-05-04T12:00:00.000Z"}}`, true},
		{`{"DateEquals":{"aws:TokenIssueTime":"1777896000"}}`, true},
		{`{"DateNotEquals":{"aws:TokenIssueTime":"2026-05-04T12:00:00Z"}}`, false},
		{`{"DateGreaterThan":{"aws:TokenIssueTime":"2026-05-04T11:59:59Z"}}`, true},
		{`{"DateGreaterThan":{"aws:TokenIssueTime":"2026-05-04T12:00:00Z"}}`, false},
		{`{"DateGreaterThanEquals":{"aws:TokenIssueTime":"2026-05-04T12:00:00Z"}}`, true},
		{`{"DateLessThan":{"aws:none":"2026-05-04T12:00:01Z"}}`, false},
		{`{"DateLessThan":{"aws:odd":"2026-05-04T12:00:01Z"}}`, false},

		{`{"NumericEquals":{"s3:max-keys":10}}`, true},
		{`{"NumericNotEquals":{"s3:max-keys":"10.0"}}`, false},
		{`{"NumericLessThan":{"s3:max-keys":"11"}}`, true},
		{`{"NumericLessThan":{"s3:max-keys":"9"}}`, false},
		{`{"NumericLessThanEquals":{"s3:max-keys":"10"}}`, true},
		{`{"NumericGreaterThan":{"s3:max-keys":"9"}}`, true},
		{`{"NumericGreaterThan":{"s3:max-keys":"10"}}`, false},
		{`{"NumericGreaterThanEquals":{"s3:max-keys":"10"}}`, true},

		{`{"Bool":{"aws:SecureTransport":"true"}}`, true},
		{`{"Bool":{"aws:SecureTransport":false}}`, false},
		{`{"BoolIfExists":{"aws:none":"true"}}`, true},

		{`{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}}`, true},
		{`{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/path/lake"}}`, true},
		{`{"ArnLike":{"aws:PrincipalArn":"arn:aws:*:role/path/lake"}}`, false},
		{`{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}}`, false},
		{`{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::*:user/*"}}`, true},
		{`{"ArnLike":{"aws:userid":"arn:aws:iam::*:role/*"}}`, false},
	}
	for _, row := range rows {
		t.Run(row.condition, func(t *testing.T) {
			text := policy(`{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::lake","Condition":` + row.condition + `}`)
			got := Evaluate(Request{Action: "s3:ListBucket", Resource: "arn:aws:s3:::lake", Context: context},
				Policies{Identity: read(t, AWS, text)})
			if (got == Allow) != row.want {
				t.Errorf("got %s, want it to hold: %v", got, row.want)
			}
		})
	}
}

// What the kill switch writes: keys of one session that were issued before a moment.
func TestADenyByUserIDAndIssueTime(t *testing.T) {
	deny := policy(`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:userid":"*:firn-*-abc-*"},"DateLessThan":{"aws:TokenIssueTime":"2026-05-04T12:00:00Z"}}}`)
	policies := Policies{Identity: append(read(t, AWS, deny), Everything())}
	for name, row := range map[string]struct {
		userid, issued string
		want           Decision
	}{
		"issued before": {"AROA:firn-ann-abc-x", "2026-05-04T11:59:59Z", ExplicitDeny},
		"issued after":  {"AROA:firn-ann-abc-x", "2026-05-04T12:00:00Z", Allow},
		"another's":     {"AROA:firn-bob-abd-x", "2026-05-04T11:59:59Z", Allow},
	} {
		got := Evaluate(Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::lake/t/a",
			Context: map[string][]string{"aws:userid": {row.userid}, "aws:TokenIssueTime": {row.issued}}}, policies)
		if got != row.want {
			t.Errorf("%s: got %s, want %s", name, got, row.want)
		}
	}
}
