package aws

import (
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"firn/shared/lake"
	"firn/shared/vend"
	"firn/shared/vend/aws/session"
)

// maxTag is how many characters STS takes of a session tag's value, and notTag what it takes none of (STS API reference, Tag).
const maxTag = 256

var notTag = regexp.MustCompile(`[^\p{L}\p{Z}\p{N}_.:/=+\-@]`)

// attribute says more of who a key is for than the session's name does, where the catalog's administrator turned it on:
// without leave in the role's trust policy (sts:SetSourceIdentity, sts:TagSession) STS refuses the whole request. CloudTrail
// shows the source identity in every event of the session, and the tags in AssumeRole's. Tags are not transitive.
func attribute(input *sts.AssumeRoleInput, storage *lake.Storage, g vend.Grant) {
	if storage.SourceIdentity {
		input.SourceIdentity = aws.String(session.SourceIdentity(g.Realm, g.Principal, g.PrincipalID))
	}
	if !storage.SessionTags {
		return
	}
	for _, tag := range []struct{ key, value string }{
		{"firn:realm", string(g.Realm)}, {"firn:catalog", storage.CatalogName}, {"firn:table", g.Table}, {"firn:principal", g.Principal},
	} {
		value := []rune(notTag.ReplaceAllString(tag.value, "_"))
		input.Tags = append(input.Tags, types.Tag{Key: aws.String(tag.key), Value: aws.String(string(value[:min(len(value), maxTag)]))})
	}
}
