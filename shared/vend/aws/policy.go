package aws

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
)

// MaxPolicy is how many characters of session policy STS takes (STS API reference, AssumeRole). What STS packs is bounded
// once more, by a measure that it does not publish: see PackedPolicyTooLarge in errors.go.
const MaxPolicy = 2048

// The IAM policy language, as far as it is needed. Fields encode in this order, so equal grants make equal texts.
type document struct {
	Version   string
	Statement []statement
}

type statement struct {
	Effect    string
	Action    []string
	Resource  []string
	Condition *condition `json:",omitempty"`
}

// condition holds where a request's key is like one of the values; there is one key in each.
type condition struct{ StringLike map[string][]string }

// objectActions are the S3 actions on objects, in policy order. Listing a bucket's multipart uploads is not among them:
// it shows every table's keys.
var objectActions = []struct {
	action vend.Actions
	names  []string
}{
	{vend.Read, []string{"s3:GetObject"}},
	{vend.Write, []string{"s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"}},
	{vend.Delete, []string{"s3:DeleteObject"}},
}

// metacharacters mean something in a policy. A location cannot hold them; a policy is a border of its own.
const metacharacters = "*?$\"\\"

// sessionPolicy writes the text that narrows a role to a grant, at most MaxPolicy characters; resource is how the ARNs of
// buckets begin. Version 2012-10-17 always: older ones read policy variables as plain text. A folder within another that is
// granted adds nothing and is left out.
func sessionPolicy(resource string, use kmsUse, storage *lake.Storage, g vend.Grant) (string, error) {
	prefixes := location.Reduce(g.Prefixes)
	for _, p := range prefixes {
		if strings.ContainsAny(p.Bucket()+p.Key(), metacharacters) || !strings.HasSuffix(p.Key(), "/") {
			return "", fault.Of(fault.Invalid, fault.Location, p.String(), "Location %s cannot be written into a session policy.", p)
		}
	}
	doc := document{Version: "2012-10-17"}
	allow := func(actions, resources []string, c *condition) {
		if len(actions) > 0 && len(resources) > 0 {
			doc.Statement = append(doc.Statement, statement{Effect: "Allow", Action: actions, Resource: resources, Condition: c})
		}
	}

	var actions, objects []string
	for _, a := range objectActions {
		if g.Actions.Has(a.action) {
			actions = append(actions, a.names...)
		}
	}
	for _, p := range prefixes {
		objects = append(objects, resource+p.Bucket()+"/"+p.Key()+"*")
	}
	allow(actions, objects, nil)

	var buckets []string
	for _, bucket := range bucketsOf(prefixes) {
		buckets = append(buckets, resource+bucket)
		if g.Actions.Has(vend.List) {
			allow([]string{"s3:ListBucket"}, []string{resource + bucket}, like("s3:prefix", folders(prefixes, bucket)))
		}
	}
	// In a statement of its own: GetBucketLocation has no prefix, so the condition above would deny it.
	allow([]string{"s3:GetBucketLocation"}, buckets, nil)

	keys, via, err := kmsKeys(use, storage)
	if err != nil {
		return "", err
	}
	allow(kmsActions(g.Actions), keys, via)
	return encode(doc, len(prefixes))
}

func like(key string, values []string) *condition {
	return &condition{map[string][]string{key: values}}
}

func bucketsOf(prefixes []location.Prefix) []string {
	var out []string
	for _, p := range prefixes {
		if !slices.Contains(out, p.Bucket()) {
			out = append(out, p.Bucket())
		}
	}
	return out
}

// folders are the s3:prefix values for listing: with the slash, for without it `t` would list `t2` too. The pattern
// matches the bare folder, since a star matches nothing as well.
func folders(prefixes []location.Prefix, bucket string) []string {
	var out []string
	for _, p := range prefixes {
		if p.Bucket() == bucket {
			out = append(out, p.Key()+"*")
		}
	}
	return out
}

// encode leaves & < > as they are: escaped they would cost six characters each of the few there are.
func encode(doc document, prefixes int) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(doc); err != nil {
		return "", fmt.Errorf("encode session policy: %w", err)
	}
	text := strings.TrimSuffix(b.String(), "\n")
	if n := utf8.RuneCountInString(text); n > MaxPolicy {
		return "", fault.Of(fault.Invalid, fault.Credential, "", "The session policy for %d locations has %d characters; STS takes %d. "+
			"Shorten the table's location, or keep write.data.path and write.metadata.path inside it.", prefixes, n, MaxPolicy)
	}
	return text, nil
}
