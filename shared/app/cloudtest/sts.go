package cloudtest

import (
	"fmt"
	"net/http"
	"time"
)

// Trust makes a role that may be assumed; there is none at first.
func (a *Account) Trust(roleARN string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.roles[roleARN] = true
}

// sts answers AssumeRole: with a key for an hour that opens nothing, or with a refusal of roles that are not there. With a
// plan it refuses as the plan says.
func sts(w http.ResponseWriter, r *http.Request, a *Account) {
	const ns = `xmlns="https://sts.amazonaws.com/doc/2011-06-15/"`
	f := a.begin(r.FormValue("Action"))
	a.mu.Lock()
	a.minted++
	trusted, n := a.roles[r.FormValue("RoleArn")], a.minted
	a.mu.Unlock()
	switch {
	case f.Refuse != "":
		w.WriteHeader(http.StatusBadRequest)
	case !trusted:
		f.Refuse = "AccessDenied"
		w.WriteHeader(http.StatusForbidden)
	default:
		fmt.Fprintf(w, `<AssumeRoleResponse %s><AssumeRoleResult><Credentials><AccessKeyId>ASIATEST%012d</AccessKeyId><SecretAccessKey>%s</SecretAccessKey>`+
			`<SessionToken>session-%d-%s</SessionToken><Expiration>%s</Expiration></Credentials><PackedPolicySize>20</PackedPolicySize></AssumeRoleResult></AssumeRoleResponse>`,
			ns, n, "secret", n, r.FormValue("RoleSessionName"), time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		return
	}
	fmt.Fprintf(w, `<ErrorResponse %s><Error><Type>Sender</Type><Code>%s</Code><Message>planned</Message></Error><RequestId>1</RequestId></ErrorResponse>`, ns, f.Refuse)
}
